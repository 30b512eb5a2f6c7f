"""Tensors of PyTorch on the memory of arrays. PyTorch is imported on first use."""

from typing import Any

import numpy as np

from cnn_oracle.manual._typing import Array


def tensor_of(a: Array | None) -> Any:
    """A tensor on the same memory; a copy if the array is read-only, is int32, or has a negative stride."""
    import torch

    if a is None:
        return None
    if a.dtype == np.int32:  # PyTorch's losses take labels in int64 only
        a = a.astype(np.int64)
    if a.flags.writeable and all(s >= 0 for s in a.strides):
        return torch.from_numpy(a)
    once = a[tuple(slice(0, 1) if s == 0 else slice(None) for s in a.strides)]
    return torch.from_numpy(np.array(once, order="K")).expand(a.shape)
