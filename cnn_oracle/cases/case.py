"""A case: a call with its arrays, drawn from its seed, and what is expected, PyTorch's answers unless others are given.

Every case is built here. Its grid, dtype, layout, arrays and the source of its truth are parameters.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import prod
from typing import Any

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases import exact_grids
from cnn_oracle.cases.distributions import KEYWORDS, Fill, normal
from cnn_oracle.cases.dtypes import FORMATS, Format, held
from cnn_oracle.cases.exact_grids import REAL, Grid, GridRule
from cnn_oracle.cases.expected import Outputs, reference_outputs, reference_steps
from cnn_oracle.latest import Latest
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.subject import DTYPES

FLOAT64 = np.dtype("float64")
STEPS = 4  # consecutive steps of an optimiser in one case

Cotangent = Callable[[tuple[int, ...]], Array]  # of the shape of y; of the steps' gradients


class Numbers:
    """Random numbers that go on where the arrays of a case ended; a generator is made when it is first asked for."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.state = state

    def again(self) -> "Numbers":
        """The same numbers from the start."""
        return Numbers(self.state)

    @cached_property
    def generator(self) -> np.random.Generator:
        bits: Any = np.random.PCG64(0)
        bits.state = self.state
        return np.random.Generator(bits)


@dataclass
class Case:
    """What a subject is given (arrays, keywords, dy) and what it should answer (truth, in float64)."""

    call: Call
    dtype: np.dtype[Any]
    arrays: dict[str, Array | None]  # the positional arguments
    keywords: dict[str, Any]
    dy: Array  # y's cotangent; for a step the gradients of its consecutive steps
    expected: Outputs
    grids: tuple[Grid, Grid]  # of the arguments, of dy
    numbers: Numbers
    fill_value: float = np.nan  # what memory holds that the subject has not written to
    mutated: list[str] = field(default_factory=list)  # which functions wrote to which arguments
    form: Format = FORMATS["float64"]  # the numbers' own, where NumPy's dtype stands for it
    layout: str = "contiguous"  # for a subject that lays arrays out by itself

    @property
    def exact(self) -> bool:
        """Drawn on a lattice: the answers must be bitwise equal."""
        return self.grids[0] is not REAL

    @property
    def rng(self) -> np.random.Generator:
        """Goes on where the arrays ended; cases that ``replace`` made of each other share it."""
        return self.numbers.generator

    @property
    def in_float64(self) -> "Case":
        """The same numbers in float64."""
        arrays = {n: None if a is None else a.astype(FLOAT64) for n, a in self.arrays.items()}
        floating = {n: v for n, v in self.keywords.items() if isinstance(v, np.ndarray) and v.dtype.kind == "f"}
        keywords = self.keywords | {n: v.astype(FLOAT64) for n, v in floating.items()}
        return replace(self, dtype=FLOAT64, arrays=arrays, keywords=keywords, dy=self.dy.astype(FLOAT64))

    def wide(self, name: str) -> Array:
        """An argument in float64."""
        a = self.arrays[name]
        assert a is not None
        return a.astype(np.float64)


_DRAWN: Latest[Case] = Latest(8)  # two dtypes on each of three lattices and on real numbers


def draw(op: Op, call: Call, grid: GridRule | None = None, dtype: str = "float64") -> Case:
    """Fill ``call``'s arrays from its seed, on a lattice or (None) with real numbers, in ``dtype``.

    Raises:
        RuntimeError, ValueError, IndexError, TypeError: PyTorch refuses the call.
    """
    case = _DRAWN.of((call, op, grid, dtype), lambda: build(op, call, grid, FORMATS[dtype]))
    arrays, keywords = {**case.arrays}, {**case.keywords}
    return replace(case, arrays=arrays, keywords=keywords, numbers=case.numbers.again(), mutated=[])


def replace(case: Case, **changes: Any) -> Case:
    """As dataclasses.replace, at a fraction of its time."""
    another = Case.__new__(Case)
    vars(another).update(vars(case), **changes)
    return another


Reference = Callable[[Op, Case, Cotangent], Case]  # the case with dy, made once y's shape is known, and its truth


