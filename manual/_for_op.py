"""One op of a family: conv2d's forward is the forward of _convolution.py for "conv2d", with its own docstring."""

from collections.abc import Callable
from functools import partial, wraps
from inspect import signature
from typing import Concatenate, ParamSpec, TypeVar

from ._geometry import AXES

P = ParamSpec("P")
R = TypeVar("R")


def for_op(function: Callable[Concatenate[str, P], R], op: str) -> Callable[P, R]:
    """``function`` with its first argument bound, as if it were written in the op's file.

    In the docstring, the letters of the op's axes replace {cells}, {taps} and {positions}, and its name replaces {op}.
    For conv2d, the letters are H, W and R, S and P, Q.
    """

    @wraps(function)
    def call(*arrays: P.args, **options: P.kwargs) -> R:
        return function(op, *arrays, **options)

    rank = int(op[-2])
    taps, positions = ", ".join("RSK"[:rank]), ", ".join("PQV"[:rank])
    call.__module__ = f"{__package__}.{op}"
    call.__signature__ = signature(partial(function, op))  # type: ignore[attr-defined]
    call.__annotations__ = {name: kind for name, kind in call.__annotations__.items() if name != "op"}
    call.__doc__ = (function.__doc__ or "").format(op=op, cells=AXES[rank], taps=taps, positions=positions)
    return call
