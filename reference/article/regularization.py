import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import SGD


def norm(w: Tensor, order: float) -> Tensor:
    total: Tensor = torch.linalg.vector_norm(w, order)
    return total


def weight_decay_gradient(w: Tensor, decay: float) -> Tensor:
    """What SGD adds to a gradient of 0, probed by one step with lr 1."""
    parameter = torch.nn.Parameter(w.clone())
    parameter.grad = torch.zeros_like(w)
    SGD([parameter], lr=1.0, weight_decay=decay).step()
    return w - parameter.detach()


def dropout(x: Tensor, p: float, seed: int) -> tuple[Tensor, Tensor]:
    """PyTorch's dropout of x, and its mask of 0 and 1, drawn again on ones with the same seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        y = F.dropout(x, p)
        torch.manual_seed(seed)
        mask = F.dropout(torch.ones_like(x), p) != 0
    return y, mask.to(x.dtype)
