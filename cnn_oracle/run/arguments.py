"""The arguments that a function of a subject receives: only those that its signature has.

A function may have fewer options than PyTorch's. Then it receives none of the others, and a call that needs one of
them is not covered.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from cnn_oracle.call import Call
from cnn_oracle.result import Failure, Verdict


class _Accepted(NamedTuple):
    """The arguments that a function accepts: the largest number of arrays, and the names of options. None: any."""

    arrays: int | None
    options: frozenset[str] | None


def fitted(
    function: Callable[..., Any], name: str, call: Call, arrays: Mapping[str, Any], options: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arrays by position and the options by name, without those that the function has no parameter for.

    Args:
        function: the function of the subject.
        name: its name, such as "backward".
        call: the call. Only the options that differ from PyTorch's defaults are in it.
        arrays: the arrays by name, in order. An absent array is None.
        options: the options of the call.

    Raises:
        Failure: the call needs an argument that the function does not have. The verdict is NOT COVERED.
    """
    accepted = accepts(function, call.op, (*arrays,))
    given = [*arrays.values()]
    if accepted.arrays is not None and accepted.arrays < len(given):
        dropped = [n for n, a in [*arrays.items()][accepted.arrays :] if a is not None]
        if dropped:
            raise lacking(name, dropped[0], call)
        given = given[: accepted.arrays]
    if accepted.options is None or not (more := [n for n in options if n not in accepted.options]):
        return given, dict(options)
    for option in more:
        if not _is_implied(option, call):
            raise lacking(name, option, call)
    return given, {n: v for n, v in options.items() if n in accepted.options}


def lacking(name: str, what: str, call: Call) -> Failure:
    """The failure of a function that has no parameter for an argument of the call. The verdict is NOT COVERED."""
    return Failure(f"{name} has no parameter {what}", call, verdict=Verdict.NOT_COVERED, quantity=what)


def _is_implied(option: str, call: Call) -> bool:
    """Whether a function without this required option computes the call: softmax over the last axis, for example."""
    value, shape = call.arguments[option], next(iter(call.arguments.values()))
    if not isinstance(shape, tuple):
        return False
    if option == "dim":
        return isinstance(value, int) and value in (-1, len(shape) - 1)
    return option == "normalized_shape" and bool(shape) and value in (shape[-1], shape[-1:])


def accepts(function: Callable[..., Any], op: str, arrays: tuple[str, ...] = ()) -> _Accepted:
    """What a function accepts, by its signature. Everything, if the signature cannot be read.

    ``arrays`` are the names of its arrays: running_mean is one of running_statistics, but an option of forward.
    """
    try:
        return _accepts(function, op, arrays)
    except TypeError:  # it has no hash
        return _accepts.__wrapped__(function, op, arrays)


@lru_cache(maxsize=256)
def _accepts(function: Callable[..., Any], op: str, given: tuple[str, ...]) -> _Accepted:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return _Accepted(None, None)
    known = _options(op) - {*given}
    arrays = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.name not in known]
    any_number = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    names = frozenset(p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD))
    any_name = any(p.kind is p.VAR_KEYWORD for p in parameters)
    return _Accepted(None if any_number else len(arrays), None if any_name else names)


@lru_cache
def _options(op: str) -> frozenset[str]:
    """The names of the options of an op."""
    manual = import_module(f"cnn_oracle.manual.{op}")
    function = getattr(manual, "step", None) or manual.forward
    return frozenset(n for n, p in inspect.signature(function).parameters.items() if p.kind is p.KEYWORD_ONLY)
