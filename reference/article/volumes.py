import torch
from torch import Tensor, nn


def convolve_volume(x: Tensor, w: Tensor, *, padding: int = 0, stride: int = 1) -> Tensor:
    """(n, n, n_c) by (f, f, n_c, n_f) → (n_out, n_out, n_f), by a layer that holds the filters."""
    conv = nn.Conv2d(w.shape[2], w.shape[3], w.shape[0], stride, padding, bias=False, dtype=x.dtype)
    with torch.no_grad():
        conv.weight.copy_(w.permute(3, 2, 0, 1))
        return conv(x.permute(2, 0, 1)).permute(1, 2, 0)  # type: ignore[no-any-return]
