import torch
from torch import Tensor

from . import _initial


def forward(u: Tensor, *, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    return _initial.draw(torch.nn.init.kaiming_uniform_, u, a=a, mode=mode, nonlinearity=nonlinearity)
