"""JAX: jax.lax, jax.nn, jax.numpy and jax.image; its example optimisers. Gradients by jax.vjp, float64 in x64 mode.

Convolutions and windows take PyTorch's layout as a dimension order, and the padding as pairs. conv_transpose pads the
dilated input by dilation · (k − 1) − padding. reduce_window computes a maximum, or a sum, which is then divided by the
size of a window. standardize computes the normalisations: over all axes but the channels, over one channel, or over the
last axes. Attention has the heads as third axis: (B, T, N, H).
"""

from math import floor, prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax, nn
from jax.example_libraries import optimizers

from cnn_oracle.adapt import jax_function
from cnn_oracle.studies.packages.options import each, without
from cnn_oracle.subject import Implementation


def _pads(padding: Any, rank: int) -> Any:
    return padding.upper() if isinstance(padding, str) else [(p, p) for p in each(padding, rank)]


def _orders(rank: int) -> tuple[str, str, str]:
    space = "DHW"[-rank:]
    return f"NC{space}", f"OI{space}", f"NC{space}"


def _channels(v: Any, x: Any) -> Any:
    """One number per channel, in a shape that broadcasts."""
    return jnp.reshape(v, (-1, *[1] * (x.ndim - 2)))


def _affine(y: Any, weight: Any, bias: Any) -> Any:
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def _conv(
    x: Any, w: Any, b: Any = None, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    rank = x.ndim - 2
    y = lax.conv_general_dilated(
        x, w, each(stride, rank), _pads(padding, rank), rhs_dilation=each(dilation, rank),
        dimension_numbers=_orders(rank), feature_group_count=groups,
    )  # fmt: skip
    return y if b is None else y + _channels(b, x)


def _conv_transpose(
    x: Any, w: Any, b: Any = None, *,
    stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    without(groups=groups > 1)
    rank = x.ndim - 2
    d, k = each(dilation, rank), w.shape[2:]
    spans = [
        (i * (j - 1) - p, o) for i, j, p, o in zip(d, k, each(padding, rank), each(output_padding, rank), strict=True)
    ]
    pads = [(low, low + extra) for low, extra in spans]
    y = lax.conv_transpose(x, w, each(stride, rank), pads, d, _orders(rank), transpose_kernel=True)
    return y if b is None else y + _channels(b, x)


def _windows(x: Any, start: float, f: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1) -> Any:
    rank = x.ndim - 2
    k = each(kernel_size, rank)
    t, p = each(stride or k, rank), ((0, 0), (0, 0), *_pads(padding, rank))
    return lax.reduce_window(x, start, f, (1, 1, *k), (1, 1, *t), p, window_dilation=(1, 1, *each(dilation, rank)))


def _max_pool(
    x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    without(ceil_mode=ceil_mode)
    return _windows(x, -jnp.inf, lax.max, kernel_size, stride, padding, dilation)


def _avg_pool(
    x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    without(ceil_mode=ceil_mode, count_include_pad=not count_include_pad)
    sums = _windows(x, 0.0, lax.add, kernel_size, stride, padding)
    return sums / (divisor_override or prod(each(kernel_size, x.ndim - 2)))


def _unfold(x: Any, *, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    k, t, d = each(kernel_size, 2), each(stride, 2), each(dilation, 2)
    y = lax.conv_general_dilated_patches(x, k, t, _pads(padding, 2), rhs_dilation=d)
    return y.reshape(*y.shape[:2], -1)


def _pad(x: Any, *, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Any:
    pairs = [*zip(pad[::2], pad[1::2], strict=True)][::-1]
    pairs = [(0, 0)] * (x.ndim - len(pairs)) + pairs
    if mode == "constant":
        return jnp.pad(x, pairs, constant_values=value or 0)
    return jnp.pad(x, pairs, {"replicate": "edge", "circular": "wrap"}.get(mode, mode))


def _interpolate(
    x: Any, *, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
) -> Any:  # fmt: skip
    without(align_corners=bool(align_corners), scale_factor=bool(scale_factor) and not recompute_scale_factor)
    rank = x.ndim - 2
    if scale_factor:
        size = tuple(floor(n * s) for n, s in zip(x.shape[2:], each(scale_factor, rank), strict=True))
    return jax.image.resize(x, (*x.shape[:2], *each(size, rank)), mode, antialias=False)


def _bilinear(x1: Any, x2: Any, w: Any, b: Any = None) -> Any:
    return _affine(jnp.einsum("...i,oij,...j->...o", x1, w, x2), None, b)


def _embedding(w: Any, *, indices: Any, padding_idx: int | None = None, scale_grad_by_freq: bool = False) -> Any:
    without(padding_idx=padding_idx is not None, scale_grad_by_freq=scale_grad_by_freq)
    return jnp.take(w, indices, axis=0)


def _softplus(x: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    without(beta=beta != 1, threshold=threshold != 20)
    return nn.softplus(x)


def _flatten(x: Any, *, start_dim: int = 0, end_dim: int = -1) -> Any:
    return lax.collapse(x, start_dim, end_dim + 1 or None)


def _attention(
    query: Any, key: Any, value: Any, *,
    attn_mask: Any = None, is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,  # noqa: ARG001
) -> Any:  # fmt: skip
    def heads_third(a: Any) -> Any:
        return jnp.swapaxes(a, -3, -2) if query.ndim > 2 else a[:, None]

    masks = {} if attn_mask is None else {"mask" if attn_mask.dtype == bool else "bias": attn_mask}
    masks = {n: jnp.reshape(m, (*[1] * (4 - m.ndim), *m.shape)) for n, m in masks.items()}
    y = nn.dot_product_attention(*map(heads_third, (query, key, value)), **masks, scale=scale, is_causal=is_causal)
    return jnp.swapaxes(y, -3, -2) if query.ndim > 2 else y[:, 0]


def _batch_norm(
    x: Any, weight: Any = None, bias: Any = None, *,
    running_mean: Any = None, running_var: Any = None, training: bool = False, eps: float = 1e-5,
) -> Any:  # fmt: skip
    return _standardized(
        x, (0, *range(2, x.ndim)), weight, bias, None if training else (running_mean, running_var), eps
    )


def _instance_norm(
    x: Any, weight: Any = None, bias: Any = None, *,
    running_mean: Any = None, running_var: Any = None, use_input_stats: bool = True, eps: float = 1e-5,
) -> Any:  # fmt: skip
    given = None if use_input_stats else (running_mean, running_var)
    return _standardized(x, tuple(range(2, x.ndim)), weight, bias, given, eps)


def _standardized(x: Any, axes: tuple[int, ...], weight: Any, bias: Any, given: Any, eps: float) -> Any:
    mean, variance, weight, bias = (
        None if v is None else _channels(v, x) for v in (*(given or (None, None)), weight, bias)
    )
    return _affine(nn.standardize(x, axes, mean, variance, eps), weight, bias)


def _layer_norm(
    x: Any, weight: Any = None, bias: Any = None, *, normalized_shape: tuple[int, ...], eps: float = 1e-5
) -> Any:
    return _affine(nn.standardize(x, tuple(range(-len(normalized_shape), 0)), epsilon=eps), weight, bias)


def _group_norm(x: Any, weight: Any = None, bias: Any = None, *, num_groups: int, eps: float = 1e-5) -> Any:
    y = nn.standardize(x.reshape(x.shape[0], num_groups, -1), epsilon=eps).reshape(x.shape)
    return _affine(y, *(None if v is None else _channels(v, x) for v in (weight, bias)))


def _stepping(optimizer: Any) -> Implementation:
    """``optimizer(**options)`` returns three functions (init, update, get); the state has the step's number, too."""

    def step(
        w: Any, dw: Any, state: Any = None, *, maximize: bool = False, weight_decay: float = 0, **options: Any
    ) -> Any:
        without(maximize=maximize, weight_decay=bool(weight_decay))
        init, update, get = optimizer(**options)
        with jax.enable_x64(w.dtype == np.float64):
            i, inner = state or (0, init(jnp.array(w)))
            inner = update(i, jnp.array(dw), inner)
            return np.array(get(inner)), (i + 1, inner)

    return Implementation(step=step)


def _sgd(*, lr: float = 1e-3, momentum: float = 0, dampening: float = 0, nesterov: bool = False) -> Any:
    without(dampening=bool(dampening))
    if not momentum:
        return optimizers.sgd(lr)
    return (optimizers.nesterov if nesterov else optimizers.momentum)(lr, momentum)


def _adagrad(*, lr: float = 1e-2, lr_decay: float = 0, initial_accumulator_value: float = 0, eps: float = 1e-10) -> Any:
    without(lr_decay=bool(lr_decay), initial_accumulator_value=bool(initial_accumulator_value), eps=eps > 1e-10)
    return optimizers.adagrad(lr, momentum=0)


def _rmsprop(
    *, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8, momentum: float = 0, centered: bool = False
) -> Any:
    without(centered=centered)
    if momentum:
        return optimizers.rmsprop_momentum(lr, alpha, eps, momentum)
    return optimizers.rmsprop(lr, alpha, eps)


def _adam(*, lr: float = 1e-3, betas: Any = (0.9, 0.999), eps: float = 1e-8, amsgrad: bool = False) -> Any:
    without(amsgrad=amsgrad)
    return optimizers.adam(lr, *betas, eps)


conv1d = conv2d = conv3d = jax_function(_conv)
conv_transpose1d = conv_transpose2d = conv_transpose3d = jax_function(_conv_transpose)
max_pool1d = max_pool2d = max_pool3d = jax_function(_max_pool)
avg_pool1d = avg_pool2d = avg_pool3d = jax_function(_avg_pool)
unfold = jax_function(_unfold)
linear = jax_function(lambda x, w, b=None: _affine(jnp.matmul(x, w.T), None, b))
bilinear = jax_function(_bilinear)
pad = jax_function(_pad)
interpolate = jax_function(_interpolate)
flatten = jax_function(_flatten)
embedding = jax_function(_embedding)
relu = jax_function(lambda x: nn.relu(x))
leaky_relu = jax_function(lambda x, *, negative_slope=0.01: nn.leaky_relu(x, negative_slope))
prelu = jax_function(lambda x, w: nn.leaky_relu(x, _channels(w, x) if w.size > 1 else w.reshape(())))
elu = jax_function(lambda x, *, alpha=1.0: nn.elu(x, alpha))
selu = jax_function(lambda x: nn.selu(x))
gelu = jax_function(lambda x, *, approximate="none": nn.gelu(x, approximate=approximate == "tanh"))
silu = jax_function(lambda x: nn.silu(x))
mish = jax_function(lambda x: nn.mish(x))
sigmoid = jax_function(lambda x: nn.sigmoid(x))
hardsigmoid = jax_function(lambda x: nn.hard_sigmoid(x))
hardswish = jax_function(lambda x: nn.hard_swish(x))
tanh = jax_function(lambda x: jnp.tanh(x))
softplus = jax_function(_softplus)
softsign = jax_function(lambda x: nn.soft_sign(x))
glu = jax_function(lambda x, *, dim=-1: nn.glu(x, dim))
softmax = jax_function(lambda x, *, dim: nn.softmax(x, dim))
log_softmax = jax_function(lambda x, *, dim: nn.log_softmax(x, dim))
scaled_dot_product_attention = jax_function(_attention)
batch_norm = jax_function(_batch_norm)
instance_norm = jax_function(_instance_norm)
layer_norm = jax_function(_layer_norm)
group_norm = jax_function(_group_norm)
sgd = _stepping(_sgd)
adagrad = _stepping(_adagrad)
rmsprop = _stepping(_rmsprop)
adam = _stepping(_adam)


forget = jax.clear_caches
