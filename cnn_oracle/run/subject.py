"""Running a subject on a case: its answers by name, and its exceptions as a verdict."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from typing import Any

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.latest import Latest
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.run import memory
from cnn_oracle.subject import Subject


def run_all(subject: Subject, op: Op, case: Case) -> Outputs:
    """All that the subject has to say of a case."""
    if op.kind == "step":
        return steps(subject, case)
    return forward(subject, case) | ({} if subject.forward_only(op.name) else backward(subject, case))


def forward(subject: Subject, case: Case, **replaced: Array) -> Outputs:
    """{"y": …}, optionally with some positional arguments replaced, in the case's dtype."""
    arrays = case.arrays | {n: a.astype(case.dtype, copy=False) for n, a in replaced.items()}
    return {"y": _array(_call(subject, case, "forward", arrays), "forward", case)}


def backward(subject: Subject, case: Case) -> Outputs:
    """{"dx": …, "dw": …}: one gradient per positional argument."""
    gradients = _call(subject, case, "backward", {"dy": case.dy, **case.arrays})
    names = [f"d{n}" for n in case.arrays]
    if not isinstance(gradients, tuple) or len(gradients) != len(names):
        found = f"{len(gradients)} results" if isinstance(gradients, tuple) else f"a {type(gradients).__name__}"
        raise Failure(f"backward returns {found}, not a tuple ({', '.join(names)})", case.call)
    return {n: None if g is None else _array(g, "backward", case) for n, g in zip(names, gradients, strict=True)}


_ANSWERS: Latest[Outputs] = Latest(16)  # both of eight cases


def known(answer: Callable[[Subject, Case], Outputs], subject: Subject, case: Case) -> Outputs:
    """``forward`` or ``backward``, or what it answered to this very case before: a copy, for memory is used again."""
    arrays, keywords = case.arrays.values(), case.keywords.values()
    of = (answer, subject, case.call, case.dtype, case.layout, case.dy, *arrays, *keywords)

    def run() -> Outputs:
        return {quantity: None if a is None else a.copy() for quantity, a in answer(subject, case).items()}

    return _ANSWERS.of(of, run)


def part(subject: Subject, case: Case, name: str) -> Array:
    """A convolution's ``input_gradient`` or ``weight_gradient``: the one is given x's shape for x, the other w's."""
    x, w = case.arrays["x"], case.arrays["w"]
    assert x is not None
    assert w is not None
    given = {"x": x.shape, "w": w} if name == "input_gradient" else {"x": x, "w": w.shape}
    return _array(_call(subject, case, name, {"dy": case.dy, **given}), name, case)


def state(subject: Subject, case: Case, arrays: list[Array], options: dict[str, Any]) -> list[Array]:
    """A norm's next running_mean and running_var."""
    given = dict(zip(("x", "running_mean", "running_var"), arrays, strict=True))
    answers = _call(subject, case, "running_statistics", given, options)
    if not isinstance(answers, tuple) or len(answers) != 2:
        raise Failure("running_statistics returns no tuple (running_mean, running_var)", case.call)
    return [_array(a, "running_statistics", case) for a in answers]


def steps(subject: Subject, case: Case) -> Outputs:
    """{"w1": …, "w2": …}: w after each of the case's consecutive steps."""
    (w,), state, answers = case.arrays.values(), None, Outputs()
    for i, dw in enumerate(case.dy, 1):
        w, state = _call(subject, case, "step", {"w": w, "dw": dw, "state": state})
        answers[f"w{i}"] = _array(w, "step", case)
    return answers


def _array(answer: Any, name: str, case: Case) -> Array:
    """What NumPy can read: by ``__array__``, or by DLPack, from another device too; torch's without its graph."""
    if hasattr(answer, "detach"):
        answer = answer.detach()
    for read in (np.asarray, lambda a: np.from_dlpack(a, device="cpu")):
        with suppress(ValueError, TypeError, RuntimeError, BufferError, AttributeError):
            array: Array = read(answer)
            if array.dtype.kind in "fiub":
                return array
    raise Failure(f"{name} returns a {type(answer).__name__}, not an array of numbers", case.call)


def _call(
    subject: Subject, case: Case, name: str, arguments: Mapping[str, Any], options: Mapping[str, Any] | None = None
) -> Any:
    function: Callable[..., Any] | None = getattr(subject.implementation(case.call.op), name, None)
    if function is None:
        hint = "; where there is to be none, backward = None says so" if name == "backward" else ""
        raise Failure(f"{case.call.op} has no {name}{hint}", case.call)
    # NumPy's sums of scalars
    values = [np.asarray(a) if isinstance(a, np.generic) else a for a in arguments.values()]
    keywords = case.keywords if options is None else options
    named = zip((*arguments, *keywords), (*values, *keywords.values()), strict=True)
    watched = [(n, a, a.tobytes()) for n, a in named if isinstance(a, np.ndarray) and n != "state"]
    try:
        with memory.filled(case.fill_value):
            answer = function(*values, **keywords)
    except (Exception, SystemExit) as error:
        _restore(watched)
        said = "".join(c if c.isprintable() else " " for c in str(error).partition("\n")[0])
        message = f"{name} raises {type(error).__name__}: {said}"
        raise Failure(message, case.call, verdict=Verdict.CRASHED) from error
    mutated = [n for n, a, before in watched if a.tobytes() != before]
    if not mutated:
        return answer
    answer = _apart(answer)  # it may be the very input
    case.mutated.extend(f"{name} writes to its input {n}" for n in mutated)
    _restore(watched)
    return answer


def _restore(watched: Sequence[tuple[str, Array, bytes]]) -> None:
    """Put right what was written to: what else is wrong is another matter, and others will read it."""
    for _, a, before in watched:
        if a.flags.writeable and a.tobytes() != before:
            a[...] = np.frombuffer(before, a.dtype).reshape(a.shape)


def _apart(answer: Any) -> Any:
    """A copy of it that shares no memory with anything."""
    if isinstance(answer, tuple):
        return tuple(map(_apart, answer))
    return deepcopy(answer.detach() if hasattr(answer, "detach") else answer)
