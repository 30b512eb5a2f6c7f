"""Runs a subject on a case: returns its outputs by name, and turns its exceptions into a failure."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from typing import Any

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.global_state import theirs
from cnn_oracle.latest import Latest
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.run import memory
from cnn_oracle.run.arguments import fitted, lacking
from cnn_oracle.run.workers import running
from cnn_oracle.subject import Subject


def run_all(subject: Subject, op: Op, case: Case) -> Outputs:
    """Copies of all outputs of the subject for a case: y and the gradients, w after each step, running statistics.

    They are copies because a subject may return the same memory again.

    Raises:
        Failure: the subject raises an error, or returns something other than arrays of numbers. The same holds for the
            functions below.
    """
    if op.kind == "step":
        return steps(subject, case)
    if case.of_statistics:
        return copied(running_statistics(subject, case))
    return forward(subject, case) | ({} if subject.forward_only(op.name) else backward(subject, case))


def run_uncopied(subject: Subject, op: Op, case: Case) -> Outputs:
    """As ``run_all``, but in the subject's own memory."""
    if op.kind == "step":
        return steps(subject, case, keep=lambda w: w)
    return _forward(subject, case) | ({} if subject.forward_only(op.name) else _backward(subject, case))


def uncopied(name: str, subject: Subject, case: Case) -> Outputs:
    """The outputs of "forward" or "backward", in the subject's own memory."""
    return _forward(subject, case) if name == "forward" else _backward(subject, case)


def copied(outputs: Outputs) -> Outputs:
    return {quantity: None if a is None else a.copy() for quantity, a in outputs.items()}


def forward(subject: Subject, case: Case, **replaced: Array) -> Outputs:
    """{"y": …}. ``replaced`` replaces some positional arguments. They are cast to the dtype of the case."""
    return copied(_forward(subject, case, **replaced))


def _forward(subject: Subject, case: Case, **replaced: Array) -> Outputs:
    arrays = case.arrays | {n: a.astype(case.dtype, copy=False) for n, a in replaced.items()}
    return {"y": _array(_call(subject, case, "forward", arrays), "forward", case)}


def backward(subject: Subject, case: Case) -> Outputs:
    """{"dx": …, "dw": …}: one gradient for each positional argument, or None."""
    return copied(_backward(subject, case))


def _backward(subject: Subject, case: Case) -> Outputs:
    """As ``backward``, in the subject's own memory.

    A list, a single array, or a tuple without the gradients of absent arrays is also taken, and noted in the case.
    """
    gradients = _call(subject, case, "backward", {"dy": case.dy, **case.arrays})
    declared = getattr(subject.implementation(case.call.op), "gradients", ())
    wanted = [n for n in case.arrays if not declared or n in declared]
    if declared and isinstance(gradients, tuple | list) and len(gradients) == len(case.arrays) > len(wanted):
        gradients = tuple(g for n, g in zip(case.arrays, gradients, strict=True) if n in wanted)
    found = _one_for_each(gradients, wanted, case)
    names = ", ".join(f"d{n}" for n in wanted)
    if found is None:
        what = f"{len(gradients)} results" if isinstance(gradients, tuple | list) else f"a {type(gradients).__name__}"
        raise Failure(f"backward returns {what}, not a tuple ({names})", case.call)
    if not isinstance(gradients, tuple) or len(found) != len(gradients):
        what = f"a {type(gradients).__name__}"
        if isinstance(gradients, tuple | list):
            what = f"{what} of {len(gradients)} gradients"
        case.notes.append(f"backward returns {what}, not a tuple ({names})")
    named = dict(zip(wanted, found, strict=True))
    for n, g in named.items():
        if g is not None and case.arrays[n] is None and not subject.ours:
            case.notes.append(f"backward returns a gradient for {n}, which is None")
            named[n] = None
    return {f"d{n}": None if g is None else _array(g, "backward", case) for n, g in named.items()}


def _one_for_each(gradients: Any, names: Sequence[str], case: Case) -> list[Any] | None:
    """A gradient for each name, None for an absent array; or None if their number does not fit."""
    present = [n for n in names if case.arrays[n] is not None]
    given = list(gradients) if isinstance(gradients, tuple | list) else [gradients]
    if len(given) == len(names):
        return given
    if len(given) == len(present):
        return [next(found) if n in present else None for found in [iter(given)] for n in names]
    return None


_OUTPUTS: Latest[Outputs] = Latest(16)  # forward and backward of eight cases


def known(output: Callable[[Subject, Case], Outputs], subject: Subject, case: Case) -> Outputs:
    """The outputs of ``forward`` or ``backward``, from a cache if the subject has run on this case before."""
    arrays, keywords = case.arrays.values(), case.keywords.values()
    of = (output, subject, case.call, case.dtype, case.layout, case.dy, *arrays, *keywords)

    return _OUTPUTS.of(of, lambda: output(subject, case))


def part(subject: Subject, case: Case, name: str) -> Array:
    """The output of ``input_gradient`` or ``weight_gradient`` of a convolution.

    Each receives dy, x and w, but ``input_gradient`` receives only the shape of x, and ``weight_gradient`` only that
    of w.
    """
    x, w = case.arrays["x"], case.arrays["w"]
    assert x is not None
    assert w is not None
    given = {"x": x.shape, "w": w} if name == "input_gradient" else {"x": x, "w": w.shape}
    return _array(_call(subject, case, name, {"dy": case.dy, **given}), name, case)


