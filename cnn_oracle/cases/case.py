"""A case: a call with its arrays and its expected outputs.

The arrays follow from the seed of the call. The expected outputs come from PyTorch, or from another reference. Every
case is built here. The grid, the dtype, the layout and the reference are parameters.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import prod
from typing import Any

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.calls.work import takes_time
from cnn_oracle.cases import exact_grids
from cnn_oracle.cases.distributions import KEYWORDS, Fill, normal
from cnn_oracle.cases.dtypes import FORMATS, Format, representable
from cnn_oracle.cases.exact_grids import REAL, Grid, GridRule
from cnn_oracle.cases.expected import Outputs, reference_outputs, reference_steps
from cnn_oracle.latest import Latest
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.subject import DTYPES

FLOAT64 = np.dtype("float64")
STEPS = 4  # consecutive steps of an optimiser in one case

Cotangent = Callable[[tuple[int, ...]], Array]  # shape of y, or of the gradients of all steps → dy


class Numbers:
    """The random numbers that follow those of the arrays of a case. The generator is made on first use."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.state = state

    def again(self) -> "Numbers":
        """The same numbers, from the start."""
        return Numbers(self.state)

    @cached_property
    def generator(self) -> np.random.Generator:
        bits: Any = np.random.PCG64(0)
        bits.state = self.state
        return np.random.Generator(bits)


@dataclass
class Case:
    """The inputs of a subject (arrays, keywords, dy) and its expected outputs (in float64)."""

    call: Call
    dtype: np.dtype[Any]
    arrays: dict[str, Array | None]  # the positional arguments
    keywords: dict[str, Any]
    dy: Array  # the cotangent of y; for an optimiser, the gradients of its steps
    expected: Outputs
    grids: tuple[Grid, Grid]  # the grid of the arguments, the grid of dy
    numbers: Numbers
    fill_value: float = np.nan  # what newly allocated memory contains while the subject runs
    mutated: list[str] = field(default_factory=list)  # messages: which function writes to which input
    notes: list[str] = field(default_factory=list)  # messages: how the form of the outputs differs from a tuple
    form: Format = FORMATS["float64"]  # the format of the numbers; ``dtype`` may be wider
    layout: str = "contiguous"  # for subjects that choose the memory layout themselves
    rule: GridRule | None = None  # the grid rule that was requested; None for real numbers

    @property
    def exact(self) -> bool:
        """Whether the inputs lie on an exact grid, so that the outputs must be bitwise equal."""
        return self.grids[0] is not REAL

    @property
    def of_statistics(self) -> bool:
        """Whether it is a case of the running statistics of a norm: its arrays are x, running_mean and running_var."""
        return "running_mean" in self.arrays

    @property
    def rng(self) -> np.random.Generator:
        """The generator, in its state after the arrays were drawn. ``replace`` makes cases that share it."""
        return self.numbers.generator

    @property
    def in_float64(self) -> "Case":
        """The same case in float64."""
        arrays = {n: None if a is None else a.astype(FLOAT64) for n, a in self.arrays.items()}
        floating = {n: v for n, v in self.keywords.items() if isinstance(v, np.ndarray) and v.dtype.kind == "f"}
        keywords = self.keywords | {n: v.astype(FLOAT64) for n, v in floating.items()}
        return replace(self, dtype=FLOAT64, arrays=arrays, keywords=keywords, dy=self.dy.astype(FLOAT64))

    def as_float64(self, name: str) -> Array:
        """An argument in float64."""
        a = self.arrays[name]
        assert a is not None
        return a.astype(np.float64)


_DRAWN: Latest[Case] = Latest(8)  # two dtypes, on each of three exact grids and on real numbers


def draw(op: Op, call: Call, grid: GridRule | None = None, dtype: str = "float64") -> Case:
    """Draw the arrays of ``call`` from its seed, on an exact grid or (None) as real numbers, in ``dtype``.

    Returns:
        The case, with PyTorch's outputs. The arrays may be shared with other cases.

    Raises:
        RuntimeError, ValueError, IndexError, TypeError: PyTorch rejects the call.
    """
    case = _DRAWN.of((call, op, grid, dtype), lambda: build(op, call, grid, FORMATS[dtype]))
    arrays, keywords = {**case.arrays}, {**case.keywords}
    return replace(case, arrays=arrays, keywords=keywords, numbers=case.numbers.again(), mutated=[], notes=[])


def replace(case: Case, **changes: Any) -> Case:
    """As dataclasses.replace, but much faster."""
    another = Case.__new__(Case)
    vars(another).update(vars(case), **changes)
    return another


