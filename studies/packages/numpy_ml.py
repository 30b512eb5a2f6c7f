"""numpy-ml: neural_nets' layers, activations, losses, optimizers, and its utils im2col, col2im, he_ and glorot_uniform.

Images are (N, H, W, C) and kernels (H, W, in, out). Each call makes a new layer: a first forward on x creates its
parameters, which are then set to ours. Its dilation counts the elements in between. Activations are used by their fn
and grad, as layers use them. CrossEntropy takes the probabilities of the Softmax layer, and its grad is the gradient of
the logits. SquaredError is documented as half of the sum, so its results are doubled. For initialisers,
numpy.random.uniform is patched to return the op's numbers. Everything is checked in float64, because layers hold
float64. collections.Hashable is restored.
"""

import collections
import collections.abc
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np

collections.Hashable = collections.abc.Hashable  # type: ignore[attr-defined]  # removed in Python 3.10

from numpy_ml.neural_nets import activations, layers, losses, optimizers, utils  # noqa: E402

from cnn_oracle.adapt import nhwc  # noqa: E402
from cnn_oracle.studies.packages.options import Lacks  # noqa: E402
from cnn_oracle.subject import Implementation  # noqa: E402

Function = Callable[..., Any]
WIDE = ("float64",)


def _layered(make: Function, **parameters: float) -> Implementation:
    """``make(x, w, …)`` returns the layer. ``parameters``: its names for w, …, and the values that replace None."""

    def ready(x: Any, *arrays: Any, **options: Any) -> Any:
        layer = make(x, *arrays, **options)
        layer.forward(x, retain_derived=False)
        shapes = [layer.parameters[name].shape for name in parameters]
        values = [v if a is None else a for a, v in zip(arrays, parameters.values(), strict=True)]
        given = [
            np.broadcast_to(np.reshape(v, s if np.ndim(v) else ()), s) for v, s in zip(values, shapes, strict=True)
        ]
        return layer.set_params(dict(zip(parameters, given, strict=True)))

    def forward(x: Any, *arrays: Any, **options: Any) -> Any:
        return ready(x, *arrays, **options).forward(x)

    def backward(dy: Any, x: Any, *arrays: Any, **options: Any) -> Any:
        layer = ready(x, *arrays, **options)
        layer.forward(x)
        dx, gradients = layer.backward(dy), [layer.gradients[name] for name in parameters]
        return dx, *(None if a is None else g.reshape(a.shape) for a, g in zip(arrays, gradients, strict=True))

    return Implementation(forward, backward, dtypes=WIDE)


def _with_w(reordered: Function, inner: Any) -> Implementation:
    """The same with another order of w's axes. ``reordered`` changes the order, in both directions."""
    y, gradients = inner[:2]

    def forward(x: Any, w: Any, b: Any, **options: Any) -> Any:
        return y(x, reordered(w), b, **options)

    def backward(dy: Any, x: Any, w: Any, b: Any, **options: Any) -> Any:
        dx, dw, db = gradients(dy, x, reordered(w), b, **options)
        return dx, reordered(dw), db

    return Implementation(forward, backward, dtypes=WIDE)


def _has(**options: bool) -> None:
    for name, supported in options.items():
        if not supported:
            raise Lacks(name)


def _int(name: str, option: Any) -> int:
    """The one value of all axes."""
    _has(**{name: isinstance(option, int) or len({*option}) == 1})
    return option if isinstance(option, int) else option[0]


def _pad(option: Any) -> Any:
    return 0 if option == "valid" else option


