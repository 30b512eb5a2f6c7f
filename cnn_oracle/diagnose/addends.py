"""An op as a function of addends: one element of an output. One argument holds the addends, the others are ones.

Every op here is linear in each of its arguments: y in x, w, …, and a gradient in dy, too. So an element of an output is
Σ coefficient · addend over the elements of any one argument. PyTorch gives the coefficients. The argument is one whose
coefficients are all equal to one power of two, so that the products are exact: that with the most addends.
"""

import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import frexp, prod
from typing import Any, NamedTuple

import numpy as np

from cnn_oracle.call import Call, parse
from cnn_oracle.cases import exact_grids
from cnn_oracle.cases.case import Case, replace, with_expected, without_expected
from cnn_oracle.cases.expected import Rejection, reference_forward
from cnn_oracle.diagnose import summation
from cnn_oracle.diagnose.plain_calls import SIZES, plain_call
from cnn_oracle.diagnose.sum_orders import Order, order
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.run.subject import backward, forward
from cnn_oracle.subject import Subject

ADDENDS = 171  # no power of two, and no multiple of one; 9 · 19, for windows of 3 × 3
FEWEST = 3  # addends whose order matters
VARIANTS = ((True, 1), (False, 1), (True, 2), (False, 2))  # a bias, and axes of x: a subject may support only one
SMALL = {"batch": 2, "kernel_size": 3, "size": 5}  # the sizes that are not varied; others are 3
ELEMENTS = 2**19  # of the largest array
NO_TREE = "not a fixed binary tree"
GRIDS = (exact_grids.integers, exact_grids.cubes, exact_grids.multiples, exact_grids.adaptive_multiples)


class Place(NamedTuple):
    """An element of an output that is a sum of elements of one argument.

    Attributes:
        case: the call, with ones in all arguments, a bias of zero, and PyTorch's outputs.
        quantity: the output.
        element: its index.
        argument: the name of the argument whose elements are added, "dy" included.
        mask: where these are.
        factor: the coefficient of each.
    """

    case: Case
    quantity: str
    element: tuple[int, ...]
    argument: str
    mask: Array
    factor: float

    @property
    def addends(self) -> int:
        """How many elements are added."""
        return int(self.mask.sum())


class Sum(NamedTuple):
    """How a subject adds the addends of one element of an output.

    Attributes:
        op: the name of the op.
        dtype: the dtype.
        quantity: the output.
        call: the call, as text. The order holds for its shapes.
        argument: the argument that held the addends.
        reading: the tree and the accumulator.
    """

    op: str
    dtype: str
    quantity: str
    call: str
    argument: str
    reading: summation.Reading

    @property
    def order(self) -> Order:
        """The order in words, and its blocks."""
        tree = self.reading.tree
        return order(tree) if tree else Order(NO_TREE)


def is_sum(op: Op) -> bool:
    """Whether the outputs of the op are sums, perhaps divided by their number."""
    return op.comparison.grids[:1] in [(grid,) for grid in GRIDS]


def sums(subject: Subject, op: Op, dtype: str, seed: int = 0, addends: int = ADDENDS) -> list[Sum]:
    """How each output is added: y and the gradients, in one dtype, for sums of about ``addends`` addends.

    Outputs that are no sums are left out, and so are calls that the subject does not support.

    Raises:
        Failure: the subject crashes.
    """
    for bias, rank in VARIANTS:
        try:
            if found := list(_sums(subject, op, dtype, seed, addends, bias, rank)):
                return found
        except Failure as failure:
            if failure.verdict is not Verdict.NOT_COVERED:
                raise
    return []


def _sums(subject: Subject, op: Op, dtype: str, seed: int, addends: int, bias: bool, rank: int) -> Iterator[Sum]:
    gradients = () if subject.forward_only(op.name) else tuple(f"d{name}" for name in subject.gradients(op))
    for place in places(subject, op, ("y", *gradients), addends, bias, rank):
        with warnings.catch_warnings(action="ignore"):  # of an overflow, which M causes
            reading = summation.read(_Function(subject, place, dtype), place.addends, seed, dtype)
        yield Sum(op.name, dtype, place.quantity, str(place.case.call), place.argument, reading)


class _Function:
    """The subject as a function of the addends of a place."""

    def __init__(self, subject: Subject, place: Place, dtype: str) -> None:
        case = place.case
        arrays = {n: None if a is None else a.astype(dtype) for n, a in case.arrays.items()}
        self.case = replace(case, dtype=np.dtype(dtype), arrays=arrays, dy=case.dy.astype(dtype))
        self.subject, self.place = subject, place
        self.argument = np.zeros(place.mask.shape, dtype)

    def __call__(self, addends: Array) -> float:
        place, argument = self.place, self.argument
        argument[place.mask] = addends
        case = _with(self.case, place.argument, argument)
        outputs = (forward if place.quantity == "y" else backward)(self.subject, case)
        output = outputs[place.quantity]
        wanted = place.case.expected[place.quantity]
        assert wanted is not None
        if output is None or output.shape != wanted.shape:
            return np.nan
        return float(output[place.element]) / place.factor


