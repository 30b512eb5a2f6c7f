"""Unsafe calls: PyTorch itself reads or writes outside its arrays, or ends the process. The oracle never makes them.

Seen with torch 2.13.0 on CPU:

- The backward of max_pool writes to the index of a window that lies wholly in the padding. That index is outside the
  input. The result is heap corruption: a crash, or silent damage.
- scaled_dot_product_attention with enable_gqa divides the number of heads by that of key and value. A division by zero
  ends the process (SIGFPE).
"""

from typing import Any

from cnn_oracle.call import Call


def unsafe(call: Call) -> str | None:
    """The reason why PyTorch must not run this call, or None if it is safe."""
    if call.op == "scaled_dot_product_attention" and call.arguments.get("enable_gqa"):
        heads = [call.arguments[name][-3:-2] for name in ("key", "value")]
        return "key or value has no heads to divide by" if (0,) in heads else None
    if not call.op.startswith("max_pool") or call.arguments.get("dilation", 1) == 1:
        return None
    a, rank = call.arguments, int(call.op[-2])
    kernel, stride = a["kernel_size"], a.get("stride")
    options = (kernel, kernel if stride is None else stride, a.get("padding", 0), a.get("dilation", 1))
    try:
        axes = zip(a["x"][-rank:], *(per_axis(option, rank) for option in options), strict=True)
        if any(window_in_padding(n, k, t, p, d, a.get("ceil_mode", False)) for n, k, t, p, d in axes):
            return "a window lies wholly in the padding"
    except (KeyError, TypeError, ValueError, ZeroDivisionError):  # not a valid geometry: PyTorch rejects it
        return None
    return None


def window_in_padding(n: int, k: int, t: int, p: int, d: int, ceil_mode: bool) -> bool:
    """Whether a window lies wholly in the padding.

    Args:
        n: the size of the axis.
        k: the taps of the window.
        t: the stride.
        p: the padding.
        d: the dilation.
        ceil_mode: whether the number of windows is rounded up.
    """
    last = n + 2 * p - d * (k - 1) - 1 + (t - 1 if ceil_mode else 0)
    starts = range(-p, last - p + 1, t)
    return any(all(not 0 <= s + d * r < n for r in range(k)) for s in starts)


def per_axis(value: Any, rank: int) -> tuple[int, ...]:
    """A geometry argument as ``rank`` ints: an int, or a tuple of one, is repeated."""
    return (tuple(value) if len(value) > 1 else tuple(value) * rank) if isinstance(value, tuple) else (value,) * rank
