"""The geometry of every op, written once, as a function of ``choose``.

``choose(name, values, rare)`` picks one of ``values``, the simplest first, or now and then one of ``rare``: empty axes
and odd modes, in which little else is seen. Hypothesis is one chooser (it searches, and shrinks towards the simplest),
an exhaustive enumerator another (it walks every path), so both read the very same constraints: later values depend on
earlier choices, and nothing invalid is ever built. The result is a call's arguments, arrays by shape.
"""

from collections.abc import Callable, Sequence
from math import prod
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


def xavier_uniform(choose: Choose) -> dict[str, Any]:
    return {"u": _weight(choose), "gain": choose("gain", (1.0, 2.0, 5 / 3))}


def xavier_normal(choose: Choose) -> dict[str, Any]:
    return {"z": _weight(choose), "gain": choose("gain", (1.0, 2.0, 5 / 3))}


def kaiming_uniform(choose: Choose) -> dict[str, Any]:
    return {"u": _weight(choose), **_gain(choose)}


def kaiming_normal(choose: Choose) -> dict[str, Any]:
    return {"z": _weight(choose), **_gain(choose)}


def _weight(choose: Choose) -> tuple[int, ...]:
    return tuple(choose("size", (1, 2, 3, 5)) for _ in range(choose("rank", (2, 3, 4, 5))))


def _gain(choose: Choose) -> dict[str, Any]:
    return {
        "a": choose("a", (0.0, 0.01, 1.0)),
        "mode": choose("mode", ("fan_in", "fan_out")),
        "nonlinearity": choose("nonlinearity", ("leaky_relu", "relu", "tanh", "selu"), ("linear", "conv_transpose2d")),
    }


# Counts on the square lattice, 2^k ≥ 4 with eps = 1: batch, and what lies behind the channels
SQUARES = ((4, ()), (1, (4,)), (2, (2,)), (2, (4,)), (1, (2, 2)), (3, (4, 2)), (2, (2, 2, 2)))


def batch_norm(choose: Choose) -> dict[str, Any]:
    training, square = choose("training", (True, False)), choose("square lattice", (True, False))
    batch, behind = choose("counts", [s for s in SQUARES if s[0] != 3]) if square else _samples(choose, 3)
    if training and batch * prod(behind) == 1:
        batch = 2
    running = choose("running statistics", (False, True) if training else (True,))
    return {**_channels(choose, batch, behind, running, square), "training": training}


def instance_norm(choose: Choose) -> dict[str, Any]:
    own, square = choose("use_input_stats", (True, False)), choose("square lattice", (True, False))
    batch, behind = choose("counts", [s for s in SQUARES if prod(s[1]) >= 4]) if square else _samples(choose, 3)
    batch = max(batch, 1)  # PyTorch takes no sample only where there is no weight and no bias
    if prod(behind) == 1:
        behind = (*behind, 2)
    running = choose("running statistics", (False, True) if own else (True,))
    return {**_channels(choose, batch, behind, running, square), "use_input_stats": own}


def group_norm(choose: Choose) -> dict[str, Any]:
    groups, channels = choose("groups", (1, 2, 3)), choose("channels", (1, 2, 3))
    batch, behind = _samples(choose, 3)
    behind, c = tuple(max(n, 1) for n in behind), groups * channels  # without cells its dweight is NaN in PyTorch
    if batch * channels * prod(behind) == 1:
        batch = 2
    return {"x": (batch, c, *behind), **_affine(choose, (c,)), "num_groups": groups, "eps": choose("eps", EPS)}


def layer_norm(choose: Choose) -> dict[str, Any]:
    last = tuple(choose("size", (2, 3, 5, 1), (0,)) for _ in range(choose("normalized axes", (1, 2))))
    return {
        "x": (*_shape(choose, 2), *last),
        **_affine(choose, last),
        "normalized_shape": last,
        "eps": choose("eps", EPS),
    }


def rms_norm(choose: Choose) -> dict[str, Any]:
    if choose("square lattice", (True, False)):
        last, eps = choose("normalized_shape", ((4,), (2, 2), (8,), (2, 4))), 1.0
    else:
        last = tuple(choose("size", (2, 3, 5, 1), (0,)) for _ in range(choose("normalized axes", (1, 2))))
        eps = choose("eps", (None, *EPS))
    weight = last if choose("weight", (True, False)) else None
    return {"x": (*_shape(choose, 2), *last), "weight": weight, "normalized_shape": last, "eps": eps}


def local_response_norm(choose: Choose) -> dict[str, Any]:
    behind = tuple(choose("size", (1, 2, 3), (0,)) for _ in range(choose("axes behind the channels", (1, 2, 3))))
    return {
        "x": (choose("batch", (1, 2), (0,)), choose("channels", (1, 2, 3, 5), (0,)), *behind),
        "size": choose("window", (1, 2, 3, 4, 5, 7)),
        "alpha": choose("alpha", (1e-4, 1.0, 0.5)),
        "beta": choose("beta", (0.75, 1.0, 0.5, 2.0)),
        "k": choose("k", (1.0, 2.0, 0.5)),
    }


EPS = (1e-5, 1.0, 0.1)


def _samples(choose: Choose, most: int) -> tuple[int, tuple[int, ...]]:
    return choose("batch", (2, 1, 3), (0,)), _shape(choose, most)


def _channels(choose: Choose, batch: int, behind: tuple[int, ...], running: bool, square: bool) -> dict[str, Any]:
    c = choose("channels", (1, 2, 3))
    return {
        "x": (batch, c, *behind),
        **_affine(choose, (c,)),
        "running_mean": (c,) if running else None,
        "running_var": (c,) if running else None,
        "eps": 1.0 if square else choose("eps", EPS),
    }


def _affine(choose: Choose, shape: tuple[int, ...]) -> dict[str, Any]:
    return {name: shape if choose(name, (True, False)) else None for name in ("weight", "bias")}


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
    return (choose("batch", (1, 2, 3), (0,)), choose("channels", (1, 2, 3)), h.n, w.n)


def _shape(choose: Choose, most: int) -> tuple[int, ...]:
    """Any shape of up to ``most`` axes, scalars and empty axes included."""
    return tuple(choose("size", (1, 2, 3, 5), (0,)) for _ in range(choose("rank", range(most + 1))))


def _stride(h: Axis, w: Axis) -> Any:
    return None if (h.t, w.t) == (h.k, w.k) else _pair(h.t, w.t)


def _pair(a: int, b: int) -> int | tuple[int, int]:
    return a if a == b else (a, b)