Reference = Callable[[Op, Case, Cotangent], Case]  # adds dy and the expected outputs to a case


def build(
    op: Op, call: Call, rule: GridRule | None, form: Format, *, reference: Reference | None = None,
    shared: bool = False, layout: str = "contiguous",
) -> Case:  # fmt: skip
    """Build a case: the call on an exact grid, or on real numbers.

    Args:
        rule: the grid. The case has real numbers if it is None, if it does not fit the call, or if it has only zeros.
        form: the format of the numbers.
        reference: adds dy and the expected outputs. By default PyTorch does.
        shared: the arrays depend only on their grid, name and shape. Each is made once for many calls, and is
            read-only.
        layout: for subjects that choose the memory layout themselves.

    Raises:
        RuntimeError, ValueError, IndexError, TypeError: PyTorch, or another ``reference``, rejects the call.
    """
    rng, domain = np.random.default_rng(call.seed), op.comparison.domain
    drawn = keywords_of(op, call, rng, FLOAT64, whole=rule is not None)
    keywords = {n: _represented(v, form) if isinstance(v, np.ndarray) else v for n, v in drawn.items()}
    whole = WHOLE.get(rule) if shared and rule else None
    input_grid, dy_grid = (whole[0], REAL) if whole else _grids(rule, call, keywords, form)

    def numbers(name: str, shape: tuple[int, ...], grid: Grid, fill: Fill = normal) -> Array:
        if shared and (fill is normal or grid is not REAL):
            return _shared(grid, name, shape)
        return _represented(_filled(grid, shape, rng, FLOAT64, call, fill), form)

    def cotangent(shape: tuple[int, ...]) -> Array:
        nonlocal dy_grid
        if whole:
            dy_grid = Grid(input_grid.unit, min(input_grid.amplitude, BITS // (whole[1] * max(prod(shape), 2**11))))
        return numbers("dy", shape, dy_grid)

    shapes = {n: call.arguments.get(n) for n in positional(op)}
    arrays = {n: None if s is None else numbers(n, s, input_grid, domain.get(n, normal)) for n, s in shapes.items()}
    case = Case(
        call,
        form.carrier,
        arrays,
        keywords,
        np.zeros(()),
        {},
        (input_grid, dy_grid),
        Numbers({}),
        form=form,
        layout=layout,
        rule=rule,
    )
    case = (reference or by_pytorch)(op, case, cotangent)
    return replace(case, grids=(input_grid, dy_grid), numbers=Numbers(rng.bit_generator.state))


def _grids(rule: GridRule | None, call: Call, keywords: Mapping[str, Any], form: Format) -> tuple[Grid, Grid]:
    """The grids of the arguments and of dy, restricted to numbers that the format can represent."""
    input_grid, dy_grid = (
        (representable(grid, form) for grid in rule(call, keywords, form.sums)) if rule else (REAL, REAL)
    )
    empty = any(grid is not REAL and not grid.distinct and not grid.amplitude for grid in (input_grid, dy_grid))
    return (REAL, REAL) if empty else (input_grid, dy_grid)


BITS = 2**51  # two bits less than float64 has, as in exact_grids
# One exact grid for a whole space of an exhaustive enumeration, and the largest factor of a cotangent. No element of a
# multilinear op there sums more than 2^11 products of x and w (w has at most 324 elements), so y stays below 2^51.
# Averages divide by 1, 2 or 3 elements on each axis, or by −2. Adaptive ones divide by 1 … 8 elements on two axes.
WHOLE: Mapping[GridRule, tuple[Grid, int]] = {
    exact_grids.integers: (Grid(1, 2**20), 2**20),
    exact_grids.cubes: (Grid(1, 2**13), 2**26),
    exact_grids.multiples: (Grid(6**3, 2**20), 6**3),
    exact_grids.adaptive_multiples: (Grid(840**2, 2**20), 840**2),
}


@lru_cache(4096)
def _shared(grid: Grid, name: str, shape: tuple[int, ...]) -> Array:
    """The array for a grid, name and shape. It is read-only, because many cases share it."""
    rng = np.random.default_rng([*name.encode(), *shape])
    a = np.asarray(_filled(grid, shape, rng, FLOAT64, Call("", {}, 0)))
    a.flags.writeable = False
    return a


def _represented(a: Array, form: Format) -> Array:
    """The numbers, rounded to the format. If one is outside its range, all are divided by 1024 first."""
    if a.dtype.kind != "f":
        return a
    with np.errstate(over="ignore"):
        rounded = form.rounded(a)
    in_range = np.isfinite(rounded).all() or not np.isfinite(a).all()
    return rounded.astype(form.carrier, copy=False) if in_range else _represented(a / 1024, form)


def shared_cases(op: Op, call: Call) -> Iterator[Case]:
    """The call in float64 with shared arrays, on each exact grid of its op, or else on real numbers.

    These are the fastest cases.
    """
    for rule in op.comparison.grids or (None,):
        case = build(op, call, rule, FORMATS["float64"], shared=op.kind != "step")
        yield case
        if not case.exact:  # no other grid fits either, and real numbers need one case only
            return


def without_expected(op: Op, call: Call) -> Case:
    """The call on real numbers in float64, without expected outputs. PyTorch does not run."""
    return build(op, call, None, FORMATS["float64"], reference=lambda _op, case, _cotangent: case)


def cases(op: Op, call: Call, dtypes: tuple[str, ...] = DTYPES) -> Iterator[Case]:
    """The call on every exact grid that fits it, and on real numbers, each in every dtype.

    If the call takes time, only one grid, and real numbers only in the widest dtype.

    Raises:
        RuntimeError, ValueError, IndexError, TypeError: PyTorch rejects the call.
    """
    is_large, fits = takes_time(op, call), False
    for grid in (*op.comparison.grids, None):
        if grid and fits and is_large:
            continue
        for dtype in dtypes[:1] if grid is None and fits and is_large else dtypes:
            case = draw(op, call, grid, dtype)
            if case.exact or grid is None:  # a grid may not fit this call
                fits = True
                yield case


def strongest(op: Op, call: Call, dtypes: tuple[str, ...] = DTYPES) -> Case:
    """The call in its widest dtype, on the first exact grid that fits it, or else on real numbers."""
    return next(cases(op, call, dtypes))


def displaced(op: Op, call: Call, dtypes: tuple[str, ...] = DTYPES) -> Case:
    """The strongest case whose arguments differences may move: neither ties nor the square grid."""
    found = cases(op, call, dtypes)
    return next(case for case in found if not (case.grids[0].nondifferentiable or case.grids[0].squares))


def with_expected(op: Op, case: Case, **changes: Any) -> Case:
    """The case with some fields changed, and PyTorch's outputs for the changed case."""
    case = replace(case, **changes)
    return by_pytorch(op, case, lambda _: case.dy)


def by_pytorch(op: Op, case: Case, cotangent: Cotangent) -> Case:
    """The case with PyTorch's outputs in float64: its forward and autograd's gradients, or its steps.

    Raises:
        RuntimeError, ValueError, IndexError, TypeError: PyTorch rejects the call.
    """
    if op.kind == "step":
        dy = cotangent((STEPS, *case.call.arguments["w"]))
        return replace(case, dy=dy, expected=reference_steps(case.call, case.as_float64("w"), dy, case.keywords))
    dy, expected = reference_outputs(case.call, case.arrays, case.keywords, cotangent)
    return replace(case, dy=dy, expected=expected)


def positional(op: Op) -> tuple[str, ...]:
    """The names of the arrays of a case. For an optimiser, only w."""
    return ("w",) if op.kind == "step" else op.positional


def arrays_of(op: Op, call: Call, rng: np.random.Generator, dtype: np.dtype[Any]) -> dict[str, Array | None]:
    """The positional arguments: real numbers from the domain of the op, or None for an absent array."""
    shapes, domain = {n: call.arguments.get(n) for n in positional(op)}, op.comparison.domain
    return {
        n: None if shape is None else _filled(REAL, shape, rng, dtype, call, domain.get(n, normal))
        for n, shape in shapes.items()
    }


def keywords_of(
    op: Op, call: Call, rng: np.random.Generator, dtype: np.dtype[Any], whole: bool = False
) -> dict[str, Any]:
    """The keyword-only arguments. Arrays are drawn by their name (``KEYWORDS``); floating ones have the ``dtype``.

    ``whole`` requests integers, for an exact grid.
    """
    keywords = {n: v for n, v in call.arguments.items() if n in op.options}
    for name, fill in KEYWORDS.items():
        if (shape := keywords.get(name)) is not None:
            a = fill(rng, shape, call, whole)
            keywords[name] = a.astype(dtype) if a.dtype.kind == "f" else a
    return keywords


def _filled(
    grid: Grid, shape: tuple[int, ...], rng: np.random.Generator, dtype: np.dtype[Any], call: Call,
    fill: Fill = normal,
) -> Array:  # fmt: skip
    values = fill(rng, shape, call, False) if grid is REAL else grid.values(rng, shape)
    return np.asarray(values).astype(dtype)
