"""ONNX: one node for each op, which an engine runs. ONNX has the same axis order as PyTorch. There are no gradients.

Where ONNX requires a weight or a bias that the call omits, the node gets ones or zeros. Arrays are reshaped where a
node has a fixed rank: the slope of PRelu, the (B, N, T, H) of Attention. Embedding is Gather; ``padding_idx`` and
``scale_grad_by_freq`` only affect the gradient, which does not exist here. Resize's pytorch_half_pixel is that of an
older PyTorch; today's is half_pixel. By the format, attributes and Resize's scales are float32, so ops that depend on
one are checked in float32.
"""

from collections.abc import Collection
from functools import partial
from math import floor
from typing import Any

import numpy as np
from onnx import helper

from cnn_oracle import adapt
from cnn_oracle.adapt.by_onnx import Engine
from cnn_oracle.studies.packages.options import each, without
from cnn_oracle.subject import DTYPES, Implementation

OPSET = 24
SINGLE = ("float32",)
BY_ATTRIBUTE = (  # ops with an option that need not be a float32; a node's attribute is a float32
    "interpolate", "leaky_relu", "elu", "selu", "hardsigmoid", "hardswish", "scaled_dot_product_attention",
    "batch_norm", "instance_norm", "layer_norm", "group_norm", "rms_norm", "local_response_norm",
)  # fmt: skip


def ops(engine: Engine, single: Collection[str] = ()) -> dict[str, Implementation]:
    """All ops, by our names. For the ops of ``single`` the engine has kernels of float32 only."""
    dtypes = {name: SINGLE if name in {*BY_ATTRIBUTE, *single} else DTYPES for name in _OPS}
    return {
        name: Implementation(partial(f, partial(_run, engine)), None, dtypes=dtypes[name]) for name, f in _OPS.items()
    }


def _run(engine: Engine, kind: str, *arrays: Any, outputs: int = 1, **attributes: Any) -> Any:
    """The first output of a node; an input that is None is left out."""

    def make(a: Any, b: Any = None, c: Any = None, d: Any = None, e: Any = None) -> Any:
        inputs = ["" if v is None else n for n, v in zip("abcde", (a, b, c, d, e), strict=True)]
        while not inputs[-1]:
            inputs.pop()
        return helper.make_node(kind, inputs, ["y", "z", "u"][:outputs], **attributes)

    forward = adapt.onnx(make, engine=engine, opset=OPSET).forward
    assert forward
    return forward(*arrays)


def _int64(values: Any) -> Any:
    return np.array(values, np.int64)


