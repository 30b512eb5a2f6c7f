"""The theorems of every op: plain functions (subject, op, call) that raise a Failure.

Each returns the worst error that it met as a fraction of its bound, 0 where it compared bitwise. The tests, the command
line and other people's suites only iterate over them.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from manual._typing import Array, Ints
from oracle import edges, statistics
from oracle.calls import Call
from oracle.cases import Case, answered, draw
from oracle.compare import compare, tolerance
from oracle.diagnose import unstable
from oracle.differences import exact_difference, smooth_difference
from oracle.higher import second_gradient, transpose
from oracle.layouts import LAYOUTS, zero_strides
from oracle.ops import Op
from oracle.perturb import all_neighbours, misshapen, neighbours
from oracle.pytorch import Answers, Refusal, lacks_double_backward, reference_forward
from oracle.refusals import must_fit, must_leave_out, must_not_mix, must_refuse, must_stay_inside, refuses
from oracle.run import backward, everything, forward, part, steps
from oracle.signatures import must_take, tells
from oracle.subjects import DTYPES, Subject
from oracle.verdicts import Failure

Theorem = Callable[[Subject, Op, Call], float]

PER_AXIS = (Ints, Ints | str, Ints | None)  # how manual annotates such an argument


def of(op: Op, subject: Subject | None = None) -> tuple[Theorem, ...]:
    """The theorems that apply to an op, or to what a subject has of it, in the order in which they are checked."""
    left_out: set[Theorem] = set()
    if not edges.asked(op) or (subject and "float64" not in subject.dtypes(op.name)):
        left_out.add(edge_values_are_pytorchs)
    offered = subject.implementation(op.name) if subject else op.manual
    for name, theorem in BESIDES.items():
        if not (hasattr(op.manual, name) and callable(getattr(offered, name, None))):
            left_out.add(theorem)
    if op.kind == "step":
        return tuple(theorem for theorem in STEP if theorem not in left_out)
    every = FORWARD_ONLY if subject and subject.forward_only(op.name) else DIFFERENTIABLE
    return tuple(theorem for theorem in every if theorem not in left_out)


def look_up(name: str) -> Theorem:
    """The theorem of that name, as an ``again`` line gives it.

    Raises:
        ValueError: there is none.
    """
    named = {theorem.__name__: theorem for theorem in (*STEP, *DIFFERENTIABLE)}
    if name not in named:
        raise ValueError(f"no theorem {name!r}; the theorems are {', '.join(named)}")
    return named[name]


def cases(op: Op, call: Call, dtypes: tuple[str, ...] = DTYPES) -> Iterator[Case]:
    """The call on every lattice of its op and on real numbers, in float64 and in float32."""
    for lattice in (*op.comparison.lattices, None):
        for dtype in dtypes:
            case = draw(op, call, lattice, dtype)
            if case.exact or lattice is None:  # a lattice may have no place for this call
                yield case


def strongest(op: Op, call: Call, dtypes: tuple[str, ...] = DTYPES) -> Case:
    """The call in its widest dtype on its op's first lattice, on real numbers if it has none."""
    return next(cases(op, call, dtypes))


def displaced(op: Op, call: Call, dtypes: tuple[str, ...] = DTYPES) -> Case:
    """The strongest case whose arguments may move: not on ties and kinks, nor off the square lattice."""
    found = cases(op, call, dtypes)
    return next(case for case in found if not (case.lattices[0].kinks or case.lattices[0].squares))


def signatures_agree(subject: Subject, op: Op, call: Call) -> float:
    """forward takes PyTorch's arguments by its names and with its defaults; backward takes dy and then the same."""
    implementation: Any = subject.implementation(op.name)
    name = "step" if op.kind == "step" else "forward"
    reference = getattr(op.reference, name)
    must_take(op, name, getattr(implementation, name, None), reference, 0, call)
    if op.kind == "differentiable" and not subject.forward_only(op.name):
        must_take(op, "backward", getattr(implementation, "backward", None), reference, 1, call)
    return 0.0


