import torch.nn.functional as F
from torch import Tensor


def cross_correlate(x: Tensor, w: Tensor) -> Tensor:
    """(H, W) by (R, S) → (H−R+1, W−S+1)."""
    return F.conv2d(x[None, None], w[None, None])[0, 0]


def convolve(f: Tensor, h: Tensor) -> Tensor:
    """True convolution over the full map: conv_transpose2d, conv2d's adjoint, undoes the rotation of the kernel."""
    return F.conv_transpose2d(f[None, None], h[None, None])[0, 0]
