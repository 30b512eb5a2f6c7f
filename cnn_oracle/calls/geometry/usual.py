"""The shapes that everybody uses: about twenty geometries of real networks for each family of ops.

Fast paths are written for exactly these, and axes that are drawn independently nearly never give them. A geometry is
given by some of its choices; all others are drawn. A list has the values of the first choice of this name, the second,
and so on. Channels and images are small, but multiples of 8 where those of networks are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Usual = Mapping[str, Any]


def usual(op: str) -> Sequence[Usual]:
    """The usual geometries of an op. Empty for an op that has none."""
    rank = int(op[-2]) if op.endswith(("1d", "2d", "3d")) else 0
    found = USUAL.get(op, USUAL.get(op[:-2] if rank else op, ()))
    series = (_of_a_series(found[1], rank),) if op.startswith(("avg_pool", "max_pool")) else ()
    few = [_on_volumes(one) for one in found if one["kernel_size"] in (1, 2, 3, 4)] if rank == 3 else found
    return [*few, *series]


STEPS = 720  # of a series, as forecasts have them


def _of_a_series(one: Usual, rank: int) -> Usual:
    """A window of 3 that moves along one long row."""
    short = [1] * (rank - 1)
    return {
        **one, "alike": False, "kernel_size": [*short, 3], "stride": 1, "padding": [0] * len(short) + [1],
        "size": [*short, STEPS],
    }  # fmt: skip


FEWER = {"channels": 2, "filters": 2, "groups": 4, "batch": 1}


def _on_volumes(one: Usual) -> Usual:
    """The geometry on three axes, with fewer elements, channels and images."""
    size = min(6, one["size"]) if isinstance(one["size"], int) else [min(3, n) for n in one["size"]]
    return {**one, "size": size, **{name: min(most, one[name]) for name, most in FEWER.items() if name in one}}


def _conv(
    kernel: Any, stride: int = 1, padding: Any = 0, channels: int = 8, filters: int = 8, groups: int = 1, size: Any = 7,
    dilation: int = 1, mode: str = "explicit", bias: bool = True, batch: int = 2,
) -> Usual:  # fmt: skip
    return {
        "padding mode": mode, "alike": not isinstance(kernel, list) and dilation == 1, "kernel_size": kernel,
        "stride": stride,
        "padding": padding, "channels": channels, "filters": filters, "groups": groups, "size": size,
        "dilation": dilation, "bias": bias, "batch": batch,
    }  # fmt: skip


CONV = (
    _conv(3, padding=1),
    _conv(1),
    _conv(3, 2, 1, filters=16, size=8),
    _conv(1, 2, filters=16, size=8, bias=False),
    _conv(7, 2, 3, channels=3, size=14, bias=False),
    _conv(3, padding=1, channels=1, filters=1, groups=16),  # depthwise
    _conv(3, padding=1, channels=16, filters=16, bias=False, batch=1),
    _conv(5, padding=2, channels=16, size=[9, 6]),
    _conv(4, 4, channels=3, filters=16, size=8),  # patches
    _conv(2, 2, size=8),
    _conv(3, 2, 1, channels=1, filters=1, groups=8, size=[8, 7]),
    _conv(7, padding=3, channels=1, filters=1, groups=8, size=9),
    _conv(3, padding=2, dilation=2, size=9),
    _conv(3, channels=1, filters=8, size=[8, 10]),
    _conv(4, 2, 1, channels=3, size=8, bias=False),
    _conv(3, padding=1, channels=4, filters=4, groups=4),
    _conv(5, channels=1, filters=6, size=[12, 11]),
    _conv([1, 7], padding=[0, 3], size=[9, 8]),
    _conv([7, 1], padding=[3, 0], size=[8, 9]),
    _conv(3, mode="same", channels=16, size=[8, 6]),
)
CONV_TRANSPOSE = tuple(
    {
        "alike": True, "kernel_size": k, "stride": t, "padding": p, "output_padding": more, "channels": c, "filters": o,
        "groups": groups, "dilation": 1, "batch": 2, "size": [5, 4, 3],
    }
    for k, t, p, more, c, o, groups in (
        (2, 2, 0, 0, 16, 8, 1), (4, 2, 1, 0, 16, 8, 1), (3, 2, 1, 1, 8, 8, 1), (3, 1, 1, 0, 8, 8, 1),
        (4, 1, 0, 0, 16, 8, 1), (3, 2, 0, 0, 8, 16, 1), (5, 2, 2, 1, 8, 3, 1), (4, 4, 0, 0, 8, 8, 1),
        (8, 4, 2, 0, 8, 3, 1), (3, 1, 0, 0, 8, 1, 1), (1, 1, 0, 0, 16, 16, 1), (2, 2, 0, 0, 1, 1, 8),
        (4, 2, 1, 0, 4, 4, 2), (3, 2, 1, 1, 1, 1, 16), (2, 1, 0, 0, 8, 8, 1), (4, 2, 1, 0, 8, 3, 1),
    )
)  # fmt: skip
MAX_POOL = tuple(
    {
        "alike": True, "kernel_size": k, "stride": t, "padding": p, "dilation": 1, "ceil_mode": ceil, "channels": c,
        "batch": 2, "size": size,
    }
    for k, t, p, ceil, c, size in (
        (2, 2, 0, False, 8, 8), (3, 2, 1, False, 8, 14), (3, 1, 1, False, 8, 7), (3, 2, 0, False, 16, 13),
        (2, 2, 0, False, 6, [10, 9, 8]), (3, 2, 0, True, 8, 14), (2, 1, 0, False, 8, 7), (2, 2, 0, True, 8, 7),
        (3, 3, 0, False, 8, 9), (4, 4, 0, False, 3, 8), (3, 1, 0, False, 8, [7, 8, 6]), (6, 6, 0, False, 16, 6),
        (3, 2, 1, False, 1, 7), (3, 2, 1, True, 3, 8), (2, 2, 0, False, 1, 2), (4, 2, 1, False, 8, 8),
        (3, 1, 1, False, 1, 3), (2, 2, 0, False, 32, 4),
    )
)  # fmt: skip
AVG_POOL = tuple(
    {**one, "count_include_pad": counted, "divisor_override": None}
    for one, counted in zip(MAX_POOL, (True, False, False, True) * 5, strict=False)
)
LP_POOL = tuple({**one, "norm_type": 2.0} for one in MAX_POOL if one["padding"] == 0)
ADAPTIVE = tuple(
    {"batch": 2, "channels": c, "size": size, "output_size": out}
    for c, size, out in (
        (16, [7, 7], 1), (8, [14, 14], 7), (8, [7, 7], 7), (16, [8, 8], 1), (8, [13, 13], 6), (8, [7, 9], [1, 1]),
        (8, [5, 5], 7), (3, [8, 8], 4), (8, [16, 12], [7, 5]), (32, [4, 4], 2), (8, [7, 5], [1, None]), (3, [9, 9], 3),
        (8, [10, 10], 5), (8, [1, 1], 1), (8, [6, 7], [3, 7]), (1, [14, 14], 2), (8, [1, 720], 1),
    )
)  # fmt: skip
UNFOLD = tuple(
    {
        "single elements": False, "alike": d == 1, "kernel_size": k, "stride": t, "padding": p, "dilation": d,
        "channels": c, "batch": 2, "size": size,
    }
    for k, t, p, d, c, size in (
        (3, 1, 1, 1, 8, 7), (2, 2, 0, 1, 8, 8), (4, 4, 0, 1, 3, 8), (3, 2, 1, 1, 8, 8), (5, 1, 2, 1, 3, 7),
        (3, 1, 2, 2, 3, 9), (1, 1, 0, 1, 16, 5), (3, 1, 0, 1, 1, [6, 8]), (3, 3, 0, 1, 3, 9), (4, 2, 1, 1, 3, 8),
        (7, 4, 3, 1, 3, 14), (3, 2, 0, 1, 8, 7),
    )
)  # fmt: skip
LINEAR = tuple(
    {"rank": len(lead), "size": [*lead], "in": i, "out": o, "bias": bias}
    for lead, i, o, bias in (
        ((8,), 64, 32, True), ((16,), 128, 10, True), ((2, 16), 64, 64, True), ((2, 8), 32, 96, False),
        ((1,), 64, 1, True),
        ((), 16, 16, True), ((32,), 2, 16, True), ((4,), 256, 64, False), ((2, 7, 7), 16, 64, True),
        ((1, 1), 64, 100, True),
        ((64,), 16, 16, True), ((2, 16), 48, 16, True), ((128,), 8, 8, False), ((3,), 512, 8, True),
        ((8,), 10, 1000, True), ((577,), 8, 10, True),  # the tokens of a vision transformer
    )
)  # fmt: skip
BILINEAR = tuple(
    {"features": [i, j, o], "rank": 1, "size": [n], "bias": bias}
    for i, j, o, n, bias in (
        (8, 8, 16, 4, True),
        (16, 16, 1, 8, True),
        (20, 30, 4, 2, True),
        (16, 8, 8, 1, False),
        (2, 2, 2, 32, True),
        (32, 32, 1, 2, False),
    )
)
EMBEDDING = tuple(
    {"rows": rows, "width": d, "rank": len(shape), "size": [*shape], "padding_idx": pad, "scale_grad_by_freq": False}
    for rows, d, shape, pad in (
        (32, 16, (2, 8), None), (100, 8, (4, 16), 0), (1000, 16, (2, 16), None), (10, 3, (2, 4), None),
        (2, 64, (2, 16), None),
        (512, 32, (1, 16), None), (50, 8, (64,), 0), (128, 64, (8,), None), (16, 16, (2, 3, 5), 15), (30, 32, (1,), 1),
    )
)  # fmt: skip
ATTENTION = tuple(
    {
        "rank": 1, "size": [2], "heads": heads, "several heads": True, "enable_gqa": many > 1, "sharing": many,
        "queries": q, "keys": k, "width": e, "value width": e, "mask": mask, "axes left out": 0,
        "whole axis of the mask": whole, "scale": None,
    }
    for heads, many, q, k, e, mask, whole in (
        (4, 1, 16, 16, 16, "none", []), (4, 1, 16, 16, 16, "causal", []), (2, 1, 8, 16, 32, "none", []),
        (2, 1, 1, 32, 32, "none", []), (2, 4, 8, 8, 16, "causal", []), (4, 1, 8, 8, 8, "given", [True, False, True]),
        (2, 1, 8, 8, 16, "given", [False, True, True]), (2, 1, 6, 9, 8, "given", [True, False, False]),
        (1, 1, 33, 33, 8, "causal", []), (8, 1, 4, 4, 8, "given", [True, True, True]), (1, 1, 16, 64, 64, "none", []),
        (1, 8, 1, 17, 16, "none", []), (3, 1, 10, 10, 16, "given", [False, False, True]),
    )
)  # fmt: skip
SHAPES = (
    (2, 8, 7, 7), (8, 64), (2, 16, 32), (64,), (1, 16, 5, 5), (32, 10), (2, 3, 14, 14), (128, 8), (2, 4, 16, 16),
    (16, 1),
    (1, 64), (4, 100), (256,), (8, 16, 16), (2, 32, 4, 4), (1, 1000), (3, 16, 8), (2, 64, 2, 2),
)  # fmt: skip
ANY_SHAPE: Sequence[Usual] = tuple({"rank": len(shape), "size": [*shape]} for shape in SHAPES)
SOFTMAX = tuple({**one, "dim": -1 if i % 3 or len(one["size"]) < 2 else 1} for i, one in enumerate(ANY_SHAPE))
PRELU = tuple({**one, "shared": i % 2 == 0} for i, one in enumerate(ANY_SHAPE))
GLU = tuple(
    {"rank": len(shape), "size": [*shape], "dim": -1 if len(shape) != 3 or shape[2] > 8 else 1 - len(shape)}
    for shape in SHAPES if len(shape) <= 3
)  # fmt: skip
FLATTEN = tuple({**one, "start_dim": min(1, len(one["size"]) - 1), "negative": False} for one in ANY_SHAPE)
DROPOUT = tuple({**one, "p": 0.1 if i % 2 else 0.5, "training": i % 4 < 3} for i, one in enumerate(ANY_SHAPE))
DROPOUT2D = tuple(
    {"batch": shape[0], "channels": shape[1], "rank": 2, "size": [*shape[2:]], "p": 0.5, "training": True}
    for shape in SHAPES if len(shape) == 4
)  # fmt: skip
PAIR = tuple(
    {"rank": len(shape), "size": [*shape], "weight": False, "reduction": "sum" if i % 5 == 4 else "mean"}
    for i, shape in enumerate(((32,), (32, 1), (8, 10), (64,), (2, 8, 8), (16, 4), (128, 2), (1,), (100,), (3, 16, 16)))
)
KL_DIV = tuple({**one, "reduction": "batchmean"} for one in PAIR)
CLASSES = tuple(
    {
        "batch": n, "classes": c, "axes behind the classes": bool(behind), "rank": len(behind), "size": [*behind],
        "weight": weight, "ignore_index": -100, "reduction": "mean", "label_smoothing": smoothing,
        "probabilities": probabilities,
    }
    for n, c, behind, weight, smoothing, probabilities in (
        (32, 10, (), False, 0.0, False), (8, 100, (), False, 0.1, False), (2, 5, (8, 8), False, 0.0, False),
        (4, 1000, (), False, 0.0, False), (2, 21, (7, 7), True, 0.0, False), (32, 2, (), True, 0.0, False),
        (64, 10, (), False, 0.0, True), (2, 50, (16,), False, 0.0, False), (1, 10, (), False, 0.1, False),
        (16, 3, (), True, 0.1, False), (128, 4, (), False, 0.0, False), (2, 2, (8, 8), True, 0.0, False),
    )
)  # fmt: skip
BATCH_NORM = tuple(
    {
        "square grid": False, "batch": shape[0], "channels": shape[1], "rank": len(shape) - 2, "size": [*shape[2:]],
        "running statistics": True, "training": training, "use_input_stats": training, "weight": True, "bias": True,
        "eps": 1e-5,
    }
    for shape in ((4, 16, 7, 7), (32, 8), (2, 8, 14, 14), (8, 64), (2, 3, 8, 8), (4, 32, 4), (2, 64, 2, 2),
    (2, 8, 4, 4, 4))
    for training in (True, False)
)  # fmt: skip
GROUP_NORM = tuple(
    {
        "groups": groups, "channels": each, "batch": 2, "rank": len(behind), "size": [*behind], "weight": True,
        "bias": True, "eps": 1e-5,
    }
    for groups, each, behind in (
        (8, 4, (7, 7)), (32, 1, (4, 4)), (1, 16, (7, 7)), (4, 8, (8,)), (16, 2, (5, 5)), (2, 4, (14, 14)),
        (32, 4, (2, 2)),
        (8, 8, ()), (3, 8, (4, 4)), (1, 64, ()),
    )
)  # fmt: skip
LAYER_NORM = tuple(
    {
        "square grid": False, "normalized axes": len(last), "rank": len(lead), "size": [*last, *lead], "weight": True,
        "bias": True, "eps": 1e-5,
    }
    for lead, last in (
        ((2, 16), (64,)), ((8,), (128,)), ((2, 7), (32,)), ((4,), (8, 8)), ((2, 16), (96,)), ((32,), (16,)),
        ((1, 1), (512,)),
        ((2, 8), (7, 7)), ((64,), (48,)), ((2,), (1024,)), ((1, 16), (80,)), ((3, 5), (256,)), ((16,), (10,)),
        ((2,), (3, 64)),
    )
)  # fmt: skip
LOCAL_RESPONSE_NORM = tuple(
    {
        "batch": 2,
        "channels": c,
        "axes behind the channels": 2,
        "size": size,
        "window": n,
        "alpha": 1e-4,
        "beta": 0.75,
        "k": k,
    }
    for c, size, n, k in ((16, 7, 5, 2.0), (8, 8, 5, 1.0), (32, 4, 3, 1.0), (3, 9, 5, 2.0), (64, 3, 5, 2.0))
)
PAD = tuple(
    {"padded axes": 2, "other axes": 2, "size": [2, c, size, size], "pad": p, "mode": mode, "value": None}
    for c, size, p, mode in (
        (8, 7, 1, "constant"), (3, 9, 3, "reflect"), (8, 7, 1, "replicate"), (8, 7, 1, "circular"),
        (3, 8, 2, "constant"),
        (3, 8, [0, 1, 0, 1], "constant"), (8, 6, 1, "reflect"), (1, 28, 2, "constant"),
        (3, 8, [1, 0, 1, 0], "constant"),
        (16, 5, 2, "replicate"), (3, 8, -1, "constant"), (8, 5, 2, "circular"),
    )
)  # fmt: skip
INTERPOLATE = tuple(
    {
        "mode": mode, "rank": 2, "batch": 2, "channels": c, "size": [*size, *([out] if out else [])], "alike": True,
        "by": "size" if out else "scale_factor", "scale_factor": scale, "align_corners": corners,
        "recompute_scale_factor": None,
    }
    for mode, c, size, out, scale, corners in (
        ("nearest", 8, (7, 7), 0, 2.0, None), ("bilinear", 8, (7, 7), 0, 2.0, False),
        ("bilinear", 8, (7, 7), 0, 2.0, True),
        ("nearest", 3, (8, 6), 7, 1.0, None), ("bilinear", 3, (16, 16), 8, 1.0, False),
        ("nearest", 8, (4, 4), 0, 3.0, None),
        ("bilinear", 3, (7, 5), 14, 1.0, True), ("bilinear", 3, (8, 8), 0, 1.5, False),
        ("bilinear", 3, (7, 5), 0, 1.5, True), ("bilinear", 8, (5, 6), 0, 2.6, True),
        ("nearest", 1, (14, 14), 7, 1.0, None),
        ("bilinear", 16, (4, 4), 16, 1.0, False), ("bilinear", 3, (9, 9), 9, 1.0, None),
        ("nearest", 16, (2, 2), 0, 2.0, None),
    )
)  # fmt: skip
PIXELS = tuple(
    {"rank": 1, "size": [h, w, n], "channels": c, "upscale_factor": r, "downscale_factor": r}
    for n, c, h, w, r in (
        (2, 3, 7, 7, 2),
        (2, 8, 4, 4, 2),
        (1, 3, 5, 6, 3),
        (2, 3, 4, 4, 4),
        (2, 16, 4, 4, 2),
        (1, 1, 8, 8, 2),
        (2, 3, 3, 3, 8),
    )
)
WEIGHTS = (
    (16, 8, 3, 3),
    (64, 32),
    (10, 64),
    (16, 1, 3, 3),
    (8, 16, 1, 1),
    (8, 3, 7, 7),
    (16, 8, 3),
    (8, 4, 3, 3, 3),
    (96, 32),
)
INITIALIZER = tuple({"rank": len(shape), "size": [*shape]} for shape in WEIGHTS)
STEP = tuple(
    {"rank": len(shape), "size": [*shape], "lr": 0.1, "momentum": m, "weight_decay": decay,
    "nesterov": m > 0 and decay > 0,
     "maximize": False, "beta1": 0.9, "beta2": 0.999, "dampening": 0.0, "amsgrad": False, "centered": False}
    for shape in ((64, 32), (64,), (16, 72), (10, 128), (1,))
    for m, decay in ((0.9, 0.01), (0.9, 0.0), (0.0, 0.0))
)  # fmt: skip

USUAL: Mapping[str, Sequence[Usual]] = {
    "conv": CONV,
    "conv_transpose": CONV_TRANSPOSE,
    "max_pool": MAX_POOL,
    "avg_pool": AVG_POOL,
    "lp_pool": LP_POOL,
    "adaptive_avg_pool": ADAPTIVE,
    "adaptive_max_pool": ADAPTIVE,
    "unfold": UNFOLD,
    "fold": UNFOLD,
    "linear": LINEAR,
    "bilinear": BILINEAR,
    "embedding": EMBEDDING,
    "scaled_dot_product_attention": ATTENTION,
    "prelu": PRELU,
    "glu": GLU,
    "softmax": SOFTMAX,
    "log_softmax": SOFTMAX,
    "flatten": FLATTEN,
    "dropout": DROPOUT,
    "dropout2d": DROPOUT2D,
    "nll_loss": CLASSES,
    "cross_entropy": CLASSES,
    "kl_div": KL_DIV,
    **dict.fromkeys(
        ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy",
         "binary_cross_entropy_with_logits"), PAIR,
    ),
    "batch_norm": BATCH_NORM,
    "instance_norm": BATCH_NORM,
    "group_norm": GROUP_NORM,
    "layer_norm": LAYER_NORM,
    "rms_norm": LAYER_NORM,
    "local_response_norm": LOCAL_RESPONSE_NORM,
    "pad": PAD,
    "interpolate": INTERPOLATE,
    "pixel_shuffle": PIXELS,
    "pixel_unshuffle": PIXELS,
    **dict.fromkeys(("sgd", "adagrad", "rmsprop", "adam", "adamw"), STEP),
    **dict.fromkeys(("xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal"), INITIALIZER),
    **dict.fromkeys(
        ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "sigmoid", "hardsigmoid", "hardswish", "tanh",
         "softplus", "softsign"), ANY_SHAPE,
    ),
}  # fmt: skip
