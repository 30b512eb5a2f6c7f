"""tinygrad: methods of Tensor, tinygrad.nn where they have no such op, tinygrad.nn.optim; gradients by Tensor.gradient.

Layers are made anew for each call and given our arrays as their weights. It compiles each call for the CPU with clang
(``CC``), without optimisations, which take longer than such small calls; where there is no clang its device PYTHON
computes the same.
"""

import os
from collections.abc import Callable
from shutil import which
from typing import Any

import numpy as np

os.environ.setdefault("DEV", "CPU" if which(os.environ.get("CC", "clang")) else "PYTHON")
os.environ.setdefault("NOOPT", "1")

from tinygrad import Tensor, nn
from tinygrad.helpers import Context

from field.known import Class, Known, Lacks
from oracle.calls import Call
from oracle.subjects import DTYPES, Implementation

DISTRIBUTION = "tinygrad"


def _by_gradient(f: Callable[..., Any], dtypes: tuple[str, ...] = DTYPES) -> Implementation:
    def forward(*arrays: Any, **options: Any) -> Any:
        return f(*map(_tensor, arrays), **_tensors(options)).numpy()

    def backward(dy: Any, *arrays: Any, **options: Any) -> tuple[Any, ...]:
        tensors = [*map(_tensor, arrays)]
        y = f(*tensors, **_tensors(options))
        found = iter(y.gradient(*(t for t in tensors if t is not None), gradient=_tensor(dy)))
        return tuple(None if t is None else next(found).numpy() for t in tensors)

    return Implementation(forward, backward, dtypes=dtypes)


def _tensor(a: Any) -> Any:
    return None if a is None else Tensor(np.ascontiguousarray(a) if a.ndim else a)


def _tensors(options: dict[str, Any]) -> dict[str, Any]:
    return {n: _tensor(v) if isinstance(v, np.ndarray) else v for n, v in options.items()}


def _only(**options: tuple[Any, Any]) -> None:
    """Of options that the function has not: what was given, and the value that stands for none."""
    for name, (given, none) in options.items():
        if given is not none and given != none:
            raise Lacks(name)


def _each(option: Any, rank: int) -> tuple[Any, ...]:
    return option if isinstance(option, tuple) else (option,) * rank


def _with(layer: Any, weight: Any, bias: Any = None) -> Any:
    layer.weight, layer.bias = weight, bias
    return layer


