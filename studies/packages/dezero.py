"""DeZero: dezero.functions, and dezero.optimizers. Images are (N, C, H, W); gradients are those of Variable.backward.

W of linear is (in, out). im2col and col2im are unfold and fold. dropout draws its mask with rand, which is patched to
return the mask, 0 or 1. DeZero turns a Python number in a formula into an array, and then NumPy 2 promotes float32 to
float64; such functions are checked in float64 only. numpy.int is restored.
"""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np

np.int = int  # type: ignore[attr-defined]  # removed in NumPy 1.24

import dezero  # noqa: E402
import dezero.functions as F  # noqa: E402
from dezero import Parameter, Variable, optimizers  # noqa: E402

from cnn_oracle.studies.packages.options import Lacks  # noqa: E402
from cnn_oracle.subject import DTYPES, Implementation  # noqa: E402

Function = Callable[..., Any]


def _differentiated(f: Function, *, dtypes: tuple[str, ...] = DTYPES) -> Implementation:
    """``f`` takes Variables, and the options unchanged."""

    def forward(*arrays: Any, **options: Any) -> Any:
        return f(*(None if a is None else Variable(a) for a in arrays), **options).data

    def backward(dy: Any, *arrays: Any, **options: Any) -> Any:
        variables = [None if a is None else Variable(a) for a in arrays]
        y = f(*variables, **options)
        y.grad = Variable(dy)
        if y.creator is not None:  # y may be x itself
            y.backward()
        return tuple(None if v is None else v.grad.data for v in variables)

    return Implementation(forward, backward, dtypes=dtypes)


def _has(**options: bool) -> None:
    for name, supported in options.items():
        if not supported:
            raise Lacks(name)


def _one(option: Any) -> bool:
    return bool(np.all(np.equal(option, 1)))


