"""Numbers that carry their own error: a formula, evaluated on them, yields its own rounding bound.

    |computed − true| ≤ error      for any implementation of the same formula with unit roundoff u

An operation passes on the errors of its operands to first order, through its derivative. Then it adds its own rounding,
relative to the magnitude of the result: u for + − × ÷ √, and ELEMENTARY u for exp, log, tanh, … . Nothing is tuned: the
bound of an op is its formula, as a stable algorithm computes it (Higham, Accuracy and Stability of Numerical
Algorithms, §3.3: running error).
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias, Union

import numpy as np

from cnn_oracle.manual._typing import Array

# The relative error of an elementary function, in u: 4 ulp. NumPy documents up to 2.52 ulp for exp in float32.
ELEMENTARY = 8
# The absolute error of erf, in u, as 1 + erf needs it. Formula 7.1.26 of Abramowitz & Stegun in float32 has an error of
# 1.5e-7 = 2.5 u; its polynomial has 8 roundings of numbers up to 1.45, exp has ELEMENTARY, and 1/(1 + p x) has two.
# PyTorch's gelu has 11.8.
ERF = 25

Operand: TypeAlias = Union["Approx", Array, float]


@lru_cache
def gamma(k: float, u: float) -> float:
    """The relative error of k roundings in a row: at most (1 − u)^−k − 1.

    Each rounding is a factor 1 + δ or 1/(1 + δ), with |δ| ≤ u. This is less than k u/(1 − k u), and it also holds in
    half precision, where k u may exceed 1.
    """
    with np.errstate(over="ignore"):
        return float(np.expm1(-k * np.log1p(-u)))


class Approx:
    """A float64 array, an error bound for each element, and the unit roundoff of the implementation."""

    __array_ufunc__ = None  # NumPy's operators call ours

    def __init__(self, value: Array, error: Array | float, u: float) -> None:
        error, shape = np.fmin(error, np.inf), np.shape(value)  # NaN, such as 0 · ∞, becomes ∞: no bound
        self.value, self.error, self.u = value, error if error.shape == shape else np.full(shape, error), u

    @property
    def one(self) -> "Approx":
        """Ones of the same shape."""
        return Approx(np.ones_like(self.value), 0.0, self.u)

    def __add__(self, other: Operand) -> "Approx":
        b = self._lift(other)
        return self._rounded(self.value + b.value, self.error + b.error)

    def __mul__(self, other: Operand) -> "Approx":
        b = self._lift(other)
        error = abs(self.value) * b.error + (abs(b.value) + b.error) * self.error
        return self._rounded(self.value * b.value, error)

    def __truediv__(self, other: Operand) -> "Approx":
        """(a ± α)/(b ± β) lies within (α + |a/b| β)/(|b| − β) of a/b. If β ≥ |b|, there is no bound."""
        b = self._lift(other)
        value, room = self.value / b.value, abs(b.value) - b.error
        return self._rounded(value, np.where(room > 0, (self.error + abs(value) * b.error) / room, np.inf))

    def __neg__(self) -> "Approx":
        return Approx(-self.value, self.error, self.u)

    def __abs__(self) -> "Approx":
        return Approx(abs(self.value), self.error, self.u)

    def __sub__(self, other: Operand) -> "Approx":
        return self + -self._lift(other)

    def __rsub__(self, other: Operand) -> "Approx":
        return self._lift(other) - self

    def __rtruediv__(self, other: Operand) -> "Approx":
        return self._lift(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> "Approx":
        """The sum adds γ_{n−1} times the magnitudes, for any order of summation."""
        total = self.value.sum(axis, keepdims=keepdims)
        k = max(self.value.size // max(total.size, 1) - 1, 0)
        magnitude = (abs(self.value) + self.error).sum(axis, keepdims=keepdims)
        error = self.error.sum(axis, keepdims=keepdims)
        return Approx(total, error + gamma(k, self.u) * magnitude, self.u)

    @property
    def mT(self) -> "Approx":  # noqa: N802
        """The last two axes exchanged, as in NumPy."""
        return Approx(self.value.mT, self.error.mT, self.u)

    def apply(self, f: Callable[[Array], Array], slope: Callable[[Array], Array]) -> "Approx":
        """Apply an elementary function f with the derivative ``slope``."""
        value = np.asarray(f(self.value))
        return Approx(value, abs(slope(self.value)) * self.error + ELEMENTARY * self.u * abs(value), self.u)

    def _rounded(self, value: Array, error: Array | float) -> "Approx":
        return Approx(value, error + self.u * abs(value), self.u)

    def _lift(self, other: Operand) -> "Approx":
        """The operand as an Approx. Arrays are inputs, so they are exact."""
        if isinstance(other, Approx):
            return other
        if isinstance(other, np.ndarray):
            return Approx(other.astype(float), 0.0, self.u)
        return _constant(float(other), self.u)


@lru_cache
def _constant(value: float, u: float) -> Approx:
    """A constant. It has the error of one rounding unless float32 can represent it."""
    return Approx(np.asarray(value), 0.0 if float(np.float32(value)) == value else u * abs(value), u)


def matmul(a: Approx, b: Approx) -> Approx:
    """The product adds γ_K times the magnitudes, for K terms in any order."""
    most = gamma(a.value.shape[-1], a.u) * (abs(a.value) @ abs(b.value))
    error = abs(a.value) @ b.error + a.error @ (abs(b.value) + b.error) + most
    return Approx(a.value @ b.value, error, a.u)


def exp(x: Approx) -> Approx:
    return x.apply(np.exp, np.exp)


def expm1(x: Approx) -> Approx:
    return x.apply(np.expm1, np.exp)


def log(x: Approx) -> Approx:
    return x.apply(np.log, lambda v: 1 / v)


def log1p(x: Approx) -> Approx:
    return x.apply(np.log1p, lambda v: 1 / (1 + v))


def tanh(x: Approx) -> Approx:
    return x.apply(np.tanh, lambda v: 1 - np.tanh(v) ** 2)


def erf(x: Approx) -> Approx:
    value, slope = np.vectorize(math.erf, otypes=[float])(x.value), 2 / math.sqrt(math.pi) * np.exp(-x.value * x.value)
    return Approx(value, slope * x.error + ERF * x.u, x.u)


def sqrt(x: Approx, *, of_squares: bool = False) -> Approx:
    """√x − √(x − ξ) = ξ/(√x + √(x − ξ)). If x − ξ is negative, the root may be NaN, and there is no bound.

    A mean of squares (``of_squares``) is never negative. Then the root lies between 0 and √(x + ξ) ≤ √x + √ξ.
    """
    root, room = np.sqrt(np.maximum(x.value, 0)), x.value - x.error
    far: Array | float = np.maximum(root, np.sqrt(x.error)) * (1 + x.u) if of_squares else np.inf
    off = np.where(room > 0, x.error / (root + np.sqrt(np.maximum(room, 0))), np.where(room < 0, far, 0.0))
    return Approx(root, off + x.u * root, x.u)


@np.errstate(divide="ignore", invalid="ignore")  # ``least`` may be 0
def inverse_sqrt(x: Approx, least: Array | float) -> Approx:
    """1/√x for x = v + ε with v ≥ 0. Any implementation has x ≥ ``least``, however large the error of v is.

    1/√a − 1/√b = (b − a)/(√a √b (√a + √b)), with a = x − ξ or ``least`` and b = x, and with a = x and b = x + ξ. The
    root and the division round once each.
    """
    low, root = np.maximum(x.value - x.error, least), np.sqrt(np.maximum(x.value, 0))
    down = np.where(low > x.value - x.error, x.value - low, x.error)
    below, above = np.sqrt(np.maximum(low, 0)), np.sqrt(x.value + x.error)
    off = np.maximum(down / (below * root * (below + root)), x.error / (root * above * (root + above)))
    return Approx(1 / root, np.where(low > 0, off + gamma(2, x.u) / below, np.inf), x.u)


def power(x: Approx, exponent: float) -> Approx:
    """xᵖ for x > 0."""
    return x.apply(lambda v: v**exponent, lambda v: exponent * v ** (exponent - 1))


def maximum(a: Approx, b: float) -> Approx:
    return Approx(np.maximum(a.value, b), a.error, a.u)


def minimum(a: Approx, b: float) -> Approx:
    return Approx(np.minimum(a.value, b), a.error, a.u)


def where(condition: Array, a: Approx, b: Approx) -> Approx:
    """a or b, by the condition. The condition must be exact, or a and b must agree within their errors there."""
    return Approx(np.where(condition, a.value, b.value), np.where(condition, a.error, b.error), a.u)
