"""Wrong derivations of pixel_shuffle and pixel_unshuffle, each the other's gradient.

Notation: channel c, row offset i, column offset j, element h, w. The right orders: channels c, i, j, rows h, i,
columns w, j.
"""

from math import prod

import numpy as np

from cnn_oracle.manual._typing import Array


def offsets_in_front(op: str, x: Array, **factor: int) -> Array:
    """channels are ordered (i, j, c), offsets first, as in TensorFlow's depth_to_space; (c, i, j) is right"""
    return _moved(op == "pixel_shuffle", x, factor, channels="ijc")


def rows_and_columns_exchanged(op: str, x: Array, **factor: int) -> Array:
    """channel c·r·r + j·r + i holds row offset i and column offset j; c·r·r + i·r + j is right"""
    return _moved(op == "pixel_shuffle", x, factor, channels="cji")


def blocks_side_by_side(op: str, x: Array, **factor: int) -> Array:
    """the r × r images are placed side by side, at i·H + h; their pixels must interleave, at h·r + i"""
    return _moved(op == "pixel_shuffle", x, factor, rows="ih", columns="jw")


def only_reshaped(op: str, x: Array, **factor: int) -> Array:
    """x is only reshaped to y's shape; its axes must be permuted too"""
    return _reshaped(op == "pixel_shuffle", x, factor)


def offsets_in_front_in_dx(op: str, dy: Array, x: Array, **factor: int) -> tuple[Array]:
    """in dx channels are ordered (i, j, c), offsets first, as in TensorFlow; (c, i, j) is right"""
    return (_moved(op != "pixel_shuffle", dy, factor, channels="ijc"),)


def rows_and_columns_exchanged_in_dx(op: str, dy: Array, x: Array, **factor: int) -> tuple[Array]:
    """in dx channel c·r·r + j·r + i has row offset i, column offset j; c·r·r + i·r + j is right"""
    return (_moved(op != "pixel_shuffle", dy, factor, channels="cji"),)


def blocks_side_by_side_in_dx(op: str, dy: Array, x: Array, **factor: int) -> tuple[Array]:
    """dx takes the r × r images as side by side, at i·H + h; their pixels interleave, at h·r + i"""
    return (_moved(op != "pixel_shuffle", dy, factor, rows="ih", columns="jw"),)


def dx_only_reshaped(op: str, dy: Array, x: Array, **factor: int) -> tuple[Array]:
    """dx is dy, only reshaped to x's shape; its axes must be permuted too"""
    return (_reshaped(op != "pixel_shuffle", dy, factor),)


def _moved(
    shuffle: bool, a: Array, factor: dict[str, int], channels: str = "cij", rows: str = "hi", columns: str = "wj"
) -> Array:
    """Move channels to pixels, or back, with these orders of axes."""
    (r,), (*lead, c, h, w) = factor.values(), a.shape
    size = dict(zip("cijhw", (c // r**2, r, r, h, w) if shuffle else (c, r, r, h // r, w // r), strict=True))
    apart, together = f"{channels}hw", f"c{rows}{columns}"
    given, made = (apart, together) if shuffle else (together, apart)
    u: Array = np.einsum(f"...{given}->...{made}", a.reshape(*lead, *(size[i] for i in given)))
    merged = ("c", rows, columns) if shuffle else (channels, "h", "w")
    return u.reshape(*lead, *(prod(size[i] for i in axis) for axis in merged)).copy()


def _reshaped(shuffle: bool, a: Array, factor: dict[str, int]) -> Array:
    (r,), (*lead, c, h, w) = factor.values(), a.shape
    return a.reshape(*lead, *((c // r**2, h * r, w * r) if shuffle else (c * r**2, h // r, w // r))).copy()
