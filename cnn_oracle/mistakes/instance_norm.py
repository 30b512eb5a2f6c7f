"""Wrong derivations of instance normalisation."""

from typing import Any

from cnn_oracle.manual import batch_norm, instance_norm, layer_norm
from cnn_oracle.manual._typing import Array

Gradients = tuple[Array, Array | None, Array | None]


def over_the_batch_too(x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any) -> Array:
    """the statistics are taken over the batch as well, as in batch norm"""
    own = options.pop("use_input_stats", True)
    return batch_norm.forward(x, weight, bias, training=own, **options)


def over_the_channels_too(x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any) -> Array:
    """the statistics are taken over the channels as well, as in layer norm"""
    if not options.get("use_input_stats", True):
        return instance_norm.forward(x, weight, bias, **options)
    y, column = (
        layer_norm.forward(x, normalized_shape=x.shape[1:], eps=options.get("eps", 1e-5)),
        (-1, *(1,) * (x.ndim - 2)),
    )
    y = y if weight is None else y * weight.reshape(column)
    return y if bias is None else y + bias.reshape(column)


def weight_gradient_of_the_last_sample(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """dweight and dbias are assigned (=) for each sample, not added (+=)"""
    dx, _, _ = instance_norm.backward(dy, x, weight, bias, **options)
    return dx, *instance_norm.backward(dy[-1:], x[-1:], weight, bias, **options)[1:]


def running_statistics_differentiated(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """running statistics are differentiated as if they were computed from x; they are constants"""
    if x.size == x.shape[0] * x.shape[1]:
        return instance_norm.backward(dy, x, weight, bias, **options)
    _, dweight, dbias = instance_norm.backward(dy, x, weight, bias, **options)
    return instance_norm.backward(dy, x, weight, bias, **(options | {"use_input_stats": True}))[0], dweight, dbias


def running_statistics_over_the_batch_too(
    x: Array, running_mean: Array, running_var: Array, *, momentum: float = 0.1
) -> tuple[Array, Array]:
    """the running statistics take in those of the whole batch, as in batch norm; the mean over the samples is right"""
    return batch_norm.running_statistics(x, running_mean, running_var, momentum=momentum)
