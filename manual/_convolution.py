"""Cross-correlation over any number of axes.   Formulas E1, E3, E4; gradients E9, E9a, E10, E11.

u           = the windows of zero-padded x             u[n,c,r,p] = x̄[n,c,p·t+r·d]
y[n,o,p]    = b[o] + Σ_cr w[o,c,r] u[n,c,r,p]
db[o]       = Σ_np dy[n,o,p]
dw[o,c,r]   = Σ_np dy[n,o,p] u[n,c,r,p]
du[n,c,r,p] = Σ_o  w[o,c,r] dy[n,o,p]                  dx = crop(scatter(du))

n batch · c input channel · o output channel · r kernel · p output position · t stride · d dilation; r and p stand for
as many letters as there are axes. With groups every array has one more, g: channels that know nothing of other groups.
"""

from manual._contract import contract
from manual._geometry import conv, padded_size, same_dtype
from manual._typing import Array, Ints
from manual._windows import crop, gather, pad, scatter


def forward(
    op: str, x: Array, w: Array, b: Array | None = None, *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """x (N, C, …), w (O, C/groups, …), b (O,) or None → y (N, O, …).

    Raises:
        ValueError: the shapes or the geometry do not fit together, or the input is not batched.
    """
    same_dtype(op, x=x, w=w, b=b)
    t, d, pads = conv(op, x.shape, w.shape, b, stride, padding, dilation, groups)
    r, p = letters(w)
    u = gather(pad(x, pads), w.shape[2:], t, d)
    y = merge(contract(f"goc{r},ngc{r}{p}->ngo{p}", split(w, 0, groups), split(u, 1, groups)), 1)
    return y if b is None else y + along_channels(b, y)


def backward(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> tuple[Array, Array, Array | None]:  # fmt: skip
    """dy (N, O, …) → dx, dw, db, each of its primal's shape; db is None where b is."""
    same_dtype(op, dy=dy, x=x, w=w, b=b)
    conv(op, x.shape, w.shape, b, stride, padding, dilation, groups, dy)
    dx = input_gradient(op, dy, x.shape, w, stride=stride, padding=padding, dilation=dilation, groups=groups)
    dw = weight_gradient(op, dy, x, w.shape, stride=stride, padding=padding, dilation=dilation, groups=groups)
    return dx, dw, None if b is None else sum_channels(dy)


def input_gradient(
    op: str, dy: Array, x_shape: tuple[int, ...], w: Array, *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """dx alone: every window's share of dy, scattered back to where the window lay (E9a)."""
    t, d, pads = conv(op, x_shape, w.shape, None, stride, padding, dilation, groups, dy)
    r, p = letters(w)
    du = merge(contract(f"goc{r},ngo{p}->ngc{r}{p}", split(w, 0, groups), split(dy, 1, groups)), 1)
    return crop(scatter(du, padded_size(x_shape[2:], pads), t, d), pads)


def weight_gradient(
    op: str, dy: Array, x: Array, w_shape: tuple[int, ...], *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """dw alone: every tap sees the input through the strided window positions (E10)."""
    t, d, pads = conv(op, x.shape, w_shape, None, stride, padding, dilation, groups, dy)
    r, p = letters(x)
    u = gather(pad(x, pads), w_shape[2:], t, d)
    return merge(contract(f"ngo{p},ngc{r}{p}->goc{r}", split(dy, 1, groups), split(u, 1, groups)), 0)


def letters(a: Array) -> tuple[str, str]:
    """The letters of the kernel's axes and of the positions' axes, for an array of two more axes than there are."""
    return "rst"[: a.ndim - 2], "pqv"[: a.ndim - 2]


def split(a: Array, axis: int, groups: int) -> Array:
    """The axis of channels as two: group, channel of the group."""
    return a.reshape(*a.shape[:axis], groups, a.shape[axis] // groups, *a.shape[axis + 1 :])


def merge(a: Array, axis: int) -> Array:
    """The inverse of ``split``."""
    return a.reshape(*a.shape[:axis], a.shape[axis] * a.shape[axis + 1], *a.shape[axis + 2 :])


def along_channels(b: Array, y: Array) -> Array:
    """b (O,) as an array that broadcasts along y's channels."""
    return b.reshape(-1, *(1 for _ in y.shape[2:]))


def sum_channels(dy: Array) -> Array:
    """The adjoint of ``along_channels``: Σ over all but the channels."""
    total: Array = dy.sum((0, *range(2, dy.ndim)))
    return total
