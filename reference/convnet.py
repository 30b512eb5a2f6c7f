"""The network of the training comparison in PyTorch, with manual/convnet.py's names for its parameters."""

import torch.nn.functional as F
from torch import Tensor


def forward(x: Tensor, p: dict[str, Tensor]) -> dict[str, Tensor]:
    """x (N, C, H, W) → every intermediate array by name; the logits are z3 (N, classes); m1, m2 index the maxima."""
    z1 = F.conv2d(x, p["w1"], p["b1"], padding=1)
    a1 = F.relu(z1)
    p1, m1 = F.max_pool2d(a1, 2, return_indices=True)
    z2 = F.conv2d(p1, p["w2"], p["b2"], padding=1)
    a2 = F.relu(z2)
    p2, m2 = F.max_pool2d(a2, 2, return_indices=True)
    f = p2.flatten(1)
    z3 = F.linear(f, p["w3"], p["b3"])
    return {"z1": z1, "a1": a1, "m1": m1, "p1": p1, "z2": z2, "a2": a2, "m2": m2, "p2": p2, "f": f, "z3": z3}


def loss(v: dict[str, Tensor], target: Tensor) -> Tensor:
    return F.cross_entropy(v["z3"], target)
