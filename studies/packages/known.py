"""A disagreement between a package and PyTorch that has been looked into."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from cnn_oracle.call import Call


class Lacks(NotImplementedError):
    """Raised by a package's file: the package has no way to say this option. Its text says which."""


class Class(StrEnum):
    DEFECT = "defect"  # wrong by the package's own documentation, or by mathematics
    CONVENTION = "convention"  # a defensible other choice: ties, kinks, defaults
    PRECISION = "precision"  # cancellation, overflow, downcast


class Known(NamedTuple):
    """Of ``ops``, in ``quantity`` (y, dx, …; empty: any), on the calls for which ``when`` holds.

    ``why`` argues the class. ``lines`` are Python that needs the package, NumPy and PyTorch alone: three lines, of
    which the last prints the package's answer, then PyTorch's.
    """

    ops: tuple[str, ...]
    quantity: str
    kind: Class
    why: str
    lines: str
    when: Callable[[Call], bool] = lambda _: True

    def covers(self, call: Call, quantity: str) -> bool:
        return call.op in self.ops and self.quantity in ("", quantity) and self.when(call)
