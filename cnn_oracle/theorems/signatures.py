"""Check signatures: arrays by position, with any names, and options by name and default."""

import inspect
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from cnn_oracle.call import Call
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, finding


def must_take(op: Op, name: str, function: Any, reference: Callable[..., Any], more: int, call: Call) -> None:
    """Check that a function takes the arrays by position and the options by name and default.

    The names of the arrays are free. ``more`` arrays come first.
    """
    if not callable(function):
        raise Failure(f"{op.name} has no {name}", call)
    with suppress(TypeError):  # a function without a hash is checked each time
        if _known_to_be_right(function, reference, more, len(op.positional)):
            return
    if fault := _fault(function, reference, more, len(op.positional)):
        raise finding("signature", f"{op.name}.{name} {fault}", call)


def _fault(function: Any, reference: Callable[..., Any], more: int, arrays: int) -> str:
    if not tells(function):
        return ""
    want, got = _parameters(reference), _parameters(function)
    if any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values()):
        got += [p for p in want[arrays:] if p.name not in {q.name for q in got}]  # the calls will show the rest
    if _bare(got[more:], arrays) != _bare(want, arrays) or any(not _is_required(p) for p in got[:more]):
        shown = ["dy"] * more + [str(p) for p in want[:arrays]] + (["*"] if want[arrays:] else [])
        expected = ", ".join([*shown, *map(str, want[arrays:])])
        return f"takes ({', '.join(map(str, got))}), it should take ({expected})"
    return ""


@lru_cache
def _known_to_be_right(function: Any, reference: Callable[..., Any], more: int, arrays: int) -> bool:
    """Whether a signature has no fault. Cached, because every call asks the same."""
    return not _fault(function, reference, more, arrays)


def tells(function: Any) -> bool:
    """Whether the signature of a function names its arguments.

    A built-in function may have no signature, and ``*arrays`` names none.
    """
    try:
        return all(p.kind is not p.VAR_POSITIONAL for p in inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        return False


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    parameters = inspect.signature(function).parameters.values()
    empty, positional = inspect.Parameter.empty, inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [p.replace(annotation=empty, kind=positional) for p in parameters if p.kind is not p.VAR_KEYWORD]


def _bare(parameters: list[inspect.Parameter], arrays: int) -> tuple[list[Any], dict[str, Any]]:
    return [p.default for p in parameters[:arrays]], {p.name: p.default for p in parameters[arrays:]}


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.default is inspect.Parameter.empty
