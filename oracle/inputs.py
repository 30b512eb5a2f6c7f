"""The geometry of every op, written once, as a function of ``choose``.

``choose(name, values, rare)`` picks one of ``values``, the simplest first, or now and then one of ``rare``: empty axes
and odd modes, in which little else is seen. Hypothesis is one chooser (it searches, and shrinks towards the simplest),
an exhaustive enumerator another (it walks every path), so both read the very same constraints: later values depend on
earlier choices, and nothing invalid is ever built. The result is a call's arguments, arrays by shape.
"""

from collections.abc import Callable, Iterable, Sequence
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


def conv(choose: Choose, rank: int) -> dict[str, Any]:
    mode = choose("padding mode", ("explicit", "same"), ("valid",))
    groups = choose("groups", (1, 2, 3))
    c, o = choose("channels", (1, 2, 3)), choose("filters", (1, 2, 3))
    axes = [_conv_axis(choose, mode) for _ in range(rank)]
    bias = choose("bias", (True, False))
    return {
        "x": (choose("batch", (1, 2, 3), (0,)), c * groups, *(a.n for a in axes)),
        "w": (o * groups, c, *(a.k for a in axes)),
        "b": (o * groups,) if bias else None,
        "stride": _one(a.t for a in axes),
        "padding": _one(a.p for a in axes) if mode == "explicit" else mode,
        "dilation": _one(a.d for a in axes),
        "groups": groups,
    }


def conv_transpose(choose: Choose, rank: int) -> dict[str, Any]:
    groups = choose("groups", (1, 2, 3))
    c, o = choose("channels", (1, 2, 3)), choose("filters", (1, 2, 3))
    axes = [_conv_transpose_axis(choose) for _ in range(rank)]
    return {
        "x": (choose("batch", (1, 2, 3), (0,)), c * groups, *(a.n for a, _ in axes)),
        "w": (c * groups, o, *(a.k for a, _ in axes)),
        "b": (o * groups,) if choose("bias", (True, False)) else None,
        "stride": _one(a.t for a, _ in axes),
        "padding": _one(a.p for a, _ in axes),
        "output_padding": _one(extra for _, extra in axes),
        "groups": groups,
        "dilation": _one(a.d for a, _ in axes),
    }


def max_pool(choose: Choose, rank: int) -> dict[str, Any]:
    ceil_mode = choose("ceil_mode", (False, True))
    axes = [_pool_axis(choose, rank, (1, 2, 3)) for _ in range(rank)]
    return _pooling(choose, axes) | {"dilation": _one(a.d for a in axes), "ceil_mode": ceil_mode}


def avg_pool(choose: Choose, rank: int) -> dict[str, Any]:
    ceil_mode = choose("ceil_mode", (False, True))
    # with rank 3 PyTorch refuses a kernel larger than the unpadded input, as it does nowhere else
    axes = [_pool_axis(choose, rank, (1,), fits_unpadded=rank == 3) for _ in range(rank)]
    options = {"ceil_mode": ceil_mode, "count_include_pad": choose("count_include_pad", (True, False))}
    if rank > 1:
        options["divisor_override"] = choose("divisor_override", (None,), (1, 3, -2))
    return _pooling(choose, axes) | options


def lp_pool2d(choose: Choose) -> dict[str, Any]:
    arguments = _pooling(choose, [_pool_axis(choose, 2, (1,), padded=False) for _ in range(2)])
    del arguments["padding"]
    return arguments | {
        "norm_type": choose("norm_type", (2.0, 4.0, -2.0), (1.0, 3.0)),
        "ceil_mode": choose("ceil_mode", (False, True)),
    }


def adaptive_pool2d(choose: Choose) -> dict[str, Any]:
    x = (choose("batch", (1, 2, 3), (0,)), choose("channels", (1, 2, 3)), *(choose("size", range(1, 9)) for _ in "hw"))
    output = tuple(choose("output_size", (1, 2, 3, 5, 7), (None,)) for _ in "hw")
    return {"x": x, "output_size": output[0] if output[0] == output[1] is not None else output}