def forward_is_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """y is PyTorch's, bitwise on lattices and within its bound on real numbers."""
    found = cases(op, call, subject.dtypes(op.name))
    return max(compare(case, forward(subject, case), tolerance(op, case)) for case in found)


def backward_is_autograds_gradient(subject: Subject, op: Op, call: Call) -> float:
    """dx, dw, … are autograd's for a random cotangent, bitwise on lattices and within their bounds on real numbers."""
    found = cases(op, call, subject.dtypes(op.name))
    return max(compare(case, backward(subject, case), tolerance(op, case)) for case in found)


def input_gradient_is_autograds(subject: Subject, op: Op, call: Call) -> float:
    """What a subject offers as torch.nn.grad does, dx alone, is autograd's."""
    return _part(subject, op, call, "input_gradient", "dx")


def weight_gradient_is_autograds(subject: Subject, op: Op, call: Call) -> float:
    """So is dw alone."""
    return _part(subject, op, call, "weight_gradient", "dw")


def running_statistics_are_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """What a norm makes of its running mean and variance is what PyTorch's layer holds after it has seen x."""
    return statistics.updated(subject, op, call)


def edge_values_are_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """NaN where PyTorch says NaN, the same infinities, and every finite value within its bound.

    Who reads subnormal numbers as zeros, as many a processor does, answers what PyTorch answers for zeros.
    """
    case = edges.case_of(op, call)
    with warnings.catch_warnings(action="ignore"):  # the bound may say what it likes
        allowed = tolerance(op, case) or {}
    # where a formula is infinite or NaN, so is its bound: what is left there is PyTorch's own value
    bounds: Answers = {q: None if a is None else np.where(np.isfinite(a), a, 0) for q, a in allowed.items()}
    answers = everything(subject, op, case)
    return compare(edges.or_flushed(op, case, answers), answers, bounds, says="on edge values PyTorch says")


def steps_are_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """w after each of several consecutive steps is torch.optim's."""
    found = cases(op, call, subject.dtypes(op.name))
    return max(compare(case, steps(subject, case), tolerance(op, case)) for case in found)


def backward_is_the_derivative_of_forward(subject: Subject, op: Op, call: Call) -> float:
    """⟨dy, f(a + v) − f(a)⟩ = ⟨da, v⟩ for each argument a, f the subject's own forward, which is not PyTorch."""
    case = displaced(op, call, subject.dtypes(op.name))
    if case.exact:
        exact_difference(subject, op, case)
    else:
        smooth_difference(subject, op, case)
    return 0.0


def backward_is_linear_in_dy(subject: Subject, op: Op, call: Call) -> float:
    """backward(dy + dz) = backward(dy) + backward(dz)."""
    case = strongest(op, call, subject.dtypes(op.name))
    shape = case.dy.shape
    dz = case.lattices[1].values(case.rng, shape) if case.exact else case.rng.standard_normal(shape)
    dz = np.asarray(dz, case.dtype)
    whole, *parts = (answered(op, case, dy=dy) for dy in (case.dy + dz, case.dy, dz))
    first, second = (backward(subject, part) for part in parts)
    total: Answers = {q: _sum((first[q], second[q])) for q in first}
    bounds = [bound for part in (whole, *parts) if (bound := tolerance(op, part))]
    allowed: Answers | None = {q: _sum(bound[q] for bound in bounds) for q in total} if bounds else None
    compare(whole, backward(subject, whole), allowed, total, "backward(dy) + backward(dz) says")
    return 0.0


def backward_is_the_transpose_of_forward_mode(subject: Subject, op: Op, call: Call) -> float:
    """⟨dy, J v⟩ = Σ ⟨da, v_a⟩, J v by PyTorch's forward mode, whose rules are not its backward's."""
    transpose(subject, op, displaced(op, call, subject.dtypes(op.name)))
    return 0.0


def gradient_of_backward_is_pytorchs_double_backward(subject: Subject, op: Op, call: Call) -> float:
    """Differences of the subject's own backward along v are what autograd's gradient of its gradients says."""
    if not lacks_double_backward(call):
        second_gradient(subject, op, displaced(op, call, subject.dtypes(op.name)))
    return 0.0


