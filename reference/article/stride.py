import torch
from torch import nn


def output_size(n: int, f: int, p: int, s: int, d: int = 1) -> int:
    """The size of PyTorch's convolution, on the meta device.

    Raises:
        RuntimeError: the filter does not fit.
    """
    conv = nn.Conv2d(1, 1, f, padding=p, stride=s, dilation=d, device="meta")
    return int(conv(torch.empty(1, 1, n, n, device="meta")).shape[-1])


def unread_rows(n: int, f: int, p: int, s: int) -> int:
    """How many padded rows at the end have no influence on any output."""
    x = torch.zeros(1, 1, n + 2 * p, n + 2 * p, dtype=torch.float64, requires_grad=True)
    y = torch.nn.functional.conv2d(x, torch.ones(1, 1, f, f, dtype=torch.float64), stride=s)
    (dx,) = torch.autograd.grad(y.sum(), x)
    read = dx[0, 0].sum(1).nonzero()
    return int(n + 2 * p - 1 - read.max())
