"""torch.nn.init with its random numbers given: it records what it would draw, and draws nothing."""

import warnings
from collections.abc import Callable
from typing import Any

from torch import Tensor


class _Weight:
    """The part of a tensor that torch.nn.init uses. ``scale`` is b of uniform_(−b, b), or σ of normal_(0, σ)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape, self.scale = shape, 0.0

    def dim(self) -> int:
        return len(self.shape)

    def size(self, axis: int) -> int:
        return self.shape[axis]

    def uniform_(self, low: float, high: float, **_: Any) -> "_Weight":
        assert low == -high
        self.scale = high
        return self

    def normal_(self, mean: float, std: float, **_: Any) -> "_Weight":
        assert mean == 0
        self.scale = std
        return self


def draw(initialiser: Callable[..., Any], standard: Tensor, **options: Any) -> Tensor:
    """Scale ``standard``, uniform in ±1 or standard normal, to what ``initialiser`` would draw."""
    weight = _Weight(tuple(standard.shape))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Initializing zero-element tensors")
        initialiser(weight, **options)
    return standard * weight.scale
