"""Known mistakes: classic wrong derivations of each op. They name likely causes and show that the suite rejects them.

There is one file per op. Each mistake is a function with the name of the mistake. Its docstring says what goes wrong.
Its first parameters say what it replaces: ``dy`` a backward, ``w, dw, state`` a step, ``x, running_mean, running_var``
the running statistics of a norm, anything else a forward. The rest of the op is right. Mistakes that several ops share
are in private files. Their functions take the op's name first. A mistake with the keyword ``epsilon`` is a family: code
has it with any small number, so a failure is matched with each of ``EPSILONS``.

A mistake with the keyword ``block`` is a family, too: it is right where no size is beyond its block, one of ``BLOCKS``.
Such mistakes are in ``_past_a_size/``, in one file per family of ops. No failure is matched with them.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from cnn_oracle import subject
from cnn_oracle.subject import Subject

PREFIX = "cnn_oracle.mistakes"

EPSILONS = (1e-8, 1e-5, 1e-6, 1e-7, 1e-9, 1e-10, 1e-12, 1e-15)  # the first one is a mistake's default

BLOCKS = (8, 16, 32, 64, 128, 256, 512)

# Mistakes that are right on ordinary numbers: only special values show them, in full or nearly so
ON_SPECIAL_VALUES = {
    "binary_cross_entropy.denominator_not_clipped",
    "binary_cross_entropy.logarithm_of_a_difference",
    "binary_cross_entropy.logarithms_not_clipped",
    "binary_cross_entropy.probabilities_clipped",
    "binary_cross_entropy.probabilities_clipped_in_dx",
    "binary_cross_entropy_with_logits.exp_overflows",
    "binary_cross_entropy_with_logits.logarithm_of_the_sigmoid",
    "elu.one_at_the_kink",
    "kl_div.logarithm_of_zero",
    "mish.one_added_to_exp",
    "selu.scale_at_the_kink",
}

# The files of mistakes past a size
FAMILIES = (
    "products", "convolutions", "pooling", "rearranging", "elementwise", "embedding", "attention", "softmax", "losses",
    "norms", "initializers", "optimizers",
)  # fmt: skip

# The private files of mistakes that ops share, by the op's name without 1d, 2d or 3d
SHARED = {
    "conv": ("_convolution", "_channels"),
    "conv_transpose": ("_transposed", "_channels"),
    "unfold": ("_columns",),
    "fold": ("_columns",),
    "max_pool": ("_max_pool",),
    "avg_pool": ("_avg_pool",),
    "adaptive_avg_pool": ("_adaptive",),
    "adaptive_max_pool": ("_adaptive",),
    "dropout": ("_dropout",),
    **dict.fromkeys(("cross_entropy", "nll_loss", "kl_div"), ("_losses",)),
    **dict.fromkeys(
        ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy",
         "binary_cross_entropy_with_logits"), ("_losses", "_pairs"),
    ),
    **dict.fromkeys(("batch_norm", "instance_norm"), ("_norms", "_running")),
    **dict.fromkeys(("layer_norm", "group_norm"), ("_norms",)),
    "pixel_shuffle": ("_pixels",),
    "pixel_unshuffle": ("_pixels",),
}  # fmt: skip


class Mistake(NamedTuple):
    """One wrong derivation: its op, its name, what it replaces, what goes wrong, and the op with it in place.

    ``others`` is the same mistake with each further epsilon. ``block`` is 0 unless the mistake is one past a size.
    """

    op: str
    name: str
    replaces: str  # forward, backward, step or running_statistics
    description: str
    implementation: Any
    package: str = PREFIX
    others: tuple["Mistake", ...] = ()
    block: int = 0

    @property
    def needs_special_values(self) -> bool:
        """Whether only special values show the mistake."""
        return f"{self.op}.{self.name}" in ON_SPECIAL_VALUES

    @property
    def subject(self) -> Subject:
        """The mistake as a subject, like any other code under test."""
        return Subject(f"{self.package}.{self.op}.{self.name}", SimpleNamespace(**{self.op: self.implementation}))


@functools.cache
def of(op: str) -> tuple[Mistake, ...]:
    """The known mistakes of an op: first those that it shares with others, then the rest, in the order of the files."""
    return tuple(m for file in files(op) for m in in_file(op, file))


def files(op: str) -> list[str]:
    """The modules of an op's mistakes, the shared ones first."""
    family = op[:-2] if op.endswith(("1d", "2d", "3d")) else op
    every = (f"{PREFIX}.{name}" for name in (*SHARED.get(family, ()), op))
    return [file for file in every if find_spec(file)]


