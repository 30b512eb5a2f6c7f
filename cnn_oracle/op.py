"""An op: its name, how its calls are drawn, how its outputs are compared, and what its signature says."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple, Protocol

from cnn_oracle.call import Call
from cnn_oracle.manual._typing import Array
from cnn_oracle.result import Verdict

# Keyword-only arguments that are arrays, in every op that has them; cases/distributions.py says how each is filled
ARRAY_KEYWORDS = (
    "weight", "pos_weight", "target", "mask", "indices", "attn_mask", "running_mean", "running_var",
)  # fmt: skip


class Choose(Protocol):
    """Picks one of ``values``, the simplest first, or now and then one of ``rare``."""

    def __call__(self, name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any: ...


Geometry = Callable[[Choose], dict[str, Any]]  # a call's arguments, arrays by shape: calls/geometry/

# The parts of a comparison are functions of what comes later in a call, so that their types are only sketched here:
# exact grids in cases/exact_grids.py, bounds in compare/bounds/, distributions in cases/distributions.py
GridRule = Callable[[Call, Mapping[str, Any], int], tuple[Any, Any]]
Bound = Callable[[Any, float], dict[str, Array | None]]
Kinks = Callable[[Any], Mapping[str, Array]]
Distribution = Callable[..., Array]


class Comparison(NamedTuple):
    """The strongest comparison an op allows: lattices on which it is bitwise (none: never), and its bound elsewhere.

    ``kinks`` tells how far each element of an argument lies from the next point where the op is not smooth, or from
    the end of its ``domain``, or how far it may go where the op is steep: differences move it by a fraction of that.
    ``domain`` fills the arguments with real numbers other than normal ones. ``fast`` bounds fast algorithms, which
    round on every lattice. ``ties`` are those of its lattices on which all is ties and kinks.
    """

    grids: tuple[GridRule, ...]
    bound: Bound
    kinks: Kinks | None = None
    domain: Mapping[str, Distribution] = {}
    fast: Bound | None = None
    ties: tuple[GridRule, ...] = ()


class Op:
    """One row of a table, with what its signature tells.

    ``table`` is the module that has the row, by its function ``look_up``, and ``variant`` the attribute of that row
    which this is: so that another process can find it.
    """

    def __init__(
        self, name: str, geometry: Geometry, comparison: Comparison, table: str = "", variant: str = ""
    ) -> None:  # fmt: skip
        self.name, self.geometry, self.comparison, self.table, self.variant = name, geometry, comparison, table, variant

    def __reduce__(self) -> Any:
        """Another process looks it up.

        Raises:
            TypeError: it is in no table.
        """
        if not self.table:
            raise TypeError(f"op {self.name!r} is in no table: it stays in its process")
        return _looked_up, (self.table, self.name, self.variant)

    @cached_property
    def manual(self) -> ModuleType:
        return import_module(f"cnn_oracle.manual.{self.name}")

    @cached_property
    def reference(self) -> ModuleType:
        return import_module(f"cnn_oracle.reference.{self.name}")

    @cached_property
    def kind(self) -> str:
        return "step" if hasattr(self.manual, "step") else "differentiable"

    @property
    def verdict(self) -> Verdict:
        """The best verdict that the comparison can reach."""
        return Verdict.EXACT if self.comparison.grids else Verdict.BOUNDED

    @cached_property
    def normwise(self) -> "Op | None":
        """The op as a fast algorithm is judged: on real numbers alone, within the normwise bound."""
        if self.comparison.fast is None:
            return None
        comparison = self.comparison._replace(grids=(), bound=self.comparison.fast, fast=None)
        return Op(self.name, self.geometry, comparison, self.table, "normwise")

    @cached_property
    def without_ties(self) -> "Op":
        """The op without the grids of ties and kinks, where another choice than PyTorch's may be as good."""
        comparison = self.comparison
        if not comparison.ties:
            return self
        kept = tuple(grid for grid in comparison.grids if grid not in comparison.ties)
        return Op(self.name, self.geometry, comparison._replace(grids=kept, ties=()), self.table, "without_ties")

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
        arguments = self.geometry(choose)
        return Call(self.name, {k: v for k, v in arguments.items() if not self._is_default(k, v)}, seed)

    def _is_default(self, name: str, value: Any) -> bool:
        default = self.parameters[name].default
        return type(value) is type(default) and value == default


def _looked_up(table: str, name: str, variant: str) -> Op:
    op: Op = import_module(table).look_up(name)
    return getattr(op, variant) if variant else op