def inputs_are_not_mutated(subject: Subject, op: Op, call: Call) -> float:
    """No argument is written to."""
    case = strongest(op, call, subject.dtypes(op.name))
    everything(subject, op, case)
    if case.written:
        raise Failure(case.written[0], call)
    return 0.0


def answers_are_no_views_of_inputs(subject: Subject, op: Op, call: Call) -> float:
    """No answer shares memory with an argument: who writes to the one would change the other."""
    case = strongest(op, call, subject.dtypes(op.name))
    answers = everything(subject, op, case)
    for name, a in {"dy": case.dy, **case.arrays, **case.keywords}.items():
        for quantity, answer in answers.items():
            if answer is not None and isinstance(a, np.ndarray) and np.shares_memory(a, answer):
                raise Failure(f"{quantity} is a view of its input {name}", call)
    return 0.0


def dtype_is_kept(subject: Subject, op: Op, call: Call) -> float:
    """float32 in, float32 out; float64 in, float64 out."""
    for dtype in subject.dtypes(op.name):
        case = draw(op, call, dtype=dtype)
        for quantity, answer in everything(subject, op, case).items():
            if answer is not None and answer.dtype != case.dtype:
                raise Failure(f"{quantity} is {answer.dtype}, the inputs are {case.dtype}", call)
    return 0.0


def memory_layout_does_not_matter(subject: Subject, op: Op, call: Call) -> float:
    """Fortran order, negative and zero strides, gaps, channels-last strides and read-only arrays change nothing."""
    case = strongest(op, call, subject.dtypes(op.name))
    allowed = tolerance(op, case)
    compare(case, everything(subject, op, case), allowed)
    for name, layout in LAYOUTS.items():
        keywords = {n: layout(v) if isinstance(v, np.ndarray) else v for n, v in case.keywords.items()}
        laid = replace(case, arrays=_laid(case, layout), keywords=keywords, dy=layout(case.dy))
        _must_be_the_same(subject, op, laid, allowed, name)
    case = displaced(op, call, subject.dtypes(op.name))
    laid = answered(op, case, arrays=_laid(case, zero_strides), dy=zero_strides(case.dy))
    plain = replace(laid, arrays=_laid(laid, np.array), dy=np.array(laid.dy))
    allowed = tolerance(op, plain)
    compare(plain, everything(subject, op, plain), allowed)
    _must_be_the_same(subject, op, laid, allowed, "zero strides")
    return 0.0


def an_int_stands_for_one_per_axis(subject: Subject, op: Op, call: Call) -> float:
    """An int, or one for each axis, where PyTorch takes both, are the same; of our own code (int,) is asked, too."""
    case = strongest(op, call, subject.dtypes(op.name))
    whole = [n for n, v in case.keywords.items() if type(v) is int and op.parameters[n].annotation in PER_AXIS]
    for name in case.rng.permutation(whole)[:1]:
        rank = len(call.arguments["x"]) - 2
        for count in {rank, 1} if subject.own else {rank}:
            ints = (case.keywords[name],) * count
            written = replace(case, keywords=case.keywords | {str(name): ints})
            try:
                reference_forward(call, case.arrays, written.keywords)
            except Refusal:
                continue
            try:
                compare(written, everything(subject, op, written), tolerance(op, case))
            except Failure as failure:
                failure.what = f"with {name}={ints} {failure.what}"
                raise
    return 0.0


def two_runs_are_bitwise_equal(subject: Subject, op: Op, call: Call) -> float:
    """The same call gives the same bits, whatever stood in the memory that it asked for."""
    if failure := unstable(subject, op, draw(op, call, dtype=subject.dtypes(op.name)[0])):
        raise failure
    return 0.0


