"""Why a call failed, as frozen data: who is wrong, the likely causes, and where each output is wrong."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.manual._typing import Array

Kind = Literal[
    "known mistake", "ratio", "position", "nonlinear in dy", "reads another element", "precision", "layout",
    "special value", "size",
]  # fmt: skip


class Cause(NamedTuple):
    """A likely cause of wrong numbers.

    Attributes:
        kind: What kind of cause it is: ``"known mistake"``, ``"ratio"``, ``"position"``, ``"nonlinear in dy"``,
            ``"reads another element"``, ``"precision"``, ``"layout"``, ``"special value"`` or ``"size"``.
        text: The cause in one line, such as ``"db is 1/N times what it should be, where N = x.shape[0]"``.
    """

    kind: Kind
    text: str


@dataclass(frozen=True, eq=False)
class ErrorMap:
    """Where one output is wrong, on one failing call; frozen data.

    Attributes:
        call: The call. It may be larger than the call of the failure, so that it shows the pattern.
        quantity: The output: ``"y"``, or a gradient such as ``"dx"``.
        error: For each element, the absolute error. Infinite if only one of the two numbers is NaN or infinite.
        bound: For each element, the largest error that rounding explains. 0 if the outputs must be bitwise equal.
    """

    call: Call
    quantity: str
    error: Array
    bound: Array

    @property
    def wrong(self) -> Array:
        """For each element, whether it is wrong."""
        return np.asarray(~(self.error <= self.bound))


@dataclass(frozen=True)
class Diagnosis:
    """Why a call failed; frozen data.

    A Failure shows the same information; read it there.

    Attributes:
        who_is_wrong: The arbiter's answer, in one line: the subject, PyTorch, both, or undecided, and by which
            independent check. None, the default, if no two numbers differ.
        causes: The likely causes: known mistakes that give the same wrong outputs, or what the wrong numbers have in
            common. Empty by default.
        maps: Where each output is wrong on one failing call, the failing output first. Empty by default.

    Example:
        >>> from cnn_oracle.diagnosis import Cause, Diagnosis
        >>> Diagnosis(causes=(Cause("ratio", "dx has the wrong sign"),)).likely_causes
        ['dx has the wrong sign']
    """

    who_is_wrong: str | None = None
    causes: tuple[Cause, ...] = ()
    maps: tuple[ErrorMap, ...] = ()

    @property
    def likely_causes(self) -> list[str]:
        """The texts of the causes."""
        return [cause.text for cause in self.causes]
