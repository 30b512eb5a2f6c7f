"""The geometry of every op, written once, as a function of ``choose``.

``choose(name, values, rare)`` picks one of ``values``, the simplest first, or now and then one of ``rare``: empty axes
and odd modes, in which little else is seen. Hypothesis is one chooser (it searches, and shrinks towards the simplest),
an exhaustive enumerator another (it walks every path), so both read the very same constraints: later values depend on
earlier choices, and nothing invalid is ever built. The result is a call's arguments, arrays by shape.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol


class Choose(Protocol):
    def __call__(self, name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any: ...


Inputs = Callable[[Choose], dict[str, Any]]


class Axis(NamedTuple):
    """One spatial axis: n cells, kernel k, stride t, padding p, dilation d."""

    n: int
    k: int
    t: int
    p: int
    d: int


def conv2d(choose: Choose) -> dict[str, Any]:
    mode = choose("padding mode", ("explicit", "same"), ("valid",))
    groups = choose("groups", (1, 2, 3))
    c, o = choose("channels", (1, 2, 3)), choose("filters", (1, 2, 3))
    h, w = (_conv_axis(choose, mode) for _ in range(2))
    bias = choose("bias", (True, False))
    return {
        "x": (choose("batch", (1, 2, 3), (0,)), c * groups, h.n, w.n),
        "w": (o * groups, c, h.k, w.k),
        "b": (o * groups,) if bias else None,
        "stride": _pair(h.t, w.t),
        "padding": _pair(h.p, w.p) if mode == "explicit" else mode,
        "dilation": _pair(h.d, w.d),
        "groups": groups,
    }


def max_pool2d(choose: Choose) -> dict[str, Any]:
    ceil_mode = choose("ceil_mode", (False, True))
    h, w = (_pool_axis(choose, (1, 2, 3)) for _ in range(2))
    return {
        "x": _images(choose, h, w),
        "kernel_size": _pair(h.k, w.k),
        "stride": _stride(h, w),
        "padding": _pair(h.p, w.p),
        "dilation": _pair(h.d, w.d),
        "ceil_mode": ceil_mode,
    }


def avg_pool2d(choose: Choose) -> dict[str, Any]:
    ceil_mode = choose("ceil_mode", (False, True))
    h, w = (_pool_axis(choose, (1,)) for _ in range(2))
    return {
        "x": _images(choose, h, w),
        "kernel_size": _pair(h.k, w.k),
        "stride": _stride(h, w),
        "padding": _pair(h.p, w.p),
        "ceil_mode": ceil_mode,
        "count_include_pad": choose("count_include_pad", (True, False)),
        "divisor_override": choose("divisor_override", (None,), (1, 3, -2)),
    }


def elementwise(choose: Choose) -> dict[str, Any]:
    return {"x": _shape(choose, 4)}


def leaky_relu(choose: Choose) -> dict[str, Any]:
    return {"x": _shape(choose, 4), "negative_slope": choose("negative_slope", (0.01, 0.25, 0.0, -0.5, 1.5))}


def prelu(choose: Choose) -> dict[str, Any]:
    x = _shape(choose, 4)
    shared = len(x) < 2 or choose("shared", (True, False))
    return {"x": x, "w": choose("w", ((1,), ())) if shared else (x[1],)}


def elu(choose: Choose) -> dict[str, Any]:
    return {"x": _shape(choose, 4), "alpha": choose("alpha", (1.0, 0.3, 2.0, 0.0, -0.5))}


def gelu(choose: Choose) -> dict[str, Any]:
    return {"x": _shape(choose, 4), "approximate": choose("approximate", ("none", "tanh"))}


def softplus(choose: Choose) -> dict[str, Any]:
    beta, threshold = choose("beta", (1.0, 2.0, 0.3, -1.5)), choose("threshold", (20.0, 1.0, 0.0, -0.5))
    return {"x": _shape(choose, 4), "beta": beta, "threshold": threshold}


def glu(choose: Choose) -> dict[str, Any]:
    halves = _shape(choose, 3) or (1,)
    dim = choose("dim", range(-1, -len(halves) - 1, -1))
    negative = choose("negative", (True, False))
    x = tuple(2 * n if i == dim % len(halves) else n for i, n in enumerate(halves))
    return {"x": x, "dim": dim if negative else dim % len(x)}


def dropout(choose: Choose) -> dict[str, Any]:
    x = _shape(choose, 4)
    return {"x": x, "mask": x, **_chance(choose)}


def dropout2d(choose: Choose) -> dict[str, Any]:
    x = (choose("batch", (1, 2, 3), (0,)), choose("channels", (1, 2, 3), (0,)), *_shape(choose, 2))
    return {"x": x, "mask": x[:2], **_chance(choose)}


def linear(choose: Choose) -> dict[str, Any]:
    i, o = choose("in", (1, 2, 5), (0,)), choose("out", (1, 2, 5), (0,))
    return {"x": (*_shape(choose, 3), i), "w": (o, i), "b": (o,) if choose("bias", (True, False)) else None}


def flatten(choose: Choose) -> dict[str, Any]:
    x = _shape(choose, 4)
    rank = max(len(x), 1)
    start = choose("start_dim", range(rank))
    end = choose("end_dim", range(start, rank))
    negative = choose("negative", (False, True))
    return {"x": x, "start_dim": start - rank * negative, "end_dim": end - rank * negative}


def softmax(choose: Choose) -> dict[str, Any]:
    x = _shape(choose, 4)
    rank = max(len(x), 1)
    return {"x": x, "dim": choose("dim", range(-rank, rank))}


def nll_loss(choose: Choose) -> dict[str, Any]:
    classes, samples = choose("classes", (2, 3, 5, 1)), choose("batch", (2, 3, 4, 1))
    behind = _shape(choose, 2) if choose("axes behind the classes", (False, True)) else ()
    return {
        "x": (samples, classes, *behind),
        "target": (samples, *behind),
        "weight": (classes,) if choose("weight", (False, True)) else None,
        "ignore_index": choose("ignore_index", (-100, 0)),
        "reduction": choose("reduction", ("mean", "sum", "none")),
    }


def cross_entropy(choose: Choose) -> dict[str, Any]:
    arguments = nll_loss(choose)
    arguments["label_smoothing"] = choose("label_smoothing", (0.0, 0.1, 1.0))
    if arguments["ignore_index"] == -100 and choose("probabilities", (False, True)):
        arguments["target"] = arguments["x"]
    return arguments


def embedding(choose: Choose) -> dict[str, Any]:
    rows, width = choose("rows", (1, 2, 3, 5)), choose("width", (1, 2, 3), (0,))
    return {
        "w": (rows, width),
        "indices": _shape(choose, 3),
        "padding_idx": choose("padding_idx", (None, *range(-rows, rows))),
        "scale_grad_by_freq": choose("scale_grad_by_freq", (False, True)),
    }


def scaled_dot_product_attention(choose: Choose) -> dict[str, Any]:
    queries, keys = choose("queries", (1, 2, 3, 5)), choose("keys", (1, 2, 3, 5))
    wide, value = choose("width", (1, 2, 3)), choose("value width", (1, 2, 3))
    batch, heads = _shape(choose, 1), choose("heads", (1, 2, 3))
    shared = choose("enable_gqa", (False, True))
    lead = (*batch, heads) if shared or choose("several heads", (False, True)) else batch
    many = (*batch, heads * choose("sharing", (1, 2, 3))) if shared else lead
    masked = choose("mask", ("none", "causal", "given"))
    scores = (*many, queries, keys)
    mask = (scores if choose("own mask", (False, True)) else scores[-2:]) if masked == "given" else None
    return {
        "query": (*many, queries, wide),
        "key": (*lead, keys, wide),
        "value": (*lead, keys, value),
        "attn_mask": mask,
        "is_causal": masked == "causal",
        "scale": choose("scale", (None, 0.5, 0.3, -1.0, 0.0)),
        "enable_gqa": shared,
    }


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


def sgd(choose: Choose) -> dict[str, Any]:
    momentum = choose("momentum", (0.0, 0.5, 0.9, 0.99))
    nesterov = bool(momentum) and choose("nesterov", (False, True))
    return {
        "w": _shape(choose, 2),
        "lr": choose("lr", (1.0, 0.1, 0.003)),
        "momentum": momentum,
        "dampening": 0.0 if nesterov else choose("dampening", (0.0, 0.5, 0.9)),
        "weight_decay": choose("weight_decay", (0.0, 0.5, 0.01)),
        "nesterov": nesterov,
        "maximize": choose("maximize", (False, True)),
    }


def _pair_of_arrays(choose: Choose, reductions: Sequence[str] = ("mean", "sum", "none")) -> dict[str, Any]:
    x = _shape(choose, 3)
    return {"x": x, "target": x, "reduction": choose("reduction", reductions)}


def _broadcastable(choose: Choose, name: str, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """A weight that can be broadcast to ``shape``: axes missing in front, axes of size 1; or none at all."""
    if not choose(name, (False, True)):
        return None
    behind = shape[choose("axes left out", range(len(shape) + 1)) :]
    return tuple(n if choose("whole axis", (True, False)) else 1 for n in behind)


def _chance(choose: Choose) -> dict[str, Any]:
    return {"p": choose("p", (0.5, 0.75, 0.1, 0.3, 0.0, 1.0)), "training": choose("training", (True, False))}


def _conv_axis(choose: Choose, mode: str) -> Axis:
    k, d = choose("kernel_size", (1, 2, 3, 4, 5)), choose("dilation", (1, 2, 3))
    t = choose("stride", (1,) if mode == "same" else (1, 2, 3, 4))
    p = choose("padding", (0, 1, 2, 3, 4, 5) if mode == "explicit" else (0,))
    least = 1 if mode == "same" else max(1, d * (k - 1) + 1 - 2 * p)
    return Axis(choose("size", range(least, max(least, 7) + 3)), k, t, p, d)


def _pool_axis(choose: Choose, dilations: Sequence[int]) -> Axis:
    k, d = choose("kernel_size", (1, 2, 3, 4, 6)), choose("dilation", dilations)
    t, p = choose("stride", (1, 2, 3, 4)), choose("padding", range(k // 2 + 1))
    least = max(1, d * (k - 1) + 1 - 2 * p)
    return Axis(choose("size", range(least, max(least, 7) + 3)), k, t, p, d)


def _images(choose: Choose, h: Axis, w: Axis) -> tuple[int, ...]:
    return (choose("batch", (1, 2, 3), (0,)), choose("channels", (1, 2, 3)), h.n, w.n)


def _shape(choose: Choose, most: int) -> tuple[int, ...]:
    """Any shape of up to ``most`` axes, scalars and empty axes included."""
    return tuple(choose("size", (1, 2, 3, 5), (0,)) for _ in range(choose("rank", range(most + 1))))


def _stride(h: Axis, w: Axis) -> Any:
    return None if (h.t, w.t) == (h.k, w.k) else _pair(h.t, w.t)


def _pair(a: int, b: int) -> int | tuple[int, int]:
    return a if a == b else (a, b)
