"""Signatures: an adapted function has the signature of the original, so the oracle can compare it with the op's."""

import inspect
from collections.abc import Callable
from typing import Any

from cnn_oracle.subject import Implementation

Function = Callable[..., Any]


def signature_of(function: Function) -> inspect.Signature | None:
    """Read the signature of a function.

    Args:
        function: Any callable.

    Returns:
        The signature. None if it cannot be read, as of some built-in functions.

    Example:
        >>> from cnn_oracle.adapt.signatures import signature_of
        >>> print(signature_of(lambda x, *, dim: x))
        (x, *, dim)
    """
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        return None


def signed(function: Function, signature: inspect.Signature | None, *before: str) -> Function:
    """Give a function a signature, without annotations.

    Args:
        function: The function. It is changed.
        signature: The signature to give. None leaves the function unchanged.
        before: The names of positional parameters to put in front, such as ``"dy"``.

    Returns:
        The function itself.

    Example:
        >>> import inspect
        >>> import cnn_oracle as oracle
        >>> print(inspect.signature(oracle.adapt.torch_function(lambda x, *, dim: x.softmax(dim)).backward))
        (dy, /, x, *, dim)
    """
    if signature is not None:
        more = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in before]
        given = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
        function.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*more, *given], return_annotation=inspect.Signature.empty
        )
    return function


def names_of(function: Function) -> list[str]:
    """List the names of the positional parameters of a function: the names of an op's arrays.

    Args:
        function: Any callable.

    Returns:
        The names, in order. Keyword-only parameters, the options, are not among them.

    Raises:
        ValueError: The signature cannot be read.

    Example:
        >>> from cnn_oracle.adapt.signatures import names_of
        >>> names_of(lambda x, w, b=None, *, stride=1: x)
        ['x', 'w', 'b']
    """
    signature = signature_of(function)
    if signature is None:
        raise ValueError(f"{written(function)}: its signature cannot be read; wrap it in a function that has one")
    return [n for n, p in signature.parameters.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def written(thing: Any) -> str:
    """Find the name of a thing in source code, for messages.

    Args:
        thing: A function, a class, or an implementation that an adapter made.

    Returns:
        The name or expression. ``"…"`` if there is none: a lambda, or a function defined inside another one.

    Example:
        >>> import cnn_oracle as oracle
        >>> def double(x):
        ...     return 2 * x
        >>> try:
        ...     oracle.verify("relu", oracle.adapt.torch_function(double), examples=5)
        ... except oracle.Failure as failure:
        ...     print(failure.subject_name)
        adapt.torch_function(double)
    """
    if isinstance(thing, Implementation):
        return thing.source
    name = str(getattr(thing, "__qualname__", getattr(thing, "__name__", "…")))
    return "…" if "<" in name else name
