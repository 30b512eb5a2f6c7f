"""Chainer: chainer.functions, its optimisers and initialisers. Images are (N, C, H, W); gradients are chainer.grad's.

Kernels of bilinear are (in, in, out). im2col is unfold, swish with a constant beta is silu, cover_all is ceil_mode, and
pad_value=None does not count the padding. resize_images takes only the size, deconvolution takes the size of the
output. local_response_normalization multiplies the sum, not the mean, by alpha. dropout's mask holds the factors. The
weight decay of AdamW is not multiplied by the learning rate. Initialisers get a generator that returns the op's
numbers. bilinear and resize_images take only float32.

numpy.sctypes and numpy.float are restored. A check for other installed packages is skipped, because it needs
pkg_resources and numpy.distutils.
"""

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

np.sctypes = {"int": [np.int8, np.int16, np.int32, np.int64], "float": [np.float16, np.float32, np.float64]}  # type: ignore[attr-defined]
np.float = float  # type: ignore[attr-defined]
sys.modules["chainer._environment_check"] = unchecked = ModuleType("chainer._environment_check")
unchecked.check = lambda: None  # type: ignore[attr-defined]

import chainer  # noqa: E402
import chainer.functions as F  # noqa: E402
from chainer import initializers, optimizers  # noqa: E402

from cnn_oracle.studies.packages.options import Lacks, each  # noqa: E402
from cnn_oracle.subject import DTYPES, Implementation  # noqa: E402

Function = Callable[..., Any]


def _differentiated(f: Function, *, dtypes: tuple[str, ...] = DTYPES) -> Implementation:
    """``f`` takes Variables, and the options unchanged."""

    def forward(*arrays: Any, **options: Any) -> Any:
        return f(*(None if a is None else chainer.Variable(a) for a in arrays), **options).array

    def backward(dy: Any, *arrays: Any, **options: Any) -> Any:
        variables = [None if a is None else chainer.Variable(a) for a in arrays]
        y, present = f(*variables, **options), [v for v in variables if v is not None]
        found = iter(chainer.grad([y], present, [chainer.Variable(dy)]))
        return tuple(None if v is None else next(found).array for v in variables)

    return Implementation(forward, backward, dtypes=dtypes)


def _has(**options: bool) -> None:
    for name, supported in options.items():
        if not supported:
            raise Lacks(name)


def _one(option: Any) -> bool:
    return bool(np.all(np.equal(option, 1)))


