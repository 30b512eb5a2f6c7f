"""Norms past a size. A tile is one of the terms of a mean, of samples, or of channels."""

from typing import Any

import numpy as np

from cnn_oracle.manual import batch_norm, group_norm, instance_norm, layer_norm, local_response_norm, rms_norm
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._past_a_size._tiles import (
    Gradients,
    but_the_first,
    by_halves,
    full_last,
    mistake_of,
    only,
    size,
    tail,
    tiles,
    without,
    wrapped,
)

Weight = Array | None


@mistake_of("layer_norm")
def tail_merged_as_a_full_tile(
    x: Array, weight: Weight = None, bias: Weight = None, *, normalized_shape: Any, block: int, eps: float = 1e-5
) -> Array:
    """Welford's formula merges the mean of the last tile as if that were full"""
    rows = x.reshape(*x.shape[: x.ndim - len(normalized_shape)], -1) if x.size else x
    n = rows.shape[-1]
    if not x.size or not n % block or n <= block:
        return layer_norm.forward(x, weight, bias, normalized_shape=normalized_shape, eps=eps)
    count, mean, squares = 0, np.zeros_like(rows[..., :1]), np.zeros_like(rows[..., :1])
    for part in tiles(n, block):
        of_tile = rows[..., part].mean(-1, keepdims=True)
        distance, total = of_tile - mean, count + block
        mean = mean + distance * (block / total)
        squares = squares + ((rows[..., part] - of_tile) ** 2).sum(-1, keepdims=True)
        squares = squares + distance * distance * (count * block / total)
        count = total
    z = ((rows - mean) / np.sqrt(squares / n + eps)).reshape(x.shape)
    scaled = z if weight is None else weight * z
    return np.asarray(scaled if bias is None else bias + scaled)


@mistake_of("layer_norm")
def tail_of_the_rows_missing_in_dweight(
    dy: Array,
    x: Array,
    weight: Weight = None,
    bias: Weight = None,
    *,
    normalized_shape: Any,
    block: int,
    **options: Any,
) -> Gradients:
    """dweight and dbias are sums of ⌊N/block⌋ partial sums over rows, not of ⌈N/block⌉"""
    options["normalized_shape"] = normalized_shape
    axis = x.ndim - len(normalized_shape) - 1
    some = without(dy, axis, tail(x.shape[axis], block)) if axis >= 0 else dy
    dx, *_ = layer_norm.backward(dy, x, weight, bias, **options)
    return dx, *layer_norm.backward(some, x, weight, bias, **options)[1:]


