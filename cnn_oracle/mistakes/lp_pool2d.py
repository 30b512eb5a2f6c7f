"""Wrong derivations of L_p pooling."""

from typing import Any

import numpy as np

from cnn_oracle.manual import lp_pool2d
from cnn_oracle.manual._geometry import padded_size, pool
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import crop, gather, pad
from cnn_oracle.mistakes._windows import overwritten


def root_left_out(x: Array, *, norm_type: float, **options: Any) -> Array:
    """the sum of powers is returned without its root"""
    y: Array = lp_pool2d.forward(x, norm_type=norm_type, **options) ** norm_type
    return y


def mean_of_powers(x: Array, *, norm_type: float, **options: Any) -> Array:
    """the root is taken of the mean of the powers, not of their sum"""
    k, _, _, _ = _geometry(x, **options)
    y: Array = lp_pool2d.forward(x, norm_type=norm_type, **options) / x.dtype.type((k[0] * k[1]) ** (1 / norm_type))
    return y


def absolute_values(x: Array, *, norm_type: float, **options: Any) -> Array:
    """y is computed from abs(x), as in a norm; PyTorch keeps the signs, so odd powers may cancel"""
    return lp_pool2d.forward(np.abs(x), norm_type=norm_type, **options)


def parts_not_scaled(x: Array, *, norm_type: float, **options: Any) -> Array:
    """a window cut off by the border (ceil_mode) is summed as it is; PyTorch scales it to a full window"""
    k, t, d, pads = _geometry(x, **options)
    s = (gather(pad(x, pads), k, t, d) ** float(norm_type)).sum((2, 3))
    y: Array = s ** (1 / norm_type)
    return y


def power_kept_in_dx(dy: Array, x: Array, *, norm_type: float, **options: Any) -> tuple[Array]:
    """dx has an extra factor P: the 1/P of the root's derivative is missing"""
    (dx,) = lp_pool2d.backward(dy, x, norm_type=norm_type, **options)
    return (dx * x.dtype.type(norm_type),)


def root_left_out_of_dx(dy: Array, x: Array, *, norm_type: float, **options: Any) -> tuple[Array]:
    """the factor y^(1−P), from the root's derivative, is missing in dx"""
    y = lp_pool2d.forward(x, norm_type=norm_type, **options)
    return lp_pool2d.backward(dy * y ** float(norm_type - 1), x, norm_type=norm_type, **options)


def sign_lost_in_dx(dy: Array, x: Array, *, norm_type: float, **options: Any) -> tuple[Array]:
    """dx uses abs(x)^(P−1): for even P the sign of x is lost"""
    (dx,) = lp_pool2d.backward(dy, x, norm_type=norm_type, **options)
    return (dx * np.sign(x) if norm_type % 2 == 0 else dx,)


def scatter_overwrites(dy: Array, x: Array, *, norm_type: float, **options: Any) -> tuple[Array]:
    """dx is assigned (=) where windows overlap, not added (+=)"""
    k, t, d, pads = _geometry(x, **options)
    u = gather(pad(x, pads), k, t, d)
    y = lp_pool2d.forward(x, norm_type=norm_type, **options)
    inside = gather(pad(np.ones_like(x), pads), k, t, d).sum((2, 3))
    share = np.divide(dy, y ** float(norm_type - 1), out=np.zeros_like(y), where=y != 0) * (k[0] * k[1] / inside)
    du = (u ** float(norm_type - 1) * share[:, :, None, None]).astype(x.dtype)
    return (crop(overwritten(du, padded_size(x.shape[2:], pads), t, d), pads).copy(),)


def _geometry(x: Array, *, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
    return pool("lp_pool2d", x.shape, kernel_size, stride, 0, 1, ceil_mode)
