"""From Python, for one's own suite: ``oracle.verify("conv2d", forward=f, backward=g)`` is a test in one line."""

import os
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

from cnn_oracle import survey, verification
from cnn_oracle.call import parse
from cnn_oracle.mistakes import load
from cnn_oracle.ops import look_up
from cnn_oracle.result import Failure, Result
from cnn_oracle.subject import Implementation, Subject
from cnn_oracle.verification import EXAMPLES

Function = Callable[..., Any]


def verify(
    op: str, subject: Any = None, *, forward: Function | None = None, backward: Function | None = None,
    step: Function | None = None, examples: int = EXAMPLES, call: str | None = None, seed: int = 0,
) -> Result:  # fmt: skip
    """Check every theorem of an op on drawn calls, or on one ``call`` as a ``reproduce`` line gives it; return the row.

    ``subject`` is a package or module or the name of one, or an object with ``forward`` and ``backward`` (or ``step``),
    as cnn_oracle.adapt makes them. Or the functions are given by themselves; without ``backward`` only theorems of
    ``forward`` are checked, and the row's ``unchecked`` says so.

    Raises:
        Failure: a theorem does not hold. It is an AssertionError; its text is the whole message.
        ValueError: the op is unknown, the subject does not have it, or the call cannot be used.
    """
    __tracebackhide__ = True
    look_up(op)
    if examples < 1 or seed < 0:
        raise ValueError(f"verify({op!r}, examples={examples}, seed={seed}): at least 1 example, and a seed from 0 on")
    functions = {n: f for n, f in {"forward": forward, "backward": backward, "step": step}.items() if f is not None}
    if (subject is None) == (not functions) or functions.keys() == {"backward"}:
        raise ValueError(f"verify({op!r}): give a subject, or forward and, if there is one, backward, or step")
    own = Implementation(forward, backward, step)
    code = _given(op, own, _said(functions)) if functions else _on_trial(op, subject)
    if call is None:
        (row,) = survey.verify(code, [op], examples=examples, seed=seed)
    else:
        one = parse(call, seed)
        if one.op != op:
            raise ValueError(f"verify({op!r}, call={call!r}): that is a call of {one.op}")
        row = verification.check_call(code, one)
    if row.failure is None:
        return row
    by_name = isinstance(subject, str) or code.root is subject
    as_pytest_does = call is None and (examples, seed) == (EXAMPLES, 0)
    failure = _reproducible(row.failure, by_name, as_pytest_does)
    raise failure.with_traceback(None) from failure.__cause__


def _reproducible(failure: Failure, by_name: bool, as_pytest_does: bool) -> Failure:
    """The failure with the line that reproduces it where it was found.

    Under pytest that is no shell line: only pytest knows what it has put on the path, as ``pythonpath = ["src"]`` does.
    """
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    if not by_name:
        return failure.replace(source="python", test=test)
    if not test:
        return failure
    if as_pytest_does and failure.theorem is not None:
        return failure.replace(source="pytest")
    return failure.replace(source="python", test=test, subject_name=f'"{failure.subject_name}"')


def covered(subject: Any) -> list[str]:
    """The names of the ops that a package or module has: one test each.

    Raises:
        ValueError: it cannot be imported, or has none.
    """
    if not isinstance(subject, str | ModuleType):
        raise ValueError(f"covered({subject!r}): give a package or module, or the name of one")
    code = load(subject if isinstance(subject, str) else subject.__name__)
    names = [op.name for op in verification.covered(code)]
    if not names:
        raise ValueError(f"subject {code.name!r} has none of the ops; see cnn-oracle ops")
    return names


def _on_trial(op: str, subject: Any) -> Subject:
    """What has a name to import it by goes by that; an object by how it was made."""
    if isinstance(subject, str):
        return load(subject)
    if isinstance(subject, ModuleType) and not hasattr(subject, "forward") and not hasattr(subject, "step"):
        return load(subject.__name__)
    for kind, adapter in (("Function", "torch_function"), ("Module", "module")):
        if any(c.__name__ == kind and c.__module__.startswith("torch.") for c in _classes(subject)):
            raise ValueError(f"verify({op!r}, …): of a torch {kind} oracle.adapt.{adapter} makes a subject")
    if not hasattr(subject, "forward") and not hasattr(subject, "step"):
        what = f"{type(subject).__name__} has neither forward nor step"
        raise ValueError(f"verify({op!r}, …): {what}; give forward=…, or wrap it by a function of oracle.adapt")
    return _given(op, subject, getattr(subject, "said", None) or _name(subject))


def _classes(thing: Any) -> tuple[type, ...]:
    return thing.__mro__ if isinstance(thing, type) else type(thing).__mro__


def _given(op: str, implementation: Any, said: str) -> Subject:
    return Subject(said, SimpleNamespace(**{op: implementation}))


def _said(functions: dict[str, Function]) -> str:
    return ", ".join(f"{name}={_name(function)}" for name, function in functions.items())


def _name(thing: Any) -> str:
    """As one would write it, if it has a name; a function made inside of another has none to write."""
    name = str(getattr(thing, "__qualname__", getattr(thing, "__name__", "…")))
    return "…" if "<" in name else name
