"""Signatures: an adapted function has that of what it was made of, so that the oracle can hold it against the op's."""

import inspect
from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]


def signature_of(function: Function) -> inspect.Signature | None:
    """None if it has none to read, as built-in functions may."""
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        return None


def signed(function: Function, signature: inspect.Signature | None, *before: str) -> Function:
    """The function, with that signature, and some arguments more in front."""
    if signature is not None:
        more = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in before]
        given = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
        function.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*more, *given], return_annotation=inspect.Signature.empty
        )
    return function


def names_of(function: Function) -> list[str]:
    """The names of its positional arguments.

    Raises:
        ValueError: its signature cannot be read.
    """
    signature = signature_of(function)
    if signature is None:
        raise ValueError(f"{written(function)}: its signature cannot be read; wrap it in a function that has one")
    return [n for n, p in signature.parameters.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def written(thing: Any) -> str:
    """As one would write it, if it has a name; a function made inside of another has none to write."""
    name = str(getattr(thing, "said", None) or getattr(thing, "__qualname__", getattr(thing, "__name__", "…")))
    return "…" if "<" in name else name
