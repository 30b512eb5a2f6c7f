"""Calls of an op with sizes of one's own, and otherwise the first value of each option, or a random one."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from cnn_oracle.call import Call
from cnn_oracle.calls.disputed import disputed
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.op import Op
from cnn_oracle.subject import Subject

# The sizes that are chosen here, in the order in which they are tried. Those that multiply an axis, such as groups,
# keep their first value
SIZES = (
    "in", "out", "features", "channels", "filters", "width", "value width", "queries", "keys", "classes", "rows",
    "batch", "size", "kernel_size",
)  # fmt: skip


def plain_call(
    subject: Subject, op: Op, size: Callable[[str, Sequence[Any]], int], rng: Random | None = None, **chosen: Any
) -> Call | None:
    """A call whose sizes ``size`` chooses, by the name of the choice and its usual values.

    Other choices are as ``chosen``, or the first value that the subject declares, or a random one if ``rng`` is given.

    Returns:
        The call; None if PyTorch must not run it, or if it is outside what the subject declares.
    """
    declared = {**subject.limits.options.get(op.name, {})}
    declared |= getattr(subject.implementation(op.name), "options", None) or {}

    def choose(name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any:
        if name in SIZES:
            return size(name, values)
        if name in chosen and chosen[name] in values:
            return chosen[name]
        wanted = [value for value in (*values, *rare) if value in declared.get(name, ())] or values
        return rng.choice(wanted) if rng else wanted[0]

    call = op.call(choose, 0)
    taken = subject.limits.admit(op, call) and not subject.lacks(op, call) and not disputed(call) and not unsafe(call)
    return call if taken else None