def _convolution(
    x: Any, w: Any, b: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    padding = 0 if padding == "valid" else padding
    _has(padding=not isinstance(padding, str))
    f = F.convolution_2d if x.ndim == 4 else F.convolution_nd
    return f(x, w, b, stride, padding, dilate=dilation, groups=groups)


def _deconvolution(
    x: Any, w: Any, b: Any, *,
    stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    options = (each(v, x.ndim - 2) for v in (stride, padding, output_padding, dilation))
    axes = zip(x.shape[2:], w.shape[2:], *options, strict=True)
    size = tuple(t * (n - 1) + d * (k - 1) + 1 - 2 * p + more for n, k, t, p, more, d in axes)
    f = F.deconvolution_2d if x.ndim == 4 else F.deconvolution_nd
    return f(x, w, b, stride, padding, size, dilate=dilation, groups=groups)


def _unfold(x: Any, *, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    u = F.im2col(x, kernel_size, stride, padding, dilate=dilation)
    return F.reshape(u, (*u.shape[:2], u.shape[2] * u.shape[3]))


def _max_pool(
    x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    _has(dilation=_one(dilation))
    f = F.max_pooling_2d if x.ndim == 4 else F.max_pooling_nd
    return f(x, kernel_size, stride, padding, ceil_mode)


def _avg_pool(
    x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    _has(ceil_mode=not ceil_mode, divisor_override=divisor_override is None)
    if x.ndim == 4 and count_include_pad:
        return F.average_pooling_2d(x, kernel_size, stride, padding)
    return F.average_pooling_nd(x, kernel_size, stride, padding, 0 if count_include_pad else None)


def _linear(x: Any, w: Any, b: Any) -> Any:
    return F.linear(x, w, b, n_batch_axes=x.ndim - 1)


def _bilinear(x1: Any, x2: Any, w: Any, b: Any) -> Any:
    """With a bias, Chainer also requires two linear parts; they are zeros here."""
    _has(x1=x1.ndim == 2)
    kernel = F.transpose(w, (1, 2, 0))
    if b is None:
        return F.bilinear(x1, x2, kernel)
    return F.bilinear(x1, x2, kernel, *(np.zeros((x.shape[1], len(b)), x.dtype) for x in (x1, x2)), b)


def _pad(x: Any, *, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Any:
    """Pass NumPy's names of the modes, and a pair for each axis, from the first on."""
    pairs = [*zip(pad[::2], pad[1::2], strict=True)][::-1]
    named = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode]
    more = {} if value is None else {"constant_values": value}
    return F.pad(x, [(0, 0)] * (x.ndim - len(pairs)) + pairs, named, **more)


def _interpolate(
    x: Any, *, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
) -> Any:  # fmt: skip
    _has(x=x.ndim == 4, scale_factor=scale_factor is None or bool(recompute_scale_factor))
    if size is None:
        size = tuple(int(n * by) for n, by in zip(x.shape[2:], each(scale_factor, 2), strict=True))
    return F.resize_images(x, each(size, 2), mode=mode, align_corners=bool(align_corners))


def _prelu(x: Any, w: Any) -> Any:
    return F.prelu(x, F.reshape(w, ()) if w.size == 1 else w)


def _softplus(x: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    _has(threshold=threshold == 20)
    return F.softplus(x, beta)


def _dropout(x: Any, *, mask: Any, p: float = 0.5, training: bool = True) -> Any:
    with chainer.using_config("train", training), np.errstate(all="ignore"):
        return F.dropout(x, p, mask=np.asarray(np.divide(mask, 1 - p), x.dtype))


def _flatten(x: Any, *, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Chainer flattens all axes."""
    _has(start_dim=start_dim in (0, -x.ndim), end_dim=end_dim in (-1, max(x.ndim, 1) - 1))
    return F.flatten(x)


def _embedding(w: Any, *, indices: Any, padding_idx: int | None = None, scale_grad_by_freq: bool = False) -> Any:
    _has(padding_idx=padding_idx is None, scale_grad_by_freq=not scale_grad_by_freq)
    return F.embed_id(indices, w)


def _cross_entropy(
    x: Any, *, target: Any, weight: Any = None, ignore_index: int = -100,
    reduction: str = "mean", label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    _has(reduction=reduction != "sum", label_smoothing=not label_smoothing)
    reduce = {"mean": "mean", "none": "no"}[reduction]
    return F.softmax_cross_entropy(x, target, class_weight=weight, ignore_label=ignore_index, reduce=reduce)


def _pair(mean: Function, each: Function) -> Function:
    def loss(x: Any, target: Any, *, reduction: str = "mean", weight: Any = None) -> Any:
        _has(reduction=reduction != "sum", weight=weight is None)
        return (mean if reduction == "mean" else each)(x, target)

    return loss


def _huber_loss(x: Any, target: Any, *, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Any:
    _has(reduction=reduction == "none", weight=weight is None)
    return F.huber_loss(x, target, delta, reduce="no")


def _affine(x: Any, weight: Any, bias: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The weight and bias, or ones and zeros where the call omits them."""
    return np.ones(shape, x.dtype) if weight is None else weight, np.zeros(shape, x.dtype) if bias is None else bias


def _batch_norm(
    x: Any, weight: Any, bias: Any, *,
    running_mean: Any = None, running_var: Any = None, training: bool = False, eps: float = 1e-5,
) -> Any:  # fmt: skip
    affine = _affine(x, weight, bias, (x.shape[1],))
    if training:
        return F.batch_normalization(x, *affine, eps=eps)
    return F.fixed_batch_normalization(x, *affine, running_mean, running_var, eps)


def _layer_norm(x: Any, weight: Any, bias: Any, *, normalized_shape: tuple[int, ...], eps: float = 1e-5) -> Any:
    """Chainer normalises the rows of a matrix."""
    affine = (F.reshape(a, (-1,)) for a in _affine(x, weight, bias, normalized_shape))
    return F.reshape(F.layer_normalization(F.reshape(x, (-1, int(np.prod(normalized_shape)))), *affine, eps), x.shape)


def _group_norm(x: Any, weight: Any, bias: Any, *, num_groups: int, eps: float = 1e-5) -> Any:
    return F.group_normalization(x, num_groups, *_affine(x, weight, bias, (x.shape[1],)), eps)


def _local_response_norm(x: Any, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Any:
    return F.local_response_normalization(x, size, k, alpha / size, beta)


def _initialiser(make: Function) -> Implementation:
    def forward(standard: Any, **options: Any) -> Any:
        draws = SimpleNamespace(uniform=lambda high, **_: standard * high, normal=lambda scale, **_: standard * scale)
        weight = np.empty_like(standard)
        make(rng=draws, **options)(weight)
        return weight

    return Implementation(forward, None)


def _he_uniform(*, rng: Any, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Any:
    _has(a=nonlinearity != "leaky_relu" or not a, mode=mode == "fan_in", nonlinearity=nonlinearity.endswith("relu"))
    return initializers.HeUniform(rng=rng)


def _he_normal(*, rng: Any, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Any:
    _has(a=nonlinearity != "leaky_relu" or not a, nonlinearity=nonlinearity.endswith("relu"))
    return initializers.HeNormal(fan_option=mode, rng=rng)


def _stepping(make: Function) -> Implementation:
    """The state is the optimiser, and the link that holds its one parameter."""

    def step(w: Any, dw: Any, state: Any = None, *, maximize: bool = False, **options: Any) -> Any:
        _has(maximize=not maximize)
        optimizer, link = state or (None, chainer.Link())
        if optimizer is None:
            with link.init_scope():
                link.w = chainer.Parameter(w.copy())
            optimizer = make(lambda o: o.setup(link), **options)
        link.w.grad = dw.copy()
        optimizer.update()
        return link.w.array.copy(), (optimizer, link)

    return Implementation(step=step)


def _decayed(optimizer: Any, weight_decay: float) -> Any:
    if weight_decay:
        optimizer.add_hook(chainer.optimizer_hooks.WeightDecay(weight_decay))
    return optimizer


def _sgd(
    setup: Function, *,
    lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0, nesterov: bool = False, weight_decay: float = 0.0,
) -> Any:  # fmt: skip
    _has(dampening=not dampening or not momentum)
    made = optimizers.NesterovAG(lr, momentum) if nesterov else optimizers.MomentumSGD(lr, momentum)
    return _decayed(setup(made if momentum else optimizers.SGD(lr)), weight_decay)


def _adagrad(
    setup: Function, *, lr: float = 1e-2, lr_decay: float = 0.0, initial_accumulator_value: float = 0.0,
    eps: float = 1e-10, weight_decay: float = 0.0,
) -> Any:  # fmt: skip
    _has(lr_decay=not lr_decay, initial_accumulator_value=not initial_accumulator_value)
    return _decayed(setup(optimizers.AdaGrad(lr, eps)), weight_decay)


def _rmsprop(
    setup: Function, *, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
    momentum: float = 0.0, centered: bool = False, weight_decay: float = 0.0,
) -> Any:  # fmt: skip
    _has(momentum=not momentum, centered=not centered)
    return _decayed(setup(optimizers.RMSprop(lr, alpha, eps)), weight_decay)


def _adam(
    setup: Function, *, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
    amsgrad: bool = False, weight_decay: float = 0.0,
) -> Any:  # fmt: skip
    return _decayed(setup(optimizers.Adam(lr, *betas, eps, amsgrad=amsgrad)), weight_decay)


def _adamw(
    setup: Function, *, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
    amsgrad: bool = False, weight_decay: float = 1e-2,
) -> Any:  # fmt: skip
    return setup(optimizers.Adam(lr, *betas, eps, weight_decay_rate=lr * weight_decay, amsgrad=amsgrad))


conv1d = conv2d = conv3d = _differentiated(_convolution)
conv_transpose1d = conv_transpose2d = conv_transpose3d = _differentiated(_deconvolution)
unfold, linear = _differentiated(_unfold), _differentiated(_linear)
bilinear, interpolate = (_differentiated(f, dtypes=("float32",)) for f in (_bilinear, _interpolate))
max_pool1d = max_pool2d = max_pool3d = _differentiated(_max_pool)
avg_pool1d = avg_pool2d = avg_pool3d = _differentiated(_avg_pool)
pad, flatten = _differentiated(_pad), _differentiated(_flatten)
pixel_shuffle = _differentiated(lambda x, *, upscale_factor: F.depth2space(x, upscale_factor))
pixel_unshuffle = _differentiated(lambda x, *, downscale_factor: F.space2depth(x, downscale_factor))
relu, sigmoid, tanh, selu = (_differentiated(f) for f in (F.relu, F.sigmoid, F.tanh, F.selu))
leaky_relu = _differentiated(lambda x, *, negative_slope=0.01: F.leaky_relu(x, negative_slope))
elu = _differentiated(lambda x, *, alpha=1.0: F.elu(x, alpha))
silu = _differentiated(lambda x: F.swish(x, np.ones((), x.dtype)))
hardsigmoid, prelu, softplus = _differentiated(F.hard_sigmoid), _differentiated(_prelu), _differentiated(_softplus)
softmax = _differentiated(lambda x, *, dim: F.softmax(x, dim))
log_softmax = _differentiated(lambda x, *, dim: F.log_softmax(x, dim))
dropout, embedding, cross_entropy = (_differentiated(f) for f in (_dropout, _embedding, _cross_entropy))
mse_loss = _differentiated(_pair(F.mean_squared_error, F.squared_error))
l1_loss = _differentiated(_pair(F.mean_absolute_error, F.absolute_error))
huber_loss = _differentiated(_huber_loss)
batch_norm, layer_norm, group_norm = (_differentiated(f) for f in (_batch_norm, _layer_norm, _group_norm))
local_response_norm = _differentiated(_local_response_norm)
xavier_uniform = _initialiser(lambda *, rng, gain=1.0: initializers.GlorotUniform(gain, rng=rng))
xavier_normal = _initialiser(lambda *, rng, gain=1.0: initializers.GlorotNormal(gain, rng=rng))
kaiming_uniform, kaiming_normal = _initialiser(_he_uniform), _initialiser(_he_normal)
sgd, adagrad, rmsprop, adam, adamw = (_stepping(f) for f in (_sgd, _adagrad, _rmsprop, _adam, _adamw))
