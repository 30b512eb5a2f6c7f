import torch
import torch.nn.functional as F
from torch import Tensor


def to_nchw(images: Tensor, dtype: torch.dtype = torch.float64) -> Tensor:
    """Bytes (N, H, W, C) → (N, C, H, W)."""
    return images.permute(0, 3, 1, 2).to(dtype).contiguous()


def gray(x: Tensor) -> Tensor:
    """(N, 3, H, W) → (N, 1, H, W), as a 1×1 convolution."""
    return F.conv2d(x, torch.tensor([0.2989, 0.5870, 0.1140], dtype=x.dtype).reshape(1, 3, 1, 1))


def convolve_bytes(x: Tensor, w: Tensor) -> Tensor:
    """PyTorch's convolution of bytes."""
    return F.conv2d(x.to(torch.uint8), w.to(torch.uint8))
