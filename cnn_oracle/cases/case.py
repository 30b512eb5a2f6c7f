"""A case: a call with its arrays, drawn from its seed, and PyTorch's answers to it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases.distributions import KEYWORDS, Fill, normal
from cnn_oracle.cases.exact_grids import REAL, Draw, Lattice
from cnn_oracle.cases.expected import Answers, reference_forward, reference_gradients, reference_steps
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.subject import DTYPES

STEPS = 4  # consecutive steps of an optimiser in one case


@dataclass
class Case:
    """What a subject is given (arrays, keywords, dy) and what it should answer (truth, in float64)."""

    call: Call
    dtype: np.dtype[Any]
    arrays: dict[str, Array | None]  # the positional arguments
    keywords: dict[str, Any]
    dy: Array  # y's cotangent; for a step the gradients of its consecutive steps
    truth: Answers
    lattices: tuple[Lattice, Lattice]  # of the arguments, of dy
    rng: np.random.Generator  # goes on where the arrays ended
    unwritten: float = np.nan  # what memory holds that the subject has not written to
    written: list[str] = field(default_factory=list)  # which functions wrote to which arguments

    @property
    def exact(self) -> bool:
        """Drawn on a lattice: the answers must be bitwise equal."""
        return self.lattices[0] is not REAL

    def wide(self, name: str) -> Array:
        """An argument in float64."""
        a = self.arrays[name]
        assert a is not None
        return a.astype(np.float64)


class _Latest:
    """The cases of one call object, which a theorem after the other draws."""

    call: Call | None = None
    cases: ClassVar[dict[tuple[Op, Draw | None, str], Case]] = {}


def draw(op: Op, call: Call, lattice: Draw | None = None, dtype: str = "float64") -> Case:
    """Fill ``call``'s arrays from its seed, on a lattice or (None) with real numbers, in ``dtype``.

    Raises:
        RuntimeError, ValueError, IndexError, TypeError: PyTorch refuses the call.
    """
    if call is not _Latest.call:
        _Latest.call, _Latest.cases = call, {}
    if (key := (op, lattice, dtype)) not in _Latest.cases:
        _Latest.cases[key] = _draw(op, call, lattice, dtype)
    case = _Latest.cases[key]
    bits: Any = np.random.PCG64(0)
    bits.state = case.rng.bit_generator.state
    arrays, keywords = {**case.arrays}, {**case.keywords}
    return replace(case, arrays=arrays, keywords=keywords, rng=np.random.Generator(bits), written=[])


def _draw(op: Op, call: Call, lattice: Draw | None, dtype: str) -> Case:
    rng, kind = np.random.default_rng(call.seed), np.dtype(dtype)
    keywords = keywords_of(op, call, rng, kind, whole=lattice is not None)
    primal, dual = lattice(call, keywords, np.finfo(kind).nmant + 1) if lattice else (REAL, REAL)
    arrays = arrays_of(op, call, rng, kind, primal)
    steps = op.kind == "step"
    shape = (STEPS, *call.arguments["w"]) if steps else reference_forward(call, arrays, keywords).shape
    case = Case(call, kind, arrays, keywords, _filled(dual, shape, rng, kind, call), {}, (primal, dual), rng)
    return answered(op, case)


def cases(op: Op, call: Call, dtypes: tuple[str, ...] = DTYPES) -> Iterator[Case]:
    """The call on every lattice of its op and on real numbers, in float64 and in float32."""
    for lattice in (*op.comparison.lattices, None):
        for dtype in dtypes:
            case = draw(op, call, lattice, dtype)
            if case.exact or lattice is None:  # a lattice may have no place for this call
                yield case


def strongest(op: Op, call: Call, dtypes: tuple[str, ...] = DTYPES) -> Case:
    """The call in its widest dtype on its op's first lattice, on real numbers if it has none."""
    return next(cases(op, call, dtypes))


def displaced(op: Op, call: Call, dtypes: tuple[str, ...] = DTYPES) -> Case:
    """The strongest case whose arguments may move: not on ties and kinks, nor off the square lattice."""
    found = cases(op, call, dtypes)
    return next(case for case in found if not (case.lattices[0].kinks or case.lattices[0].squares))


def answered(op: Op, case: Case, **changes: Any) -> Case:
    """The case with some fields changed, and PyTorch's answers to what it then is."""
    case = replace(case, **changes)
    if op.kind == "step":
        return replace(case, truth=reference_steps(case.call, case.wide("w"), case.dy, case.keywords))
    y = reference_forward(case.call, case.arrays, case.keywords)
    return replace(case, truth={"y": y, **reference_gradients(case.call, case.arrays, case.keywords, case.dy)})


def arrays_of(
    op: Op, call: Call, rng: np.random.Generator, dtype: np.dtype[Any], lattice: Lattice = REAL
) -> dict[str, Array | None]:
    """The positional arguments; a step is given only its w here."""
    names = ("w",) if op.kind == "step" else op.positional
    shapes = {n: call.arguments.get(n) for n in names}
    domain = op.comparison.domain
    return {
        n: None if shape is None else _filled(lattice, shape, rng, dtype, call, domain.get(n, normal))
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
    lattice: Lattice, shape: tuple[int, ...], rng: np.random.Generator, dtype: np.dtype[Any], call: Call,
    fill: Fill = normal,
) -> Array:  # fmt: skip
    values = fill(rng, shape, call, False) if lattice is REAL else lattice.values(rng, shape)
    return np.asarray(values).astype(dtype)
