"""The theorems of every op: plain functions (subject, op, call) that raise a Failure.

Each returns the worst error that it met as a fraction of its bound, 0 where it compared bitwise. The tests, the command
line and other people's suites only iterate over them.
"""

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from manual._typing import Array
from oracle import edges
from oracle.calls import Call
from oracle.cases import Case, answered, arrays_of, draw, keywords_of
from oracle.compare import compare, tolerance
from oracle.differences import exact_difference, smooth_difference
from oracle.higher import second_gradient, transpose
from oracle.layouts import LAYOUTS, zero_strides
from oracle.ops import Op
from oracle.perturb import misshapen, neighbours
from oracle.pytorch import Answers, Refusal, lacks_double_backward, reference_forward, reference_steps
from oracle.run import backward, everything, forward, steps
from oracle.subjects import Subject
from oracle.unsafe import unsafe
from oracle.verdicts import Failure, Verdict

Theorem = Callable[[Subject, Op, Call], float]


def of(op: Op) -> tuple[Theorem, ...]:
    """The theorems that apply to an op, in the order in which they are checked."""
    if op.kind == "step":
        return STEP
    return tuple(t for t in DIFFERENTIABLE if t is not edge_values_are_pytorchs or op.name in edges.VALUES)


def cases(op: Op, call: Call) -> Iterator[Case]:
    """The call on every lattice of its op and on real numbers, in float64 and in float32."""
    for lattice in (*op.comparison.lattices, None):
        for dtype in ("float64", "float32"):
            case = draw(op, call, lattice, dtype)
            if case.exact or lattice is None:  # a lattice may have no place for this call
                yield case


def strongest(op: Op, call: Call) -> Case:
    """The call in float64 on its op's first lattice, on real numbers if it has none."""
    return next(cases(op, call))


def displaced(op: Op, call: Call) -> Case:
    """The strongest case whose arguments may move: not on ties and kinks, nor off the square lattice."""
    return next(case for case in cases(op, call) if not (case.lattices[0].kinks or case.lattices[0].squares))


def signatures_agree(subject: Subject, op: Op, call: Call) -> float:
    """forward takes PyTorch's arguments by its names and with its defaults; backward takes dy and then the same."""
    implementation: Any = subject.implementation(op.name)
    name = "step" if op.kind == "step" else "forward"
    reference = getattr(op.reference, name)
    _must_take(op, name, getattr(implementation, name, None), reference, 0, call)
    if op.kind == "differentiable":
        _must_take(op, "backward", getattr(implementation, "backward", None), reference, 1, call)
    return 0.0


def forward_is_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """y is PyTorch's, bitwise on lattices and within its bound on real numbers."""
    return max(compare(case, forward(subject, case), tolerance(op, case)) for case in cases(op, call))


def backward_is_autograds_gradient(subject: Subject, op: Op, call: Call) -> float:
    """dx, dw, … are autograd's for a random cotangent, bitwise on lattices and within their bounds on real numbers."""
    return max(compare(case, backward(subject, case), tolerance(op, case)) for case in cases(op, call))


def edge_values_are_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """NaN where PyTorch says NaN, the same infinities, and every finite value within its bound."""
    case = edges.case_of(op, call)
    with warnings.catch_warnings(action="ignore"):  # the bound may say what it likes
        allowed = tolerance(op, case) or {}
    # where a formula is infinite or NaN, so is its bound: what is left there is PyTorch's own value
    bounds: Answers = {q: None if a is None else np.where(np.isfinite(a), a, 0) for q, a in allowed.items()}
    return compare(case, forward(subject, case) | backward(subject, case), bounds, says="on edge values PyTorch says")


def steps_are_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """w after each of several consecutive steps is torch.optim's."""
    return max(compare(case, steps(subject, case), tolerance(op, case)) for case in cases(op, call))


def backward_is_the_derivative_of_forward(subject: Subject, op: Op, call: Call) -> float:
    """⟨dy, f(a + v) − f(a)⟩ = ⟨da, v⟩ for each argument a, f the subject's own forward, which is not PyTorch."""
    case = displaced(op, call)
    if case.exact:
        exact_difference(subject, op, case)
    else:
        smooth_difference(subject, op, case)
    return 0.0


