"""Distributions of arrays with a special meaning: labels, masks, weights, probabilities.

A distribution is a function (generator, shape, call, whole) → array. ``whole`` requests integers, for an exact grid.
``KEYWORDS`` maps the name of a keyword-only array to its distribution, for every op. Positional arrays may have a
domain (op.Comparison).
"""

from collections.abc import Callable, Mapping

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases.exact_grids import SMALL
from cnn_oracle.manual._typing import Array

Fill = Callable[[np.random.Generator, tuple[int, ...], Call, bool], Array]


def normal(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """The standard normal distribution."""
    return np.asarray(rng.standard_normal(shape))


def large_offset(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """Standard normal. In one array of eight, 10^6 is added: then Σx² − n m² has no correct digit in float32."""
    return np.asarray(rng.standard_normal(shape) + 1e6 * (rng.random() < 1 / 8))


def large_logits(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """Standard normal. One array of eight is multiplied by 1000: then all values of a softmax but one underflow.

    The first seeds keep small numbers, because failures shrink towards them.
    """
    x = rng.standard_normal(shape)
    return np.asarray(x * 1000 if call.seed >= SMALL and rng.random() < 1 / 8 else x)


def fractions(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """Between 0.01 and 0.99. The ends 0 and 1 are special values."""
    return np.asarray(rng.uniform(0.01, 0.99, shape))


def near_0_or_1(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """As ``fractions``. One array of eight is within 1e-6 … 1e-2 of 0 or 1, where some kernels clip probabilities."""
    x = fractions(rng, shape, call, whole)
    if call.seed < SMALL or rng.random() >= 1 / 8:
        return x
    from_end = 10 ** rng.uniform(-6, -2, shape)
    return np.asarray(np.where(x < 0.5, from_end, 1 - from_end))


def weights(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """Positive: the integers 1 … 4, or real numbers from 0.5 to 2."""
    return np.asarray(rng.integers(1, 5, shape).astype(float) if whole else rng.uniform(0.5, 2, shape))


def labels(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """A class for each sample, in int64 or int32. One in eight is ignored.

    Probabilities, if the target of cross_entropy has as many axes as x.
    """
    x = call.arguments["x"]
    if call.op == "cross_entropy" and len(shape) == len(x):
        p = rng.random(shape)
        return p / p.sum(1, keepdims=True) if p.ndim > 1 else p
    classes = rng.integers(0, max(x[1] if len(x) > 1 else 1, 1), shape)
    chosen = np.where(rng.random(shape) < 1 / 8, call.arguments.get("ignore_index", -100), classes)
    return chosen.astype(np.int32 if _is_narrow(call) else np.int64)


def _is_narrow(call: Call) -> bool:
    """Whether the labels or indices of a call are int32, as those of many frameworks are."""
    return call.seed >= SMALL and call.seed % 4 == 3


def mask(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """True for the elements that dropout keeps: one half."""
    return np.asarray(rng.random(shape) < 0.5)


def indices(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """Indices of rows of w, in int64 or int32."""
    rows = call.arguments["w"][0] if call.arguments["w"] else 1
    return np.asarray(rng.integers(0, max(rows, 1), shape)).astype(np.int32 if _is_narrow(call) else np.int64)


def attention(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """A boolean mask or, equally often, an added one. It hides some keys, and for one query in eight all keys."""
    seen = (rng.random(shape) < rng.choice([0.5, 0.9])) & (rng.random((*shape[:-1], 1)) < 7 / 8)
    return seen if rng.random() < 0.5 else np.where(seen, rng.standard_normal(shape), -np.inf)


def running_mean(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """Integers from −9 to 9, or standard normal numbers."""
    return np.asarray(rng.integers(-9, 10, shape).astype(float) if whole else rng.standard_normal(shape))


def running_var(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """Positive. If ``whole``, the root of running_var + eps is 1, 2 or 4."""
    if whole:
        return np.asarray(rng.choice([1.0, 4.0, 16.0], shape) - call.arguments.get("eps", 1))
    return np.asarray(rng.uniform(0.5, 2, shape))


KEYWORDS: Mapping[str, Fill] = {
    "weight": weights,
    "pos_weight": weights,
    "target": labels,
    "mask": mask,
    "indices": indices,
    "attn_mask": attention,
    "running_mean": running_mean,
    "running_var": running_var,
}
