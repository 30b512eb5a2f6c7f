import torch
import torch.nn.functional as F
from torch import Tensor, nn


def stacked_convolutions(n: int, f: int, most: int) -> int:
    """How many convolutions in a row PyTorch accepts, at most ``most``: sizes are probed on the meta device."""
    x, conv = torch.empty(1, 1, n, n, device="meta"), nn.Conv2d(1, 1, f, device="meta")
    for count in range(most):
        if x.shape[-1] < f:
            return count
        x = conv(x)
    return most


def influence_map(n: tuple[int, int], f: tuple[int, int], p: tuple[int, int], s: tuple[int, int]) -> Tensor:
    """(H, W): the gradient of Σ conv2d(x, ones), which counts the outputs that read a pixel."""
    x = torch.zeros(1, 1, *n, dtype=torch.float64, requires_grad=True)
    y = F.conv2d(x, torch.ones(1, 1, *f, dtype=torch.float64), padding=p, stride=s)
    return torch.autograd.grad(y.sum(), x)[0][0, 0]


def same_convolution(x: Tensor, w: Tensor, *, stride: int = 1, dilation: int = 1) -> Tensor:
    return F.conv2d(x, w, padding="same", stride=stride, dilation=dilation)
