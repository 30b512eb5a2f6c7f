"""PyTorch itself, in float64, which the oracle trusts: every op that has a forward.

Its arrays are contiguous: PyTorch has defects in other layouts (docs/generated/pytorch-defects.md).
"""

from functools import wraps
from typing import Any

import torch
from torch import Tensor

from cnn_oracle import adapt
from cnn_oracle.ops import OPS


def __getattr__(name: str) -> Any:
    if name not in OPS or OPS[name].kind == "step":
        raise AttributeError(name)
    forward = OPS[name].reference.forward

    @wraps(forward)
    def contiguous(*tensors: Tensor | None, **options: Any) -> Any:
        y = forward(*map(_contiguous, tensors), **{n: _contiguous(v) for n, v in options.items()})
        if y.requires_grad:
            y.register_hook(_contiguous)  # so dy is contiguous, too
        return y

    return adapt.torch_function(contiguous, dtypes=("float64",))


def _contiguous(value: Any) -> Any:
    """A contiguous tensor. Its strides are standard, too, where axes of size 1 leave a choice."""
    return value.clone(memory_format=torch.contiguous_format) if isinstance(value, Tensor) else value
