"""The geometry of normalisations."""

from math import prod
from typing import Any

from cnn_oracle.calls.geometry.common import any_shape
from cnn_oracle.op import Choose

# Shapes for the square grid, with 2^k ≥ 4 elements per channel: the batch, and the axes after the channels
SQUARES = ((4, ()), (1, (4,)), (2, (2,)), (2, (4,)), (1, (2, 2)), (3, (4, 2)), (2, (2, 2, 2)))
EPS = (1e-5, 1.0, 0.1)


def batch_norm(choose: Choose) -> dict[str, Any]:
    training, square = choose("training", (True, False)), choose("square grid", (True, False))
    batch, behind = choose("counts", [s for s in SQUARES if s[0] != 3]) if square else _samples(choose, 3)
    if training and batch * prod(behind) == 1:
        batch = 2
    running = choose("running statistics", (False, True) if training else (True,))
    return {**_channels(choose, batch, behind, running, square, (0.0,) * (not training)), "training": training}


def instance_norm(choose: Choose) -> dict[str, Any]:
    own, square = choose("use_input_stats", (True, False)), choose("square grid", (True, False))
    batch, behind = choose("counts", [s for s in SQUARES if prod(s[1]) >= 4]) if square else _samples(choose, 3)
    batch = max(batch, 1)  # PyTorch accepts an empty batch only without weight and bias
    if prod(behind) == 1:
        behind = (*behind, 2)
    running = choose("running statistics", (False, True) if own else (True,))
    return {**_channels(choose, batch, behind, running, square, (0.0,) * (not own)), "use_input_stats": own}


def group_norm(choose: Choose) -> dict[str, Any]:
    groups, channels = choose("groups", (1, 2, 3)), choose("channels", (1, 2, 3))
    batch, behind = _samples(choose, 3)
    behind, c = tuple(max(n, 1) for n in behind), groups * channels  # if one is empty, PyTorch's dweight is NaN
    if batch * channels * prod(behind) == 1:
        batch = 2
    return {"x": (batch, c, *behind), **_affine(choose, (c,)), "num_groups": groups, "eps": choose("eps", EPS)}


def layer_norm(choose: Choose) -> dict[str, Any]:
    last = tuple(choose("size", (2, 3, 5, 1), (0,)) for _ in range(choose("normalized axes", (1, 2))))
    return {
        "x": (*any_shape(choose, 2), *last),
        **_affine(choose, last),
        "normalized_shape": last,
        "eps": choose("eps", EPS),
    }


def rms_norm(choose: Choose) -> dict[str, Any]:
    if choose("square grid", (True, False)):
        last, eps = choose("normalized_shape", ((4,), (2, 2), (8,), (2, 4))), 1.0
    else:
        last = tuple(choose("size", (2, 3, 5, 1), (0,)) for _ in range(choose("normalized axes", (1, 2))))
        eps = choose("eps", (None, *EPS))
    weight = last if choose("weight", (True, False)) else None
    return {"x": (*any_shape(choose, 2), *last), "weight": weight, "normalized_shape": last, "eps": eps}


def local_response_norm(choose: Choose) -> dict[str, Any]:
    behind = tuple(choose("size", (1, 2, 3), (0,)) for _ in range(choose("axes behind the channels", (1, 2, 3))))
    return {
        "x": (choose("batch", (1, 2), (0,)), choose("channels", (1, 2, 3, 5), (0,)), *behind),
        "size": choose("window", (1, 2, 3, 4, 5, 7)),
        "alpha": choose("alpha", (1e-4, 1.0, 0.5)),
        "beta": choose("beta", (0.75, 1.0, 0.5, 2.0)),
        "k": choose("k", (1.0, 2.0, 0.5)),
    }


def _samples(choose: Choose, most: int) -> tuple[int, tuple[int, ...]]:
    return choose("batch", (2, 1, 3), (0,)), any_shape(choose, most)


def _channels(
    choose: Choose, batch: int, behind: tuple[int, ...], running: bool, square: bool, more: tuple[float, ...]
) -> dict[str, Any]:
    """The arguments of batch_norm and instance_norm. ``more`` are further values of eps, if the variance is given."""
    c = choose("channels", (1, 2, 3))
    return {
        "x": (batch, c, *behind),
        **_affine(choose, (c,)),
        "running_mean": (c,) if running else None,
        "running_var": (c,) if running else None,
        "eps": 1.0 if square else choose("eps", (*EPS, *more)),
    }


def _affine(choose: Choose, shape: tuple[int, ...]) -> dict[str, Any]:
    return {name: shape if choose(name, (True, False)) else None for name in ("weight", "bias")}
