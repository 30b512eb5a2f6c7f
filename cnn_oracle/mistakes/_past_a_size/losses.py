"""Losses past a size. A tile is one of samples, of classes, or of the last axis of x and target."""

from importlib import import_module
from typing import Any

import numpy as np

from cnn_oracle.manual import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    kl_div,
    nll_loss,
)
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._past_a_size._tiles import but_the_first, mistake_of, size, tail, without, wrapped


@mistake_of(
    "mse_loss", "l1_loss", "smooth_l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div"
)
def tail_of_the_losses_is_lost(op: str, x: Array, target: Array, *, block: int, **options: Any) -> Array:
    """the sum of the losses takes only full tiles of a row"""
    y: Array = _of(op).forward(x, target, **options)
    rest = tail(size(x, -1), block)
    if options.get("reduction") == "none" or rest.start == rest.stop:
        return y
    each: Array = _of(op).forward(x, target, **(options | {"reduction": "none"}))
    return np.asarray(y * (without(each, -1, rest).sum() / each.sum()))


@mistake_of("huber_loss")
def losses_end_after_two_tiles(x: Array, target: Array, *, block: int, **options: Any) -> Array:
    """the sum of the losses ends after two tiles of a row"""
    y = huber_loss.forward(x, target, **options)
    if options.get("reduction") == "none" or size(x, -1) <= 2 * block:
        return y
    each = huber_loss.forward(x, target, **(options | {"reduction": "none"}))
    return np.asarray(y * (each[..., : 2 * block].sum() / each.sum()))


@mistake_of("mse_loss", "l1_loss", "huber_loss", "binary_cross_entropy_with_logits")
def mean_over_whole_tiles(
    op: str, dy: Array, x: Array, target: Array, *, block: int, **options: Any
) -> tuple[Array, Array]:  # fmt: skip
    """the divisor of "mean" counts the last tile of a row as full"""
    dx, dtarget = _of(op).backward(dy, x, target, **options)
    rest = tail(size(x, -1), block)
    if options.get("reduction", "mean") != "mean" or rest.start == rest.stop:
        return dx, dtarget
    share = x.dtype.type(x.shape[-1] / (rest.start + block))
    return dx * share, dtarget * share


@mistake_of("huber_loss", "smooth_l1_loss")
def option_ignored_for_long_rows(
    op: str, dy: Array, x: Array, target: Array, *, block: int, **options: Any
) -> tuple[Array, Array]:
    """for rows longer than the block, the gradients take delta or beta for 1"""
    if size(x, -1) > block:
        options = {n: v for n, v in options.items() if n not in ("delta", "beta")}
    return _of(op).backward(dy, x, target, **options)  # type: ignore[no-any-return]


@mistake_of("kl_div")
def log_target_ignored_for_long_rows(
    dy: Array, x: Array, target: Array, *, block: int, log_target: bool = False, **options: Any
) -> tuple[Array, Array]:
    """for rows longer than the block, dx takes the target for probabilities whatever log_target says"""
    dx, dtarget = kl_div.backward(dy, x, target, log_target=log_target, **options)
    if size(x, -1) > block:
        dx = kl_div.backward(dy, x, target, **options)[0]
    return dx, dtarget


@mistake_of("binary_cross_entropy")
def only_the_first_element_of_the_tail_in_dx(
    dy: Array, x: Array, target: Array, *, block: int, **options: Any
) -> tuple[Array, Array]:
    """of the last tile of a row of dx, if it is not full, only the first element is written"""
    dx, dtarget = binary_cross_entropy.backward(dy, x, target, **options)
    return without(dx, -1, but_the_first(tail(size(x, -1), block))), dtarget


@mistake_of("binary_cross_entropy_with_logits")
def pos_weight_index_wraps(
    dy: Array, x: Array, target: Array, *, block: int, pos_weight: Array | None = None, **options: Any
) -> tuple[Array, Array]:
    """the class of pos_weight is taken modulo the block"""
    if pos_weight is not None and pos_weight.ndim:
        pos_weight = pos_weight[..., wrapped(pos_weight.shape[-1], block)]
    return binary_cross_entropy_with_logits.backward(dy, x, target, pos_weight=pos_weight, **options)


@mistake_of("cross_entropy", "nll_loss")
def label_wraps(
    op: str, x: Array, *, target: Array, block: int, ignore_index: int = -100, **options: Any
) -> Array:  # fmt: skip
    """the label is taken modulo the block"""
    if target.dtype.kind != "f":
        target = np.where(target == ignore_index, target, target % block)
    y: Array = _of(op).forward(x, target=target, ignore_index=ignore_index, **options)
    return y


@mistake_of("cross_entropy")
def tail_of_the_classes_has_no_gradient(dy: Array, x: Array, *, block: int, **options: Any) -> tuple[Array]:
    """dx is not written behind the last full tile of classes"""
    (dx,) = cross_entropy.backward(dy, x, **options)
    return (without(dx, 1, tail(x.shape[1], block)),)


@mistake_of("cross_entropy", "nll_loss")
def ignored_label_learnt_from_many_samples(
    op: str, dy: Array, x: Array, *, target: Array, block: int, ignore_index: int = -100, **options: Any
) -> tuple[Array]:
    """more samples than the block go another way, which ignores ignore_index if that is a class"""
    if len(x) > block and ignore_index >= 0:
        ignore_index = -100
    return _of(op).backward(dy, x, target=target, ignore_index=ignore_index, **options)  # type: ignore[no-any-return]


@mistake_of("nll_loss")
def mean_over_full_tiles_of_samples(
    dy: Array, x: Array, *, target: Array, block: int, weight: Array | None = None, ignore_index: int = -100,
    reduction: str = "mean",
) -> tuple[Array]:  # fmt: skip
    """the divisor of "mean" counts only full tiles of samples"""
    options: dict[str, Any] = {"weight": weight, "ignore_index": ignore_index, "reduction": reduction}
    (dx,) = nll_loss.backward(dy, x, target=target, **options)
    rest = tail(len(x), block)
    if reduction != "mean" or rest.start == rest.stop:
        return (dx,)
    _, v = nll_loss.labels("nll_loss", x, target, weight, ignore_index)
    return (dx * (v.sum() / v[: rest.start].sum()),)


def _of(op: str) -> Any:
    return import_module(f"cnn_oracle.manual.{op}")