def _conv(x: Any, w: Any, b: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:
    """The layer, which has padding="same", calls the method."""
    layer = nn.Conv2d(x.shape[1], w.shape[0], w.shape[2:], stride, padding, dilation, groups, b is not None)
    return _with(layer, w, b)(x)


def _conv_transpose(
    x: Any, w: Any, b: Any, *,
    stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    return x.conv_transpose2d(w, b, groups, stride, dilation, padding, output_padding)


def _max_pool(
    x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    return x.max_pool2d(_each(kernel_size, x.ndim - 2), stride, dilation, padding, ceil_mode)


def _avg_pool(
    x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    _only(divisor_override=(divisor_override, None))
    return x.avg_pool2d(_each(kernel_size, x.ndim - 2), stride, 1, padding, ceil_mode, count_include_pad)


def _interpolate(
    x: Any, *, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
    **_: Any,
) -> Any:  # fmt: skip
    _only(scale_factor=(scale_factor, None))
    mode = {"bilinear": "linear"}.get(mode, mode)
    return x.interpolate(_each(size, x.ndim - 2), mode, bool(align_corners))


def _linear(x: Any, w: Any, b: Any) -> Any:
    return x.linear(w.transpose(), b)


def _softplus(x: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    _only(threshold=(threshold, 20))
    return x.softplus(beta)


def _embedding(w: Any, *, indices: Any, padding_idx: int | None = None, scale_grad_by_freq: bool = False) -> Any:
    _only(padding_idx=(padding_idx, None), scale_grad_by_freq=(scale_grad_by_freq, False))
    return _with(nn.Embedding(*w.shape), w)(indices)


def _attention(
    query: Any, key: Any, value: Any, *, attn_mask: Any = None, is_causal: bool = False, scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:  # fmt: skip
    _only(scale=(scale, None))
    return query.scaled_dot_product_attention(key, value, attn_mask, is_causal=is_causal, enable_gqa=enable_gqa)


def _batch_norm(
    x: Any, weight: Any, bias: Any, *,
    running_mean: Any = None, running_var: Any = None, training: bool = False, eps: float = 1e-5,
) -> Any:  # fmt: skip
    layer = _with(nn.BatchNorm(x.shape[1], eps, track_running_stats=running_mean is not None), weight, bias)
    if running_mean is not None:
        layer.running_mean, layer.running_var = running_mean, running_var
    with Context(TRAINING=int(training)):
        return layer(x)


def _affine(x: Any, weight: Any, bias: Any, layer: Any) -> Any:
    """Its layers have a weight and a bias, or neither."""
    if (weight is None) != (bias is None):
        raise Lacks("weight or bias alone")
    return _with(layer, weight, bias)(x)


def _instance_norm(x: Any, weight: Any, bias: Any, *, use_input_stats: bool = True, eps: float = 1e-5, **_: Any) -> Any:
    _only(use_input_stats=(use_input_stats, True))
    return _affine(x, weight, bias, nn.InstanceNorm(x.shape[1], eps))


def _layer_norm(x: Any, weight: Any, bias: Any, *, normalized_shape: tuple[int, ...], eps: float = 1e-5) -> Any:
    return _affine(x, weight, bias, nn.LayerNorm(normalized_shape, eps))


def _group_norm(x: Any, weight: Any, bias: Any, *, num_groups: int, eps: float = 1e-5) -> Any:
    return _affine(x, weight, bias, nn.GroupNorm(num_groups, x.shape[1], eps))


def _rms_norm(x: Any, weight: Any, *, normalized_shape: tuple[int, ...], eps: float | None = None) -> Any:
    if len(normalized_shape) > 1:
        raise Lacks("normalized_shape of several axes")
    if eps is None:
        raise Lacks("eps=None, PyTorch's for each dtype")
    return _with(nn.RMSNorm(*normalized_shape, eps), weight)(x)


def _nll_loss(x: Any, *, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> Any:
    return x.nll_loss(target, weight, ignore_index, reduction)


def _cross_entropy(
    x: Any, *, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """Labels are sparse_categorical_crossentropy's, which has an ignore_index and its classes last."""
    if weight is not None:
        raise Lacks("weight")
    if target.is_floating_point():
        return x.cross_entropy(target, reduction, label_smoothing)
    x = x.permute(0, *range(2, x.ndim), 1)
    return x.sparse_categorical_crossentropy(target, ignore_index, label_smoothing, reduction)


def _bce(x: Any, target: Any, *, weight: Any = None, reduction: str = "mean") -> Any:
    if weight is not None:
        raise Lacks("weight")
    return x.binary_crossentropy(target, reduction)


def _bce_with_logits(
    x: Any, target: Any, *, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    if weight is not None:
        raise Lacks("weight")
    return x.binary_crossentropy_logits(target, reduction, pos_weight)


def _stepped(make: Callable[..., Any]) -> Implementation:
    """The state is the optimiser. It computes in float32 (OPTIM_DTYPE)."""

    def step(w: Any, dw: Any, state: Any = None, *, lr: float, maximize: bool = False, **options: Any) -> Any:
        _only(maximize=(maximize, False))
        optimizer = state or make([_tensor(w)], lr, **options)
        optimizer.params[0].grad = _tensor(dw)
        with Context(TRAINING=1):
            optimizer.step()
        return optimizer.params[0].numpy().copy(), optimizer

    return Implementation(step=step, dtypes=("float32",))


def _sgd(
    parameters: Any, lr: float, momentum: float = 0.0, dampening: float = 0.0, weight_decay: float = 0.0,
    nesterov: bool = False,
) -> Any:  # fmt: skip
    _only(dampening=(dampening, 0))
    return nn.optim.SGD(parameters, lr, momentum, weight_decay, nesterov)


def _adam(
    parameters: Any, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
    weight_decay: float = 0.0, amsgrad: bool = False,
) -> Any:  # fmt: skip
    _only(weight_decay=(weight_decay, 0), amsgrad=(amsgrad, False))
    return nn.optim.Adam(parameters, lr, *betas, eps)


def _adamw(
    parameters: Any, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
    weight_decay: float = 1e-2, amsgrad: bool = False,
) -> Any:  # fmt: skip
    _only(amsgrad=(amsgrad, False))
    return nn.optim.AdamW(parameters, lr, *betas, eps, weight_decay)


conv1d = conv2d = conv3d = _by_gradient(_conv)
conv_transpose1d = conv_transpose2d = conv_transpose3d = _by_gradient(_conv_transpose)
linear = _by_gradient(_linear)
max_pool1d = max_pool2d = max_pool3d = _by_gradient(_max_pool)
avg_pool1d = avg_pool2d = avg_pool3d = _by_gradient(_avg_pool)
pad = _by_gradient(lambda x, *, pad, mode="constant", value=None: x.pad(pad, mode, 0.0 if value is None else value))
interpolate = _by_gradient(_interpolate)
relu = _by_gradient(Tensor.relu)
leaky_relu = _by_gradient(lambda x, *, negative_slope=0.01: x.leaky_relu(negative_slope))
elu = _by_gradient(lambda x, *, alpha=1.0: x.elu(alpha))
selu = _by_gradient(Tensor.selu)
gelu = _by_gradient(lambda x, *, approximate="none": x.gelu(approximate))
silu = _by_gradient(Tensor.silu)
mish = _by_gradient(Tensor.mish)
sigmoid = _by_gradient(Tensor.sigmoid)
hardsigmoid = _by_gradient(Tensor.hardsigmoid)
hardswish = _by_gradient(Tensor.hardswish)
tanh = _by_gradient(Tensor.tanh)
softplus = _by_gradient(_softplus)
softsign = _by_gradient(Tensor.softsign)
flatten = _by_gradient(lambda x, *, start_dim=0, end_dim=-1: x.flatten(start_dim, end_dim))
embedding = _by_gradient(_embedding)
scaled_dot_product_attention = _by_gradient(_attention)
softmax = _by_gradient(lambda x, *, dim: x.softmax(dim))
log_softmax = _by_gradient(lambda x, *, dim: x.log_softmax(dim))
nll_loss = _by_gradient(_nll_loss)
cross_entropy = _by_gradient(_cross_entropy)
batch_norm = _by_gradient(_batch_norm)
instance_norm = _by_gradient(_instance_norm)
layer_norm = _by_gradient(_layer_norm)
group_norm = _by_gradient(_group_norm)
rms_norm = _by_gradient(_rms_norm)
binary_cross_entropy = _by_gradient(_bce)
binary_cross_entropy_with_logits = _by_gradient(_bce_with_logits)
sgd, adam, adamw = map(_stepped, (_sgd, _adam, _adamw))

KNOWN: tuple[Known, ...] = ()
_ = Class, Call
