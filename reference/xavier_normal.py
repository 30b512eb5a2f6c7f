import torch
from torch import Tensor

from . import _initial


def forward(z: Tensor, *, gain: float = 1.0) -> Tensor:
    return _initial.draw(torch.nn.init.xavier_normal_, z, gain=gain)
