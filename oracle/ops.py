"""The table of ops: name → (inputs, comparison). A new op is one line here.

An op's signature, kind and defaults are read from ``manual``: positional arguments are differentiated arrays,
keyword-only ones are geometry, labels and constants. A module with ``step`` instead of ``forward`` and ``backward`` is
an optimiser.
"""

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from manual._typing import Array
from oracle import bounds, inputs, lattices, norm_bounds, step_bounds
from oracle.bounds import Bound
from oracle.calls import Call
from oracle.inputs import Choose, Inputs
from oracle.lattices import Draw
from oracle.verdicts import Verdict

if TYPE_CHECKING:
    from oracle.cases import Case

# keyword-only arguments that are arrays, in every op that has them
ARRAY_KEYWORDS = frozenset({"target", "weight", "running_mean", "running_var"})


Kinks = Callable[["Case"], Mapping[str, Array]]


class Comparison(NamedTuple):
    """The strongest comparison an op allows: lattices on which it is bitwise (none: never), and its bound elsewhere.

    ``kinks`` tells how far each element of an argument lies from the next point where the op is not smooth: differences
    move it by a fraction of that.
    """

    lattices: tuple[Draw, ...]
    bound: Bound
    kinks: Kinks | None = None


MULTILINEAR = Comparison((lattices.integers,), bounds.multilinear)
SELECTION = Comparison((lattices.distinct, lattices.ties), bounds.selection)
AVERAGE = Comparison((lattices.multiples,), bounds.average)
WEIGHTED_MEAN = Comparison((lattices.multiples_of_the_weight,), bounds.weighted_mean)
SOFTMAX = Comparison((), bounds.softmax)
LOG_SOFTMAX = Comparison((), bounds.log_softmax)
CROSS_ENTROPY = Comparison((), bounds.cross_entropy)
SGD = Comparison((), bounds.sgd)
BATCH_NORM = Comparison((lattices.squares_of_channels,), norm_bounds.normalisation, norm_bounds.clear)
INSTANCE_NORM = Comparison((lattices.squares_of_samples,), norm_bounds.normalisation, norm_bounds.clear)
RMS_NORM = Comparison((lattices.squares_of_rows,), norm_bounds.normalisation, norm_bounds.clear)
NORMALISATION = Comparison((), norm_bounds.normalisation, norm_bounds.clear)  # PyTorch's means divide by 3 on the way
LOCAL_RESPONSE_NORM = Comparison((), norm_bounds.local_response_norm)
INITIALISER = Comparison((), bounds.initialiser)
ADAGRAD = Comparison((), step_bounds.adagrad)
RMSPROP = Comparison((), step_bounds.rmsprop)
ADAM = Comparison((), step_bounds.adam)
ADAMW = Comparison((), step_bounds.adamw)


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
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(getattr(self.manual, "step" if self.kind == "step" else "forward")).parameters

    @cached_property
    def positional(self) -> tuple[str, ...]:
        return tuple(n for n, p in self.parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD)

    @cached_property
    def array_keywords(self) -> frozenset[str]:
        return ARRAY_KEYWORDS & self.parameters.keys()

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


OPS: dict[str, Op] = {
    name: Op(name, *row)
    for name, row in {
        "conv2d": (inputs.conv2d, MULTILINEAR),
        "linear": (inputs.linear, MULTILINEAR),
        "max_pool2d": (inputs.max_pool2d, SELECTION),
        "avg_pool2d": (inputs.avg_pool2d, AVERAGE),
        "relu": (inputs.elementwise, SELECTION),
        "flatten": (inputs.flatten, SELECTION),
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
        "sgd": (inputs.sgd, SGD),
        "adagrad": (inputs.adagrad, ADAGRAD),
        "rmsprop": (inputs.rmsprop, RMSPROP),
        "adam": (inputs.adam, ADAM),
        "adamw": (inputs.adam, ADAMW),
    }.items()
}


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
