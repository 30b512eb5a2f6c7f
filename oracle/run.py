"""Running a subject on a case: its answers by name, and its exceptions as a verdict."""

from collections.abc import Callable
from typing import Any

import numpy as np

from manual._typing import Array
from oracle.cases import Case
from oracle.ops import Op
from oracle.pytorch import Answers
from oracle.subjects import Subject
from oracle.verdicts import Failure, Verdict


def everything(subject: Subject, op: Op, case: Case) -> Answers:
    """All that the subject has to say of a case."""
    if op.kind == "step":
        return steps(subject, case)
    return forward(subject, case) | backward(subject, case)


def forward(subject: Subject, case: Case, **replaced: Array) -> Answers:
    """{"y": …}, optionally with some positional arguments replaced."""
    arrays = case.arrays | replaced
    return {"y": _array(_call(subject, case, "forward", *arrays.values()), "forward", case)}


def backward(subject: Subject, case: Case) -> Answers:
    """{"dx": …, "dw": …}: one gradient per positional argument."""
    gradients = _call(subject, case, "backward", case.dy, *case.arrays.values())
    names = [f"d{n}" for n in case.arrays]
    if not isinstance(gradients, tuple) or len(gradients) != len(names):
        found = f"{len(gradients)} results" if isinstance(gradients, tuple) else f"a {type(gradients).__name__}"
        raise Failure(f"backward returns {found}, not a tuple ({', '.join(names)})", case.call)
    return {n: None if g is None else _array(g, "backward", case) for n, g in zip(names, gradients, strict=True)}


def steps(subject: Subject, case: Case) -> Answers:
    """{"w1": …, "w2": …}: w after each of the case's consecutive steps."""
    (w,), state, answers = case.arrays.values(), None, Answers()
    for i, dw in enumerate(case.dy, 1):
        w, state = _call(subject, case, "step", w, dw, state)
        answers[f"w{i}"] = _array(w, "step", case)
    return answers


def _array(answer: Any, name: str, case: Case) -> Array:
    try:
        array: Array = np.asarray(answer)
        if array.dtype.kind in "fiub":
            return array
    except ValueError:
        pass
    raise Failure(f"{name} returns a {type(answer).__name__}, not an array of numbers", case.call)


def _call(subject: Subject, case: Case, name: str, *arguments: Any) -> Any:
    function: Callable[..., Any] | None = getattr(subject.implementation(case.call.op), name, None)
    if function is None:
        raise Failure(f"{case.call.op} has no {name}", case.call)
    arrays = [np.asarray(a) if isinstance(a, np.generic) else a for a in arguments]  # NumPy's sums of scalars
    try:
        return function(*arrays, **case.keywords)
    except (Exception, SystemExit) as error:
        said = "".join(c if c.isprintable() else " " for c in str(error).partition("\n")[0])
        message = f"{name} raises {type(error).__name__}: {said}"
        raise Failure(message, case.call, verdict=Verdict.CRASHED) from error
