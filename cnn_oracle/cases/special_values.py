"""Adversarial values: zeros of both signs, infinities, NaN, denormals, huge numbers, and the ends of a domain.

They are put into a drawn call in the place of its arrays, or of some of their values, so that every option meets them.
"""

from collections.abc import Mapping
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases.case import Case, answered, by_pytorch, draw, replace, unanswered
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import ARRAY_KEYWORDS, Op

INF, NAN = np.inf, np.nan
EDGES = np.array([
    0.0, -0.0, INF, -INF, NAN, 5e-324, -5e-324, 1e-310, 1e-300, 3, -3, 20, -20, 37, -37, 710, -710, 800, -800,
    1e300, -1e300,
])  # fmt: skip
PAIRS = np.array(
    [(x, t) for x in EDGES for t in (0.0, 1.0, -2.0, INF, NAN, 5e-324, 1e300)]
    + [(t, x) for x in EDGES for t in (0.0, 1.0, -2.0)]
).T  # fmt: skip
# PyTorch's kl_div computes (dy t)/t, and loses it to underflow where t is not normal
NORMAL = PAIRS[:, (PAIRS[1] == 0) | (np.abs(PAIRS[1]) > 1e-300)]
FRACTIONS = np.array([(x, t) for x in (0, 5e-324, 1e-300, 1e-13, 0.5, 1 - 2**-53, 1) for t in (0, 0.5, 1, 5e-324)]).T
# Rows: far from zero, where exp overflows unless the maximum is subtracted, or underflows to nothing; ±∞ and NaN
ROWS = np.array([
    (800, 800, 799), (-800, -800, -801), (800, -800, 0), (1e300, 1, -1e300), (-INF, -INF, -800),
    (-INF, -INF, -INF), (INF, 0, 1), (INF, INF, 0), (NAN, 0, 1), (710, 710, 710), (5e-324, 0, -5e-324),
], float)  # fmt: skip

VALUES: Mapping[str, tuple[Array, ...]] = {
    **dict.fromkeys(
        ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "sigmoid", "hardsigmoid", "hardswish", "tanh",
         "softplus", "softsign"), (EDGES,),
    ),
    **dict.fromkeys(
        ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits"), (*PAIRS,)
    ),
    **dict.fromkeys(("softmax", "log_softmax"), (ROWS,)),
    "kl_div": (*NORMAL,),
    "binary_cross_entropy": (*FRACTIONS,),
}  # fmt: skip


# Their geometry or labels are part of the question: these values are put in the place of some of the drawn call's own
SPECIAL = np.array([*EDGES, *[NAN] * len(EDGES)])
POOLED = np.array([*SPECIAL, *[-INF] * len(EDGES)])  # windows of nothing else choose a cell, too
LOGITS = np.array([-INF, -INF, -INF, -INF, INF, NAN, 800, -800, 1e300, 0.0])
KINKED = np.array([0.0, 0.0, -0.0, INF, -INF, NAN, 5e-324])
SCORES = np.array([INF, -INF, NAN, 800.0, -800.0, 30.0, -30.0, 0.0])  # PyTorch scales before it multiplies
MIXED_IN: Mapping[str, Array] = {
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d", "adaptive_max_pool2d"), POOLED),
    **dict.fromkeys(("pad", "flatten", "interpolate", "nll_loss"), SPECIAL),
    "cross_entropy": LOGITS,
    "prelu": KINKED,
    "lp_pool2d": np.array([0.0, -0.0]),  # windows of nothing else have no gradient
    "scaled_dot_product_attention": SCORES,
}  # fmt: skip
# Of which dy is asked, too: linear ones, whose gradients see no other array, and a slope's, which is a product with it
OF_DY = ("pad", "flatten", "interpolate", "prelu")
PLAIN = {"reduction": "none", "dim": 1}


def asked(op: Op) -> bool:
    return op.name in VALUES or op.name in MIXED_IN or op.kind == "step"


def case_of(op: Op, call: Call) -> Case:
    """The call's options on the op's edge values, nothing reduced and nothing weighted, along the second axis."""
    if op.kind == "step":
        case = draw(op, call)
        return answered(
            op, case, arrays={"w": _with_special_values(case.rng, case.wide("w"), np.array([INF, -INF, 0.0]))}
        )
    if op.name in MIXED_IN:
        case = draw(op, call)
        if any(a is not None and not a.size for a in (case.dy, *case.arrays.values())):
            return case  # of nothing PyTorch's attention and its gradient are 0 or NaN, whatever they mean
        edge, rng = MIXED_IN[op.name], case.rng
        arrays = {n: a if a is None else _with_special_values(rng, a, edge) for n, a in case.arrays.items()}
        return answered(
            op, case, arrays=arrays, dy=_with_special_values(rng, case.dy, edge) if op.name in OF_DY else case.dy
        )
    options = {n: v for n, v in call.arguments.items() if n not in op.positional and n not in ARRAY_KEYWORDS}
    options |= {n: v for n, v in PLAIN.items() if n in op.options}
    return replace(_of_values(op, tuple(options.items())), mutated=[])


@lru_cache
def _of_values(op: Op, options: tuple[tuple[str, Any], ...]) -> Case:
    """With the same options the numbers are the same in every call."""
    values = dict(zip(op.positional, VALUES[op.name], strict=True))
    case = unanswered(op, Call(op.name, {n: a.shape for n, a in values.items()} | dict(options), 0))
    return by_pytorch(op, replace(case, arrays=values), _rising)


def _rising(shape: tuple[int, ...]) -> Array:
    return np.linspace(0.5, 2.5, prod(shape)).reshape(shape)


def or_flushed(op: Op, case: Case, answers: Outputs) -> Case:
    """The case, with what PyTorch answers for zeros in place of subnormal numbers wherever the subject answers that.

    Of functions of single elements: who selects or adds has no reason to take a number for another.
    """
    if op.name not in VALUES:
        return case
    zeros = answered(op, case, arrays={n: a if a is None else _flushed(a) for n, a in case.arrays.items()}).expected
    expected = dict(case.expected)
    for quantity, true in case.expected.items():
        got, flushed = answers.get(quantity), zeros[quantity]
        if true is not None and flushed is not None and got is not None and got.shape == true.shape:
            expected[quantity] = np.where(got == flushed, flushed, true)
    return replace(case, expected=expected)


def _flushed(a: Array) -> Array:
    """As a processor reads it that knows no subnormal numbers."""
    return np.where(np.abs(a) < np.finfo(a.dtype).tiny, np.copysign(0, a), a)


def _with_special_values(rng: np.random.Generator, a: Array, values: Array) -> Array:
    """A third of the array replaced by edge values."""
    return np.where(rng.random(a.shape) < 1 / 3, rng.choice(values, a.shape), a)