def pad(choose: Choose) -> dict[str, Any]:
    mode = choose("mode", ("constant", "reflect", "replicate", "circular"))
    any_axes = (0,) if mode == "constant" else ()
    padded, others = choose("padded axes", (1, 2, 3), any_axes), choose("other axes", (1, 2), any_axes)
    empty = (0,) if mode in ("constant", "circular") else ()  # the others pad no empty axis beside the batch's
    lead = tuple(choose("size", (1, 2, 3), (0,) if i < others - 1 else empty) for i in range(others))
    size = tuple(choose("size", (1, 2, 3, 5), empty) for _ in range(padded))
    # but for constant and circular some cell is left; of none in three axes PyTorch's reflect has no gradient: what it
    # returns was never written
    least = [0 if empty or (i > 0 and (mode, padded) != ("reflect", 3)) else 1 for i in range(padded)]
    return {
        "x": (*lead, *size),
        "pad": tuple(p for n, m in zip(reversed(size), least, strict=True) for p in _pad_axis(choose, mode, n, m)),
        "mode": mode,
        "value": choose("value", (None, 2.5)) if mode == "constant" else None,
    }


def interpolate(choose: Choose) -> dict[str, Any]:
    mode = choose("mode", ("nearest", "bilinear"))
    rank = 2 if mode == "bilinear" else choose("rank", (1, 2, 3))
    images = (
        choose("batch", (1, 2), (0,)),
        choose("channels", (1, 2)),
        *(choose("size", range(1, 7)) for _ in range(rank)),
    )
    arguments: dict[str, Any] = {"x": images, "mode": mode}
    if choose("by", ("size", "scale_factor")) == "size":
        arguments["size"] = _one(_along(choose, rank, "size", range(1, 10)))
    else:
        # nearly 1 and 2 for images alone: of lines and volumes PyTorch's gradient is then not its forward's
        nearly = (1.05, 2.05, 2.1, 2.2) if rank == 2 else ()
        factors = _along(choose, rank, "scale_factor", (1.0, 2.0, 1.5, 2.6, 3.0, *nearly))
        arguments["scale_factor"] = factors[0] if len(set(factors)) == 1 else factors
        arguments["recompute_scale_factor"] = choose("recompute_scale_factor", (None,), (True,))
    if mode == "bilinear":
        arguments["align_corners"] = choose("align_corners", (None, True, False))
    return arguments


def _along(choose: Choose, rank: int, name: str, values: Sequence[Any]) -> tuple[Any, ...]:
    """One for each axis, or one for all."""
    if choose("alike", (False, True)):
        return (choose(name, values),) * rank
    return tuple(choose(name, values) for _ in range(rank))


def unfold(choose: Choose) -> dict[str, Any]:
    if choose("single cells", (False,), (True,)):  # the columns are the image, in the same memory unless it is copied
        axes = [Axis(choose("size", (1, 2, 3)), 1, 1, 0, 1) for _ in range(2)]
    else:
        axes = [_conv_axis(choose, "explicit") for _ in range(2)]
    return {
        "x": _images(choose, axes),
        "kernel_size": _one(a.k for a in axes),
        "dilation": _one(a.d for a in axes),
        "padding": _one(a.p for a in axes),
        "stride": _one(a.t for a in axes),
    }


def fold(choose: Choose) -> dict[str, Any]:
    arguments = unfold(choose)
    n, c, *size = arguments["x"]
    pairs = [
        (v, v) if isinstance(v := arguments[name], int) else v
        for name in ("kernel_size", "dilation", "padding", "stride")
    ]
    positions = [(h + 2 * p - d * (k - 1) - 1) // t + 1 for h, k, d, p, t in zip(size, *pairs, strict=True)]
    return arguments | {
        "x": (n, c * pairs[0][0] * pairs[0][1], positions[0] * positions[1]),
        "output_size": _one(size),
    }


def pixel_shuffle(choose: Choose) -> dict[str, Any]:
    r = choose("upscale_factor", (1, 2, 3))
    h, w = choose("size", (1, 2, 3)), choose("size", (1, 2, 3))  # PyTorch's gradient fails where one is 0
    return {"x": (*_lead(choose), choose("channels", (1, 2, 3)) * r * r, h, w), "upscale_factor": r}


def pixel_unshuffle(choose: Choose) -> dict[str, Any]:
    r = choose("downscale_factor", (1, 2, 3))
    h, w = choose("size", (1, 2, 3)) * r, choose("size", (1, 2, 3)) * r
    return {"x": (*_lead(choose), choose("channels", (1, 2, 3)), h, w), "downscale_factor": r}


def bilinear(choose: Choose) -> dict[str, Any]:
    i, j, o = (choose("features", (1, 2, 3, 5)) for _ in range(3))
    lead = tuple(choose("size", (1, 2, 3), (0,)) for _ in range(choose("rank", (0, 1, 2))))
    return {"x1": (*lead, i), "x2": (*lead, j), "w": (o, i, j), "b": (o,) if choose("bias", (True, False)) else None}


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
        "ignore_index": choose("ignore_index", (-100, 0, -1)),
        "reduction": choose("reduction", ("mean", "sum", "none")),
    }


