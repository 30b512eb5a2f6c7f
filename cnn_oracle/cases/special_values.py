"""Special values: zeros of both signs, infinities, NaN, subnormal numbers, huge numbers, and the ends of a domain.

They replace the arrays of a drawn call, or some of their elements, so that they are used with every option.
"""

from collections.abc import Mapping
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases.case import Case, by_pytorch, draw, replace, with_expected, without_expected
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import ARRAY_KEYWORDS, Op

INF, NAN = np.inf, np.nan
SPECIAL_VALUES = np.array([
    0.0, -0.0, INF, -INF, NAN, 5e-324, -5e-324, 1e-310, 1e-300, 3, -3, 20, -20, 37, -37, 710, -710, 800, -800,
    1e300, -1e300,
])  # fmt: skip
PAIRS = np.array(
    [(x, t) for x in SPECIAL_VALUES for t in (0.0, 1.0, -2.0, INF, NAN, 5e-324, 1e300)]
    + [(t, x) for x in SPECIAL_VALUES for t in (0.0, 1.0, -2.0)]
).T  # fmt: skip
# PyTorch's kl_div computes (dy t)/t, which underflows if t is subnormal
NORMAL = PAIRS[:, (PAIRS[1] == 0) | (np.abs(PAIRS[1]) > 1e-300)]
FRACTIONS = np.array([(x, t) for x in (0, 5e-324, 1e-300, 1e-13, 0.5, 1 - 2**-53, 1) for t in (0, 0.5, 1, 5e-324)]).T
# Rows: numbers far from zero, where exp overflows if the maximum is not subtracted, or underflows to 0; ±∞ and NaN
ROWS = np.array([
    (800, 800, 799), (-800, -800, -801), (800, -800, 0), (1e300, 1, -1e300), (-INF, -INF, -800),
    (-INF, -INF, -INF), (INF, 0, 1), (INF, INF, 0), (NAN, 0, 1), (710, 710, 710), (5e-324, 0, -5e-324),
], float)  # fmt: skip

VALUES: Mapping[str, tuple[Array, ...]] = {
    **dict.fromkeys(
        ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "sigmoid", "hardsigmoid", "hardswish", "tanh",
         "softplus", "softsign"), (SPECIAL_VALUES,),
    ),
    **dict.fromkeys(
        ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits"), (*PAIRS,)
    ),
    **dict.fromkeys(("softmax", "log_softmax"), (ROWS,)),
    "kl_div": (*NORMAL,),
    "binary_cross_entropy": (*FRACTIONS,),
}  # fmt: skip


# For ops whose geometry or labels matter, these values replace some elements of the drawn arrays
SPECIAL = np.array([*SPECIAL_VALUES, *[NAN] * len(SPECIAL_VALUES)])
POOLED = np.array([*SPECIAL, *[-INF] * len(SPECIAL_VALUES)])  # a window of −∞ only must also select an element
LOGITS = np.array([-INF, -INF, -INF, -INF, INF, NAN, 800, -800, 1e300, 0.0])
KINKED = np.array([0.0, 0.0, -0.0, INF, -INF, NAN, 5e-324])
SCORES = np.array([INF, -INF, NAN, 800.0, -800.0, 30.0, -30.0, 0.0])  # PyTorch scales before it multiplies
MIXED_IN: Mapping[str, Array] = {
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d", "adaptive_max_pool2d"), POOLED),
    **dict.fromkeys(("pad", "flatten", "interpolate", "nll_loss"), SPECIAL),
    "cross_entropy": LOGITS,
    "prelu": KINKED,
    "lp_pool2d": np.array([0.0, -0.0]),  # a window of zeros only has no gradient
    "scaled_dot_product_attention": SCORES,
}  # fmt: skip
# Ops with special values in dy too: linear ones, whose gradients depend on dy only, and prelu, whose dw has products
OF_DY = ("pad", "flatten", "interpolate", "prelu")
PLAIN = {"reduction": "none", "dim": 1}


def are_checked(op: Op) -> bool:
    """Whether the op is checked on special values."""
    return op.name in VALUES or op.name in MIXED_IN or op.kind == "step"


def case_of(op: Op, call: Call) -> Case:
    """The case with the special values of the op, and PyTorch's outputs for them.

    For ops of ``VALUES``, only the options and the number of axes of the call stay: no weights, no reduction, and rows
    of a matrix for ``dim``.
    """
    if op.kind == "step":
        case = draw(op, call)
        return with_expected(
            op, case, arrays={"w": _with_special_values(case.rng, case.as_float64("w"), np.array([INF, -INF, 0.0]))}
        )
    if op.name in MIXED_IN:
        case = draw(op, call)
        if any(a is not None and not a.size for a in (case.dy, *case.arrays.values())):
            return case  # on empty arrays, PyTorch's attention and its gradient are 0 or NaN, without a rule
        edge, rng = MIXED_IN[op.name], case.rng
        arrays = {n: a if a is None else _with_special_values(rng, a, edge) for n, a in case.arrays.items()}
        return with_expected(
            op, case, arrays=arrays, dy=_with_special_values(rng, case.dy, edge) if op.name in OF_DY else case.dy
        )
    options = {n: v for n, v in call.arguments.items() if n not in op.positional and n not in ARRAY_KEYWORDS}
    options |= {n: v for n, v in PLAIN.items() if n in op.options}
    rank = len(call.arguments[op.positional[0]])
    return replace(_of_values(op, tuple(options.items()), rank), mutated=[], notes=[])