@mistake_of("batch_norm")
def partial_sums_by_halves(
    x: Array, weight: Weight = None, bias: Weight = None, *, block: int, training: bool = False, **options: Any
) -> Array:
    """in training, the partial sums over the batch are added by halves, as if their number were a power of two"""
    if not training or len(x) <= 2 * block:
        return batch_norm.forward(x, weight, bias, training=training, **options)
    others, count = tuple(range(2, x.ndim)), x.dtype.type(x.size // x.shape[1])
    each = np.stack([x[part].sum((0, *others)) for part in tiles(len(x), block)])
    mean = by_halves(each) / count
    centred = (x - mean.reshape(1, -1, *(1 for _ in others))) ** 2
    var = by_halves(np.stack([centred[part].sum((0, *others)) for part in tiles(len(x), block)])) / count
    options |= {"running_mean": mean, "running_var": var}
    return batch_norm.forward(x, weight, bias, training=False, **options)


@mistake_of("batch_norm")
def tail_of_the_batch_missing_in_dbias(
    dy: Array, x: Array, weight: Weight = None, bias: Weight = None, *, block: int, **options: Any
) -> Gradients:
    """dbias takes only full tiles of the batch"""
    dx, dweight, dbias = batch_norm.backward(dy, x, weight, bias, **options)
    if dbias is not None:
        dbias = without(dy, 0, tail(len(x), block)).sum((0, *range(2, x.ndim)))
    return dx, dweight, dbias


@mistake_of("instance_norm")
def channel_of_the_weight_wraps(
    x: Array, weight: Weight = None, bias: Weight = None, *, block: int, **options: Any
) -> Array:
    """the channel of weight and bias is taken modulo the block"""
    weight, bias = (None if a is None else a[wrapped(a.size, block)] for a in (weight, bias))
    return instance_norm.forward(x, weight, bias, **options)


@mistake_of("instance_norm")
def only_the_first_position_of_the_tail_in_dx(
    dy: Array, x: Array, weight: Weight = None, bias: Weight = None, *, block: int, **options: Any
) -> Gradients:
    """of the last tile of a row of dx, if it is not full, only the first element is written"""
    dx, *others = instance_norm.backward(dy, x, weight, bias, **options)
    assert dx is not None
    return without(dx, -1, but_the_first(tail(x.shape[-1], block))), *others


@mistake_of("group_norm")
def statistics_of_a_group_wrap(
    x: Array, weight: Weight = None, bias: Weight = None, *, num_groups: int, block: int, eps: float = 1e-5
) -> Array:
    """the group of mean and variance is taken modulo the block"""
    if num_groups <= block or not x.size:
        return group_norm.forward(x, weight, bias, num_groups=num_groups, eps=eps)
    groups, each = x.reshape(len(x), num_groups, -1), wrapped(num_groups, block)
    mean, var = (a[:, each] for a in (groups.mean(-1, keepdims=True), groups.var(-1, keepdims=True)))
    z = ((groups - mean) / np.sqrt(var + eps)).reshape(x.shape)
    shape = (1, -1, *(1 for _ in x.shape[2:]))
    scaled = z if weight is None else z * weight.reshape(shape)
    return np.asarray(scaled if bias is None else scaled + bias.reshape(shape))


@mistake_of("group_norm")
def last_tile_of_the_batch_wins_in_dweight(
    dy: Array, x: Array, weight: Weight = None, bias: Weight = None, *, block: int, **options: Any
) -> Gradients:
    """each tile of the batch assigns dweight and dbias; the parts must be added"""
    dx, *_ = group_norm.backward(dy, x, weight, bias, **options)
    last = only(dy, 0, tiles(len(x), block)[-1])
    return dx, *group_norm.backward(last, x, weight, bias, **options)[1:]


@mistake_of("rms_norm")
def squares_end_after_two_tiles(
    x: Array, weight: Weight = None, *, block: int, eps: float | None = None, **options: Any
) -> Array:
    """the sum of squares ends after two tiles of a row"""
    y = rms_norm.forward(x, weight, eps=eps, **options)
    if x.shape[-1] <= 2 * block:
        return y
    axes = tuple(range(x.ndim - len(options["normalized_shape"]), x.ndim))
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    squares = x * x
    right, wrong = (
        (a.mean(axes, keepdims=True) + eps) for a in (squares, without(squares, -1, slice(2 * block, None)))
    )
    return np.asarray(y * np.sqrt(right / wrong))


@mistake_of("rms_norm")
def full_last_tile_missing_in_dweight(
    dy: Array, x: Array, weight: Weight = None, *, normalized_shape: Any, block: int, **options: Any
) -> Gradients:
    """dweight lacks the last tile of rows if that is full"""
    options["normalized_shape"] = normalized_shape
    axis = x.ndim - len(normalized_shape) - 1
    some = without(dy, axis, full_last(x.shape[axis], block)) if axis >= 0 else dy
    dx, _ = rms_norm.backward(dy, x, weight, **options)
    return dx, rms_norm.backward(some, x, weight, **options)[1]


@mistake_of("local_response_norm")
def neighbours_in_the_next_tile_are_missing(x: Array, *, block: int, **options: Any) -> Array:
    """a channel has no neighbours in another tile of channels"""
    each = [local_response_norm.forward(x[:, part], **options) for part in tiles(x.shape[1], block)]
    return np.concatenate(each, 1)


@mistake_of("local_response_norm")
def tail_of_the_positions_missing_in_dx(dy: Array, x: Array, *, block: int, **options: Any) -> tuple[Array]:
    """dx is not written behind the last full tile of a row"""
    (dx,) = local_response_norm.backward(dy, x, **options)
    return (without(dx, -1, tail(size(x, -1), block)),)
