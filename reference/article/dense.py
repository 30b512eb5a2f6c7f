import torch
import torch.nn.functional as F
from torch import Tensor


def forward(a: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """a (I, m), w (O, I), b (O, 1) → (O, m)."""
    return F.linear(a.T, w, b[:, 0]).T


def backward(dz: Tensor, a: Tensor, w: Tensor) -> tuple[Tensor, ...]:
    """dA, dW, db, by autograd."""
    inputs = [t.clone().requires_grad_() for t in (a, w, w.new_zeros(w.shape[0], 1))]
    return torch.autograd.grad(forward(*inputs), inputs, dz)