def what_pytorch_refuses_is_refused(subject: Subject, op: Op, call: Call) -> float:
    """A call that makes PyTorch raise, one size or option away from a sound one, makes the subject raise ValueError."""
    dtype = subject.dtypes(op.name)[0]
    rng, case = np.random.default_rng(call.seed), draw(op, call, dtype=dtype)
    for neighbour in neighbours(op, call, rng):
        must_refuse(subject, op, neighbour, rng, case)
    if op.kind == "differentiable" and not subject.forward_only(op.name):
        for shape in misshapen(case.dy.shape):
            arguments = [np.ones(shape, case.dtype), *case.arrays.values()]
            reason = f"dy has shape {shape}, y {case.dy.shape}"
            refuses(subject, "backward", arguments, case.keywords, call, reason)
        if subject.own:
            must_not_mix(subject, case)
            must_stay_inside(subject, op, case)
            must_leave_out(subject, op, rng)
    elif op.kind == "step":
        must_fit(subject, case)
    return 0.0


def every_neighbour_that_pytorch_refuses_is_refused(subject: Subject, op: Op, call: Call) -> float:
    """Not a few of them, as above, but all: asked of our own code by tests/test_refusals.py, and of edits of it."""
    rng, case = np.random.default_rng(call.seed), draw(op, call, dtype=subject.dtypes(op.name)[0])
    for neighbour in all_neighbours(op, call):
        must_refuse(subject, op, neighbour, rng, case)
    return 0.0


def unchecked(subject: Subject, op: Op) -> tuple[str, ...]:
    """What the theorems do not speak of, because the subject does not have it or does not tell."""
    implementation = subject.implementation(op.name)
    functions = ["step"] if op.kind == "step" else ["forward", "backward"]
    found = {name: getattr(implementation, name, ...) for name in functions}
    absent = [name for name, function in found.items() if function is None]
    dtypes = [dtype for dtype in DTYPES if dtype not in subject.dtypes(op.name)]
    untold = [f"{name}'s signature" for name, f in found.items() if callable(f) and not tells(f)]
    return (*absent, *dtypes, *untold)


# Whether the numbers are right; what else may be wrong is asked after that
VALUES: tuple[Theorem, ...] = (
    forward_is_pytorchs,
    backward_is_autograds_gradient,
    backward_is_the_derivative_of_forward,
    backward_is_linear_in_dy,
    backward_is_the_transpose_of_forward_mode,
    gradient_of_backward_is_pytorchs_double_backward,
    input_gradient_is_autograds,
    weight_gradient_is_autograds,
    running_statistics_are_pytorchs,
    steps_are_pytorchs,
)
# Of functions that an op may have besides, if the subject has them
BESIDES: Mapping[str, Theorem] = {
    "input_gradient": input_gradient_is_autograds,
    "weight_gradient": weight_gradient_is_autograds,
    "running_statistics": running_statistics_are_pytorchs,
}
MANNERS: tuple[Theorem, ...] = (
    inputs_are_not_mutated,
    answers_are_no_views_of_inputs,
    dtype_is_kept,
    memory_layout_does_not_matter,
    an_int_stands_for_one_per_axis,
    two_runs_are_bitwise_equal,
    signatures_agree,
    what_pytorch_refuses_is_refused,
)
FORWARD_ONLY = (forward_is_pytorchs, edge_values_are_pytorchs, *MANNERS)
DIFFERENTIABLE = (
    *(theorem for theorem in VALUES if theorem is not steps_are_pytorchs), edge_values_are_pytorchs, *MANNERS,
)  # fmt: skip
STEP = (steps_are_pytorchs, edge_values_are_pytorchs, *MANNERS)


def _part(subject: Subject, op: Op, call: Call, name: str, quantity: str) -> float:
    found = cases(op, call, subject.dtypes(op.name))
    return max(compare(case, {quantity: part(subject, case, name)}, tolerance(op, case)) for case in found)


def _sum(arrays: Iterable[Array | None]) -> Array | None:
    present = [a for a in arrays if a is not None]
    return np.asarray(sum(present[1:], present[0])) if present else None


def _laid(case: Case, layout: Callable[[Array], Array]) -> dict[str, Array | None]:
    return {n: None if a is None else layout(a) for n, a in case.arrays.items()}


def _must_be_the_same(subject: Subject, op: Op, case: Case, allowed: Answers | None, layout: str) -> None:
    """On a case whose numbers are right in plain memory."""
    try:
        compare(case, everything(subject, op, case), allowed)
    except Failure as failure:
        failure.what = f"depends on memory layout: with {layout} {failure.what}"
        raise
