"""The error function, which NumPy does not have.

erf(x) = 2/√π ∫₀ˣ exp(−t²) dt = tanh(x R(x²))          R(z) = atanh(erf √z)/√z

R is smooth. Its series begins with 2/√π (1 + 2κ z), which is all that gelu's tanh approximation uses. Here R is a
rational function, Σ p zᵏ / Σ q zᵏ: the one whose largest relative error of erf is the least possible up to z = END,
where erf reaches 1 (found by Loeb's iteration with Lawson's weights, in 50 digits). The error is 1.2e-17 in float64,
3.4e-9 in float32: a fraction of an ulp. tests/ops/test_gelu.py compares erf with the standard library.
"""

import numpy as np

from ._typing import Array

END = {"float64": 36, "float32": 16}
P = {
    "float64": (
        1.1283791670955126, 0.6352673570358799, 0.20129364193344856, 0.041561874562482226, 0.0060230524377932766,
        0.0006260010047849474, 4.5838245508048635e-05, 2.2860341094812377e-06, 6.441871481323642e-08,
        4.67032829945702e-10,
    ),
    "float32": (1.1283791708290847, 0.2798074650245071, 0.04264696291988566, 0.002178324865717529),
}  # fmt: skip
Q = {
    "float64": (
        1.0, 0.47191118842135465, 0.13559563990018064, 0.025093694413214095, 0.003267023580460434,
        0.0003027106519102013, 1.905581278574199e-05, 8.039650197347509e-07, 1.3796252930493953e-08,
        2.8648747065138085e-11,
    ),
    "float32": (1.0, 0.15689314150387787, 0.023690235654388426, 0.0003249335564971679),
}  # fmt: skip


def erf(x: Array) -> Array:
    """x of any shape, float64 or float32 → erf of each element, to 4 ulp."""
    kind = x.dtype.name
    with np.errstate(over="ignore"):
        z = np.minimum(x * x, END[kind])
    y = _horner(P[kind], z)
    y /= _horner(Q[kind], z)
    y *= x
    return np.asarray(np.tanh(y))


def _horner(coefficients: tuple[float, ...], z: Array) -> Array:
    *rest, last = coefficients
    y = np.full_like(z, last)
    for coefficient in reversed(rest):
        y *= z
        y += coefficient
    return y
