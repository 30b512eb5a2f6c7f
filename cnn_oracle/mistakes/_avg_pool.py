"""Wrong derivations of average pooling, over any number of axes."""

from math import prod
from typing import Any

import numpy as np

from cnn_oracle.manual import _avg_pool
from cnn_oracle.manual._avg_pool import _counts
from cnn_oracle.manual._geometry import Pads, Shape, padded_size, per_axis, pool
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import crop
from cnn_oracle.mistakes._windows import overwritten, rotated


def sum_for_mean(op: str, x: Array, **options: Any) -> Array:
    """y is the sum of each window: it is not divided by the number of elements"""
    return _avg_pool.forward(op, x, **(options | {"divisor_override": 1}))


def divided_by_the_kernel(op: str, x: Array, **options: Any) -> Array:
    """every window is divided by the kernel size, even where padding or ceil_mode lowers the count"""
    sums = _avg_pool.forward(op, x, **(options | {"divisor_override": 1}))
    y: Array = sums / x.dtype.type(options.get("divisor_override") or _kernel_elements(op, options))
    return y


def padding_counted_the_other_way(op: str, x: Array, **options: Any) -> Array:
    """count_include_pad is inverted: True excludes the padding, False includes it"""
    return _avg_pool.forward(op, x, **(options | {"count_include_pad": not options.get("count_include_pad", True)}))


def ceil_mode_in_front(op: str, x: Array, **options: Any) -> Array:
    """the padding that ceil_mode adds is at the front, not at the end"""
    if not options.get("ceil_mode"):
        return _avg_pool.forward(op, x, **options)
    return rotated(_avg_pool.forward(op, rotated(x), **options)).copy()


def not_divided(op: str, dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """every element of a window gets the whole dy, not dy divided by the number of elements"""
    return _avg_pool.backward(op, dy, x, **(options | {"divisor_override": 1}))


def divided_twice(op: str, dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx is divided twice by the number of elements of a window"""
    return _avg_pool.backward(op, dy / _divisors(op, x, options), x, **options)


def divided_by_the_kernel_in_dx(op: str, dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx divides by the kernel size; the forward divides by the number of elements that count"""
    (dx,) = _avg_pool.backward(op, dy, x, **(options | {"divisor_override": 1}))
    return (dx / x.dtype.type(options.get("divisor_override") or _kernel_elements(op, options)),)


def scatter_overwrites(op: str, dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx is assigned (=) where windows overlap, not added (+=)"""
    k, t, d, pads = _geometry(op, x, options)
    share = np.expand_dims(dy / _divisors(op, x, options), tuple(range(2, x.ndim)))
    du = np.broadcast_to(share, (*x.shape[:2], *k, *dy.shape[2:]))
    return (crop(overwritten(du, padded_size(x.shape[2:], pads), t, d), pads).copy(),)


def _divisors(op: str, x: Array, options: dict[str, Any]) -> Array:
    """The number that divides each window's sum."""
    k, t, _, pads = _geometry(op, x, options)
    counted = options.get("count_include_pad", True)
    return _counts(op, x.shape, k, t, pads, counted, options.get("divisor_override")).astype(x.dtype)


def _geometry(op: str, x: Array, options: dict[str, Any]) -> tuple[Shape, Shape, Shape, Pads]:
    own = (options.get("stride"), options.get("padding", 0), 1, options.get("ceil_mode", False))
    return pool(op, x.shape, options["kernel_size"], *own)


def _kernel_elements(op: str, options: dict[str, Any]) -> int:
    return prod(per_axis(op, "kernel_size", options["kernel_size"], int(op[-2]), 1))