def build(
    op: Op, call: Call, rule: GridRule | None, form: Format, *, reference: Reference | None = None,
    shared: bool = False, layout: str = "contiguous",
) -> Case:  # fmt: skip
    """The call on a grid, or on real numbers where there is none, or where it leaves no number but zero.

    ``shared``: the arrays depend on nothing but their grid and shape, so that each is made once for many calls.

    Raises:
        RuntimeError, ValueError, IndexError, TypeError: PyTorch, or who else is ``expected``, refuses the call.
    """
    rng, domain = np.random.default_rng(call.seed), op.comparison.domain
    drawn = keywords_of(op, call, rng, FLOAT64, whole=rule is not None)
    keywords = {n: _represented(v, form) if isinstance(v, np.ndarray) else v for n, v in drawn.items()}
    whole = WHOLE.get(rule) if shared and rule else None
    primal, dual = (whole[0], REAL) if whole else _grids(rule, call, keywords, form)

    def numbers(name: str, shape: tuple[int, ...], grid: Grid, fill: Fill = normal) -> Array:
        if shared and (fill is normal or grid is not REAL):
            return _shared(grid, name, shape)
        return _represented(_filled(grid, shape, rng, FLOAT64, call, fill), form)

    def cotangent(shape: tuple[int, ...]) -> Array:
        nonlocal dual
        if whole:
            dual = Grid(primal.unit, min(primal.amplitude, BITS // (whole[1] * max(prod(shape), 2**11))))
        return numbers("dy", shape, dual)

    shapes = {n: call.arguments.get(n) for n in positional(op)}
    arrays = {n: None if s is None else numbers(n, s, primal, domain.get(n, normal)) for n, s in shapes.items()}
    case = Case(
        call, form.carrier, arrays, keywords, np.zeros(()), {}, (primal, dual), Numbers({}), form=form, layout=layout
    )
    case = (reference or by_pytorch)(op, case, cotangent)
    return replace(case, grids=(primal, dual), numbers=Numbers(rng.bit_generator.state))


def _grids(rule: GridRule | None, call: Call, keywords: Mapping[str, Any], form: Format) -> tuple[Grid, Grid]:
    """The rule's, of numbers that the format has."""
    primal, dual = (held(grid, form) for grid in rule(call, keywords, form.sums)) if rule else (REAL, REAL)
    empty = any(grid is not REAL and not grid.distinct and not grid.amplitude for grid in (primal, dual))
    return (REAL, REAL) if empty else (primal, dual)


BITS = 2**51  # as in lattices: two bits of room
# A lattice that is the same for a whole world, and the largest number that a cotangent is multiplied with. No cell of a
# world's multilinear op sums more than 2^11 products of x and w (w has 324 cells at most): y stays below 2^51.
# Averages are over 1, 2 or 3 cells an axis, or −2; adaptive ones over 1 … 8 cells of each of two.
WHOLE: Mapping[GridRule, tuple[Grid, int]] = {
    exact_grids.integers: (Grid(1, 2**20), 2**20),
    exact_grids.cubes: (Grid(1, 2**13), 2**26),
    exact_grids.multiples: (Grid(6**3, 2**20), 6**3),
    exact_grids.adaptive_multiples: (Grid(840**2, 2**20), 840**2),
}


@lru_cache(4096)
def _shared(grid: Grid, name: str, shape: tuple[int, ...]) -> Array:
    """Of one lattice, name and shape there is one array; nobody may write to it."""
    rng = np.random.default_rng([*name.encode(), *shape])
    a = np.asarray(_filled(grid, shape, rng, FLOAT64, Call("", {}, 0)))
    a.flags.writeable = False
    return a


def _represented(a: Array, form: Format) -> Array:
    """The same numbers, each the nearest that the format has; if one is beyond its range, a 1024th of them."""
    if a.dtype.kind != "f":
        return a
    with np.errstate(over="ignore"):
        rounded = form.rounded(a)
    in_range = np.isfinite(rounded).all() or not np.isfinite(a).all()
    return rounded.astype(form.carrier, copy=False) if in_range else _represented(a / 1024, form)


def shared_cases(op: Op, call: Call) -> Iterator[Case]:
    """The call in float64 on each lattice of its op, or on real numbers, with shared arrays: the fastest cases."""
    for rule in op.comparison.grids or (None,):
        case = build(op, call, rule, FORMATS["float64"], shared=op.kind != "step")
        yield case
        if not case.exact:  # nor is it on the others, and real numbers are one case
            return


def unanswered(op: Op, call: Call) -> Case:
    """Real numbers in float64, and nothing that is expected: PyTorch is not asked."""
    return build(op, call, None, FORMATS["float64"], reference=lambda _op, case, _cotangent: case)


def cases(op: Op, call: Call, dtypes: tuple[str, ...] = DTYPES) -> Iterator[Case]:
    """The call on every lattice of its op and on real numbers, in float64 and in float32."""
    for grid in (*op.comparison.grids, None):
        for dtype in dtypes:
            case = draw(op, call, grid, dtype)
            if case.exact or grid is None:  # a lattice may have no place for this call
                yield case


def strongest(op: Op, call: Call, dtypes: tuple[str, ...] = DTYPES) -> Case:
    """The call in its widest dtype on its op's first lattice, on real numbers if it has none."""
    return next(cases(op, call, dtypes))


def displaced(op: Op, call: Call, dtypes: tuple[str, ...] = DTYPES) -> Case:
    """The strongest case whose arguments may move: not on ties and kinks, nor off the square lattice."""
    found = cases(op, call, dtypes)
    return next(case for case in found if not (case.grids[0].kinks or case.grids[0].squares))


def answered(op: Op, case: Case, **changes: Any) -> Case:
    """The case with some fields changed, and PyTorch's answers to what it then is."""
    case = replace(case, **changes)
    return by_pytorch(op, case, lambda _: case.dy)


def by_pytorch(op: Op, case: Case, cotangent: Cotangent) -> Case:
    """The truth is PyTorch's, in float64: its forward and autograd's gradients, or its steps."""
    if op.kind == "step":
        dy = cotangent((STEPS, *case.call.arguments["w"]))
        return replace(case, dy=dy, expected=reference_steps(case.call, case.wide("w"), dy, case.keywords))
    dy, expected = reference_outputs(case.call, case.arrays, case.keywords, cotangent)
    return replace(case, dy=dy, expected=expected)


def positional(op: Op) -> tuple[str, ...]:
    """The names of the arrays of a case; a step is given only its w."""
    return ("w",) if op.kind == "step" else op.positional


def arrays_of(op: Op, call: Call, rng: np.random.Generator, dtype: np.dtype[Any]) -> dict[str, Array | None]:
    """The positional arguments, real numbers of the op's domain."""
    shapes, domain = {n: call.arguments.get(n) for n in positional(op)}, op.comparison.domain
    return {
        n: None if shape is None else _filled(REAL, shape, rng, dtype, call, domain.get(n, normal))
        for n, shape in shapes.items()
    }


def keywords_of(
    op: Op, call: Call, rng: np.random.Generator, dtype: np.dtype[Any], whole: bool = False
) -> dict[str, Any]:
    """The keyword-only arguments, arrays filled by name; floating ones are of ``dtype``."""
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