@lru_cache
def _of_values(op: Op, options: tuple[tuple[str, Any], ...], rank: int) -> Case:
    """The case of an op, its options, and at least ``rank`` axes. The numbers do not depend on the call."""
    padded = (a.reshape((1,) * (rank - a.ndim) + a.shape) if a.ndim == 1 else a for a in VALUES[op.name])
    values = dict(zip(op.positional, padded, strict=True))
    case = without_expected(op, Call(op.name, {n: a.shape for n, a in values.items()} | dict(options), 0))
    return by_pytorch(op, replace(case, arrays=values), _rising)


def _rising(shape: tuple[int, ...]) -> Array:
    return np.linspace(0.5, 2.5, prod(shape)).reshape(shape)


def or_flushed(op: Op, case: Case, outputs: Outputs) -> Case:
    """Accept a subject that reads subnormal numbers as zeros.

    Args:
        op: the op. Only ops of ``VALUES`` may do this: an op that selects or adds has no reason to.
        case: the case with special values.
        outputs: the outputs of the subject.

    Returns:
        The case. Where the subject returns PyTorch's value for zeros, that value is expected.
    """
    if op.name not in VALUES:
        return case
    zeros = with_expected(
        op, case, arrays={n: a if a is None else _flushed(a) for n, a in case.arrays.items()}
    ).expected
    expected = dict(case.expected)
    for quantity, true in case.expected.items():
        got, flushed = outputs.get(quantity), zeros[quantity]
        if true is not None and flushed is not None and got is not None and got.shape == true.shape:
            expected[quantity] = np.where(got == flushed, flushed, true)
    return replace(case, expected=expected)


def or_at_another_length(op: Op, case: Case, outputs: Outputs) -> Case:
    """Accept what PyTorch itself gives for the same numbers in arrays of another length.

    PyTorch is not one function at NaN: its loop over vectors and its loop over the remaining elements may differ.

    Args:
        op: the op. Only for ops of ``VALUES`` the length of the arrays has no meaning.
        case: the case with special values.
        outputs: the outputs of the subject.

    Returns:
        The case. Where the subject returns what PyTorch gives at another length, that value is expected.
    """
    if op.name not in VALUES or all(_equal(got, case.expected[q]).all() for q, got in outputs.items()):
        return case
    expected = dict(case.expected)
    for other in _at_other_lengths(op, tuple((n, v) for n, v in case.keywords.items() if n in op.options)):
        for quantity, true in expected.items():
            got, value = outputs.get(quantity), other[quantity]
            if true is not None and value is not None and got is not None and got.shape == true.shape:
                value = value.reshape(true.shape)
                expected[quantity] = np.where(_equal(got, value), value, true)
    return replace(case, expected=expected)


def _equal(a: Array | None, b: Array | None) -> Array:
    if a is None or b is None or a.shape != b.shape:
        return np.asarray(a is b)
    return np.asarray((a == b) | (np.isnan(a) & np.isnan(b)))


LONG = 64  # elements: longer than the vectors of a processor, and a multiple of them


@lru_cache
def _at_other_lengths(op: Op, options: tuple[tuple[str, Any], ...]) -> tuple[Outputs, Outputs]:
    """PyTorch's outputs for the special values of an op, each alone in its arrays, and each LONG times."""
    case = _of_values(op, options, 1)
    rows = range(len(case.dy))

    def run(number: int, which: slice) -> Outputs:
        arrays = {n: np.repeat(a[which], number, 0) for n, a in case.arrays.items() if a is not None}
        return with_expected(op, case, arrays=arrays, dy=np.repeat(case.dy[which], number, 0)).expected

    alone, long = [run(1, slice(i, i + 1)) for i in rows], run(LONG, slice(None))
    apart = {q: None if a is None else np.concatenate([one[q] for one in alone]) for q, a in case.expected.items()}
    return apart, {q: None if a is None else a[::LONG] for q, a in long.items()}


def _flushed(a: Array) -> Array:
    """The array with zeros, of the same sign, for its subnormal numbers."""
    return np.where(np.abs(a) < np.finfo(a.dtype).tiny, np.copysign(0, a), a)


def _with_special_values(rng: np.random.Generator, a: Array, values: Array) -> Array:
    """The array with about a third of its elements replaced by special values."""
    return np.where(rng.random(a.shape) < 1 / 3, rng.choice(values, a.shape), a)
