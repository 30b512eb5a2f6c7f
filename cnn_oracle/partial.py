"""Partial implementations: which options of the calls that are not covered explain why they are not.

A call has features: the number of axes of its first array, an absent or empty array, and each option that is not the
default. A feature that no covered call has explains the calls that have it.

A call also has a form: the number of axes, and the type of each option. A subject that raises on every call of a form,
and not on others, does not support this form. A subject that raises on some calls of a form crashes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from inspect import Parameter
from typing import Any

from cnn_oracle.call import Call
from cnn_oracle.op import ARRAY_KEYWORDS, PER_AXIS, Op
from cnn_oracle.subject import rank_of

Features = frozenset[str]
OTHER, EMPTY, ABSENT = "other calls", "empty arrays", "=None"


def features(op: Op, call: Call) -> Features:
    """The features of a call, such as {"2-d", "groups", 'padding="same"'}."""
    found = {f"{rank_of(op, call)}-d"}
    for name, parameter in op.parameters.items():
        value = call.arguments.get(name, parameter.default)
        if name in op.positional or name in ARRAY_KEYWORDS:
            if parameter.default is not Parameter.empty:
                found.add(f"{name}{ABSENT}" if value is None else name)
            if isinstance(value, tuple) and 0 in value:
                found.add(EMPTY)
        elif name in call.arguments:
            found |= _of_option(op, call, name, value, parameter.default is Parameter.empty)
    return frozenset(found)


def forms(op: Op, call: Call) -> Features:
    """The form of a call, such as {"2-d", "stride per axis"}: its number of axes, and the types of its arguments."""
    found = {f"{rank_of(op, call)}-d"}
    if any(isinstance(call.arguments.get(name), tuple) and 0 in call.arguments[name] for name in op.positional):
        found.add(EMPTY)
    found |= {f"{n}{ABSENT}" for n in op.positional if op.parameters[n].default is None and n not in call.arguments}
    for name, parameter in op.parameters.items():
        value = call.arguments.get(name, parameter.default)
        if name not in op.positional and name not in ARRAY_KEYWORDS and value != parameter.default:
            if isinstance(value, str):
                found.add(f'{name}="{value}"')
            elif isinstance(value, tuple) and parameter.annotation in PER_AXIS:
                found.add(f"{name} per axis")
    return frozenset(found)


def lacking(form: Features, covered: Iterable[str]) -> str:
    """The part of a form that no covered call has: why a subject raises. "" if there is none.

    An empty array is a reason in any case, unless there is another one.
    """
    found = sorted(form - {*covered}, key=lambda name: (name == EMPTY, name.endswith(ABSENT), name))
    return found[0] if found else EMPTY if EMPTY in form else ""


def _of_option(op: Op, call: Call, name: str, value: Any, required: bool) -> set[str]:
    if isinstance(value, str | bool):
        return {f'{name}="{value}"' if isinstance(value, str) else f"{name}={value}"}
    if required and isinstance(value, int):  # such as dim: from the end, as PyTorch allows
        rank = rank_of(op, call)
        return {f"{name}={value - rank if value >= 0 and name == 'dim' else value}"}
    if isinstance(value, tuple) and len({*value}) > 1 and not required:
        return {name, f"{name} per axis"}
    if isinstance(value, tuple) and required:
        return {f"{name} of {len(value)} axes"}
    return {name}


def explained(missed: Mapping[Features | str, int], covered: Iterable[str]) -> dict[str, int]:
    """What the subject does not support → the number of calls, the most frequent first.

    Args:
        missed: the calls that are not covered: the reason or the features, and the number of such calls.
        covered: all features of the calls that are covered.
    """
    found = Counter({reason: n for reason, n in missed.items() if isinstance(reason, str)})
    left, known = {one: n for one, n in missed.items() if not isinstance(one, str)}, {*covered}
    while left:
        share = Counter[str]()
        for one, n in left.items():
            for name in one - known:
                share[name] += n
        if not share:
            found[OTHER] += sum(left.values())
            break
        best = min(share, key=lambda name: (-share[name], name))
        found[best] = share[best]
        left = {one: n for one, n in left.items() if best not in one}
    return dict(found.most_common())
