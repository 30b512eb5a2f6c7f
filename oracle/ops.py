"""The table of ops: name → (inputs, comparison). A new op is one line here.

An op's signature, kind and defaults are read from ``manual``: positional arguments are differentiated arrays,
keyword-only ones are geometry, labels and constants. A module with ``step`` instead of ``forward`` and ``backward`` is
an optimiser.
"""

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cached_property, partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from manual._typing import Array
from oracle import bounds, fills, inputs, lattices
from oracle.bounds import Bound, attention, elementwise, fast, losses, norms, steps
from oracle.bounds.elementwise import clear
from oracle.calls import Call
from oracle.fills import Fill
from oracle.inputs import Choose, Inputs
from oracle.lattices import Draw
from oracle.verdicts import Verdict

if TYPE_CHECKING:
    from oracle.cases import Case

ARRAY_KEYWORDS = frozenset(fills.KEYWORDS)  # keyword-only arguments that are arrays, in every op that has them
Kinks = Callable[["Case"], Mapping[str, Array]]


class Comparison(NamedTuple):
    """The strongest comparison an op allows: lattices on which it is bitwise (none: never), and its bound elsewhere.

    ``kinks`` tells how far each element of an argument lies from the next point where the op is not smooth, or from
    the end of its ``domain``, or how far it may go where the op is steep: differences move it by a fraction of that.
    ``domain`` fills the arguments with real numbers other than normal ones. ``fast`` bounds fast algorithms, which
    round on every lattice.
    """

    lattices: tuple[Draw, ...]
    bound: Bound
    kinks: Kinks | None = None
    domain: Mapping[str, Fill] = {}
    fast: Bound | None = None


CONVOLUTION = Comparison((lattices.integers,), bounds.multilinear, fast=fast.bound)
MULTILINEAR = Comparison((lattices.integers,), bounds.multilinear)
TRILINEAR = Comparison((lattices.cubes,), bounds.multilinear)
SELECTION = Comparison((lattices.distinct, lattices.ties), bounds.selection)
AVERAGE = Comparison((lattices.multiples,), bounds.average)
ADAPTIVE = Comparison((lattices.adaptive_multiples,), bounds.adaptive)
INTERPOLATION = Comparison((lattices.resampled,), bounds.interpolation)
LP_POOL = Comparison((), bounds.lp_pool, clear(0))
WEIGHTED_MEAN = Comparison((lattices.multiples_of_the_weight,), bounds.weighted_mean)
STEEP = {"x": fills.often_steep}
SOFTMAX = Comparison((), bounds.softmax, domain=STEEP)
LOG_SOFTMAX = Comparison((), bounds.log_softmax, domain=STEEP)
CROSS_ENTROPY = Comparison((), bounds.cross_entropy, domain=STEEP)
LEAKY = Comparison((lattices.leaky, lattices.leaky_ties), elementwise.bound(elementwise.leaky_relu), clear(0))
PRELU = Comparison((lattices.slopes, lattices.slope_ties), elementwise.prelu)
ELU = Comparison((), elementwise.bound(elementwise.elu), clear(0))
SELU = Comparison((), elementwise.bound(elementwise.selu), clear(0))
GELU = Comparison((), elementwise.bound(elementwise.gelu))
SILU = Comparison((), elementwise.bound(elementwise.silu))
MISH = Comparison((), elementwise.bound(elementwise.mish))
SIGMOID = Comparison((), elementwise.bound(elementwise.sigmoid))
HARDSIGMOID = Comparison((lattices.sixths,), elementwise.bound(elementwise.hardsigmoid), clear(-3, 3))
HARDSWISH = Comparison((lattices.sixths,), elementwise.bound(elementwise.hardswish), clear(-3, 3))
TANH = Comparison((), elementwise.bound(elementwise.tanh_))
SOFTPLUS = Comparison((), elementwise.bound(elementwise.softplus), elementwise.softplus_clear)
SOFTSIGN = Comparison((), elementwise.bound(elementwise.softsign), clear(0))
GLU = Comparison((), elementwise.glu)
DROPOUT = Comparison((lattices.kept,), elementwise.bound(elementwise.dropout))
MSE = Comparison((lattices.squared_differences,), losses.bound(losses.mse_loss, over_weights=True))
L1 = Comparison((lattices.pieces,), losses.bound(losses.l1_loss, over_weights=True), losses.clear)
SMOOTH_L1 = Comparison((lattices.pieces,), losses.bound(losses.smooth_l1_loss), losses.clear)
HUBER = Comparison((lattices.pieces,), losses.bound(losses.huber_loss), losses.clear)
BCE = Comparison(
    (), losses.bound(losses.binary_cross_entropy), losses.inside, {"x": fills.often_sure, "target": fills.fractions}
)
BCE_WITH_LOGITS = Comparison((), losses.bound(losses.binary_cross_entropy_with_logits))
KL_DIV = Comparison((), losses.bound(losses.kl_div), losses.positive, {"target": losses.probabilities})
EMBEDDING = Comparison((lattices.rows,), bounds.embedding, bounds.learnt_rows)
ATTENTION = Comparison((), attention.bound, attention.clear, {"query": fills.often_steep})
SGD = Comparison((), bounds.sgd)
FAR = {"x": fills.often_far}
BATCH_NORM = Comparison((lattices.squares_of_channels,), norms.normalisation, norms.clear, FAR)
INSTANCE_NORM = Comparison((lattices.squares_of_samples,), norms.normalisation, norms.clear, FAR)
RMS_NORM = Comparison((lattices.squares_of_rows,), norms.normalisation, norms.clear)
NORMALISATION = Comparison((), norms.normalisation, norms.clear, FAR)  # PyTorch's means divide by 3 on the way
LOCAL_RESPONSE_NORM = Comparison((), norms.local_response_norm)
INITIALISER = Comparison((), bounds.initialiser)
ADAGRAD = Comparison((), steps.adagrad)
RMSPROP = Comparison((), steps.rmsprop)
ADAM = Comparison((), steps.adam)
ADAMW = Comparison((), steps.adamw)


