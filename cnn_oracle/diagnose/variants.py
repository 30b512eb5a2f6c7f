"""Wrong numbers that PyTorch gives for another call: an option at another value, an array left out or rounded."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from inspect import Parameter
from typing import Any

import numpy as np

from cnn_oracle.cases.case import Case, by_pytorch, replace
from cnn_oracle.cases.dtypes import FORMATS
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.diagnose.claims import Claim
from cnn_oracle.diagnose.evidence import Observation, error
from cnn_oracle.diagnosis import Kind
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.subject import is_array

REDUCTIONS = ("mean", "sum", "none")
Change = Callable[[Case], Case | None]  # a case → the same case with one change; None if nothing changes


def variants(seen: Sequence[Observation]) -> Iterator[Claim]:
    """The output is PyTorch's for a call with one change."""
    for kind, text, change in _changes(seen[0].op, seen):
        holds, allows = partial(_is_that_of, change=change), partial(_changes_nothing, change=change)
        yield Claim(kind, f"{seen[0].name} {text}", holds, allows)


def _is_that_of(one: Observation, change: Change) -> bool:
    wanted = _with_change(one, change)
    if wanted is None or wanted.shape != one.output.shape or not one.finite or not np.isfinite(wanted).all():
        return False
    relative = one.bound.max(initial=0.0) / max(np.abs(one.expected).max(initial=0.0), 1e-300)
    return one.is_given_by(wanted, relative * np.abs(wanted).max(initial=0.0) + one.bound)


def _changes_nothing(one: Observation, change: Change) -> bool:
    """Whether PyTorch gives the same output for the call with the change, or no output."""
    wanted = _with_change(one, change)
    if wanted is None:
        return True
    if wanted.shape != one.expected.shape:
        return False
    allowed = one.slack * np.abs(wanted).max(initial=0.0) + 2 * one.bound
    return bool((error(wanted, one.expected) <= allowed).all())


def _with_change(one: Observation, change: Change) -> Array | None:
    """PyTorch's output for the changed call. None if nothing changes, or if the changed call is invalid."""
    changed = change(one.case)
    if changed is None:
        return None
    try:
        wanted = outputs_of(one.op, changed).get(one.quantity)
    except Exception:  # an invalid call may raise anything
        return None
    return None if wanted is None else wanted - one.start


def outputs_of(op: Op, case: Case) -> Outputs:
    """PyTorch's outputs for a case.

    Raises:
        ValueError: y has another shape than dy.
    """

    def cotangent(shape: tuple[int, ...]) -> Any:
        if shape != case.dy.shape:
            raise ValueError(f"y has the shape {shape}, dy {case.dy.shape}")
        return case.dy

    return by_pytorch(op, case, cotangent).expected


def _changes(op: Op, seen: Sequence[Observation]) -> Iterator[tuple[Kind, str, Change]]:
    used = {n for one in seen for n, v in one.case.keywords.items() if v is not None}
    for name in (n for n in op.options if n in used):
        default = op.parameters[name].default
        if is_array(name, op):
            yield "known mistake", f"has the values without {name}", partial(_with, values={name: None})
            continue
        if default is not Parameter.empty:
            text = f"has the values for {name}={default!r}, the default: it does not use {name}"
            yield "known mistake", text, partial(_with, values={name: default})
        values = {one.case.keywords.get(name) for one in seen}
        if values <= {True, False}:
            text = f"has the values for the opposite {name}"
            yield "known mistake", text, partial(_inverted, name=name, default=default)
            for flag in {False, True} - {default}:
                yield "known mistake", f"has the values for {name}={flag}", partial(_with, values={name: flag})
        elif any(isinstance(v, tuple) for v in values):
            text = f"has the values for {name} in the reverse order of axes"
            yield "known mistake", text, partial(_reversed, name=name)
        elif any(isinstance(v, float) for v in values):
            yield "known mistake", f"has the values for {name}=0", partial(_with, values={name: 0.0})
        elif name == "reduction":
            for value in REDUCTIONS:
                text = f"has the values for {name}={value!r}"
                yield "known mistake", text, partial(_with, values={name: value})
    for name in (n for n in op.positional if op.parameters[n].default is None):
        yield "known mistake", f"has the values without {name}", partial(_without, name=name)
    for name in (*seen[0].case.arrays, "dy"):
        for form in ("float16", "bfloat16", "float32"):
            text = f"has the values for {name} rounded to {form}"
            yield "precision", text, partial(_rounded, name=name, form=form)


def _with(case: Case, values: Mapping[str, Any]) -> Case | None:
    """The case with other options. None if it has these values already."""
    if all(case.keywords.get(n) is v or _same(case.keywords.get(n), v) for n, v in values.items()):
        return None
    return replace(case, keywords=case.keywords | {**values})


def _same(a: Any, b: Any) -> bool:
    return not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray) and type(a) is type(b) and bool(a == b)


def _inverted(case: Case, name: str, default: bool) -> Case:
    return replace(case, keywords=case.keywords | {name: not case.keywords.get(name, default)})


def _reversed(case: Case, name: str) -> Case | None:
    v = case.keywords.get(name)
    return replace(case, keywords=case.keywords | {name: v[::-1]}) if isinstance(v, tuple) and v != v[::-1] else None


def _without(case: Case, name: str) -> Case | None:
    return None if case.arrays.get(name) is None else replace(case, arrays=case.arrays | {name: None})


def _rounded(case: Case, name: str, form: str) -> Case | None:
    a = case.dy if name == "dy" else case.arrays.get(name)
    if a is None or not np.isfinite(a).all():
        return None
    with np.errstate(over="ignore"):
        rounded = FORMATS[form].rounded(a.astype(np.float64)).astype(a.dtype)
    if (rounded == a).all():
        return None
    return replace(case, dy=rounded) if name == "dy" else replace(case, arrays=case.arrays | {name: rounded})
