"""TensorFlow on the CPU: tf.nn and tf.image, and tf.keras where they have no such op; gradients by GradientTape.

Images are passed with the channels last, kernels as HWIO. Paddings are those that the functions have: VALID, SAME
where it adds the same elements, and explicit ones for conv2d, conv2d_transpose and max_pool2d. Keras' optimisers and
layers compute in floatx, which is set to float64. Layers are called by stateless_call, with our arrays as weights.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow logs if it finds no GPU

import tensorflow as tf

from cnn_oracle.adapt import nhwc
from cnn_oracle.studies.packages.options import Lacks, only
from cnn_oracle.subject import DTYPES, Implementation

tf.keras.config.set_floatx("float64")
ops = tf.keras.ops


def _by_tape(f: Callable[..., Any], dtypes: tuple[str, ...] = DTYPES) -> Implementation:
    def forward(*arrays: Any, **options: Any) -> Any:
        return f(*map(_tensor, arrays), **options).numpy()

    def backward(dy: Any, *arrays: Any, **options: Any) -> tuple[Any, ...]:
        tensors = [*map(_tensor, arrays)]
        present = [t for t in tensors if t is not None]
        with tf.GradientTape() as tape:
            tape.watch(present)
            y = f(*tensors, **options)
        found = iter(tape.gradient(y, present, _tensor(dy), unconnected_gradients="zero"))
        return tuple(None if t is None else tf.convert_to_tensor(next(found)).numpy() for t in tensors)

    return Implementation(forward, backward, dtypes=dtypes)


def _tensor(a: Any) -> Any:
    return None if a is None else tf.constant(a)


def _each(option: Any, rank: int) -> list[Any]:
    return [*option] if isinstance(option, tuple) else [option] * rank


def _padding(x: Any, kernel: Any, stride: list[int], padding: Any, dilation: list[int], explicit: bool) -> Any:
    """The padding in the form of tf.nn, for x with channels last."""
    if isinstance(padding, str):
        return padding.upper()
    padding = _each(padding, len(stride))
    if not any(padding):
        return "VALID"
    if explicit:
        return [[0, 0], *([p, p] for p in padding), [0, 0]]
    for n, k, t, p, d in zip(x.shape[1:-1], kernel, stride, padding, dilation, strict=True):
        window, positions = d * (k - 1) + 1, -(-n // t)
        if max((positions - 1) * t + window - n, 0) // 2 != p or (n + 2 * p - window) // t + 1 != positions:
            raise Lacks("padding")
    return "SAME"


def _conv(x: Any, w: Any, b: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, **_: Any) -> Any:
    """The shapes imply the groups. For dilated kernels, only tf.nn.convolution has a gradient on the CPU."""
    rank = len(x.shape) - 2
    stride, dilation = _each(stride, rank), _each(dilation, rank)
    dilated = {*dilation} != {1}
    padding = _padding(x, w.shape[:rank], stride, padding, dilation, explicit=rank == 2 and not dilated)
    if dilated:
        y = tf.nn.convolution(x, w, stride, padding, dilations=dilation)
    else:
        y = {1: tf.nn.conv1d, 2: tf.nn.conv2d, 3: tf.nn.conv3d}[rank](x, w, [1, *stride, 1], padding)
    return y if b is None else tf.nn.bias_add(y, b)


def _conv_transpose(
    x: Any, w: Any, b: Any, *,
    stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """tf.nn takes the shape of y, which includes output_padding."""
    only(groups=(groups, 1))
    rank = len(x.shape) - 2
    stride, padding, extra, dilation = (_each(o, rank) for o in (stride, padding, output_padding, dilation))
    axes = zip(x.shape[1:-1], w.shape[:rank], stride, padding, extra, dilation, strict=True)
    size = [(n - 1) * t - 2 * p + d * (k - 1) + e + 1 for n, k, t, p, e, d in axes]
    y = tf.zeros([x.shape[0], *size, w.shape[-2]])
    padding = _padding(y, w.shape[:rank], stride, tuple(padding), dilation, explicit=rank == 2)
    conv = {1: tf.nn.conv1d_transpose, 2: tf.nn.conv2d_transpose, 3: tf.nn.conv3d_transpose}[rank]
    y = conv(x, w, y.shape, [1, *stride, 1], padding, dilations=[1, *dilation, 1])
    return y if b is None else tf.nn.bias_add(y, b)


def _max_pool(
    x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    """Only tf.nn.pool has dilated windows."""
    only(ceil_mode=(ceil_mode, False))
    rank = len(x.shape) - 2
    kernel, dilation = _each(kernel_size, rank), _each(dilation, rank)
    stride = kernel if stride is None else _each(stride, rank)
    dilated = {*dilation} != {1}
    padding = _padding(x, kernel, stride, padding, dilation, explicit=rank == 2 and not dilated)
    if dilated:
        return tf.nn.pool(x, kernel, "MAX", stride, padding, dilations=dilation)
    return {1: tf.nn.max_pool1d, 2: tf.nn.max_pool2d, 3: tf.nn.max_pool3d}[rank](x, kernel, stride, padding)


def _avg_pool(
    x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    """With SAME, the mean does not count the padding."""
    only(ceil_mode=(ceil_mode, False), divisor_override=(divisor_override, None))
    only(count_include_pad=(count_include_pad and padding != 0, False))
    rank = len(x.shape) - 2
    kernel = _each(kernel_size, rank)
    stride = kernel if stride is None else _each(stride, rank)
    padding = _padding(x, kernel, stride, padding, [1] * rank, explicit=False)
    return {1: tf.nn.avg_pool1d, 2: tf.nn.avg_pool2d, 3: tf.nn.avg_pool3d}[rank](x, kernel, stride, padding)


def _interpolate(
    x: Any, *, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
    **_: Any,
) -> Any:  # fmt: skip
    """tf.image.resize has neither aligned corners nor PyTorch's "nearest"; the older functions of tf.compat.v1 do."""
    only(scale_factor=(scale_factor, None), rank=(len(x.shape), 4))
    if mode == "nearest":
        return tf.compat.v1.image.resize_nearest_neighbor(x, _each(size, 2))
    if align_corners:
        return tf.compat.v1.image.resize_bilinear(x, _each(size, 2), align_corners=True)
    return tf.image.resize(x, _each(size, 2), "bilinear")