def _conv(
    run: Any, x: Any, w: Any, b: Any = None, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    rank = x.ndim - 2
    auto = {"same": {"auto_pad": "SAME_UPPER"}, "valid": {"auto_pad": "VALID"}}
    return run(
        "Conv", x, w, b, strides=each(stride, rank), dilations=each(dilation, rank), group=groups,
        **(auto[padding] if isinstance(padding, str) else {"pads": each(padding, rank) * 2}),
    )  # fmt: skip


def _conv_transpose(
    run: Any, x: Any, w: Any, b: Any = None, *,
    stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    rank = x.ndim - 2
    return run(
        "ConvTranspose", x, w, b, strides=each(stride, rank), pads=each(padding, rank) * 2,
        output_padding=each(output_padding, rank), group=groups, dilations=each(dilation, rank),
    )  # fmt: skip


def _windows(
    run: Any, kind: str, x: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, **more: Any
) -> Any:
    rank = x.ndim - 2
    k = each(kernel_size, rank)
    t = k if stride is None else each(stride, rank)
    return run(kind, x, kernel_shape=k, strides=t, pads=each(padding, rank) * 2, ceil_mode=int(ceil_mode), **more)


def _max_pool(
    run: Any,
    x: Any,
    *,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Any:
    return _windows(run, "MaxPool", x, kernel_size, stride, padding, ceil_mode, dilations=each(dilation, x.ndim - 2))


def _avg_pool(
    run: Any, x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    without(divisor_override=divisor_override is not None)
    return _windows(
        run, "AveragePool", x, kernel_size, stride, padding, ceil_mode, count_include_pad=int(count_include_pad)
    )


def _lp_pool2d(
    run: Any, x: Any, *, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    return _windows(run, "LpPool", x, kernel_size, stride, 0, ceil_mode, p=int(norm_type))


def _adaptive(kind: str) -> Any:
    def forward(run: Any, x: Any, *, output_size: Any) -> Any:
        without(output_size=each(output_size, 2) != (1, 1))
        return run(kind, x)

    return forward


def _fold(
    run: Any, x: Any, *, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    return run(
        "Col2Im", x, _int64(each(output_size, 2)), _int64(each(kernel_size, 2)),
        dilations=each(dilation, 2), pads=each(padding, 2) * 2, strides=each(stride, 2),
    )  # fmt: skip


def _linear(run: Any, x: Any, w: Any, b: Any = None) -> Any:
    """Gemm takes only matrices."""
    if x.ndim == 2:
        return run("Gemm", x, w, b, transB=1)
    y = run("MatMul", x, w.T)
    return y if b is None else y + b


def _bilinear(run: Any, x1: Any, x2: Any, w: Any, b: Any = None) -> Any:
    y = run("Einsum", x1, w, x2, equation="...i,oij,...j->...o")
    return y if b is None else y + b


def _pad(run: Any, x: Any, *, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Any:
    rest = [0] * (x.ndim - len(pad) // 2)
    pads = _int64([*rest, *pad[-2::-2], *rest, *pad[::-2]])
    named = {"replicate": "edge", "circular": "wrap"}.get(mode, mode)
    return run("Pad", x, pads, None if value is None else np.array(value, x.dtype), mode=named)


def _interpolate(
    run: Any, x: Any, *, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
) -> Any:  # fmt: skip
    rank = x.ndim - 2
    if recompute_scale_factor:
        size = tuple(floor(n * s) for n, s in zip(x.shape[2:], each(scale_factor, rank), strict=True))
    sizes = None if size is None else _int64([*x.shape[:2], *each(size, rank)])
    scales = np.array([1, 1, *each(scale_factor, rank)], np.float32) if sizes is None else None
    if mode == "nearest":
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    else:
        corners = "align_corners" if align_corners else "half_pixel"
        how = {"mode": "linear", "coordinate_transformation_mode": corners}
    return run("Resize", x, None, scales, sizes, **how)


def _pixel_unshuffle(run: Any, x: Any, *, downscale_factor: int) -> Any:
    """SpaceToDepth orders the elements of a block before the channels."""
    y = run("SpaceToDepth", x, blocksize=downscale_factor)
    n, c, *size = y.shape
    return y.reshape(n, downscale_factor**2, -1, *size).swapaxes(1, 2).reshape(n, c, *size)


def _prelu(run: Any, x: Any, w: Any) -> Any:
    """One slope per channel is broadcast along the channels."""
    return run("PRelu", x, w.reshape(-1, *[1] * (x.ndim - 2)) if w.size > 1 else w.reshape(()))


def _softplus(run: Any, x: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    without(beta=beta != 1, threshold=threshold != 20)
    return run("Softplus", x)


def _dropout(run: Any, x: Any, *, mask: Any, p: float = 0.5, training: bool = True) -> Any:  # noqa: ARG001
    without(mask=training)
    return run("Dropout", x, np.array(p, x.dtype))


def _flatten(run: Any, x: Any, *, start_dim: int = 0, end_dim: int = -1) -> Any:
    without(start_dim=start_dim % max(x.ndim, 1) != 1, end_dim=end_dim % max(x.ndim, 1) != x.ndim - 1)
    return run("Flatten", x, axis=1)


def _attention(
    run: Any, query: Any, key: Any, value: Any, *,
    attn_mask: Any = None, is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,  # noqa: ARG001
) -> Any:  # fmt: skip
    four = [a.reshape(*[1] * (4 - a.ndim), *a.shape) for a in (query, key, value)]
    mask = attn_mask if attn_mask is None or attn_mask.ndim > 1 else attn_mask[None]
    if mask is not None and mask.dtype != bool:
        mask = mask.astype(query.dtype)
    scaled = {} if scale is None else {"scale": scale}
    y = run("Attention", *four, mask, is_causal=int(is_causal), **scaled)
    return y.reshape(*query.shape[:-1], value.shape[-1])


def _nll_loss(
    run: Any, x: Any, *, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
) -> Any:
    return run("NegativeLogLikelihoodLoss", x, target, weight, ignore_index=ignore_index, reduction=reduction)


def _cross_entropy(
    run: Any, x: Any, *, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    without(label_smoothing=bool(label_smoothing), probabilities=target.dtype.kind == "f")
    return run("SoftmaxCrossEntropyLoss", x, target, weight, ignore_index=ignore_index, reduction=reduction)


def _affine(weight: Any, bias: Any, like: Any) -> tuple[Any, Any]:
    return np.ones_like(like) if weight is None else weight, np.zeros_like(like) if bias is None else bias


def _batch_norm(
    run: Any, x: Any, weight: Any = None, bias: Any = None, *,
    running_mean: Any = None, running_var: Any = None, training: bool = False, eps: float = 1e-5,
) -> Any:  # fmt: skip
    channels = np.zeros(x.shape[1], x.dtype)
    mean, var = (channels if v is None else v for v in (running_mean, running_var))
    trained = {"training_mode": 1, "outputs": 3} if training else {}
    return run("BatchNormalization", x, *_affine(weight, bias, channels), mean, var, epsilon=eps, **trained)


def _instance_norm(
    run: Any, x: Any, weight: Any = None, bias: Any = None, *,
    running_mean: Any = None, running_var: Any = None, use_input_stats: bool = True, eps: float = 1e-5,  # noqa: ARG001
) -> Any:  # fmt: skip
    without(use_input_stats=not use_input_stats)
    return run("InstanceNormalization", x, *_affine(weight, bias, np.zeros(x.shape[1], x.dtype)), epsilon=eps)


def _layer_norm(
    run: Any, x: Any, weight: Any = None, bias: Any = None, *, normalized_shape: tuple[int, ...], eps: float = 1e-5
) -> Any:
    scale, _ = _affine(weight, bias, np.zeros(normalized_shape, x.dtype))
    return run("LayerNormalization", x, scale, bias, axis=-len(normalized_shape), epsilon=eps)


def _group_norm(run: Any, x: Any, weight: Any = None, bias: Any = None, *, num_groups: int, eps: float = 1e-5) -> Any:
    channels = np.zeros(x.shape[1], x.dtype)
    return run("GroupNormalization", x, *_affine(weight, bias, channels), num_groups=num_groups, epsilon=eps)


def _rms_norm(
    run: Any, x: Any, weight: Any = None, *, normalized_shape: tuple[int, ...], eps: float | None = None
) -> Any:
    """In PyTorch, eps=None is the eps of the dtype."""
    scale, _ = _affine(weight, None, np.zeros(normalized_shape, x.dtype))
    epsilon = float(np.finfo(x.dtype).eps) if eps is None else eps
    return run("RMSNormalization", x, scale, axis=-len(normalized_shape), epsilon=epsilon)


def _local_response_norm(
    run: Any, x: Any, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Any:
    return run("LRN", x, size=size, alpha=alpha, beta=beta, bias=k)


_OPS: dict[str, Any] = {
    "conv1d": _conv,
    "conv2d": _conv,
    "conv3d": _conv,
    "conv_transpose1d": _conv_transpose,
    "conv_transpose2d": _conv_transpose,
    "conv_transpose3d": _conv_transpose,
    "fold": _fold,
    "linear": _linear,
    "bilinear": _bilinear,
    "max_pool1d": _max_pool,
    "max_pool2d": _max_pool,
    "max_pool3d": _max_pool,
    "avg_pool1d": _avg_pool,
    "avg_pool2d": _avg_pool,
    "avg_pool3d": _avg_pool,
    "lp_pool2d": _lp_pool2d,
    "adaptive_avg_pool2d": _adaptive("GlobalAveragePool"),
    "adaptive_max_pool2d": _adaptive("GlobalMaxPool"),
    "pad": _pad,
    "interpolate": _interpolate,
    "pixel_shuffle": lambda run, x, *, upscale_factor: run("DepthToSpace", x, blocksize=upscale_factor, mode="CRD"),
    "pixel_unshuffle": _pixel_unshuffle,
    "relu": lambda run, x: run("Relu", x),
    "leaky_relu": lambda run, x, *, negative_slope=0.01: run("LeakyRelu", x, alpha=negative_slope),
    "prelu": _prelu,
    "elu": lambda run, x, *, alpha=1.0: run("Elu", x, alpha=alpha),
    "selu": lambda run, x: run("Selu", x),
    "gelu": lambda run, x, *, approximate="none": run("Gelu", x, approximate=approximate),
    "silu": lambda run, x: run("Swish", x),
    "mish": lambda run, x: run("Mish", x),
    "sigmoid": lambda run, x: run("Sigmoid", x),
    "hardsigmoid": lambda run, x: run("HardSigmoid", x, alpha=1 / 6, beta=0.5),
    "hardswish": lambda run, x: run("HardSwish", x),
    "tanh": lambda run, x: run("Tanh", x),
    "softplus": _softplus,
    "softsign": lambda run, x: run("Softsign", x),
    "dropout": _dropout,
    "flatten": _flatten,
    "embedding": lambda run, w, *, indices, **_: run("Gather", w, indices),
    "scaled_dot_product_attention": _attention,
    "softmax": lambda run, x, *, dim: run("Softmax", x, axis=dim),
    "log_softmax": lambda run, x, *, dim: run("LogSoftmax", x, axis=dim),
    "nll_loss": _nll_loss,
    "cross_entropy": _cross_entropy,
    "batch_norm": _batch_norm,
    "instance_norm": _instance_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "rms_norm": _rms_norm,
    "local_response_norm": _local_response_norm,
}
