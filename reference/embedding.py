import torch.nn.functional as F
from torch import Tensor


def forward(w: Tensor, *, indices: Tensor, padding_idx: int | None = None, scale_grad_by_freq: bool = False) -> Tensor:
    return F.embedding(indices, w, padding_idx, scale_grad_by_freq=scale_grad_by_freq)
