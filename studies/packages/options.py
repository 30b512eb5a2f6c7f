"""What the packages' files do with options: one for each axis, and those that the package has not."""

from typing import Any

from cnn_oracle.call import Call
from cnn_oracle.ops import look_up


class Lacks(NotImplementedError):
    """Raised by a package's file: the package has no way to say this option. Its text says which."""


def value(call: Call, option: str) -> Any:
    """PyTorch's default, if the call leaves it out."""
    return call.arguments.get(option, look_up(call.op).parameters[option].default)


def each(option: Any, rank: int) -> tuple[Any, ...]:
    """One for each of ``rank`` axes."""
    return option if isinstance(option, tuple) else (option,) * rank


def only(**options: tuple[Any, Any]) -> None:
    """Of options that the package has not: what was given, and the value that stands for none.

    Raises:
        Lacks: another was given.
    """
    without(**{name: given is not none and given != none for name, (given, none) in options.items()})


def without(**options: bool) -> None:
    """What the package has no argument for must not be asked for.

    Raises:
        Lacks: it is.
    """
    for name, asked in options.items():
        if asked:
            raise Lacks(name)