def backward_is_linear_in_dy(subject: Subject, op: Op, call: Call) -> float:
    """backward(dy + dz) = backward(dy) + backward(dz)."""
    case = strongest(op, call)
    shape = case.dy.shape
    dz = np.asarray(case.lattices[1].values(case.rng, shape) if case.exact else case.rng.standard_normal(shape))
    whole, *parts = (answered(op, case, dy=dy) for dy in (case.dy + dz, case.dy, dz))
    first, second = (backward(subject, part) for part in parts)
    total: Answers = {q: _sum((first[q], second[q])) for q in first}
    bounds = [bound for part in (whole, *parts) if (bound := tolerance(op, part))]
    allowed: Answers | None = {q: _sum(bound[q] for bound in bounds) for q in total} if bounds else None
    compare(whole, backward(subject, whole), allowed, total, "backward(dy) + backward(dz) says")
    return 0.0


def backward_is_the_transpose_of_forward_mode(subject: Subject, op: Op, call: Call) -> float:
    """⟨dy, J v⟩ = Σ ⟨da, v_a⟩, J v by PyTorch's forward mode, whose rules are not its backward's."""
    transpose(subject, op, displaced(op, call))
    return 0.0


def gradient_of_backward_is_pytorchs_double_backward(subject: Subject, op: Op, call: Call) -> float:
    """Differences of the subject's own backward along v are what autograd's gradient of its gradients says."""
    if not lacks_double_backward(call):
        second_gradient(subject, op, displaced(op, call))
    return 0.0


def inputs_are_not_mutated(subject: Subject, op: Op, call: Call) -> float:
    """No argument is written to, and no answer is a view of an argument."""
    case = strongest(op, call)
    arrays = {n: a for n, a in {"dy": case.dy, **case.arrays, **case.keywords}.items() if isinstance(a, np.ndarray)}
    before = {n: a.tobytes() for n, a in arrays.items()}
    answers = everything(subject, op, case)
    for name, a in arrays.items():
        if a.tobytes() != before[name]:
            raise Failure(f"{name} was written to", call)
        for quantity, answer in answers.items():
            if answer is not None and np.shares_memory(a, answer):
                raise Failure(f"{quantity} is a view of {name}", call)
    return 0.0


def dtype_is_kept(subject: Subject, op: Op, call: Call) -> float:
    """float32 in, float32 out; float64 in, float64 out."""
    for dtype in ("float64", "float32"):
        case = draw(op, call, dtype=dtype)
        for quantity, answer in everything(subject, op, case).items():
            if answer is not None and answer.dtype != case.dtype:
                raise Failure(f"{quantity} is {answer.dtype}, the inputs are {case.dtype}", call)
    return 0.0


def memory_layout_does_not_matter(subject: Subject, op: Op, call: Call) -> float:
    """Fortran order, negative and zero strides, gaps, channels-last strides and read-only arrays change nothing."""
    case = strongest(op, call)
    for name, layout in LAYOUTS.items():
        arrays = {n: None if a is None else layout(a) for n, a in case.arrays.items()}
        keywords = {n: layout(v) if isinstance(v, np.ndarray) else v for n, v in case.keywords.items()}
        laid = replace(case, arrays=arrays, keywords=keywords, dy=layout(case.dy))
        compare(laid, everything(subject, op, laid), tolerance(op, case), says=f"with {name}; PyTorch says")
    case = displaced(op, call)
    repeated = {n: None if a is None else zero_strides(a) for n, a in case.arrays.items()}
    laid = answered(op, case, arrays=repeated, dy=zero_strides(case.dy))
    compare(laid, everything(subject, op, laid), tolerance(op, laid), says="with zero strides; PyTorch says")
    return 0.0


def two_runs_are_bitwise_equal(subject: Subject, op: Op, call: Call) -> float:
    """The same call gives the same bits."""
    case = draw(op, call)
    first, second = everything(subject, op, case), everything(subject, op, case)
    for quantity, a in first.items():
        b = second[quantity]
        if (None if a is None else a.tobytes()) != (None if b is None else b.tobytes()):
            raise Failure(f"{quantity} differs between two runs", call, verdict=Verdict.NONDETERMINISTIC)
    return 0.0


