"""Memory layouts of a tensor: each as code, and as the lines of plain torch that a reproduction prints."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

LAYOUTS = ("contiguous", "channels-last", "transposed", "sliced", "expanded")
MEMORY_FORMATS = {4: torch.channels_last, 5: torch.channels_last_3d}


def arranged(a: Tensor, layout: str) -> Tensor:
    """The same numbers in another layout.

    Expanded repeats the first entry of the first axis, so the entries must be equal. Transposed is Fortran order.
    Sliced takes every second element of a larger tensor; the others are NaN, or −9.
    """
    if layout == "channels-last" and a.ndim in MEMORY_FORMATS:
        return a.to(memory_format=MEMORY_FORMATS[a.ndim])
    if layout == "transposed" and a.ndim > 1:
        order = tuple(reversed(range(a.ndim)))
        return a.permute(order).contiguous().permute(order)
    if layout == "sliced":
        return F.pad(a[..., None], (0, 1), value=math.nan if a.is_floating_point() else -9)[..., 0]
    if layout == "expanded" and a.ndim and len(a):
        return a[:1].expand(a.shape)
    return a


def as_text(a: str, shape: tuple[int, ...], layout: str, floating: bool) -> str:
    """``arranged`` as text: for a tensor of the given shape, or only its first entry, which the text ``a`` makes."""
    if layout == "channels-last" and len(shape) in MEMORY_FORMATS:
        return f"{a}.to(memory_format={MEMORY_FORMATS[len(shape)]})"
    if layout == "transposed" and len(shape) > 1:
        order = tuple(reversed(range(len(shape))))
        return f"{a}.permute{order}.contiguous().permute{order}"
    if layout == "sliced":
        return f"F.pad({a}[..., None], (0, 1), value={'torch.nan' if floating else -9})[..., 0]"
    if layout == "expanded" and shape and shape[0]:
        return f"{a}.expand{shape}"
    return a


def of_arguments_and_dy(layout: str, seed: int) -> tuple[str, str]:
    """The layouts of the arguments and of dy. The seed chooses both, or only one: a kernel may depend on either."""
    return ((layout, layout), (layout, "contiguous"), ("contiguous", layout))[seed % 3]


def differs(shape: tuple[int, ...], layout: str) -> bool:
    """Whether the layout differs from the contiguous one for a tensor of that shape."""
    a = torch.empty(shape)
    return arranged(a, layout).stride() != a.stride()
