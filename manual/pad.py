"""More elements around an array: a constant, or elements of the array at another index.

y[…,j,…] = x[…,i(j),…]     j from −lo to n + hi          dx[…,i,…] = Σ dy[…,j,…] over i(j) = i
constant   i(j) = j inside, the constant outside         reflect    i(j) = |j|, 2 (n − 1) − j behind the end
replicate  i(j) = the nearest cell of x                  circular   i(j) = j mod n, of what is left if one side crops

The pairs (lo, hi) begin with the last axis; a negative number crops. This is done axis by axis, so corners are padded
twice.
"""

import numpy as np

from ._axes import put, take
from ._border import index, too_far
from ._errors import invalid
from ._floats import ieee
from ._typing import Array

MODES = ("constant", "reflect", "replicate", "circular")


def forward(x: Array, *, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Array:
    """x of any shape (modes other than constant pad the last 1 to 3 axes, after one or two others) → y.

    Raises:
        ValueError: PyTorch rejects the padding for this shape or mode.
    """
    y = x.copy()
    for axis, i in _indices(x, pad, mode, value):
        y = take(y, i, axis)
        if value and mode == "constant":
            np.moveaxis(y, axis, 0)[i < 0] = value
    return y


@ieee
def backward(
    dy: Array, x: Array, *, pad: tuple[int, ...], mode: str = "constant", value: float | None = None
) -> tuple[Array]:
    """dy of y's shape → dx of x's shape."""
    indices = _indices(x, pad, mode, value)
    shape = list(x.shape)
    for axis, i in indices:
        shape[axis] = len(i)
    if dy.shape != tuple(shape):
        raise invalid("pad", f"dy must have y's shape {tuple(shape)}", dy=dy, x=x)
    dx = dy.copy()
    for axis, i in reversed(indices):
        dx = put(dx, i, axis, x.shape[axis])
    return (dx,)


def _indices(x: Array, pad: tuple[int, ...], mode: str, value: float | None) -> list[tuple[int, Array]]:
    """For each padded axis, from the last one on, the index in x of each element of y; negative for a constant."""
    if mode not in MODES or len(pad) % 2 or len(pad) > 2 * x.ndim:
        raise invalid(
            "pad", f"pad must be pairs for x's axes and mode one of {', '.join(MODES)}", x=x, pad=pad, mode=mode
        )
    pairs = list(zip(pad[::2], pad[1::2], strict=True))
    if mode != "constant":
        if value is not None:
            raise invalid("pad", "only the constant mode has a value", mode=mode, value=value)
        if not 1 <= len(pairs) <= 3 or x.ndim - len(pairs) not in (1, 2):
            reason = f"{mode} pads the last 1 to 3 axes of an array with one or two more; here {len(pairs)} of {x.ndim}"
            raise invalid("pad", reason, x=x, pad=pad)
    size = x.shape[::-1]
    if mode in ("reflect", "replicate"):
        if 0 in size[: len(pairs) + 1]:
            raise invalid("pad", "of x only the batch may be empty", x=x, pad=pad, mode=mode)
        if all(n + lo + hi < 1 for n, (lo, hi) in zip(size, pairs, strict=False)):
            raise invalid("pad", "nothing is left of x", x=x, pad=pad, mode=mode)
    found = []
    for axis, (lo, hi) in zip(reversed(range(x.ndim)), pairs, strict=False):
        n = x.shape[axis]
        if too_far(mode, n, lo, hi):
            raise invalid("pad", f"axis {axis} of {n} cells cannot be padded by {lo} and {hi}", x=x, pad=pad, mode=mode)
        found.append((axis, index(mode, n, lo, hi)))
    return found
