"""The windows of an image as columns, as by im2col.   y[n,c·r·s,l] = x̄[n,c,p·t+r·d,q·t+s·d], l = p·Q + q

dx = crop(scatter(dy)): fold is the adjoint.
"""

from ._floats import ieee
from ._geometry import padded_size, windows_of_image
from ._typing import Array, Ints
from ._windows import crop, gather, pad, scatter


def forward(x: Array, *, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1) -> Array:
    """x (N, C, H, W) → y (N, C·R·S, L); arguments as in torch's unfold.

    Raises:
        ValueError: the geometry does not fit, or x is unbatched (unsupported).
    """
    k, d, t, pads, _ = windows_of_image("unfold", x.shape, x.shape[2:], kernel_size, dilation, padding, stride)
    u = gather(pad(x, pads), k, t, d)
    return u.reshape(len(x), x.shape[1] * k[0] * k[1], u.shape[4] * u.shape[5]).copy()


@ieee
def backward(
    dy: Array, x: Array, *, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1
) -> tuple[Array]:
    """dy (N, C·R·S, L) → dx (N, C, H, W)."""
    k, d, t, pads, p = windows_of_image("unfold", x.shape, x.shape[2:], kernel_size, dilation, padding, stride, dy)
    du = dy.reshape(*x.shape[:2], *k, *p)
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads),)
