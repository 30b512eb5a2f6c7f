import torch
from torch import Tensor

from . import _initial


def forward(u: Tensor, *, gain: float = 1.0) -> Tensor:
    return _initial.draw(torch.nn.init.xavier_uniform_, u, gain=gain)