def in_file(op: str, file: str) -> Iterator[Mistake]:
    """The mistakes of one module, as mistakes of ``op``."""
    for name, f in vars(import_module(file)).items():
        if isinstance(f, FunctionType) and f.__module__ == file and not name.startswith("_"):
            parameters, description = inspect.signature(f).parameters, " ".join((f.__doc__ or "").split())
            function = functools.partial(f, op) if next(iter(parameters)) == "op" else f
            mistake = _mistake(op, name, function, description)
            others = (functools.partial(function, epsilon=e) for e in EPSILONS[1:] if "epsilon" in parameters)
            yield mistake._replace(others=tuple(_mistake(op, name, other, description) for other in others))


@functools.cache
def past_a_size() -> tuple[Mistake, ...]:
    """The mistakes past a size, each with all of ``BLOCKS``, in the order of the files.

    Their names end in the block: ``tail_of_the_sum_is_lost_128``.
    """
    for name in FAMILIES:
        import_module(f"{PREFIX}._past_a_size.{name}")
    ops_of: dict[Callable[..., Any], tuple[str, ...]] = import_module(f"{PREFIX}._past_a_size._tiles").OPS_OF
    return tuple(_with_block(op, f, block) for f, ops in ops_of.items() for op in ops for block in BLOCKS)


def past_a_size_of(op: str) -> tuple[Mistake, ...]:
    """The mistakes past a size of an op."""
    return tuple(m for m in past_a_size() if m.op == op)


def _with_block(op: str, f: Callable[..., Any], block: int) -> Mistake:
    of_op = functools.partial(f, op) if next(iter(inspect.signature(f).parameters)) == "op" else f
    wrong = functools.partial(of_op, block=block)
    name, description = f"{f.__name__}_{block}", " ".join((f.__doc__ or "").split())
    return _mistake(op, name, wrong, description)._replace(block=block)


def _mistake(op: str, name: str, function: Callable[..., Any], description: str) -> Mistake:
    right = import_module(f"cnn_oracle.manual.{op}")
    place = _place(right, [*inspect.signature(function).parameters])
    correct = getattr(right, place)

    @functools.wraps(correct)
    def wrong(*arguments: Any, **keywords: Any) -> Any:
        correct(*arguments, **keywords)  # raises the same errors: only the mathematics is wrong
        with np.errstate(all="ignore"):  # a wrong result may be infinite
            return function(*arguments, **keywords)

    implementation = SimpleNamespace(**(vars(right) | {place: wrong}))
    return Mistake(op, name, place, description, implementation)


def _place(right: ModuleType, parameters: list[str]) -> str:
    """What a function with these parameters replaces."""
    if hasattr(right, "step"):
        return "step"
    if parameters[:3] == ["x", "running_mean", "running_var"]:
        return "running_statistics"
    return "backward" if parameters[0] == "dy" else "forward"


def load(name: str) -> Subject:
    """Load a subject by name: an op with a known mistake in place, or any importable code, as ``subject.load``.

    Raises:
        ValueError: there is no such mistake, or the code cannot be imported.
    """
    if name != PREFIX and not name.startswith(f"{PREFIX}."):
        return subject.load(name)
    op, _, mistake = name.removeprefix(PREFIX).lstrip(".").partition(".")
    known = {m.name: m for m in of(op)}
    if mistake not in known:
        known |= {m.name: m for m in past_a_size_of(op)}
    if mistake not in known:
        each = [name for name, m in known.items() if m.block in (0, BLOCKS[0])]
        names = ", ".join(each) or "none; see the files of cnn_oracle/mistakes"
        raise ValueError(f"subject {name!r}: the known mistakes of {op or 'an op'} are {names}")
    return known[mistake].subject._replace(loader=load)
