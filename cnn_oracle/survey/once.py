"""Checking a call once: forward and backward in float64, on each lattice of its op.

On a lattice a call is compared bitwise; where there is none, on real numbers within its bound. What makes this fast:
the arrays depend on nothing but their lattice and shape, so that each is made once, and PyTorch runs forward once.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from math import prod

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases import exact_grids
from cnn_oracle.cases.case import Case, arrays_of, draw, keywords_of
from cnn_oracle.cases.distributions import normal
from cnn_oracle.cases.exact_grids import REAL, Draw, Lattice
from cnn_oracle.cases.expected import reference_answers
from cnn_oracle.compare.compare import compare, tolerance
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure
from cnn_oracle.run.subject import backward, everything, forward
from cnn_oracle.subject import Subject
from cnn_oracle.vacuity import Values, values_of

FLOAT64 = np.dtype("float64")
BITS = 2**51  # as in lattices: two bits of room
# A lattice that is the same for a whole world, and the largest number that a cotangent is multiplied with. No cell of a
# world's multilinear op sums more than 2^11 products of x and w (w has 324 cells at most): y stays below 2^51.
# Averages are over 1, 2 or 3 cells an axis, or −2; adaptive ones over 1 … 8 cells of each of two.
WHOLE: Mapping[Draw, tuple[Lattice, int]] = {
    exact_grids.integers: (Lattice(1, 2**20), 2**20),
    exact_grids.cubes: (Lattice(1, 2**13), 2**26),
    exact_grids.multiples: (Lattice(6**3, 2**20), 6**3),
    exact_grids.adaptive_multiples: (Lattice(840**2, 2**20), 840**2),
}


def check_once(subject: Subject, op: Op, call: Call) -> tuple[float, Values]:
    """y and all gradients on every case of a call: the worst error as a fraction of its bound, and the first's values.

    Raises:
        Failure: an answer is wrong.
    """
    worst, values = 0.0, Values()
    for i, case in enumerate(cases_of(op, call)):
        got = everything(subject, op, case)
        if not (case.exact and all(_same(a, case.truth[q]) for q, a in got.items())):
            worst = max(worst, compare(case, got, tolerance(op, case)))
        values = values_of(case) if i == 0 else values
    return worst, values


def survive(subject: Subject, op: Op, call: Call) -> None:
    """forward and backward on a call that PyTorch must not be handed. Nothing is compared: to come back is enough."""
    rng = np.random.default_rng(call.seed)
    keywords, arrays = keywords_of(op, call, rng, FLOAT64), arrays_of(op, call, rng, FLOAT64)
    case = Case(call, FLOAT64, arrays, keywords, np.zeros(()), {}, (REAL, REAL), rng)
    with suppress(Failure):
        y = np.asarray(forward(subject, case)["y"])
        backward(subject, replace(case, dy=rng.standard_normal(y.shape)))


def cases_of(op: Op, call: Call) -> Iterator[Case]:
    """The call in float64 on each lattice of its op, with arrays that depend on nothing but lattice and shape."""
    if op.kind == "step":
        yield draw(op, call)
        return
    for lattice in op.comparison.lattices or (None,):
        case = _case(op, call, lattice)
        yield case
        if not case.exact:  # nor is it on the others, and real numbers are one case
            return


def _case(op: Op, call: Call, lattice: Draw | None) -> Case:
    rng = np.random.default_rng(call.seed)
    keywords = keywords_of(op, call, rng, FLOAT64, whole=lattice is not None)
    primal, dual, factor = REAL, REAL, 0
    if lattice and lattice in WHOLE:
        primal, factor = WHOLE[lattice]
    elif lattice:
        primal, dual = lattice(call, keywords, 53)
    domain = op.comparison.domain
    arrays: dict[str, Array | None] = {}
    for name in op.positional:
        shape = call.arguments.get(name)
        own = domain.get(name) if primal is REAL else None
        arrays[name] = None if shape is None else own(rng, shape, call, False) if own else _numbers(primal, name, shape)

    def cotangent(shape: tuple[int, ...]) -> Array:
        nonlocal dual
        if factor:
            dual = Lattice(primal.unit, min(primal.amplitude, BITS // (factor * max(prod(shape), 2**11))))
        return _numbers(dual, "dy", shape)

    dy, truth = reference_answers(call, arrays, keywords, cotangent)
    return Case(call, FLOAT64, arrays, keywords, dy, truth, (primal, dual), rng)


@lru_cache(4096)
def _numbers(lattice: Lattice, name: str, shape: tuple[int, ...]) -> Array:
    """Of one lattice, name and shape there is one array; nobody may write to it."""
    rng = np.random.default_rng([*name.encode(), *shape])
    a = normal(rng, shape, Call("", {}, 0), False) if lattice is REAL else lattice.values(rng, shape)
    a = np.asarray(a, FLOAT64)
    a.flags.writeable = False
    return a


def _same(a: Array | None, b: Array | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and bool((a == b).all())