def _pad(x: Any, *, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    if mode not in ("constant", "reflect"):
        raise Lacks(f"mode={mode!r}")
    behind = [[*pad[i : i + 2]] for i in range(0, len(pad), 2)][::-1]
    return tf.pad(x, [[0, 0]] * (len(x.shape) - len(behind)) + behind, mode, 0 if value is None else value)


def _batch_norm(
    x: Any, weight: Any, bias: Any, *,
    running_mean: Any = None, running_var: Any = None, training: bool = False, eps: float = 1e-5,
) -> Any:  # fmt: skip
    mean, variance = tf.nn.moments(x, [*range(len(x.shape) - 1)]) if training else (running_mean, running_var)
    return tf.nn.batch_normalization(x, mean, variance, bias, weight, eps)


def _group_norm(x: Any, weight: Any, bias: Any, *, num_groups: int, eps: float = 1e-5) -> Any:
    layer = tf.keras.layers.GroupNormalization(
        num_groups, epsilon=eps, center=bias is not None, scale=weight is not None, dtype=x.dtype.name
    )
    layer.build(x.shape)
    return layer.stateless_call([a for a in (weight, bias) if a is not None], [], x)[0]


def _instance_norm(x: Any, weight: Any, bias: Any, *, use_input_stats: bool = True, eps: float = 1e-5, **_: Any) -> Any:
    """Groups of one channel, as GroupNormalization's documentation says."""
    only(use_input_stats=(use_input_stats, True))
    return _group_norm(x, weight, bias, num_groups=x.shape[-1], eps=eps)


def _last(normalized_shape: tuple[int, ...]) -> list[int]:
    return [*range(-len(normalized_shape), 0)]


def _layer_norm(x: Any, weight: Any, bias: Any, *, normalized_shape: tuple[int, ...], eps: float = 1e-5) -> Any:
    axes = [len(x.shape) + a for a in _last(normalized_shape)]
    return ops.layer_normalization(x, weight, bias, axes, eps)


def _rms_norm(x: Any, weight: Any, *, normalized_shape: tuple[int, ...], eps: float | None = None) -> Any:
    eps = np.finfo(x.dtype.as_numpy_dtype).eps if eps is None else eps
    return ops.rms_normalization(x, weight, _last(normalized_shape), eps)


def _local_response_norm(x: Any, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Any:
    """depth_radius only allows odd windows. TensorFlow does not divide alpha by the window's size."""
    if size % 2 == 0:
        raise Lacks("an even size")
    return tf.nn.local_response_normalization(x, size // 2, k, alpha / size, beta)


def _prelu(x: Any, w: Any) -> Any:
    shared, rank = w.shape in ((), (1,)), len(x.shape)
    layer = tf.keras.layers.PReLU(shared_axes=[*range(1, rank if shared else rank - 1)], dtype=x.dtype.name)
    layer.build(x.shape)
    return layer.stateless_call([tf.reshape(w, layer.alpha.shape)], [], x)[0]


def _softplus(x: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    only(beta=(beta, 1), threshold=(threshold, 20))
    return tf.nn.softplus(x)


def _linear(x: Any, w: Any, b: Any) -> Any:
    y = tf.tensordot(x, w, [[-1], [1]])
    return y if b is None else y + b


def _flatten(x: Any, *, start_dim: int = 0, end_dim: int = -1) -> Any:
    rank = len(x.shape)
    only(start_dim=(start_dim % max(rank, 1), 1), end_dim=(end_dim % max(rank, 1), rank - 1))
    return tf.keras.layers.Flatten(dtype=x.dtype.name)(x)


def _embedding(w: Any, *, indices: Any, padding_idx: int | None = None, scale_grad_by_freq: bool = False) -> Any:
    only(padding_idx=(padding_idx, None), scale_grad_by_freq=(scale_grad_by_freq, False))
    return tf.nn.embedding_lookup(w, indices)


def _attention(
    query: Any, key: Any, value: Any, *, attn_mask: Any = None, is_causal: bool = False, scale: float | None = None,
    **_: Any,
) -> Any:  # fmt: skip
    """Keras' arrays are (batch, length, heads, width). Heads are shared if key has fewer."""
    if len(query.shape) != 4:
        raise Lacks("other than 4 axes")
    mask = {} if attn_mask is None else {"mask" if attn_mask.dtype == bool else "bias": attn_mask}
    transposed = (tf.transpose(a, [0, 2, 1, 3]) for a in (query, key, value))
    y = ops.dot_product_attention(*transposed, **mask, scale=scale, is_causal=is_causal)
    return tf.transpose(y, [0, 2, 1, 3])


def _cross_entropy(
    x: Any, *, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """SparseCategoricalCrossentropy for labels (without smoothing), CategoricalCrossentropy for probabilities."""
    only(weight=(weight is None, True))
    losses, x = tf.keras.losses, tf.experimental.numpy.moveaxis(x, 1, -1)
    more = {"from_logits": True, "reduction": MEAN.get(reduction, reduction), "dtype": x.dtype.name}
    if target.dtype.kind == "f":
        loss = losses.CategoricalCrossentropy(label_smoothing=label_smoothing, **more)
        return loss(np.moveaxis(target, 1, -1), x)
    only(label_smoothing=(label_smoothing, 0))
    return losses.SparseCategoricalCrossentropy(ignore_class=ignore_index, **more)(target, x)


# A weighted mean, as in PyTorch's mse_loss and l1_loss. PyTorch's other losses divide by the number of elements
MEAN = {"mean": "mean_with_sample_weight"}


def _loss(make: Callable[..., Any], mean: str = MEAN["mean"]) -> Implementation:
    """Keras takes means over the last axis, then over all others. A last axis of size 1 makes them PyTorch's."""

    def f(x: Any, target: Any, *, reduction: str = "mean", weight: Any = None, **options: Any) -> Any:
        loss = make(reduction={"mean": mean}.get(reduction, reduction), dtype=x.dtype.name, **options)
        weight = None if weight is None else np.broadcast_to(weight, x.shape)
        return loss(target[..., None], x[..., None], weight)

    return _by_tape(f)


def _bce_with_logits(
    x: Any, target: Any, *, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    if weight is not None:
        raise Lacks("weight")
    if pos_weight is None:
        y = tf.nn.sigmoid_cross_entropy_with_logits(target, x)
    else:
        y = tf.nn.weighted_cross_entropy_with_logits(target, x, pos_weight)
    return {"mean": tf.reduce_mean, "sum": tf.reduce_sum, "none": tf.identity}[reduction](y)


def _stepped(make: Callable[..., Any]) -> Implementation:
    """The state is the optimiser and its variable."""

    def step(w: Any, dw: Any, state: Any = None, *, lr: float, maximize: bool = False, **options: Any) -> Any:
        only(maximize=(maximize, False))
        optimizer, variable = state or (make(lr, **options), tf.Variable(w))
        optimizer.apply([tf.constant(dw)], [variable])
        return variable.numpy(), (optimizer, variable)

    return Implementation(step=step)


def _sgd(
    lr: float, momentum: float = 0.0, dampening: float = 0.0, weight_decay: float = 0.0, nesterov: bool = False
) -> Any:
    """Keras subtracts the decay from the weight, PyTorch adds it to the gradient: the same if there is no momentum."""
    only(dampening=(dampening, 0), weight_decay=(weight_decay and momentum, 0))
    return tf.keras.optimizers.SGD(lr, momentum, nesterov, weight_decay=weight_decay or None)


def _adagrad(lr: float, lr_decay: float = 0.0, weight_decay: float = 0.0, initial_accumulator_value: float = 0.0,
             eps: float = 1e-10) -> Any:  # fmt: skip
    only(lr_decay=(lr_decay, 0), weight_decay=(weight_decay, 0))
    return tf.keras.optimizers.Adagrad(lr, initial_accumulator_value, eps)


def _rmsprop(
    lr: float, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0.0, momentum: float = 0.0,
    centered: bool = False,
) -> Any:  # fmt: skip
    only(weight_decay=(weight_decay, 0))
    return tf.keras.optimizers.RMSprop(lr, alpha, momentum, eps, centered)


def _adam(lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0.0,
          amsgrad: bool = False) -> Any:  # fmt: skip
    only(weight_decay=(weight_decay, 0))
    return tf.keras.optimizers.Adam(lr, *betas, eps, amsgrad)


def _adamw(lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 1e-2,
           amsgrad: bool = False) -> Any:  # fmt: skip
    return tf.keras.optimizers.AdamW(lr, weight_decay, *betas, eps, amsgrad)


losses = tf.keras.losses
conv1d = conv2d = conv3d = nhwc(_by_tape(_conv))
conv_transpose1d = conv_transpose2d = conv_transpose3d = nhwc(_by_tape(_conv_transpose))
unfold = _by_tape(lambda x, **options: ops.unfold(x, **options))
linear = _by_tape(_linear)
max_pool1d = max_pool2d = nhwc(_by_tape(_max_pool))
avg_pool1d = avg_pool2d = nhwc(_by_tape(_avg_pool))
max_pool3d, avg_pool3d = (nhwc(_by_tape(f, ("float32",))) for f in (_max_pool, _avg_pool))  # no kernels of float64
adaptive_avg_pool2d = nhwc(_by_tape(lambda x, *, output_size: ops.adaptive_average_pool(x, output_size)))
# Keras' windows may be larger than an axis; in float32 the process then dies (SIGFPE)
adaptive_max_pool2d = nhwc(_by_tape(lambda x, *, output_size: ops.adaptive_max_pool(x, output_size), ("float64",)))
pad = _by_tape(_pad)
interpolate = nhwc(_by_tape(_interpolate, ("float32",)))  # "The return value has type float32, unless …"
pixel_shuffle = nhwc(_by_tape(lambda x, *, upscale_factor: tf.nn.depth_to_space(x, upscale_factor)))
pixel_unshuffle = nhwc(_by_tape(lambda x, *, downscale_factor: tf.nn.space_to_depth(x, downscale_factor)))
relu = _by_tape(tf.nn.relu)
leaky_relu = _by_tape(lambda x, *, negative_slope=0.01: tf.nn.leaky_relu(x, negative_slope))
prelu = nhwc(_by_tape(_prelu))
elu = _by_tape(lambda x, *, alpha=1.0: tf.keras.activations.elu(x, alpha))
selu = _by_tape(tf.nn.selu)
gelu = _by_tape(lambda x, *, approximate="none": tf.nn.gelu(x, approximate == "tanh"))
silu = _by_tape(tf.nn.silu)
mish = _by_tape(tf.keras.activations.mish)
sigmoid = _by_tape(tf.nn.sigmoid)
hardsigmoid = _by_tape(tf.keras.activations.hard_sigmoid)
hardswish = _by_tape(tf.keras.activations.hard_silu)
tanh = _by_tape(tf.nn.tanh)
softplus = _by_tape(_softplus)
softsign = _by_tape(tf.nn.softsign)
glu = _by_tape(lambda x, *, dim=-1: ops.glu(x, dim))
flatten = _by_tape(_flatten)
embedding = _by_tape(_embedding)
scaled_dot_product_attention = _by_tape(_attention)
softmax = _by_tape(lambda x, *, dim: tf.nn.softmax(x, dim))
log_softmax = _by_tape(lambda x, *, dim: tf.nn.log_softmax(x, dim))
cross_entropy = _by_tape(_cross_entropy)
batch_norm = nhwc(_by_tape(_batch_norm))
instance_norm = nhwc(_by_tape(_instance_norm))
layer_norm = _by_tape(_layer_norm)
group_norm = nhwc(_by_tape(_group_norm))
rms_norm = _by_tape(_rms_norm)
local_response_norm = nhwc(_by_tape(_local_response_norm, ("float32",)))  # "half, bfloat16, float32"
mse_loss = _loss(losses.MeanSquaredError)
l1_loss = _loss(losses.MeanAbsoluteError)
huber_loss = _loss(losses.Huber, "sum_over_batch_size")
binary_cross_entropy = _loss(losses.BinaryCrossentropy, "sum_over_batch_size")
binary_cross_entropy_with_logits = _by_tape(_bce_with_logits)
sgd, adagrad, rmsprop, adam, adamw = (
    _stepped(_sgd),
    _stepped(_adagrad),
    _stepped(_rmsprop),
    _stepped(_adam),
    _stepped(_adamw),
)
