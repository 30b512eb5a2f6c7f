"""Coverage: the share of the drawn calls in each class of geometry.

Each class is one in which some mistake shows, perhaps only there. A class is a predicate of a call and its spatial
axes, with the ops to which it applies. In addition, each option of each op must occur with a value other than its
default.
"""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from cnn_oracle.call import Call
from cnn_oracle.calls.geometry.windows import Axis
from cnn_oracle.calls.sampling import DrawnCalls
from cnn_oracle.calls.unsafe import per_axis, window_in_padding
from cnn_oracle.calls.work import axes_of
from cnn_oracle.op import Op
from cnn_oracle.verification import EXAMPLES

Reached = Callable[[Call, list[Axis]], bool]

CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")
TRANSPOSED = ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
MAXIMA = ("max_pool1d", "max_pool2d", "max_pool3d")
AVERAGES = ("avg_pool1d", "avg_pool2d", "avg_pool3d")
FOLDING = ("unfold", "fold")
PADDED = (*CONVOLUTIONS, *FOLDING, *MAXIMA, *AVERAGES)
SLIDING = (*PADDED, "lp_pool2d")
WINDOWS = (*SLIDING, *TRANSPOSED)
DILATED = (*CONVOLUTIONS, *TRANSPOSED, *FOLDING, *MAXIMA)
PLANES = tuple(name for name in WINDOWS if "1d" not in name)
ANY_SHAPE = (
    "relu", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "mish", "sigmoid", "hardsigmoid", "hardswish", "tanh",
    "softplus", "softsign", "dropout", "flatten", "softmax", "log_softmax", "mse_loss", "l1_loss", "smooth_l1_loss",
    "huber_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div", "sgd", "adagrad", "rmsprop",
    "adam", "adamw",
)  # fmt: skip
BATCHED = (
    *WINDOWS, "adaptive_avg_pool2d", "adaptive_max_pool2d", "interpolate", "dropout2d", "nll_loss", "cross_entropy",
    "batch_norm", "instance_norm", "layer_norm", "group_norm", "rms_norm", "local_response_norm",
)  # fmt: skip
STATE = ("state",)  # of an optimiser: it follows from the earlier steps
TIED = (*MAXIMA, "adaptive_max_pool2d")


def _has_ties(call: Call, axes: list[Axis]) -> bool:
    """A window has four taps or more. Its values are drawn from −1, 0 and 1, so two of them are equal."""
    if axes:
        return prod(a.k for a in axes) >= 4
    wanted = per_axis(call.arguments["output_size"], 2)
    return bool(prod(-(-n // (w or n)) for n, w in zip(call.arguments["x"][2:], wanted, strict=True)) >= 4)


CLASSES: Mapping[str, tuple[tuple[str, ...], Reached]] = {
    "a remainder of the stride": (SLIDING, lambda _, axes: any(_span(a) % a.t for a in axes)),
    "stride > kernel": (WINDOWS, lambda _, axes: any(a.t > a.k for a in axes)),
    "overlapping windows": (WINDOWS, lambda _, axes: any(a.t < a.k for a in axes)),
    "padding ≥ 3": (PADDED, lambda _, axes: any(a.p >= 3 for a in axes)),
    "padding ≥ kernel": ((*CONVOLUTIONS, *FOLDING, *TRANSPOSED), lambda _, axes: any(a.p >= a.k for a in axes)),
    "a window wholly in the padding": (
        (*CONVOLUTIONS, *FOLDING), lambda _, axes: any(window_in_padding(*a, False) for a in axes),
    ),
    "dilation > 1, kernel > 1": (DILATED, lambda _, axes: any(a.d > 1 and a.k > 1 for a in axes)),
    "kernel as large as the padded input": (SLIDING, lambda _, axes: any(_span(a) == 0 and a.k > 1 for a in axes)),
    "unlike axes": (PLANES, lambda _, axes: len(set(axes)) == len(axes)),
    "groups of unequal channels": (
        (*CONVOLUTIONS, *TRANSPOSED),
        lambda call, _: call.arguments.get("groups", 1) > 1 and _unequal(call.arguments),
    ),
    "padding='same', odd": (
        CONVOLUTIONS,
        lambda call, axes: call.arguments.get("padding") == "same" and any(a.d * (a.k - 1) % 2 for a in axes),
    ),
    "ceil_mode adds a window": (
        (*MAXIMA, *AVERAGES, "lp_pool2d"),
        lambda call, axes: call.arguments.get("ceil_mode", False) and any(_ceil_adds(a) for a in axes),
    ),
    "ties in a window": (TIED, _has_ties),
    "N > 1": (BATCHED, lambda call, _: call.arguments["x"][:1] > (1,)),
    "a scalar": (ANY_SHAPE, lambda call, _: _first(call) == ()),
    "an empty axis": (ANY_SHAPE, lambda call, _: 0 in _first(call)),
    "unlike sizes": (ANY_SHAPE, lambda call, _: len(_first(call)) > 1 and len(set(_first(call))) == len(_first(call))),
}  # fmt: skip


def rates(op: Op, examples: int = EXAMPLES, seed: int = 0) -> dict[str, float]:
    """The share of an op's drawn calls (the same as in ``verify``) in each class that applies to it."""
    drawn = [(one.call, axes_of(one.call)) for one in DrawnCalls(examples, seed).samples(op)]
    classes = {name: test for name, (ops, test) in CLASSES.items() if op.name in ops}
    shares = {name: sum(test(*one) for one in drawn) / examples for name, test in classes.items()}
    for name in (n for n, p in op.parameters.items() if p.default is not p.empty and n not in STATE):
        # a call omits an option that equals the default; an optional array is omitted or None
        given = [call.arguments.get(name, Ellipsis) for call, _ in drawn]
        shares[f"{name} given"] = sum(v is not Ellipsis and v is not None for v in given) / examples
    return shares


def _span(a: Axis) -> int:
    """How far the first window can move."""
    return a.n + 2 * a.p - a.d * (a.k - 1) - 1


def _ceil_adds(a: Axis) -> bool:
    """Whether ceil_mode adds a last, partial window: one that begins in the input or in the padding before it."""
    return _span(a) % a.t > 0 and (_span(a) // a.t + 1) * a.t < a.n + a.p


def _unequal(a: Mapping[str, Any]) -> bool:
    """Input and output channels differ: w is (O, C/groups, …), of a transposed convolution (C, O/groups, …)."""
    return bool(a["w"][0] != a["w"][1] * a.get("groups", 1))


def _first(call: Call) -> tuple[int, ...]:
    """The shape of the first array."""
    return next(v for v in call.arguments.values() if isinstance(v, tuple))
