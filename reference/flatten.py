from torch import Tensor


def forward(x: Tensor, *, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    return x.flatten(start_dim, end_dim)
