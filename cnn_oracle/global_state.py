"""Global state that a user or a subject may set, of NumPy, PyTorch and Python's warnings.

Ours is set around our own code, and theirs is restored at the end. While the subject runs, it has its own default dtype
and its own handling of floating-point errors. But where ``np.seterr`` says "raise", it has NumPy's default: raising is
an aid of debugging, and the numbers are the same without it.
"""

import builtins
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from cnn_oracle.environment import place

if TYPE_CHECKING:  # settings that name no op import neither torch nor NumPy
    import torch


class Warned(NamedTuple):
    """A warning of the subject: the name of its category, the first line of its text, and its place."""

    category: str
    message: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.category}: {self.message} ({place(self.file, self.line)})"


class _State(NamedTuple):
    errors: dict[str, Any]
    dtype: "torch.dtype"
    gradients: bool
    threads: int


class _Now:
    """The state of the others while ours is set, None otherwise; the warnings of the subject so far."""

    theirs: _State | None = None
    warned: ClassVar[Counter[Warned]] = Counter()
    runs = False  # the subject runs


@contextmanager
def ours() -> Iterator[Counter[Warned]]:
    """Set our global state, and restore the other at the end. The value counts the warnings of the subject.

    Calls are small, so PyTorch has one thread. No warning is an error. So the verdict does not depend on the caller.
    """
    import torch

    outermost, outer, counted = _Now.theirs is None, _Now.warned, Counter[Warned]()
    if outermost:
        _Now.theirs = _read()
    with torch.inference_mode(mode=False), warnings.catch_warnings():
        _put(_ours())
        _Now.warned = counted
        _count_warnings()
        try:
            yield counted
        finally:
            _Now.warned = outer
            theirs = _Now.theirs
            if outermost:
                _Now.theirs = None
    if outermost and theirs is not None:
        _put(theirs)


class theirs:  # noqa: N801  # a context manager; a class is the fastest form
    """A context in which the subject runs: its own state, as far as the verdict allows. Outside of ``ours``, nothing.

    What the subject sets in it is kept for the next time.
    """

    def __enter__(self) -> None:
        self.before = _Now.runs
        _Now.runs = True
        self.given = _Now.theirs and _lenient(_Now.theirs)
        if self.given:
            _put(self.given)

    def __exit__(self, *error: object) -> None:
        _Now.runs = self.before
        if self.given and _Now.theirs:
            old, new = self.given._asdict(), _read()._asdict()
            changes: dict[str, Any] = {n: new[n] for n in new if new[n] != old[n]}
            _Now.theirs = _Now.theirs._replace(**changes)
            if not self.before:
                _put(_ours())


@contextmanager
def unshown() -> Iterator[None]:
    """Do not show warnings. The filters stay as they are, because a subject may set them while it is imported."""
    shown = warnings.showwarning
    warnings.showwarning = lambda *_, **__: None
    try:
        yield
    finally:
        warnings.showwarning = shown


def show(counted: Mapping[Warned, int]) -> None:
    """Warn once of each warning of a subject, at its own place. It is never an error."""
    for one in counted:
        kind = getattr(builtins, one.category, None)
        known = isinstance(kind, type) and issubclass(kind, Warning)
        text = one.message if known else f"{one.category}: {one.message}"
        category: Any = kind if known else UserWarning
        try:
            warnings.warn_explicit(text, category, one.file, one.line)
        except Warning:
            with warnings.catch_warnings(action="always"):
                warnings.warn_explicit(text, category, one.file, one.line)


def _ours() -> _State:
    import torch

    return _State({"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}, torch.float32, True, 1)


def _lenient(state: _State) -> _State:
    """The state in which a subject runs."""
    ours = _ours()
    errors = {kind: ours.errors[kind] if what == "raise" else what for kind, what in state.errors.items()}
    return ours._replace(errors=errors, dtype=state.dtype)


def _read() -> _State:
    import numpy as np
    import torch

    errors: Any = np.geterr()
    return _State(errors, torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads())


def _put(state: _State) -> None:
    """Set what differs."""
    import numpy as np
    import torch

    now = _read()
    if now.errors != state.errors:
        np.seterr(**state.errors)
    if now.dtype != state.dtype:
        torch.set_default_dtype(state.dtype)
    if now.gradients != state.gradients:
        torch.set_grad_enabled(state.gradients)
    if now.threads != state.threads:
        torch.set_num_threads(state.threads)


def _count_warnings() -> None:
    """Count each warning of the subject, and show each of our own once. A filter that ignores a warning stays."""
    shown, seen = warnings.showwarning, set[tuple[str, int, str]]()

    def count(
        message: Any, category: type[Warning], filename: str, lineno: int, file: Any = None, line: str | None = None
    ) -> None:  # fmt: skip
        if _Now.runs:
            _Now.warned[Warned(category.__name__, str(message).partition("\n")[0], filename, lineno)] += 1
        elif (key := (filename, lineno, str(message))) not in seen:
            seen.add(key)
            shown(message, category, filename, lineno, file, line)

    warnings.filters[:] = [one if one[0] == "ignore" else ("always", *one[1:]) for one in warnings.filters]  # type: ignore[index]
    warnings.simplefilter("always", append=True)
    warnings.showwarning = count