class Op:
    """One row of the table, with what its signature tells."""

    def __init__(self, name: str, inputs: Inputs, comparison: Comparison) -> None:
        self.name, self.inputs, self.comparison = name, inputs, comparison

    @cached_property
    def manual(self) -> ModuleType:
        return import_module(f"manual.{self.name}")

    @cached_property
    def reference(self) -> ModuleType:
        return import_module(f"reference.{self.name}")

    @cached_property
    def kind(self) -> str:
        return "step" if hasattr(self.manual, "step") else "differentiable"

    @property
    def verdict(self) -> Verdict:
        """The best verdict that the comparison can reach."""
        return Verdict.EXACT if self.comparison.lattices else Verdict.BOUNDED

    @cached_property
    def by_fast_algorithm(self) -> "Op | None":
        """The op as a fast algorithm is judged: on real numbers alone, within the normwise bound."""
        if self.comparison.fast is None:
            return None
        return Op(self.name, self.inputs, self.comparison._replace(lattices=(), bound=self.comparison.fast, fast=None))

    @cached_property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(getattr(self.manual, "step" if self.kind == "step" else "forward")).parameters

    @cached_property
    def positional(self) -> tuple[str, ...]:
        return tuple(n for n, p in self.parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD)

    @property
    def signature(self) -> str:
        """As one would write the call of ``forward`` or ``step``; a subject may call its arrays as it likes."""
        bare = [p.replace(annotation=inspect.Parameter.empty) for p in self.parameters.values()]
        return f"{self.name}{inspect.Signature(bare)}"

    @cached_property
    def options(self) -> tuple[str, ...]:
        return tuple(n for n, p in self.parameters.items() if p.kind is p.KEYWORD_ONLY)

    def call(self, choose: Choose, seed: int) -> Call:
        """One geometry, without the arguments that equal PyTorch's default: a failing call shows only what matters."""
        arguments = self.inputs(choose)
        return Call(self.name, {k: v for k, v in arguments.items() if not self._is_default(k, v)}, seed)

    def _is_default(self, name: str, value: Any) -> bool:
        default = self.parameters[name].default
        return type(value) is type(default) and value == default


