"""Steps of optimisers past a size. A tile is one of the last axis of w."""

from typing import Any

import numpy as np

from cnn_oracle.manual import adagrad, adam, adamw, rmsprop, sgd
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._past_a_size._tiles import but_the_first, mistake_of, size, tail, wrapped


@mistake_of("adam")
def tail_is_not_stepped(w: Array, dw: Array, state: Any = None, *, block: int, **options: Any) -> Any:
    """w stays as it is behind the last full tile of a row"""
    stepped, after = adam.step(w, dw, state, **options)
    return _kept(w, stepped, tail(size(w, -1), block)), after


@mistake_of("adam")
def amsgrad_ignored_for_long_rows(
    w: Array, dw: Array, state: Any = None, *, block: int, amsgrad: bool = False, **options: Any
) -> Any:
    """rows longer than the block go another way, which ignores amsgrad"""
    return adam.step(w, dw, state, amsgrad=amsgrad and size(w, -1) <= block, **options)


@mistake_of("adamw")
def decay_ends_after_a_tile(
    w: Array, dw: Array, state: Any = None, *, block: int, weight_decay: float = 1e-2, **options: Any
) -> Any:
    """from the second tile of a row on, w does not decay"""
    stepped, after = adamw.step(w, dw, state, weight_decay=weight_decay, **options)
    plain, _ = adamw.step(w, dw, state, weight_decay=0.0, **options)
    return _kept(plain, stepped, slice(block, None)), after


@mistake_of("sgd")
def momentum_of_the_tail_is_not_kept(w: Array, dw: Array, state: Any = None, *, block: int, **options: Any) -> Any:
    """the momentum is not written behind the last full tile of a row"""
    stepped, after = sgd.step(w, dw, state, **options)
    if after is None:
        return stepped, after
    return stepped, _kept(np.zeros_like(w) if state is None else state, after, tail(size(w, -1), block))


@mistake_of("rmsprop")
def only_the_first_element_of_the_tail(w: Array, dw: Array, state: Any = None, *, block: int, **options: Any) -> Any:
    """of the last tile of a row, if it is not full, only the first element is stepped"""
    stepped, after = rmsprop.step(w, dw, state, **options)
    return _kept(w, stepped, but_the_first(tail(size(w, -1), block))), after


@mistake_of("adagrad")
def index_of_the_sum_wraps(w: Array, dw: Array, state: Any = None, *, block: int, **options: Any) -> Any:
    """the index in a row of the sum of squares is taken modulo the block"""
    if state is not None and w.ndim:
        state = state._replace(v=state.v[..., wrapped(w.shape[-1], block)])
    return adagrad.step(w, dw, state, **options)


def _kept(old: Array, new: Array, part: slice) -> Array:
    """The new array, with the old one's numbers in a part of the last axis."""
    if not new.ndim:
        return new
    both = new.copy()
    both[..., part] = old[..., part]
    return both
