import torch.nn.functional as F
from torch import Tensor


def forward(
    x: Tensor, weight: Tensor | None = None, *, normalized_shape: tuple[int, ...], eps: float | None = None
) -> Tensor:
    return F.rms_norm(x, normalized_shape, weight, eps)