def cross_entropy(choose: Choose) -> dict[str, Any]:
    arguments = nll_loss(choose)
    arguments["label_smoothing"] = choose("label_smoothing", (0.0, 0.1, 1.0))
    if arguments["ignore_index"] < 0 and choose("probabilities", (False, True)):
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
    queries, keys = choose("queries", (1, 2, 3, 5), (0,)), choose("keys", (1, 2, 3, 5), (0,))
    wide, value = choose("width", (1, 2, 3), (0,)), choose("value width", (1, 2, 3), (0,))
    batch, heads = _shape(choose, 1), choose("heads", (1, 2, 3))
    shared = choose("enable_gqa", (False, True))
    lead = (*batch, heads) if shared or choose("several heads", (False, True)) else batch
    many = (*batch, heads * choose("sharing", (1, 2, 3))) if shared else lead
    masked = choose("mask", ("none", "causal", "given"))
    scores = (*many, queries, keys)
    mask = scores[choose("axes left out", range(len(scores))) :] if masked == "given" else None
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


def xavier_uniform(choose: Choose) -> dict[str, Any]:
    return {"u": _weight(choose), "gain": choose("gain", (1.0, 2.0, 5 / 3))}


def xavier_normal(choose: Choose) -> dict[str, Any]:
    return {"z": _weight(choose), "gain": choose("gain", (1.0, 2.0, 5 / 3))}


def kaiming_uniform(choose: Choose) -> dict[str, Any]:
    return {"u": _weight(choose, (0,)), **_gain(choose)}


def kaiming_normal(choose: Choose) -> dict[str, Any]:
    return {"z": _weight(choose, (0,)), **_gain(choose)}


def _weight(choose: Choose, empty: tuple[int, ...] = ()) -> tuple[int, ...]:
    """With xavier PyTorch divides by zero where nothing goes in or out."""
    return tuple(choose("size", (1, 2, 3, 5), empty) for _ in range(choose("rank", (2, 3, 4, 5))))


NONLINEARITIES = (
    "leaky_relu", "relu", "tanh", "selu", "sigmoid", "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
    "conv_transpose2d", "conv_transpose3d",
)  # fmt: skip


def _gain(choose: Choose) -> dict[str, Any]:
    return {
        "a": choose("a", (0.0, 0.01, 1.0)),
        "mode": choose("mode", ("fan_in", "fan_out")),
        "nonlinearity": choose("nonlinearity", NONLINEARITIES),
    }


# Counts on the square lattice, 2^k ≥ 4 with eps = 1: batch, and what lies behind the channels
SQUARES = ((4, ()), (1, (4,)), (2, (2,)), (2, (4,)), (1, (2, 2)), (3, (4, 2)), (2, (2, 2, 2)))


def batch_norm(choose: Choose) -> dict[str, Any]:
    training, square = choose("training", (True, False)), choose("square lattice", (True, False))
    batch, behind = choose("counts", [s for s in SQUARES if s[0] != 3]) if square else _samples(choose, 3)
    if training and batch * prod(behind) == 1:
        batch = 2
    running = choose("running statistics", (False, True) if training else (True,))
    return {**_channels(choose, batch, behind, running, square, (0.0,) * (not training)), "training": training}


def instance_norm(choose: Choose) -> dict[str, Any]:
    own, square = choose("use_input_stats", (True, False)), choose("square lattice", (True, False))
    batch, behind = choose("counts", [s for s in SQUARES if prod(s[1]) >= 4]) if square else _samples(choose, 3)
    batch = max(batch, 1)  # PyTorch takes no sample only where there is no weight and no bias
    if prod(behind) == 1:
        behind = (*behind, 2)
    running = choose("running statistics", (False, True) if own else (True,))
    return {**_channels(choose, batch, behind, running, square, (0.0,) * (not own)), "use_input_stats": own}


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


