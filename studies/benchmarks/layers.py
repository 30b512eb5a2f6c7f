"""Which ops are measured at which sizes: y and all gradients, in NumPy and in PyTorch, on the same numbers."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from cnn_oracle.call import parse
from cnn_oracle.cases.case import arrays_of, keywords_of
from cnn_oracle.ops import look_up

CONVOLUTIONS = (  # the targets of convolution apply to the geometric mean of these four
    "conv2d(x=(64, 1, 28, 28), w=(8, 1, 3, 3), b=(8,))",
    "conv2d(x=(64, 8, 14, 14), w=(16, 8, 3, 3), b=(16,), padding=1)",
    "conv2d(x=(64, 16, 14, 14), w=(32, 16, 5, 5), b=(32,), padding=2)",
    "conv2d(x=(16, 64, 28, 28), w=(64, 64, 3, 3), b=(64,), padding=1)",
)
MORE_CONVOLUTIONS = (
    "conv2d(x=(16, 64, 28, 28), w=(64, 64, 3, 3), b=(64,), stride=2, padding=1)",
    "conv2d(x=(16, 64, 28, 28), w=(64, 64, 3, 3), b=(64,), padding=2, dilation=2)",
    "conv2d(x=(64, 32, 28, 28), w=(32, 1, 3, 3), b=(32,), padding=1, groups=32)",
    "conv2d(x=(64, 256, 14, 14), w=(64, 256, 1, 1), b=(64,))",
    "conv2d(x=(8, 3, 112, 112), w=(64, 3, 7, 7), b=(64,), stride=2, padding=3)",
    "conv2d(x=(64, 512, 7, 7), w=(512, 512, 3, 3), b=(512,), padding=1)",
    "conv1d(x=(64, 64, 256), w=(64, 64, 5), b=(64,), padding=2)",
    "conv3d(x=(8, 8, 14, 14, 14), w=(16, 8, 3, 3, 3), b=(16,), padding=1)",
    "conv_transpose2d(x=(64, 32, 14, 14), w=(32, 16, 4, 4), b=(16,), stride=2, padding=1)",
)
IMAGES = "x=(64, 16, 28, 28)"
POOLING = (
    f"max_pool2d({IMAGES}, kernel_size=2)",
    f"max_pool2d({IMAGES}, kernel_size=3, stride=2, padding=1)",
    f"avg_pool2d({IMAGES}, kernel_size=2)",
    f"avg_pool2d({IMAGES}, kernel_size=3, stride=2, padding=1)",
    f"lp_pool2d({IMAGES}, norm_type=2.0, kernel_size=2)",
    f"adaptive_avg_pool2d({IMAGES}, output_size=7)",
    f"adaptive_max_pool2d({IMAGES}, output_size=7)",
)
NORMS = (
    f"batch_norm({IMAGES}, weight=(16,), bias=(16,), training=True)",
    f"batch_norm({IMAGES}, weight=(16,), bias=(16,), running_mean=(16,), running_var=(16,))",
    f"instance_norm({IMAGES}, weight=(16,), bias=(16,))",
    f"group_norm({IMAGES}, weight=(16,), bias=(16,), num_groups=4)",
    "layer_norm(x=(64, 196, 64), weight=(64,), bias=(64,), normalized_shape=(64,))",
    "rms_norm(x=(64, 196, 64), weight=(64,), normalized_shape=(64,))",
    f"local_response_norm({IMAGES}, size=5)",
)
ACTIVATIONS = (
    *(f"{op}({IMAGES})" for op in ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "sigmoid")),
    f"prelu({IMAGES}, w=(16,))",
    f"gelu({IMAGES}, approximate='tanh')",
    *(f"{op}({IMAGES})" for op in ("hardsigmoid", "hardswish", "tanh", "softplus", "softsign")),
    f"glu({IMAGES}, dim=1)",
    f"softmax({IMAGES}, dim=1)",
    f"log_softmax({IMAGES}, dim=1)",
)
HEADS = (
    "linear(x=(64, 784), w=(10, 784), b=(10,))",
    "linear(x=(64, 1024), w=(512, 1024), b=(512,))",
    "softmax(x=(64, 1000), dim=1)",
    "cross_entropy(x=(64, 1000), target=(64,))",
)


Sides = tuple[Callable[[], Any], Callable[[], Any]]  # the functions to time: NumPy's, and PyTorch's


class Group(NamedTuple):
    """Calls that are measured together. ``targets``: the largest ratio by dtype, for each call or for their mean."""

    name: str
    calls: tuple[str, ...]
    targets: dict[str, float]
    of_the_mean: bool = False


GROUPS = (
    Group("convolution", CONVOLUTIONS, {"float64": 1.0, "float32": 1.8}, of_the_mean=True),
    Group("more convolutions", MORE_CONVOLUTIONS, {}),
    Group("pooling", POOLING, {"float64": 3, "float32": 3}),
    Group("normalisation", NORMS, {"float64": 3, "float32": 3}),
    Group("activation", ACTIVATIONS, {"float64": 3, "float32": 3}),
    Group("dense layer and loss", HEADS, {}),
)


def sides(text: str, dtype: str) -> Sides:
    """Forward and backward of a call, in NumPy and in PyTorch; autograd gets the same dy as backward."""
    call = parse(text, 0)
    op, kind, rng = look_up(call.op), np.dtype(dtype), np.random.default_rng(0)
    arrays = arrays_of(op, call, rng, kind)
    keywords = keywords_of(op, call, rng, kind)
    y = op.manual.forward(*arrays.values(), **keywords)
    dy = np.asarray(rng.standard_normal(y.shape)).astype(kind)

    def manual() -> object:
        return op.manual.forward(*arrays.values(), **keywords), op.manual.backward(dy, *arrays.values(), **keywords)

    inputs = [None if a is None else torch.from_numpy(a.copy()).requires_grad_() for a in arrays.values()]
    options = {n: torch.from_numpy(v.copy()) if isinstance(v, np.ndarray) else v for n, v in keywords.items()}
    present, cotangent = [t for t in inputs if t is not None], torch.from_numpy(dy.copy())

    def reference() -> object:
        z = op.reference.forward(*inputs, **options)
        return z, torch.autograd.grad(z, present, cotangent)

    return manual, reference


def total() -> int:
    return sum(len(group.calls) for group in GROUPS)


def each() -> Iterator[tuple[Group, str]]:
    for group in GROUPS:
        for call in group.calls:
            yield group, call
