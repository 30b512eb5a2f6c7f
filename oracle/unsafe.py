"""Calls on which PyTorch itself reads or writes outside its arrays. They are never handed to it in the judging process.

Seen with torch 2.13.0 on CPU: max_pool2d's backward writes to the index of a window that lies wholly in the padding,
and that index is outside the input: heap corruption, a crash or silent damage. scaled_dot_product_attention with
enable_gqa divides the number of heads by that of key and value, and zero ends the process (SIGFPE).
"""

from typing import Any

from oracle.calls import Call


def unsafe(call: Call) -> str | None:
    """Why this call must not reach PyTorch, or None."""
    if call.op == "scaled_dot_product_attention" and call.arguments.get("enable_gqa"):
        heads = [call.arguments[name][-3:-2] for name in ("key", "value")]
        return "key or value has no heads to divide by" if (0,) in heads else None
    if call.op != "max_pool2d" or call.arguments.get("dilation", 1) == 1:
        return None
    a = call.arguments
    kernel, stride = a["kernel_size"], a.get("stride")
    axes = zip(
        a["x"][-2:], _pair(kernel), _pair(kernel if stride is None else stride), _pair(a.get("padding", 0)),
        _pair(a.get("dilation", 1)), strict=True,
    )  # fmt: skip
    try:
        if any(_window_in_padding(*axis, a.get("ceil_mode", False)) for axis in axes):
            return "a window lies wholly in the padding"
    except (TypeError, ValueError, ZeroDivisionError):  # no geometry at all: PyTorch refuses it
        return None
    return None


def _window_in_padding(n: int, k: int, t: int, p: int, d: int, ceil_mode: bool) -> bool:
    last = n + 2 * p - d * (k - 1) - 1 + (t - 1 if ceil_mode else 0)
    starts = range(-p, last - p + 1, t)
    return any(all(not 0 <= s + d * r < n for r in range(k)) for s in starts)


def _pair(value: Any) -> tuple[int, int]:
    return tuple(value) * (1 if len(value) == 2 else 2) if isinstance(value, tuple) else (value, value)
