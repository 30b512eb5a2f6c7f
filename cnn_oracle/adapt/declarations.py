"""What an implementation supports: only some options, ranks, arrays, gradients, or dtypes."""

from collections.abc import Callable, Iterable, Mapping
from json import dumps
from typing import Any, cast

from cnn_oracle.adapt.signatures import written
from cnn_oracle.call import Call
from cnn_oracle.subject import Declared, Implementation

FUNCTIONS = ("forward", "backward", "step", "input_gradient", "weight_gradient", "running_statistics")


def only(
    implementation: Any, *, when: Callable[[Call], bool] | None = None,
    options: Mapping[str, tuple[Any, ...]] | None = None, ranks: tuple[int, ...] | None = None,
    gradients: tuple[str, ...] | None = None, unsupported: tuple[type[Exception], ...] | None = None,
    dtypes: tuple[str, ...] | None = None,
) -> Implementation:  # fmt: skip
    """Declare what an implementation supports. It is checked on such calls only.

    A call outside is replaced by another one, and counted: ``Result.unsupported`` and the last line of the report say
    how many there were, and why. The other adapters take the same arguments. A module may define the same names.

    Args:
        implementation: An object with ``forward`` and ``backward``, or with ``step``: a module, or what another adapter
            returns. What it declares itself stays, unless it is given here.
        when: ``when(call)`` tells whether a call is supported. ``call.arguments`` has its arguments by name, an array
            by its shape; an absent array, and an option with its default value, are not in it.
        options: Option → the values that are supported: ``{"groups": (1,), "padding": (0, 1)}``. The numbers stand for
            tuples of them, too. For an array that may be absent: ``{"b": (True,)}`` if it must be given,
            ``{"b": (False,)}`` if it can't be.
        ranks: The numbers of axes of the first array that are supported: ``(2,)`` for matrices.
        gradients: The arrays whose gradient ``backward`` returns: ``("x",)`` for a loss without a gradient for the
            target. ``Result.unchecked`` names the others.
        unsupported: The exceptions that say "this valid call is not supported", besides NotImplementedError.
        dtypes: The dtypes to check: ``("float64",)`` for code that computes only in float64.

    Returns:
        An implementation with the same functions.

    Raises:
        ValueError: The implementation has neither ``forward`` nor ``step``, or a ``forward`` and no ``backward``.
            During ``oracle.verify``: a declaration does not fit the op.

    Example:
        >>> import numpy as np
        >>> import cnn_oracle as oracle
        >>> def softmax(x, *, dim):
        ...     e = np.exp(x - x.max(1, keepdims=True, initial=-np.inf))
        ...     return e / e.sum(1, keepdims=True)
        >>> rows = oracle.adapt.only(
        ...     oracle.subject.Implementation(softmax), ranks=(2,), options={"dim": (-1, 1)}
        ... )
        >>> result = oracle.verify("softmax", rows, examples=20)
        >>> print(result.verdict, sorted(result.unsupported))
        BOUNDED ['0-d', '1-d', '3-d', '4-d', 'dim']
    """
    given = {
        "when": when, "options": options, "ranks": ranks, "gradients": gradients, "unsupported": unsupported,
        "dtypes": dtypes,
    }  # fmt: skip
    declared = cast("Declared", {name: value for name, value in given.items() if value is not None})
    if isinstance(implementation, Implementation):
        made = implementation
    else:
        if not hasattr(implementation, "forward") and not hasattr(implementation, "step"):
            raise ValueError(f"only({written(implementation)}): it has neither forward nor step")
        if hasattr(implementation, "forward") and not hasattr(implementation, "backward"):
            raise ValueError(
                f"only({written(implementation)}): it has no backward; if it shall have none, set it to None"
            )
        functions: dict[str, Any] = {name: getattr(implementation, name, None) for name in FUNCTIONS}
        rejections = getattr(implementation, "rejections", (ValueError,))
        made = Implementation(**functions, rejections=rejections, **declared_by(implementation))
    return made._replace(source=f"adapt.only({arguments_of(written(implementation), declared)})", **declared)


def declared_by(implementation: Any) -> Declared:
    """Read what an implementation declares.

    Args:
        implementation: An object with ``forward`` or ``step``.

    Returns:
        Its declarations, by name. Those that it lacks are not in it.

    Example:
        >>> from cnn_oracle.adapt.declarations import declared_by
        >>> from types import SimpleNamespace
        >>> declared_by(SimpleNamespace(forward=abs, ranks=(2,)))
        {'ranks': (2,)}
    """
    names = Declared.__annotations__
    return cast("Declared", {name: getattr(implementation, name) for name in names if hasattr(implementation, name)})


def split(function: str, arrays: Iterable[str], named: Mapping[str, Any]) -> tuple[dict[str, Any], Declared]:
    """Split keyword arguments into those that are named like an array, and declarations.

    Args:
        function: The name of the function that has received them, for messages.
        arrays: The names of the arrays.
        named: The keyword arguments.

    Returns:
        What is given for the arrays, by name, and the declarations.

    Raises:
        TypeError: A name is neither.

    Example:
        >>> from cnn_oracle.adapt.declarations import split
        >>> split("layer", ["x", "w"], {"w": "dw", "ranks": (2,)})
        ({'w': 'dw'}, {'ranks': (2,)})
    """
    known = [*arrays, *Declared.__annotations__]
    for name in named:
        if name not in known:
            raise TypeError(f"{function}() has no argument {name!r}; it has {', '.join(known)}")
    places = {name: value for name, value in named.items() if name in arrays}
    return places, cast("Declared", {name: value for name, value in named.items() if name not in arrays})


def arguments_of(first: str, named: Mapping[str, Any]) -> str:
    """Write the arguments of an adapter as source code, for messages.

    Args:
        first: The positional arguments, as source code.
        named: The keyword arguments.

    Returns:
        The source code, such as ``'make, w="dw", ranks=(2,)'``.

    Example:
        >>> from cnn_oracle.adapt.declarations import arguments_of
        >>> arguments_of("make", {"w": "dw", "options": {"groups": (1,)}, "when": lambda call: True})
        'make, w="dw", options={"groups": (1,)}, when=…'
    """
    return ", ".join([first, *(f"{name}={_shown(value)}" for name, value in named.items())])


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_shown(key)}: {_shown(one)}' for key, one in value.items())}}}"
    if type(value) is tuple:
        return f"({', '.join(map(_shown, value))}{',' * (len(value) == 1)})"
    return written(value) if callable(value) else repr(value)
