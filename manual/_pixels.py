"""The permutation of pixel_shuffle and its inverse, over the last three axes."""

from ._errors import invalid
from ._typing import Array

Shape = tuple[int, ...]


def shuffle(op: str, x: Array, r: int, shape: Shape | None = None) -> Array:
    """(…, C·r², H, W) → (…, C, H·r, W·r); ``shape`` is the shape that x must have, if given."""
    _check(op, x, r, shape)
    *lead, c, h, w = x.shape
    if c % (r * r):
        raise invalid(op, f"{c} channels are no multiple of {r}²", x=x)
    u = x.reshape(*lead, c // (r * r), r, r, h, w)
    n = len(lead)
    return u.transpose(*range(n + 1), n + 3, n + 1, n + 4, n + 2).reshape(*lead, c // (r * r), h * r, w * r).copy()


def unshuffle(op: str, y: Array, r: int, shape: Shape | None = None) -> Array:
    """(…, C, H·r, W·r) → (…, C·r², H, W); ``shape`` is the shape that y must have, if given."""
    _check(op, y, r, shape)
    *lead, c, h, w = y.shape
    if h % r or w % r:
        raise invalid(op, f"height and width must be multiples of {r}", x=y)
    u = y.reshape(*lead, c, h // r, r, w // r, r)
    n = len(lead)
    return u.transpose(*range(n + 1), n + 2, n + 4, n + 1, n + 3).reshape(*lead, c * r * r, h // r, w // r).copy()


def _check(op: str, a: Array, r: int, shape: Shape | None) -> None:
    if a.ndim < 3 or r < 1:
        raise invalid(op, "x must be (…, C, H, W) and the factor at least 1", x=a, factor=r)
    if shape is not None and a.shape != shape:
        raise invalid(op, f"dy must have y's shape {shape}", dy=a)
