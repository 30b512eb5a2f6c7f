"""The fans of a weight w[o,i,r,s,…]: the number of products that each output, and each gradient of an input, sums.

fan_in  = I R S …            fan_out = O R S …            for a dense layer w[o,i]: I and O
"""

from math import prod, sqrt

from ._errors import invalid
from ._typing import Array

GAIN = {"relu": sqrt(2), "tanh": 5 / 3, "selu": 3 / 4, "sigmoid": 1.0, "linear": 1.0} | {
    f"conv{way}{rank}d": 1.0 for way in ("", "_transpose") for rank in (1, 2, 3)
}


def fans(op: str, w: Array) -> tuple[int, int]:
    """fan_in and fan_out of a weight of w's shape."""
    if w.ndim < 2:
        raise invalid(op, "a weight has at least two axes, (O, I, …)", w=w)
    cells = prod(w.shape[2:])
    return w.shape[1] * cells, w.shape[0] * cells


def xavier(op: str, w: Array, gain: float) -> float:
    """The standard deviation g √(2/(fan_in + fan_out))."""
    if not (total := sum(fans(op, w))):
        raise invalid(op, "fan_in and fan_out are both 0", w=w)
    return gain * sqrt(2 / total)


def kaiming(op: str, w: Array, a: float, mode: str, nonlinearity: str) -> float:
    """The standard deviation g/√fan; if the fan is 0, the weight is empty."""
    if mode not in ("fan_in", "fan_out"):
        raise invalid(op, "mode must be 'fan_in' or 'fan_out'", w=w, mode=mode)
    if nonlinearity not in (*GAIN, "leaky_relu"):
        raise invalid(op, f"nonlinearity must be 'leaky_relu' or one of {', '.join(GAIN)}", nonlinearity=nonlinearity)
    fan = fans(op, w)[mode == "fan_out"]
    gain = GAIN.get(nonlinearity, sqrt(2 / (1 + a * a)))
    return gain / sqrt(max(fan, 1))
