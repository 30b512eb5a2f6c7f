"""Options of PyTorch's that an op of ours does not take, read off both signatures: none is listed by hand."""

import inspect
import re
from typing import Any

import torch
import torch.nn.functional as F
from torch.nn import init

from oracle.ops import Op

# What PyTorch calls the arrays; ours are x, w, b, …, and its optimisers know their parameters before they step
ARRAYS = {"input", "input1", "input2", "weight", "bias", "tensor", "params", "padding_mode", "_stacklevel"}


def left_out(op: Op) -> list[str]:
    """The names of PyTorch's arguments that ``op`` refuses."""
    return [name for name in _names(_torchs(op.name)) if name not in op.parameters and name not in ARRAYS]


def _names(function: Any) -> list[str]:
    """A function's arguments; a built-in one tells them in the first line of its documentation."""
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
    # a pooling that may also return indices is chosen at the call; its own signature has an underscore
    dispatched = getattr(F, f"{name}_with_indices", None)
    return dispatched or getattr(F, name, None) or getattr(torch, name)