def _conv2d(x: Any, w: Any, b: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:
    padding = 0 if padding == "valid" else padding
    _has(padding=not isinstance(padding, str), dilation=_one(dilation), groups=groups == 1)
    return F.conv2d(x, w, b, stride, padding)


def _conv_transpose2d(
    x: Any, w: Any, b: Any, *,
    stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """DeZero takes the output's size as an argument, which includes output_padding."""
    _has(groups=groups == 1, dilation=_one(dilation))
    axes = zip(x.shape[2:], w.shape[2:], *map(dezero.utils.pair, (stride, padding, output_padding)), strict=True)
    return F.deconv2d(x, w, b, stride, padding, tuple(t * (n - 1) + k - 2 * p + more for n, k, t, p, more in axes))


def _unfold(x: Any, *, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    _has(dilation=_one(dilation))
    u = F.im2col(x, kernel_size, stride, padding, to_matrix=False)
    n, c, *kernel, p, q = u.shape
    return u.reshape(n, c * kernel[0] * kernel[1], p * q)


def _fold(x: Any, *, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    _has(dilation=_one(dilation))
    pairs = zip(*map(dezero.utils.pair, (output_size, kernel_size, padding, stride)), strict=True)
    positions = [(n + 2 * p - k) // t + 1 for n, k, p, t in pairs]
    kernel, size = dezero.utils.pair(kernel_size), dezero.utils.pair(output_size)
    u = x.reshape(x.shape[0], -1, *kernel, *positions)
    return F.col2im(u, (*u.shape[:2], *size), kernel_size, stride, padding, to_matrix=False)


def _max_pool2d(
    x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    _has(dilation=_one(dilation), ceil_mode=not ceil_mode)
    return F.pooling(x, kernel_size, kernel_size if stride is None else stride, padding)


def _avg_pool2d(
    x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    _has(
        ceil_mode=not ceil_mode,
        count_include_pad=count_include_pad or not np.any(padding),
        divisor_override=divisor_override is None,
    )
    return F.average_pooling(x, kernel_size, kernel_size if stride is None else stride, padding)


def _dropout(x: Any, *, mask: Any, p: float = 0.5, training: bool = True) -> Any:
    with dezero.using_config("train", training), patch("numpy.random.rand", lambda *_: mask.astype(float)):
        return F.dropout(x, p)


def _flatten(x: Any, *, start_dim: int = 0, end_dim: int = -1) -> Any:
    _has(start_dim=start_dim % max(x.ndim, 1) == 1, end_dim=(end_dim + 1) % max(x.ndim, 1) == 0)
    return F.flatten(x)


def _embedding(w: Any, *, indices: Any, padding_idx: int | None = None, scale_grad_by_freq: bool = False) -> Any:
    _has(padding_idx=padding_idx is None, scale_grad_by_freq=not scale_grad_by_freq)
    return F.embed_id(indices, w)


def _batch_norm(
    x: Any, weight: Any, bias: Any, *,
    running_mean: Any = None, running_var: Any = None, training: bool = False, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """DeZero writes to the running statistics, so it gets copies."""
    channels = np.ones(x.shape[1], x.dtype)
    weight = Variable(channels) if weight is None else weight
    bias = Variable(0 * channels) if bias is None else bias
    mean, var = (channels.copy() if a is None else a.copy() for a in (running_mean, running_var))
    with dezero.using_config("train", training):
        return F.batch_nrom(x, weight, bias, mean, var, eps=eps)


def _mse_loss(x: Any, target: Any, *, reduction: str = "mean", weight: Any = None) -> Any:
    _has(reduction=reduction == "mean", weight=weight is None)
    return F.mean_squared_error(x, target)


def _binary_cross_entropy(x: Any, target: Any, *, weight: Any = None, reduction: str = "mean") -> Any:
    _has(reduction=reduction == "mean", weight=weight is None)
    return F.binary_cross_entropy(x, target)


def _bce_with_logits(
    x: Any, target: Any, *, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    _has(reduction=reduction == "mean", weight=weight is None, pos_weight=pos_weight is None)
    return F.sigmoid_cross_entropy(x, target)


def _cross_entropy(
    x: Any, *, target: Any, weight: Any = None, ignore_index: int = -100,
    reduction: str = "mean", label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    _has(
        target=target.dtype.kind == "i", weight=weight is None, ignore_index=not (target == ignore_index).any(),
        reduction=reduction == "mean", label_smoothing=not label_smoothing,
    )  # fmt: skip
    return F.softmax_cross_entropy(x, target)


def _stepping(make: Function) -> Implementation:
    """The state is the optimiser and its one parameter."""

    def step(
        w: Any, dw: Any, state: Any = None, *, maximize: bool = False, weight_decay: float = 0, **options: Any
    ) -> Any:
        _has(maximize=not maximize)
        optimizer, layer = state or (make(**options), dezero.Layer())
        if state is None:
            layer.w = Parameter(w.copy())
            optimizer.setup(layer)
            if weight_decay:
                optimizer.add_hook(optimizers.WeightDecay(weight_decay))
        layer.w.grad = Variable(dw.copy())
        optimizer.update()
        return layer.w.data.copy(), (optimizer, layer)

    return Implementation(step=step)


def _sgd(*, lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0, nesterov: bool = False) -> Any:
    _has(dampening=not dampening or not momentum, nesterov=not nesterov)
    return optimizers.MomentumSGD(lr, momentum) if momentum else optimizers.SGD(lr)


def _adagrad(
    *, lr: float = 1e-2, lr_decay: float = 0.0, initial_accumulator_value: float = 0.0, eps: float = 1e-10
) -> Any:
    _has(lr_decay=not lr_decay, initial_accumulator_value=not initial_accumulator_value)
    return optimizers.AdaGrad(lr, eps)


def _adam(
    *, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, amsgrad: bool = False
) -> Any:
    _has(amsgrad=not amsgrad)
    return optimizers.Adam(lr, *betas, eps)


WIDE = ("float64",)
conv2d, conv_transpose2d = _differentiated(_conv2d), _differentiated(_conv_transpose2d)
unfold, fold = _differentiated(_unfold), _differentiated(_fold)
linear = _differentiated(lambda x, w, b: F.linear(x, w.T, b))
max_pool2d, avg_pool2d = _differentiated(_max_pool2d), _differentiated(_avg_pool2d, dtypes=WIDE)
relu = _differentiated(F.relu)
sigmoid, tanh = _differentiated(F.sigmoid, dtypes=WIDE), _differentiated(F.tanh, dtypes=WIDE)
leaky_relu = _differentiated(lambda x, *, negative_slope=0.01: F.leaky_relu(x, negative_slope))
softmax = _differentiated(lambda x, *, dim: F.softmax(x, dim))
log_softmax = _differentiated(lambda x, *, dim: F.log_softmax(x, dim))
dropout, flatten, embedding = _differentiated(_dropout), _differentiated(_flatten), _differentiated(_embedding)
batch_norm = _differentiated(_batch_norm, dtypes=WIDE)
cross_entropy, mse_loss = _differentiated(_cross_entropy, dtypes=WIDE), _differentiated(_mse_loss, dtypes=WIDE)
binary_cross_entropy = _differentiated(_binary_cross_entropy, dtypes=WIDE)
binary_cross_entropy_with_logits = _differentiated(_bce_with_logits, dtypes=WIDE)
sgd, adagrad, adam = _stepping(_sgd), _stepping(_adagrad), _stepping(_adam)