_TABLE: dict[str, tuple[Inputs, Comparison]] = {
    "conv1d": (partial(inputs.conv, rank=1), CONVOLUTION),
    "conv2d": (partial(inputs.conv, rank=2), CONVOLUTION),
    "conv3d": (partial(inputs.conv, rank=3), CONVOLUTION),
    "conv_transpose1d": (partial(inputs.conv_transpose, rank=1), CONVOLUTION),
    "conv_transpose2d": (partial(inputs.conv_transpose, rank=2), CONVOLUTION),
    "conv_transpose3d": (partial(inputs.conv_transpose, rank=3), CONVOLUTION),
    "unfold": (inputs.unfold, MULTILINEAR),
    "fold": (inputs.fold, MULTILINEAR),
    "linear": (inputs.linear, MULTILINEAR),
    "bilinear": (inputs.bilinear, TRILINEAR),
    "max_pool1d": (partial(inputs.max_pool, rank=1), SELECTION),
    "max_pool2d": (partial(inputs.max_pool, rank=2), SELECTION),
    "max_pool3d": (partial(inputs.max_pool, rank=3), SELECTION),
    "avg_pool1d": (partial(inputs.avg_pool, rank=1), AVERAGE),
    "avg_pool2d": (partial(inputs.avg_pool, rank=2), AVERAGE),
    "avg_pool3d": (partial(inputs.avg_pool, rank=3), AVERAGE),
    "lp_pool2d": (inputs.lp_pool2d, LP_POOL),
    "adaptive_avg_pool2d": (inputs.adaptive_pool2d, ADAPTIVE),
    "adaptive_max_pool2d": (inputs.adaptive_pool2d, SELECTION),
    "pad": (inputs.pad, SELECTION),
    "interpolate": (inputs.interpolate, INTERPOLATION),
    "pixel_shuffle": (inputs.pixel_shuffle, SELECTION),
    "pixel_unshuffle": (inputs.pixel_unshuffle, SELECTION),
    "relu": (inputs.elementwise, SELECTION),
    "leaky_relu": (inputs.leaky_relu, LEAKY),
    "prelu": (inputs.prelu, PRELU),
    "elu": (inputs.elu, ELU),
    "selu": (inputs.elementwise, SELU),
    "gelu": (inputs.gelu, GELU),
    "silu": (inputs.elementwise, SILU),
    "mish": (inputs.elementwise, MISH),
    "sigmoid": (inputs.elementwise, SIGMOID),
    "hardsigmoid": (inputs.elementwise, HARDSIGMOID),
    "hardswish": (inputs.elementwise, HARDSWISH),
    "tanh": (inputs.elementwise, TANH),
    "softplus": (inputs.softplus, SOFTPLUS),
    "softsign": (inputs.elementwise, SOFTSIGN),
    "glu": (inputs.glu, GLU),
    "dropout": (inputs.dropout, DROPOUT),
    "dropout2d": (inputs.dropout2d, DROPOUT),
    "flatten": (inputs.flatten, SELECTION),
    "embedding": (inputs.embedding, EMBEDDING),
    "scaled_dot_product_attention": (inputs.scaled_dot_product_attention, ATTENTION),
    "softmax": (inputs.softmax, SOFTMAX),
    "log_softmax": (inputs.softmax, LOG_SOFTMAX),
    "nll_loss": (inputs.nll_loss, WEIGHTED_MEAN),
    "cross_entropy": (inputs.cross_entropy, CROSS_ENTROPY),
    "batch_norm": (inputs.batch_norm, BATCH_NORM),
    "instance_norm": (inputs.instance_norm, INSTANCE_NORM),
    "layer_norm": (inputs.layer_norm, NORMALISATION),
    "group_norm": (inputs.group_norm, NORMALISATION),
    "rms_norm": (inputs.rms_norm, RMS_NORM),
    "local_response_norm": (inputs.local_response_norm, LOCAL_RESPONSE_NORM),
    "xavier_uniform": (inputs.xavier_uniform, INITIALISER),
    "xavier_normal": (inputs.xavier_normal, INITIALISER),
    "kaiming_uniform": (inputs.kaiming_uniform, INITIALISER),
    "kaiming_normal": (inputs.kaiming_normal, INITIALISER),
    "mse_loss": (inputs.weighted_pair, MSE),
    "l1_loss": (inputs.weighted_pair, L1),
    "smooth_l1_loss": (inputs.smooth_l1_loss, SMOOTH_L1),
    "huber_loss": (inputs.huber_loss, HUBER),
    "binary_cross_entropy": (inputs.binary_cross_entropy, BCE),
    "binary_cross_entropy_with_logits": (inputs.binary_cross_entropy_with_logits, BCE_WITH_LOGITS),
    "kl_div": (inputs.kl_div, KL_DIV),
    "sgd": (inputs.sgd, SGD),
    "adagrad": (inputs.adagrad, ADAGRAD),
    "rmsprop": (inputs.rmsprop, RMSPROP),
    "adam": (inputs.adam, ADAM),
    "adamw": (inputs.adam, ADAMW),
}
OPS = {name: Op(name, *row) for name, row in _TABLE.items()}


def look_up(name: str) -> Op:
    """The row of an op.

    Raises:
        ValueError: there is no such op; the message suggests the nearest name.
    """
    if name in OPS:
        return OPS[name]
    near = get_close_matches(name, OPS, 1)
    raise ValueError(
        f"no op {name!r}" + (f"; did you mean {near[0]!r}?" if near else f"; the ops are {', '.join(OPS)}")
    )
