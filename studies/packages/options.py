"""How the adapters of the packages read options: one value per axis, and options that a package does not have."""

from typing import Any

from cnn_oracle.call import Call
from cnn_oracle.ops import look_up


class Lacks(NotImplementedError):
    """Raised by a package's adapter: the package does not support this option. The text says which."""


def value(call: Call, option: str) -> Any:
    """The option's value; PyTorch's default if the call omits it."""
    return call.arguments.get(option, look_up(call.op).parameters[option].default)


def each(option: Any, rank: int) -> tuple[Any, ...]:
    """One value for each of ``rank`` axes."""
    return option if isinstance(option, tuple) else (option,) * rank


def only(**options: tuple[Any, Any]) -> None:
    """Check options that the package does not have: each has the value given, and the value that has no effect.

    Raises:
        Lacks: an option has another value.
    """
    without(**{name: given is not none and given != none for name, (given, none) in options.items()})


def without(**options: bool) -> None:
    """Check that the call has none of the options for which the package has no argument.

    Raises:
        Lacks: the call has one.
    """
    for name, requested in options.items():
        if requested:
            raise Lacks(name)
