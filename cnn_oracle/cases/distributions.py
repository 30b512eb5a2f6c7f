"""How arrays are filled that are not just numbers: labels, masks, weights, probabilities.

A fill is a function (generator, shape, call, whole) → array; ``whole`` asks for integers, which a lattice needs.
``KEYWORDS`` is for keyword-only arrays, by their names in every op; positional ones may have a domain (ops.Comparison).
"""

from collections.abc import Callable, Mapping

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases.exact_grids import SMALL
from cnn_oracle.manual._typing import Array

Fill = Callable[[np.random.Generator, tuple[int, ...], Call, bool], Array]


def normal(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    return np.asarray(rng.standard_normal(shape))


def large_offset(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """Once in eight a million away from zero, where a variance by Σx² − n m² has no digit left in float32."""
    return np.asarray(rng.standard_normal(shape) + 1e6 * (rng.random() < 1 / 8))


def large_logits(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """Once in eight so far apart that of a softmax all but one number underflow; not where numbers are to be read."""
    x = rng.standard_normal(shape)
    return np.asarray(x * 1000 if call.seed >= SMALL and rng.random() < 1 / 8 else x)


def fractions(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """Inside of (0, 1): the ends are cases of their own."""
    return np.asarray(rng.uniform(0.01, 0.99, shape))


def near_0_or_1(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """As ``fractions``, and once in eight within 1e-2 … 1e-6 of the ends, where what clips a probability clips it."""
    x = fractions(rng, shape, call, whole)
    if call.seed < SMALL or rng.random() >= 1 / 8:
        return x
    from_end = 10 ** rng.uniform(-6, -2, shape)
    return np.asarray(np.where(x < 0.5, from_end, 1 - from_end))


def weights(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """Positive: 1 … 4, or real."""
    return np.asarray(rng.integers(1, 5, shape).astype(float) if whole else rng.uniform(0.5, 2, shape))


def labels(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """A class for each sample, one in eight ignored; probabilities, if cross_entropy's target has as many axes as x."""
    x = call.arguments["x"]
    if call.op == "cross_entropy" and len(shape) == len(x):
        p = rng.random(shape)
        return p / p.sum(1, keepdims=True) if p.ndim > 1 else p
    classes = rng.integers(0, max(x[1] if len(x) > 1 else 1, 1), shape)
    return np.where(rng.random(shape) < 1 / 8, call.arguments.get("ignore_index", -100), classes)


def mask(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """What dropout keeps, a half."""
    return np.asarray(rng.random(shape) < 0.5)


def indices(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """Rows of the table w."""
    rows = call.arguments["w"][0] if call.arguments["w"] else 1
    return np.asarray(rng.integers(0, max(rows, 1), shape))


def attention(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """Boolean or, as often, added: either hides some keys, and of one query in eight all of them."""
    seen = (rng.random(shape) < rng.choice([0.5, 0.9])) & (rng.random((*shape[:-1], 1)) < 7 / 8)
    return seen if rng.random() < 0.5 else np.where(seen, rng.standard_normal(shape), -np.inf)


def running_mean(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    return np.asarray(rng.integers(-9, 10, shape).astype(float) if whole else rng.standard_normal(shape))


def running_var(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """Positive; whole ones have a dyadic root once eps, 1 or 0, is added."""
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
