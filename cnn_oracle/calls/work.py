"""How much work a call is, estimated from its shapes: the elements of its largest array, and its products."""

from collections.abc import Mapping
from math import ceil, prod
from typing import Any

from cnn_oracle.call import Call
from cnn_oracle.calls.geometry.windows import Axis
from cnn_oracle.calls.unsafe import per_axis
from cnn_oracle.op import Op
from cnn_oracle.subject import is_array

PRODUCTS = 100  # products that take the time of one element, which is copied, drawn and compared many times
SHORT, LARGE = 30, 2000  # the longest axis of nearly all random calls; elements
TAP = 16  # elements that take the time of one tap of a window: NumPy code loops over taps


def shapes(op: Op, call: Call) -> list[tuple[int, ...]]:
    """The shapes of the arrays of a call."""
    return [v for n, v in call.arguments.items() if is_array(n, op) and v is not None]


def longest(op: Op, call: Call) -> int:
    """The longest axis of the arrays of a call."""
    return max((n for shape in shapes(op, call) for n in shape), default=0)


def takes_time(op: Op, call: Call) -> bool:
    """Whether a call takes so long that fewer cases and theorems are checked on it. Only long axes count."""
    return longest(op, call) > SHORT and elements(op, call) > LARGE


def elements(op: Op, call: Call) -> int:
    """The elements of the largest array of a call, y included. If products or taps take longer: as many elements."""
    outputs, terms = _of_output(call)
    return max((*map(prod, shapes(op, call)), outputs, outputs * terms // PRODUCTS, TAP * _taps(call)))


def _taps(call: Call) -> int:
    """The taps of a window. 0 without windows."""
    if call.op == "local_response_norm":
        return int(call.arguments["size"])
    return prod(axis.k for axis in axes_of(call)) if has_windows(call) else 0


def _of_output(call: Call) -> tuple[int, int]:
    """The elements of y, or of the largest array on the way to it, and the products in each. 0 if nothing is larger."""
    a, op = call.arguments, call.op
    if op in ("linear", "bilinear"):
        return prod(next(iter(a.values()))[:-1]) * a["w"][0], prod(a["w"][1:])
    if op == "embedding":
        return prod(a["indices"]) * a["w"][1], 1
    if op == "scaled_dot_product_attention":
        return prod(a["query"][:-1]) * a["key"][-2], a["query"][-1] + a["value"][-1]
    if op.startswith("adaptive") or op == "interpolate":
        return _of_size(a), 1
    if op == "pad":
        size = [*reversed(a["x"])]
        pads = zip(a["pad"][::2], a["pad"][1::2], strict=True)
        padded = [n + low + high for n, (low, high) in zip(size, pads, strict=False)]
        return prod(padded) * prod(size[len(padded) :]), 1
    return _of_windows(call) if has_windows(call) else (0, 0)


def _of_size(a: Mapping[str, Any]) -> int:
    """The elements of y, if its spatial size is given, or a factor."""
    batch, channels, *size = a["x"]
    given = per_axis(a.get("output_size", a.get("size", a.get("scale_factor"))), len(size))
    times = "scale_factor" in a
    sizes = (n if m is None else ceil(n * m) if times else m for n, m in zip(size, given, strict=True))
    return int(batch * channels * prod(sizes))


def _of_windows(call: Call) -> tuple[int, int]:
    """The elements of y and the taps of each, for convolutions, pooling, fold and unfold."""
    a, op, axes = call.arguments, call.op, axes_of(call)
    batch, channels, taps = int(a["x"][0]), int(a["x"][1]), prod(axis.k for axis in axes)
    if op == "fold":
        return batch * channels // max(taps, 1) * prod(axis.n for axis in axes), 1
    if op.startswith("conv_transpose"):
        made = prod((n - 1) * t + d * (k - 1) + max(t, d) for n, k, t, _, d in axes)  # before padding is cropped
        return batch * a["w"][1] * a.get("groups", 1) * made, taps * a["w"][0]
    positions = prod((n + 2 * p - d * (k - 1) - 1) // t + 1 for n, k, t, p, d in axes)
    if a.get("padding") == "same":
        positions = prod(axis.n for axis in axes)
    if "w" in a:
        return batch * a["w"][0] * positions, prod(a["w"][1:])
    made = batch * channels * positions
    return (made * taps, 1) if op == "unfold" else (made, taps)


def has_windows(call: Call) -> bool:
    """Whether the op has windows: a convolution, a pooling, fold or unfold."""
    return "kernel_size" in call.arguments or call.op.startswith("conv")


def axes_of(call: Call) -> list[Axis]:
    """The spatial axes of the input (x) of an op with windows; an empty list for any other op."""
    if not has_windows(call):
        return []
    a, rank = call.arguments, 2 if call.op == "fold" else len(call.arguments["x"]) - 2
    kernel = per_axis(a["w"][2:] if "w" in a else a["kernel_size"], rank)
    size = per_axis(a["output_size"] if call.op == "fold" else a["x"][2:], rank)
    stride = per_axis(a.get("stride") or (1 if "w" in a or call.op in ("fold", "unfold") else kernel), rank)
    dilation, padding = per_axis(a.get("dilation", 1), rank), a.get("padding", 0)
    if isinstance(padding, str):  # "same" puts the odd element at the end; or "valid"
        padding = tuple(d * (k - 1) // 2 if padding == "same" else 0 for k, d in zip(kernel, dilation, strict=True))
    return [Axis(*one) for one in zip(size, kernel, stride, per_axis(padding, rank), dilation, strict=True)]