def _channels(
    choose: Choose, batch: int, behind: tuple[int, ...], running: bool, square: bool, more: tuple[float, ...]
) -> dict[str, Any]:
    """``more`` are further eps: a variance that is given needs none."""
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
    t = choose("stride", (1,) if mode == "same" else STRIDES)
    p = choose("padding", (0, 1, 2, 3, 4, 5) if mode == "explicit" else (0,))
    least = 1 if mode == "same" else max(1, d * (k - 1) + 1 - 2 * p)
    return Axis(choose("size", range(least, max(least, 7) + 3)), k, t, p, d)


def _conv_transpose_axis(choose: Choose) -> tuple[Axis, int]:
    """An axis of x, and its output_padding; at least one cell of y is left."""
    k, d = choose("kernel_size", (1, 2, 3, 4)), choose("dilation", (1, 2, 3))
    t, p = choose("stride", STRIDES), choose("padding", (0, 1, 2, 3))
    extra = choose("output_padding", range(max(t, d)))
    least = max(1, -((d * (k - 1) + extra - 2 * p) // t) + 1)
    return Axis(choose("size", range(least, least + 4)), k, t, p, d), extra


def _pad_axis(choose: Choose, mode: str, n: int, least: int) -> list[int]:
    """lo and hi: reflect adds less than the axis has, circular at most what a crop leaves; ``least`` cells remain."""
    pads, left = list[int](), n
    for _ in "lh":
        most = {"reflect": n - 1, "circular": left}.get(mode, 4)
        kept = max([least, *pads]) if mode == "circular" else least
        pads.append(choose("pad", range(most + 1), range(-1, max(kept - left, -2) - 1, -1)))
        left += min(pads[-1], 0)
    return pads


def _pooling(choose: Choose, axes: list[Axis]) -> dict[str, Any]:
    """What all poolings take; the stride is left out where it is the kernel's size, its default."""
    t, k = _one(a.t for a in axes), _one(a.k for a in axes)
    return {
        "x": _images(choose, axes),
        "kernel_size": k,
        "stride": None if t == k else t,
        "padding": _one(a.p for a in axes),
    }


# 6 is d (k − 1) where dilated windows of 3 cells meet, and more than d + (k − 1)
STRIDES = (1, 2, 3, 4, 6)


def _pool_axis(
    choose: Choose, rank: int, dilations: Sequence[int], padded: bool = True, fits_unpadded: bool = False
) -> Axis:
    # 6 is what padding ≥ 3 takes; 128, 256 and 22 × 6 are more cells than a byte counts
    kernels = {1: ((1, 2, 3, 4, 6), (128, 256)), 2: ((1, 2, 3, 4, 6), (22,)), 3: ((1, 2, 3), (6,))}[rank]
    k, d = choose("kernel_size", *kernels), choose("dilation", dilations)
    t, p = choose("stride", STRIDES), choose("padding", range(k // 2 + 1)) if padded else 0
    least = max(1, d * (k - 1) + 1 - (0 if fits_unpadded else 2 * p))
    return Axis(choose("size", range(least, max(least, 7) + 3)), k, t, p, d)


def _images(choose: Choose, axes: list[Axis]) -> tuple[int, ...]:
    return (choose("batch", (1, 2, 3), (0,)), choose("channels", (1, 2, 3)), *(a.n for a in axes))


def _shape(choose: Choose, most: int) -> tuple[int, ...]:
    """Any shape of up to ``most`` axes, scalars and empty axes included."""
    return _shape_of(choose, choose("rank", range(most + 1)))


def _lead(choose: Choose) -> tuple[int, ...]:
    """Up to two leading axes."""
    return tuple(choose("size", (1, 2, 3)) for _ in range(choose("rank", (0, 1, 2))))


def _shape_of(choose: Choose, rank: int) -> tuple[int, ...]:
    return tuple(choose("size", (1, 2, 3, 5), (0,)) for _ in range(rank))


def _one(values: Iterable[int]) -> Any:
    """One int where all axes have the same, else one per axis."""
    ints = tuple(values)
    return ints[0] if len(set(ints)) == 1 else ints