def running_statistics(subject: Subject, case: Case) -> Outputs:
    """{"running_mean": …, "running_var": …}: the next statistics of a norm, in the subject's own memory."""
    outputs = _call(subject, case, "running_statistics", case.arrays)
    if not isinstance(outputs, tuple) or len(outputs) != 2:
        raise Failure("running_statistics returns no tuple (running_mean, running_var)", case.call)
    arrays = (_array(a, "running_statistics", case) for a in outputs)
    return dict(zip(("running_mean", "running_var"), arrays, strict=True))


def steps(subject: Subject, case: Case, keep: Callable[[Array], Array] = np.ndarray.copy) -> Outputs:
    """{"w1": …, "w2": …}: w after each of the consecutive steps of the case, as ``keep`` keeps it."""
    (w,), state, outputs = case.arrays.values(), None, Outputs()
    for i, dw in enumerate(case.dy, 1):
        w, state = _step(subject, case, w, dw, state)
        outputs[f"w{i}"] = keep(w)
    return outputs


def _step(subject: Subject, case: Case, w: Any, dw: Array, state: Any) -> tuple[Array, Any]:
    output = _call(subject, case, "step", {"w": w, "dw": dw, "state": state})
    if not isinstance(output, tuple | list) or len(output) != 2:
        raise Failure(f"step returns a {type(output).__name__}, not a tuple (w, state)", case.call)
    return _array(output[0], "step", case), output[1]


def _array(output: Any, name: str, case: Case) -> Array:
    """The output as an array: by ``__array__``, or by DLPack, also from another device.

    A tensor of torch is detached first.
    """
    if hasattr(output, "detach"):
        output = output.detach()
    for read in (np.asarray, lambda a: np.from_dlpack(a, device="cpu")):
        with suppress(ValueError, TypeError, RuntimeError, BufferError, AttributeError):
            array: Array = read(output)
            if array.dtype.kind in "fiub":
                return array
    kind = f"an array of {output.dtype}" if isinstance(output, np.ndarray) else f"a {type(output).__name__}"
    raise Failure(f"{name} returns {kind}, not an array of numbers", case.call, verdict=Verdict.CRASHED)


def _call(subject: Subject, case: Case, name: str, arguments: Mapping[str, Any]) -> Any:
    function: Callable[..., Any] | None = getattr(subject.implementation(case.call.op), name, None)
    if function is None:
        hint = "; if it shall have none, set backward = None" if name == "backward" else ""
        raise Failure(f"{case.call.op} has no {name}{hint}", case.call)
    # a NumPy scalar, such as a sum, becomes an array
    values = {n: np.asarray(a) if isinstance(a, np.generic) else a for n, a in arguments.items()}
    keywords = case.keywords
    watched = [(n, a, a.tobytes()) for n, a in (values | keywords).items() if _is_watched(n, a)]
    given, accepted = [*values.values()], dict(keywords)
    if not subject.ours:
        given, accepted = fitted(function, name, case.call, values, keywords)
    try:
        with theirs(), running(name), memory.filled(case.fill_value):
            output = function(*given, **accepted)
    except (Exception, SystemExit) as error:
        _restore(watched)
        if isinstance(error, TypeError) and (found := UNEXPECTED.search(str(error))) and found[1] in keywords:
            raise lacking(name, found[1], case.call) from error
        text = "".join(c if c.isprintable() else " " for c in str(error).partition("\n")[0])
        message = f"{name} raises {type(error).__name__}: {text}"
        raise _of_error(subject, case, message, error) from error
    mutated = [n for n, a, before in watched if a.tobytes() != before]
    if not mutated:
        return output
    output = _apart(output)  # the output may be the input itself
    case.mutated.extend(f"{name} writes to its input {n}" for n in mutated)
    _restore(watched)
    return output


def _is_watched(name: str, a: Any) -> bool:
    return isinstance(a, np.ndarray) and name != "state" and a.nbytes <= HUGE


HUGE = 2**32  # bytes of an array of which no copy is made


UNEXPECTED = re.compile(r"got an unexpected keyword argument '(\w+)'")  # as functions with **options pass it on
SAYS_UNSUPPORTED = re.compile(r"not supported|unsupported|not implemented", re.IGNORECASE)
# What Python and NumPy say of a wrong operand is no statement about the op
OPERANDS = re.compile(r"unsupported operand|not supported (for the input types|between instances)", re.IGNORECASE)


def _of_error(subject: Subject, case: Case, message: str, error: BaseException) -> Failure:
    """The failure of a function that raises on a valid call: the call is not covered, or the function crashes."""
    unsupported = is_unsupported(subject, case.call.op, error)
    return Failure(message, case.call, verdict=Verdict.NOT_COVERED if unsupported else Verdict.CRASHED)


def is_unsupported(subject: Subject, op: str, error: BaseException) -> bool:
    """Whether an exception of a subject says that it does not support the call. Our own code supports every call."""
    if subject.ours:
        return False
    declared, text = getattr(subject.implementation(op), "unsupported", ()), str(error)
    says = SAYS_UNSUPPORTED.search(text) and not OPERANDS.search(text)
    return isinstance(error, (NotImplementedError, *declared)) or bool(says)


def _restore(watched: Sequence[tuple[str, Array, bytes]]) -> None:
    """Restore the mutated inputs. Other checks use them too, and a mutation is reported separately."""
    for _, a, before in watched:
        if a.flags.writeable and a.tobytes() != before:
            a[...] = np.frombuffer(before, a.dtype).reshape(a.shape)


def _apart(output: Any) -> Any:
    """A copy that shares no memory with the inputs."""
    if isinstance(output, tuple):
        return tuple(map(_apart, output))
    return deepcopy(output.detach() if hasattr(output, "detach") else output)
