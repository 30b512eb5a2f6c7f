"""The geometry of losses."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnn_oracle.calls.geometry.common import any_shape
from cnn_oracle.op import Choose

INT32 = np.iinfo(np.int32)


def nll_loss(choose: Choose) -> dict[str, Any]:
    classes, samples = choose("classes", (2, 3, 5, 1)), choose("batch", (2, 3, 4, 1))
    behind = any_shape(choose, 2) if choose("axes behind the classes", (False, True)) else ()
    return {
        "x": (samples, classes, *behind),
        "target": (samples, *behind),
        "weight": (classes,) if choose("weight", (False, True)) else None,
        "ignore_index": choose("ignore_index", (-100, 0, -1, int(INT32.max), int(INT32.min))),
        "reduction": choose("reduction", ("mean", "sum", "none")),
    }


def cross_entropy(choose: Choose) -> dict[str, Any]:
    arguments = nll_loss(choose)
    arguments["label_smoothing"] = choose("label_smoothing", (0.0, 0.1, 1.0))
    if arguments["ignore_index"] < 0 and choose("probabilities", (False, True)):
        arguments["target"] = arguments["x"]
    return arguments


def weighted_pair(choose: Choose) -> dict[str, Any]:
    weighted = choose("weight", (False, True))
    arguments = _pair_of_arrays(choose)
    return arguments | {"weight": arguments["x"] if weighted else None}


def smooth_l1_loss(choose: Choose) -> dict[str, Any]:
    return _pair_of_arrays(choose) | {"beta": choose("beta", (1.0, 0.5, 0.3, 2.0, 0.0))}


def huber_loss(choose: Choose) -> dict[str, Any]:
    return weighted_pair(choose) | {"delta": choose("delta", (1.0, 0.5, 0.3, 2.0))}


def binary_cross_entropy(choose: Choose) -> dict[str, Any]:
    arguments = _pair_of_arrays(choose)
    return arguments | {"weight": _broadcastable(choose, "weight", arguments["x"])}


def binary_cross_entropy_with_logits(choose: Choose) -> dict[str, Any]:
    arguments = binary_cross_entropy(choose)
    return arguments | {"pos_weight": _broadcastable(choose, "pos_weight", arguments["x"])}


def kl_div(choose: Choose) -> dict[str, Any]:
    arguments = _pair_of_arrays(choose, ("mean", "sum", "none", "batchmean"))
    return arguments | {"log_target": choose("log_target", (False, True))}


def _pair_of_arrays(choose: Choose, reductions: Sequence[str] = ("mean", "sum", "none")) -> dict[str, Any]:
    x = any_shape(choose, 3)
    return {"x": x, "target": x, "reduction": choose("reduction", reductions)}


def _broadcastable(choose: Choose, name: str, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """A shape that can be broadcast to ``shape``: leading axes may be missing, others may be 1. Or None."""
    if not choose(name, (False, True)):
        return None
    behind = shape[choose("axes left out", range(len(shape) + 1)) :]
    return tuple(n if choose("whole axis", (True, False)) else 1 for n in behind)
