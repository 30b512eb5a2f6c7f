"""The geometry of every op, written once, as a function of ``choose``.

``choose(name, values)`` picks one of ``values``, the simplest first. Hypothesis is one chooser (it searches, and
shrinks towards the simplest), an exhaustive enumerator another (it walks every path), so both read the very same
constraints: later values depend on earlier choices, and nothing invalid is ever built. The result is a call's
arguments, arrays by shape.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Choose = Callable[[str, Sequence[Any]], Any]
Inputs = Callable[[Choose], dict[str, Any]]


class Axis(NamedTuple):
    """One spatial axis: n cells, kernel k, stride t, padding p, dilation d."""

    n: int
    k: int
    t: int
    p: int
    d: int


def conv2d(choose: Choose) -> dict[str, Any]:
    mode = choose("padding mode", ("explicit", "same", "valid"))
    groups = choose("groups", (1, 2, 3))
    c, o = choose("channels", (1, 2, 3)), choose("filters", (1, 2, 3))
    h, w = (_conv_axis(choose, mode) for _ in range(2))
    bias = choose("bias", (True, False))
    return {
        "x": (choose("batch", (1, 2, 3, 0)), c * groups, h.n, w.n),
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
        "divisor_override": choose("divisor_override", (None, 1, 3, -2)),
    }


def elementwise(choose: Choose) -> dict[str, Any]:
    return {"x": _shape(choose, 4)}


def linear(choose: Choose) -> dict[str, Any]:
    i, o = choose("in", (1, 2, 5, 0)), choose("out", (1, 2, 5, 0))
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


def adagrad(choose: Choose) -> dict[str, Any]:
    return {
        **_step(choose),
        "lr_decay": choose("lr_decay", (0.0, 0.5, 0.01)),
        "initial_accumulator_value": choose("initial_accumulator_value", (0.0, 1.0, 0.1)),
        "eps": choose("eps", (1e-10, 1.0, 0.01)),
    }


def rmsprop(choose: Choose) -> dict[str, Any]:
    return {
        **_step(choose),
        "alpha": choose("alpha", (0.99, 0.5, 0.9)),
        "eps": choose("eps", (1e-8, 1.0, 0.01)),
        "momentum": choose("momentum", (0.0, 0.5, 0.9)),
        "centered": choose("centered", (False, True)),
    }


def adam(choose: Choose) -> dict[str, Any]:
    return {
        **_step(choose),
        "betas": (choose("beta1", (0.9, 0.5, 0.0)), choose("beta2", (0.999, 0.5, 0.9, 0.0))),
        "eps": choose("eps", (1e-8, 1.0, 0.01)),
        "amsgrad": choose("amsgrad", (False, True)),
    }


def _step(choose: Choose) -> dict[str, Any]:
    """What every optimiser takes."""
    return {
        "w": _shape(choose, 2),
        "lr": choose("lr", (1.0, 0.1, 0.003)),
        "weight_decay": choose("weight_decay", (0.0, 0.5, 0.01)),
        "maximize": choose("maximize", (False, True)),
    }


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
    return (choose("batch", (1, 2, 3, 0)), choose("channels", (1, 2, 3)), h.n, w.n)


def _shape(choose: Choose, most: int) -> tuple[int, ...]:
    """Any shape of up to ``most`` axes, scalars and empty axes included."""
    return tuple(choose("size", (1, 2, 3, 5, 0)) for _ in range(choose("rank", range(most + 1))))


def _stride(h: Axis, w: Axis) -> Any:
    return None if (h.t, w.t) == (h.k, w.k) else _pair(h.t, w.t)


def _pair(a: int, b: int) -> int | tuple[int, int]:
    return a if a == b else (a, b)