def what_pytorch_refuses_is_refused(subject: Subject, op: Op, call: Call) -> float:
    """A call that makes PyTorch raise, one size or option away from a sound one, makes the subject raise ValueError."""
    rng, kind = np.random.default_rng(call.seed), np.dtype("float64")
    implementation: Any = subject.implementation(op.name)
    case = draw(op, call)
    for neighbour in neighbours(op, call, rng):
        if unsafe(neighbour):
            continue
        keywords, arrays = keywords_of(op, neighbour, rng, kind), arrays_of(op, neighbour, rng, kind)
        try:
            if op.kind == "step":
                reference_steps(neighbour, arrays["w"], arrays["w"][None], keywords)  # type: ignore[arg-type,index]
            else:
                reference_forward(neighbour, arrays, keywords)
        except Refusal as refusal:
            reason = str(refusal).splitlines()[0]
            allowed = (ValueError, TypeError) if isinstance(refusal, TypeError) else (ValueError,)
            if op.kind == "step":
                _must_refuse(
                    _one_step(implementation), [arrays["w"]], keywords, neighbour, f"PyTorch: {reason}", allowed
                )
                continue
            given = [*arrays.values()]
            _must_refuse(implementation.forward, given, keywords, neighbour, f"PyTorch: {reason}", allowed)
            _must_refuse(implementation.backward, [case.dy, *given], keywords, neighbour, f"PyTorch: {reason}", allowed)
    if op.kind == "differentiable":
        for shape in misshapen(case.dy.shape):
            arguments = [np.ones(shape), *case.arrays.values()]
            reason = f"dy has shape {shape}, y {case.dy.shape}"
            _must_refuse(implementation.backward, arguments, case.keywords, call, reason)
    return 0.0


# Whether the numbers are right; what else may be wrong is asked after that
VALUES: tuple[Theorem, ...] = (
    forward_is_pytorchs,
    backward_is_autograds_gradient,
    backward_is_the_derivative_of_forward,
    backward_is_linear_in_dy,
    backward_is_the_transpose_of_forward_mode,
    gradient_of_backward_is_pytorchs_double_backward,
    edge_values_are_pytorchs,
    steps_are_pytorchs,
)
MANNERS: tuple[Theorem, ...] = (
    inputs_are_not_mutated,
    dtype_is_kept,
    memory_layout_does_not_matter,
    two_runs_are_bitwise_equal,
    signatures_agree,
    what_pytorch_refuses_is_refused,
)
DIFFERENTIABLE = (*(theorem for theorem in VALUES if theorem is not steps_are_pytorchs), *MANNERS)
STEP = (steps_are_pytorchs, *MANNERS)


def _must_take(op: Op, name: str, function: Any, reference: Callable[..., Any], more: int, call: Call) -> None:
    """The arrays by position, whatever they are called, ``more`` of them in front; the options by name and default."""
    if not callable(function):
        raise Failure(f"{op.name} has no {name}", call)
    want, got = _parameters(reference), _parameters(function)
    arrays = len(op.positional)
    if _bare(got[more:], arrays) != _bare(want, arrays) or any(not _is_required(p) for p in got[:more]):
        shown = ["dy"] * more + [str(p) for p in want[:arrays]] + (["*"] if want[arrays:] else [])
        told = ", ".join([*shown, *map(str, want[arrays:])])
        raise Failure(f"{op.name}.{name} takes ({', '.join(map(str, got))}), it should take ({told})", call)


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return []
    return [
        p.replace(annotation=inspect.Parameter.empty, kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in parameters
    ]


def _bare(parameters: list[inspect.Parameter], arrays: int) -> tuple[list[Any], dict[str, Any]]:
    return [p.default for p in parameters[:arrays]], {p.name: p.default for p in parameters[arrays:]}


def _sum(arrays: Iterable[Array | None]) -> Array | None:
    present = [a for a in arrays if a is not None]
    return np.asarray(sum(present[1:], present[0])) if present else None


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.default is inspect.Parameter.empty


def _must_refuse(
    run: Callable[..., Any], arguments: list[Any], keywords: dict[str, Any], call: Call, reason: str,
    allowed: tuple[type[Exception], ...] = (ValueError,),
) -> None:  # fmt: skip
    try:
        run(*arguments, **keywords)
    except allowed:
        return
    except (Exception, SystemExit) as error:
        raise Failure(
            f"raises {type(error).__name__}, not ValueError, for a call that it should refuse ({reason})", call
        ) from error
    raise Failure(f"accepts a call that it should refuse ({reason})", call)


def _one_step(implementation: Any) -> Callable[..., Any]:
    return lambda w, **keywords: implementation.step(w, w, **keywords)
