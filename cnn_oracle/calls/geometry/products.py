"""The geometry of matrix products and look-ups: linear, bilinear, embedding, attention."""

from typing import Any

from cnn_oracle.calls.geometry.common import any_shape
from cnn_oracle.op import Choose


def bilinear(choose: Choose) -> dict[str, Any]:
    i, j, o = (choose("features", (1, 2, 3, 5)) for _ in range(3))
    lead = tuple(choose("size", (1, 2, 3), (0,)) for _ in range(choose("rank", (0, 1, 2))))
    return {"x1": (*lead, i), "x2": (*lead, j), "w": (o, i, j), "b": (o,) if choose("bias", (True, False)) else None}


def linear(choose: Choose) -> dict[str, Any]:
    i, o = choose("in", (1, 2, 5), (0,)), choose("out", (1, 2, 5), (0,))
    return {"x": (*any_shape(choose, 3), i), "w": (o, i), "b": (o,) if choose("bias", (True, False)) else None}


def embedding(choose: Choose) -> dict[str, Any]:
    rows, width = choose("rows", (1, 2, 3, 5)), choose("width", (1, 2, 3), (0,))
    return {
        "w": (rows, width),
        "indices": any_shape(choose, 3),
        "padding_idx": choose("padding_idx", (None, *range(-rows, rows))),
        "scale_grad_by_freq": choose("scale_grad_by_freq", (False, True)),
    }


def scaled_dot_product_attention(choose: Choose) -> dict[str, Any]:
    queries, keys = choose("queries", (1, 2, 3, 5), (0,)), choose("keys", (1, 2, 3, 5), (0,))
    wide, value = choose("width", (1, 2, 3), (0,)), choose("value width", (1, 2, 3), (0,))
    batch, heads = any_shape(choose, 1), choose("heads", (1, 2, 3))
    shared = choose("enable_gqa", (False, True))
    lead = (*batch, heads) if shared or choose("several heads", (False, True)) else batch
    many = (*batch, heads * choose("sharing", (1, 2, 3))) if shared else lead
    masked = choose("mask", ("none", "causal", "given"))
    scores = (*many, queries, keys)
    mask = _mask(choose, scores) if masked == "given" else None
    return {
        "query": (*many, queries, wide),
        "key": (*lead, keys, wide),
        "value": (*lead, keys, value),
        "attn_mask": mask,
        "is_causal": masked == "causal",
        "scale": choose("scale", (None, 0.5, 0.3, -1.0, 0.0)),
        "enable_gqa": shared,
    }


def _mask(choose: Choose, scores: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a mask: axes in front may be missing, and all but the keys may be 1."""
    *front, keys = scores[choose("axes left out", range(len(scores))) :]
    return (*(n if choose("whole axis of the mask", (True, False)) else 1 for n in front), keys)
