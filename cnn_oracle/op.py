"""An op: its name, its geometry, its comparison, and what follows from its signature."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple, Protocol

from cnn_oracle.call import Call
from cnn_oracle.manual._typing import Array, Ints
from cnn_oracle.result import Verdict

# Keyword-only arguments that are arrays in every op that has them; cases/distributions.py draws their values
ARRAY_KEYWORDS = (
    "weight", "pos_weight", "target", "mask", "indices", "attn_mask", "running_mean", "running_var",
)  # fmt: skip


class Choose(Protocol):
    """Picks one of ``values``, or sometimes one of ``rare``. The simplest values come first."""

    def __call__(self, name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any: ...


Geometry = Callable[[Choose], dict[str, Any]]  # the arguments of a call, arrays by shape: calls/geometry/

# These functions take objects of later modules, so their types are only rough here.
# See cases/exact_grids.py, compare/bounds/ and cases/distributions.py.
GridRule = Callable[[Call, Mapping[str, Any], int], tuple[Any, Any]]
Bound = Callable[[Any, float], dict[str, Array | None]]
DistanceToKink = Callable[[Any], Mapping[str, Array]]
Distribution = Callable[..., Array]


PER_AXIS = (Ints, Ints | str, Ints | None)  # how manual annotates an option with one value per axis


class Comparison(NamedTuple):
    """The strongest comparison that an op allows.

    Attributes:
        grids: the exact grids, on which the comparison is bitwise. An op without any is compared within bounds only.
        bound: the rounding bound, for everything else.
        distance_to_kink: for each element of an argument, how far differences may move it. This is the distance to
            the next nondifferentiable point, or to the end of the domain, or a limit where the op is steep. Differences
            move the element by a fraction of it.
        domain: for some arguments, a distribution other than the normal one.
        normwise: the normwise bound, for fast algorithms, which round on every grid.
        ties: those of ``grids`` that are full of ties and nondifferentiable points.
    """

    grids: tuple[GridRule, ...]
    bound: Bound
    distance_to_kink: DistanceToKink | None = None
    domain: Mapping[str, Distribution] = {}
    normwise: Bound | None = None
    ties: tuple[GridRule, ...] = ()


class Op:
    """One row of a table of ops, with what follows from its signature.

    Another process finds the op by two names. ``table`` is the module whose function ``look_up`` returns the row.
    ``variant`` is the attribute of that row that holds this op, or "" for the row itself.
    """

    def __init__(
        self, name: str, geometry: Geometry, comparison: Comparison, table: str = "", variant: str = ""
    ) -> None:  # fmt: skip
        self.name, self.geometry, self.comparison, self.table, self.variant = name, geometry, comparison, table, variant

    def __reduce__(self) -> Any:
        """Pickle the op by name. Another process looks it up in its table.

        Raises:
            TypeError: the op is in no table.
        """
        if not self.table:
            raise TypeError(f"op {self.name!r} is in no table: it stays in its process")
        return _looked_up, (self.table, self.name, self.variant)

    @cached_property
    def manual(self) -> ModuleType:
        """The module with the NumPy code of the op."""
        return import_module(f"cnn_oracle.manual.{self.name}")

    @cached_property
    def reference(self) -> ModuleType:
        """The module that calls PyTorch."""
        return import_module(f"cnn_oracle.reference.{self.name}")

    @cached_property
    def kind(self) -> str:
        """The kind of op: "step" for an optimiser, else "differentiable"."""
        return "step" if hasattr(self.manual, "step") else "differentiable"

    @property
    def verdict(self) -> Verdict:
        """The best possible verdict: EXACT if the op has an exact grid, else BOUNDED."""
        return Verdict.EXACT if self.comparison.grids else Verdict.BOUNDED

    @cached_property
    def normwise(self) -> "Op | None":
        """The op as fast algorithms are compared: on real numbers, within the normwise bound. None if it has none."""
        if self.comparison.normwise is None:
            return None
        comparison = self.comparison._replace(grids=(), bound=self.comparison.normwise, normwise=None)
        return Op(self.name, self.geometry, comparison, self.table, "normwise")

    @cached_property
    def without_ties(self) -> "Op":
        """The op without the grids of ties, where a choice other than PyTorch's may also be valid."""
        comparison = self.comparison
        if not comparison.ties:
            return self
        kept = tuple(grid for grid in comparison.grids if grid not in comparison.ties)
        return Op(self.name, self.geometry, comparison._replace(grids=kept, ties=()), self.table, "without_ties")

    @cached_property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The parameters of ``forward`` or ``step``, by name."""
        return inspect.signature(getattr(self.manual, "step" if self.kind == "step" else "forward")).parameters

    @cached_property
    def positional(self) -> tuple[str, ...]:
        """The names of the positional arguments: the arrays with a gradient."""
        return tuple(n for n, p in self.parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD)

    @property
    def signature(self) -> str:
        """The signature of ``forward`` or ``step``, without types. A subject may use other names for its arrays."""
        bare = [p.replace(annotation=inspect.Parameter.empty) for p in self.parameters.values()]
        return f"{self.name}{inspect.Signature(bare)}"

    @cached_property
    def options(self) -> tuple[str, ...]:
        """The names of the keyword-only arguments."""
        return tuple(n for n, p in self.parameters.items() if p.kind is p.KEYWORD_ONLY)

    def call(self, choose: Choose, seed: int) -> Call:
        """One call, made of the choices of ``choose``.

        Arguments that equal PyTorch's default are omitted, so that a failing call shows only what matters.
        """
        arguments = self.geometry(choose)
        return Call(self.name, {k: v for k, v in arguments.items() if not self._is_default(k, v)}, seed)

    def _is_default(self, name: str, value: Any) -> bool:
        default = self.parameters[name].default
        return type(value) is type(default) and value == default


def _looked_up(table: str, name: str, variant: str) -> Op:
    op: Op = import_module(table).look_up(name)
    return getattr(op, variant) if variant else op
