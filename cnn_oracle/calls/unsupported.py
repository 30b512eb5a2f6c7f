"""Unsupported options: PyTorch accepts them, and the op does not.

The names of arguments follow from the two signatures. The values are listed here.
"""

import inspect
import re
from typing import Any

import torch
import torch.nn.functional as F
from torch.nn import init

from cnn_oracle.op import Op

# PyTorch's names for arrays (here: x, w, b, …) and for the parameters of an optimiser, and two that are no options
ARRAYS = {"input", "input1", "input2", "weight", "bias", "tensor", "params", "padding_mode", "_stacklevel"}

# Calls that PyTorch accepts and ``manual`` rejects: what is unsupported, and one call that uses it
VALUES = {
    "conv1d": {"unbatched x": "conv1d(x=(2, 4), w=(3, 2, 2))"},
    "conv2d": {"unbatched x": "conv2d(x=(2, 4, 4), w=(3, 2, 2, 2))"},
    "conv3d": {"unbatched x": "conv3d(x=(2, 4, 4, 4), w=(3, 2, 2, 2, 2))"},
    "conv_transpose1d": {"unbatched x": "conv_transpose1d(x=(2, 4), w=(2, 3, 2))"},
    "conv_transpose2d": {"unbatched x": "conv_transpose2d(x=(2, 4, 4), w=(2, 3, 2, 2))"},
    "conv_transpose3d": {"unbatched x": "conv_transpose3d(x=(2, 4, 4, 4), w=(2, 3, 2, 2, 2))"},
    "max_pool1d": {"unbatched x": "max_pool1d(x=(2, 4), kernel_size=2)"},
    "max_pool2d": {"unbatched x": "max_pool2d(x=(2, 4, 4), kernel_size=2)"},
    "max_pool3d": {"unbatched x": "max_pool3d(x=(2, 4, 4, 4), kernel_size=2)"},
    "avg_pool1d": {"unbatched x": "avg_pool1d(x=(2, 4), kernel_size=2)"},
    "avg_pool2d": {"unbatched x": "avg_pool2d(x=(2, 4, 4), kernel_size=2)"},
    "avg_pool3d": {"unbatched x": "avg_pool3d(x=(2, 4, 4, 4), kernel_size=2)"},
    "lp_pool2d": {
        "unbatched x": "lp_pool2d(x=(2, 4, 4), norm_type=2.0, kernel_size=2)",
        "norm_type ∞": "lp_pool2d(x=(1, 2, 4, 4), norm_type=1e999, kernel_size=2)",
    },
    "adaptive_avg_pool2d": {
        "unbatched x": "adaptive_avg_pool2d(x=(2, 4, 4), output_size=2)",
        "no elements": "adaptive_avg_pool2d(x=(1, 2, 4, 4), output_size=0)",
    },
    "adaptive_max_pool2d": {
        "unbatched x": "adaptive_max_pool2d(x=(2, 4, 4), output_size=2)",
        "no elements": "adaptive_max_pool2d(x=(1, 2, 4, 4), output_size=0)",
    },
    "pad": {"circular, more than a crop leaves": "pad(x=(1, 2, 3), pad=(-4, 2), mode='circular')"},
    "unfold": {"unbatched x": "unfold(x=(2, 4, 4), kernel_size=2)"},
    "fold": {"unbatched x": "fold(x=(8, 9), output_size=4, kernel_size=2)"},
    "nll_loss": {
        "unbatched x": "nll_loss(x=(3,), target=())",
        "no classes": "nll_loss(x=(2, 0), target=(2,), ignore_index=0)",
    },
    "cross_entropy": {
        "unbatched x": "cross_entropy(x=(3,), target=())",
        "unbatched probabilities": "cross_entropy(x=(3,), target=(3,))",
        "label_smoothing below 0": "cross_entropy(x=(2, 3), target=(2,), label_smoothing=-0.1)",
        "no classes": "cross_entropy(x=(2, 0), target=(2,), ignore_index=0)",
    },
    "interpolate": {
        "mode bicubic": "interpolate(x=(1, 2, 4, 4), size=5, mode='bicubic')",
        "mode area": "interpolate(x=(1, 2, 4, 4), size=2, mode='area')",
        "mode nearest-exact": "interpolate(x=(1, 2, 4, 4), size=5, mode='nearest-exact')",
        "mode linear": "interpolate(x=(1, 2, 4), size=5, mode='linear')",
        "mode trilinear": "interpolate(x=(1, 2, 4, 4, 4), size=5, mode='trilinear')",
    },
}


def unsupported(op: Op) -> list[str]:
    """The unsupported arguments of PyTorch's function, and the unsupported values of other arguments."""
    function = _torchs(op.name)
    theirs = _names(function) if function else []  # PyTorch may have no function of this name
    names = [name for name in theirs if name not in op.parameters and name not in ARRAYS]
    return [*names, *VALUES.get(op.name, {})]


def _names(function: Any) -> list[str]:
    """The arguments of a function. For a built-in function, they are in the first line of its documentation."""
    try:
        return list(inspect.signature(function).parameters)
    except ValueError:
        line = (function.__doc__ or "").strip().partition(")")[0].partition("(")[2]
        return re.findall(r"(\w+)(?:=[^,]*)?(?:,|$)", line.replace("*,", ""))


def _torchs(name: str) -> Any:
    optimisers = {n.lower(): getattr(torch.optim, n) for n in dir(torch.optim) if n[0].isupper()}
    if name in optimisers:
        return optimisers[name]
    if hasattr(init, f"{name}_"):
        return getattr(init, f"{name}_")
    # a pooling op that can return indices has its signature in another function
    dispatched = getattr(F, f"{name}_with_indices", None)
    return dispatched or getattr(F, name, None) or getattr(torch, name, None)
