"""The geometry of activations, dropout, softmax and flatten."""

from typing import Any

from cnn_oracle.calls.geometry.common import any_shape
from cnn_oracle.op import Choose


def elementwise(choose: Choose) -> dict[str, Any]:
    return {"x": any_shape(choose, 4)}


def leaky_relu(choose: Choose) -> dict[str, Any]:
    return {"x": any_shape(choose, 4), "negative_slope": choose("negative_slope", (0.01, 0.25, 0.0, -0.5, 1.5))}


def prelu(choose: Choose) -> dict[str, Any]:
    x = any_shape(choose, 4)
    shared = len(x) < 2 or choose("shared", (True, False))
    return {"x": x, "w": choose("w", ((1,), ())) if shared else (x[1],)}


def elu(choose: Choose) -> dict[str, Any]:
    return {"x": any_shape(choose, 4), "alpha": choose("alpha", (1.0, 0.3, 2.0, 0.0, -0.5))}


def gelu(choose: Choose) -> dict[str, Any]:
    return {"x": any_shape(choose, 4), "approximate": choose("approximate", ("none", "tanh"))}


def softplus(choose: Choose) -> dict[str, Any]:
    beta, threshold = choose("beta", (1.0, 2.0, 0.3, -1.5)), choose("threshold", (20.0, 1.0, 0.0, -0.5))
    return {"x": any_shape(choose, 4), "beta": beta, "threshold": threshold}


def glu(choose: Choose) -> dict[str, Any]:
    halves = any_shape(choose, 3) or (1,)
    dim = choose("dim", range(-1, -len(halves) - 1, -1))
    negative = choose("negative", (True, False))
    x = tuple(2 * n if i == dim % len(halves) else n for i, n in enumerate(halves))
    return {"x": x, "dim": dim if negative else dim % len(x)}


def dropout(choose: Choose) -> dict[str, Any]:
    x = any_shape(choose, 4)
    return {"x": x, "mask": x, **_chance(choose)}


def dropout2d(choose: Choose) -> dict[str, Any]:
    x = (choose("batch", (1, 2, 3), (0,)), choose("channels", (1, 2, 3), (0,)), *any_shape(choose, 2))
    return {"x": x, "mask": x[:2], **_chance(choose)}


def flatten(choose: Choose) -> dict[str, Any]:
    x = any_shape(choose, 4)
    rank = max(len(x), 1)
    start = choose("start_dim", range(rank))
    end = choose("end_dim", range(start, rank))
    negative = choose("negative", (False, True))
    return {"x": x, "start_dim": start - rank * negative, "end_dim": end - rank * negative}


def softmax(choose: Choose) -> dict[str, Any]:
    x = any_shape(choose, 4)
    rank = max(len(x), 1)
    return {"x": x, "dim": choose("dim", range(-rank, rank))}


def _chance(choose: Choose) -> dict[str, Any]:
    return {"p": choose("p", (0.5, 0.75, 0.1, 0.3, 0.0, 1.0)), "training": choose("training", (True, False))}
