"""Memory layouts: functions that return the same numbers with other strides or flags."""

from collections.abc import Callable

import numpy as np

from cnn_oracle.manual._typing import Array


def _backwards(a: Array) -> Array:
    """Negative strides on every axis."""
    return np.asarray(np.flip(np.flip(a).copy()))  # without axes, flip returns a scalar


def _with_gaps(a: Array) -> Array:
    """Every second element of a larger array. The gaps hold NaN, or −1 if the dtype is not floating."""
    wide = np.full([2 * n for n in a.shape], np.nan if a.dtype.kind == "f" else -1, a.dtype)
    view = wide[(slice(None, None, 2),) * a.ndim] if a.ndim else wide
    view[...] = a
    return view


def _channels_last(a: Array) -> Array:
    return np.moveaxis(np.moveaxis(a, 1, -1).copy(), -1, 1) if a.ndim > 2 else a


def _read_only(a: Array) -> Array:
    a = a.copy()
    a.setflags(write=False)
    return a


def zero_strides(a: Array) -> Array:
    """The first entry of the first axis, repeated. The numbers change, so the expected outputs change too."""
    return np.broadcast_to(a[:1], a.shape) if a.ndim and len(a) else a


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "Fortran order": lambda a: np.array(a, order="F"),
    "negative strides": _backwards,
    "gaps": _with_gaps,
    "channels-last strides": _channels_last,
    "read-only arrays": _read_only,
}