def places(
    subject: Subject, op: Op, quantities: Sequence[str], addends: int = ADDENDS, bias: bool = True, rank: int = 1
) -> list[Place]:
    """For each output, the place whose number of addends is the least from ``addends`` on, or else the largest.

    One kind of size is varied at a time: the channels, the batch, the size of the kernel, … The calls have a bias or
    not, and x has ``rank`` axes besides those of the op.
    """
    best = dict[str, Place]()
    for place in _candidates(subject, op, quantities, addends, bias, rank):
        known = best.get(place.quantity)
        if known is None or _distance(place, addends) < _distance(known, addends):
            best[place.quantity] = place
    return [best[quantity] for quantity in quantities if quantity in best and best[quantity].addends >= FEWEST]


def _distance(place: Place, addends: int) -> tuple[bool, int]:
    return place.addends < addends, abs(place.addends - addends)


def _candidates(
    subject: Subject, op: Op, quantities: Sequence[str], addends: int, bias: bool, rank: int
) -> Iterator[Place]:
    """The places of calls with one wide kind of size, which grows while some output has too few addends."""
    for name in SIZES:
        before = dict[str, int]()
        for wide in _widths(addends):
            call = _call(subject, op, name, wide, bias, rank)
            if call and max(prod(call.arguments.get(n) or ()) for n in op.positional) > ELEMENTS:
                break
            found = [place for q in quantities if call and (place := _place(op, str(call), q))]
            yield from found
            now = {place.quantity: place.addends for place in found}
            if now and not any(count < addends and count > before.get(q, 0) for q, count in now.items()):
                break
            before |= now


def _widths(addends: int) -> list[int]:
    """Sizes up to the number of addends, each about a quarter larger than the one before, and powers of two."""
    steps = (round(4 * 1.25**k) for k in range(2 * addends.bit_length() * 2))
    powers = (2**k for k in range(2, addends.bit_length() + 1))
    return sorted({size for size in (*steps, *powers, addends, -(-addends // 9)) if 4 <= size <= 2 * addends})


def _call(subject: Subject, op: Op, name: str, wide: int, bias: bool, rank: int) -> Call | None:
    """The call in which the sizes of this name are wide. None if the op has no such size, or no such call."""
    asked = set()

    def size(which: str, values: Sequence[Any]) -> int:
        asked.add(which)
        small = 2 * wide if (which, name) == ("size", "kernel_size") else SMALL.get(which, 3)  # so that windows overlap
        return int(max(wide if which == name else small, *values[:1]))

    call = plain_call(subject, op, size, bias=bias, rank=rank)
    return call if name in asked else None


@lru_cache(4096)
def _place(op: Op, text: str, quantity: str) -> Place | None:
    """The place of the element with the most addends. None if the output is no sum, or if PyTorch rejects the call."""
    try:
        case = _ones(op, text)
        output = case.expected.get(quantity)
        if output is None or not output.size:
            return None
        index = tuple(map(int, np.unravel_index(np.argmax(output), output.shape)))
        unit = np.zeros(output.shape)
        unit[index] = 1
        found = _coefficients(op, case, "dy" if quantity == "y" else quantity.removeprefix("d"), unit)
    except Rejection:
        return None
    best: Place | None = None
    for argument, coefficients in found.items():
        factors = np.unique(coefficients[coefficients != 0])
        if factors.size == 1 and frexp(factors[0])[0] == 0.5:
            place = Place(case, quantity, index, argument, coefficients != 0, float(factors[0]))
            if best is None or place.addends > best.addends:
                best = place
    return best


@lru_cache(64)
def _ones(op: Op, text: str) -> Case:
    """The call with ones in all arguments and a bias of zero, with PyTorch's outputs."""
    call = parse(text, 0)
    case = without_expected(op, call)
    arrays = {n: None if a is None else np.full(a.shape, float(n != "b")) for n, a in case.arrays.items()}
    dy = np.ones(reference_forward(call, arrays, case.keywords).shape)
    return with_expected(op, case, arrays=arrays, dy=dy)


def _coefficients(op: Op, case: Case, name: str, unit: Array) -> dict[str, Array]:
    """The derivative of an element of an output by each other argument, the cotangent first.

    Σ dy · y is linear in each argument. Its derivative by ``name`` is the output. So the element is its value where
    this argument is a unit vector, and the gradients of PyTorch there are the coefficients.
    """
    there = with_expected(op, _with(case, name, unit))
    found = {} if name == "dy" else {"dy": there.expected["y"]}
    if name == "b":  # y also has a part without it
        found["dy"] = there.expected["y"] - case.expected["y"]  # type: ignore[operator]
    found |= {n: there.expected[f"d{n}"] for n in case.arrays if n != name}
    return {n: a for n, a in found.items() if a is not None}


def _with(case: Case, name: str, a: Array) -> Case:
    """The case with one argument replaced. The name may be "dy"."""
    return replace(case, dy=a) if name == "dy" else replace(case, arrays=case.arrays | {name: a})