def _conv1d(_x: Any, w: Any, _b: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:
    _has(groups=groups == 1)
    pad = _pad(padding) if isinstance(padding, str) else _int("padding", padding)
    return layers.Conv1D(w.shape[2], w.shape[0], pad, _int("stride", stride), _int("dilation", dilation) - 1)


def _conv2d(_x: Any, w: Any, _b: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:
    _has(groups=groups == 1)
    return layers.Conv2D(w.shape[3], w.shape[:2], _pad(padding), _int("stride", stride), _int("dilation", dilation) - 1)


def _conv_transpose2d(
    _x: Any, w: Any, _b: Any, *,
    stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    _has(output_padding=not np.any(output_padding), groups=groups == 1, dilation=bool(np.all(np.equal(dilation, 1))))
    return layers.Deconv2D(w.shape[3], w.shape[:2], padding, _int("stride", stride))


def _pooling(mode: str, kernel_size: Any, stride: Any, padding: Any) -> Any:
    kernel = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,) * 2
    return layers.Pool2D(kernel, _int("stride", kernel_size if stride is None else stride), padding, mode)


def _max_pool2d(
    _x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    _has(dilation=bool(np.all(np.equal(dilation, 1))), ceil_mode=not ceil_mode)
    return _pooling("max", kernel_size, stride, padding)


def _avg_pool2d(
    _x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    _has(
        ceil_mode=not ceil_mode, count_include_pad=count_include_pad or not np.any(padding),
        divisor_override=divisor_override is None,
    )  # fmt: skip
    return _pooling("average", kernel_size, stride, padding)


def _batch_norm(
    x: Any, *_: Any,
    running_mean: Any = None, running_var: Any = None, training: bool = False, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """A frozen layer uses its running statistics."""
    _has(x=x.ndim in (2, 4))
    layer = (layers.BatchNorm1D if x.ndim == 2 else layers.BatchNorm2D)(epsilon=eps)
    layer.forward(x, retain_derived=False)
    if not training:
        layer.set_params({"running_mean": running_mean, "running_var": running_var})
        layer.freeze()
    return layer


def _layer_norm(x: Any, *_: Any, normalized_shape: tuple[int, ...], eps: float = 1e-5) -> Any:
    _has(x=x.ndim == 2, normalized_shape=len(normalized_shape) == 1)
    return layers.LayerNorm1D(epsilon=eps)


def _flatten(x: Any, *, start_dim: int = 0, end_dim: int = -1) -> Any:
    """numpy-ml flattens to a matrix."""
    _has(x=x.ndim > 1)
    axes = start_dim % x.ndim, end_dim % x.ndim
    _has(start_dim=axes in ((1, x.ndim - 1), (0, x.ndim - 2)))
    return layers.Flatten("last" if axes[0] == 0 else "first")


def _attention() -> Implementation:
    def made(
        attn_mask: Any = None, is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False
    ) -> Any:
        _has(attn_mask=attn_mask is None, is_causal=not is_causal, scale=scale in (None, 1), enable_gqa=not enable_gqa)
        return layers.DotProductAttention(scale=scale is None)

    def forward(query: Any, key: Any, value: Any, **options: Any) -> Any:
        return made(**options).forward(query, key, value)

    def backward(dy: Any, query: Any, key: Any, value: Any, **options: Any) -> Any:
        layer = made(**options)
        layer.forward(query, key, value)
        return layer.backward(dy)

    return Implementation(forward, backward, dtypes=WIDE)


def _embedding() -> Implementation:
    def made(w: Any, padding_idx: int | None = None, scale_grad_by_freq: bool = False) -> Any:
        _has(padding_idx=padding_idx is None, scale_grad_by_freq=not scale_grad_by_freq)
        return layers.Embedding(w.shape[1], w.shape[0]).set_params({"W": w})

    def backward(dy: Any, w: Any, *, indices: Any, **options: Any) -> Any:
        layer = made(w, **options)
        layer.forward(indices)
        layer.backward(dy)
        return (layer.gradients["W"],)

    return Implementation(lambda w, *, indices, **options: made(w, **options).forward(indices), backward, dtypes=WIDE)


def _activation(made: Any) -> Implementation:
    return Implementation(lambda x: np.asarray(made.fn(x)), lambda dy, x: (dy * made.grad(x),), dtypes=WIDE)


def _sloped(make: Function, option: str, default: float) -> Implementation:
    """An activation with one constant."""
    return Implementation(
        lambda x, **options: np.asarray(make(options.get(option, default)).fn(x)),
        lambda dy, x, **options: (dy * make(options.get(option, default)).grad(x),),
        dtypes=WIDE,
    )


def _softplus() -> Implementation:
    made = activations.SoftPlus()

    def slope(dy: Any, x: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
        _has(beta=beta == 1, threshold=threshold == 20)
        return (dy * made.grad(x),)

    def forward(x: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
        _has(beta=beta == 1, threshold=threshold == 20)
        return np.asarray(made.fn(x))

    return Implementation(forward, slope, dtypes=WIDE)


def _mse_loss() -> Implementation:
    def forward(x: Any, target: Any, *, reduction: str = "mean", weight: Any = None) -> Any:
        _has(reduction=reduction == "sum", weight=weight is None)
        return np.asarray(2 * losses.SquaredError.loss(target, x))

    def backward(dy: Any, x: Any, target: Any, *, reduction: str = "mean", weight: Any = None) -> Any:
        _has(reduction=reduction == "sum", weight=weight is None)
        loss, linear = losses.SquaredError(), activations.Identity()
        return 2 * dy * loss.grad(target, x, x, linear), 2 * dy * loss.grad(x, target, target, linear)

    return Implementation(forward, backward, dtypes=WIDE)


def _cross_entropy() -> Implementation:
    def pair(
        x: Any, target: Any, weight: Any = None, ignore_index: int = -100,
        reduction: str = "mean", label_smoothing: float = 0.0,
    ) -> Any:  # fmt: skip
        """One-hot labels and probabilities."""
        _has(
            x=x.ndim == 2, target=target.dtype.kind == "i", weight=weight is None,
            ignore_index=not (target == ignore_index).any(), reduction=reduction == "sum",
            label_smoothing=not label_smoothing,
        )  # fmt: skip
        return np.eye(x.shape[1])[target], layers.Softmax().forward(x)

    return Implementation(
        lambda x, **options: np.asarray(losses.CrossEntropy.loss(*pair(x, **options))),
        lambda dy, x, **options: (dy * losses.CrossEntropy.grad(*pair(x, **options)),),
        dtypes=WIDE,
    )


def _unfold(x: Any, *, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    kernel = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,) * 2
    shape = (*kernel, x.shape[1], 1)
    steps = _int("stride", stride), _int("dilation", dilation) - 1
    columns, _ = utils.im2col(np.moveaxis(x, 1, -1), shape, padding, *steps)
    return np.moveaxis(columns.reshape(len(columns), -1, len(x)), -1, 0)


def _uniform(draw: Function, u: Any) -> Any:
    """``draw`` makes kernels (…, in, out)."""
    moved = np.moveaxis(u, (1, 0), (-2, -1))
    with patch("numpy.random.uniform", lambda _low, high, **_: high * moved):
        return np.moveaxis(draw(moved.shape), (-2, -1), (1, 0))


def _kaiming_uniform(u: Any, *, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Any:
    """numpy-ml has only the gain of ReLU."""
    _has(nonlinearity=nonlinearity == "relu" or (nonlinearity == "leaky_relu" and a == 0), mode=mode == "fan_in")
    return _uniform(utils.he_uniform, u)


def _stepping(make: Function) -> Implementation:
    def step(
        w: Any, dw: Any, state: Any = None, *, weight_decay: float = 0, maximize: bool = False, **options: Any
    ) -> Any:
        _has(weight_decay=not weight_decay, maximize=not maximize)
        optimizer = state or make(**options)
        return optimizer.update(w, dw, "w"), optimizer

    return Implementation(step=step, dtypes=WIDE)


def _sgd(*, lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0, nesterov: bool = False) -> Any:
    _has(dampening=not dampening or not momentum, nesterov=not nesterov)
    return optimizers.SGD(lr, momentum)


def _adagrad(
    *, lr: float = 1e-2, lr_decay: float = 0.0, initial_accumulator_value: float = 0.0, eps: float = 1e-10
) -> Any:
    _has(lr_decay=not lr_decay, initial_accumulator_value=not initial_accumulator_value)
    return optimizers.AdaGrad(lr, eps)


def _rmsprop(
    *, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8, momentum: float = 0.0, centered: bool = False
) -> Any:
    _has(momentum=not momentum, centered=not centered)
    return optimizers.RMSProp(lr, alpha, eps)


def _adam(
    *, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, amsgrad: bool = False
) -> Any:
    _has(amsgrad=not amsgrad)
    return optimizers.Adam(lr, *betas, eps)


conv1d, conv2d = nhwc(_layered(_conv1d, W=0, b=0)), nhwc(_layered(_conv2d, W=0, b=0))
conv_transpose2d = nhwc(_with_w(lambda w: w.swapaxes(-1, -2), _layered(_conv_transpose2d, W=0, b=0)))
linear = _with_w(np.transpose, _layered(lambda _x, w, _b: layers.FullyConnected(w.shape[1]), W=0, b=0))
max_pool2d, avg_pool2d = nhwc(_layered(_max_pool2d)), nhwc(_layered(_avg_pool2d))
batch_norm, layer_norm = (
    nhwc(_layered(_batch_norm, scaler=1, intercept=0)),
    _layered(_layer_norm, scaler=1, intercept=0),
)
softmax = _layered(lambda _x, *, dim: layers.Softmax(dim))
flatten = _layered(_flatten)
scaled_dot_product_attention, embedding = _attention(), _embedding()
relu, sigmoid, tanh = map(_activation, (activations.ReLU(), activations.Sigmoid(), activations.Tanh()))
selu, hardsigmoid, softplus = _activation(activations.SELU()), _activation(activations.HardSigmoid()), _softplus()
leaky_relu = _sloped(activations.LeakyReLU, "negative_slope", 0.01)
elu = _sloped(activations.ELU, "alpha", 1.0)
mse_loss, cross_entropy = _mse_loss(), _cross_entropy()
unfold = Implementation(_unfold, None, dtypes=WIDE)
kaiming_uniform = Implementation(_kaiming_uniform, None, dtypes=WIDE)
xavier_uniform = Implementation(
    lambda u, *, gain=1.0: _uniform(lambda shape: utils.glorot_uniform(shape, gain), u), None, dtypes=WIDE
)
sgd, adagrad, rmsprop, adam = _stepping(_sgd), _stepping(_adagrad), _stepping(_rmsprop), _stepping(_adam)
