"""The contract: what a subject owes its caller besides correct numbers.

It covers inputs, outputs, dtype, memory layout, signatures, determinism.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases.case import Case, displaced, draw, replace, strongest, with_expected
from cnn_oracle.cases.expected import Arrays, Outputs, Rejection, reference_forward
from cnn_oracle.cases.layouts import LAYOUTS, zero_strides
from cnn_oracle.compare.compare import compare, tolerance
from cnn_oracle.latest import Latest
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import PER_AXIS, Op
from cnn_oracle.result import HARMFUL, Failure, Verdict, finding
from cnn_oracle.run.subject import backward, copied, forward, known, run_all, run_uncopied
from cnn_oracle.subject import Subject
from cnn_oracle.theorems.limits import pytorch_raises
from cnn_oracle.theorems.signatures import must_take

RUNS = 5  # extra runs: if they all agree, uninitialised memory explains the difference, not chance


def signatures_agree(subject: Subject, op: Op, call: Call) -> float:
    """Arrays come by position, options have PyTorch's names and defaults, and backward takes dy first."""
    implementation: Any = subject.implementation(op.name)
    name = "step" if op.kind == "step" else "forward"
    reference = getattr(op.reference, name)
    must_take(op, name, getattr(implementation, name, None), reference, 0, call)
    if op.kind == "differentiable" and not subject.forward_only(op.name):
        must_take(op, "backward", getattr(implementation, "backward", None), reference, 1, call)
    return 0.0


_RUNS: Latest[tuple[Case, Outputs, Outputs]] = Latest(1)


def _run_once(subject: Subject, op: Op, call: Call) -> tuple[Case, Outputs, Outputs]:
    """A case of real numbers in the widest dtype, the subject's outputs, and a copy of them. The last run is cached."""

    def run() -> tuple[Case, Outputs, Outputs]:
        case = draw(op, call, dtype=subject.dtypes(op.name)[0])
        outputs = run_uncopied(subject, op, case)
        return case, outputs, copied(outputs)

    return _RUNS.of((subject, op, call), run)


def inputs_are_not_mutated(subject: Subject, op: Op, call: Call) -> float:
    """No argument is written to."""
    case, *_ = _run_once(subject, op, call)
    if case.mutated:
        raise finding("mutation", case.mutated[0], call)
    return 0.0


def backward_returns_one_gradient_per_array(subject: Subject, op: Op, call: Call) -> float:
    """backward returns a tuple with one gradient for each array, and None for an absent array."""
    case, *_ = _run_once(subject, op, call)
    if case.notes:
        raise finding("gradients", case.notes[0], call)
    return 0.0


def outputs_are_no_views_of_inputs(subject: Subject, op: Op, call: Call) -> float:
    """No output shares memory with an argument. Otherwise, a write to one would change the other.

    Where PyTorch's own function returns its input or a view of it, a subject may do so too.
    """
    case, outputs, _ = _run_once(subject, op, call)
    if passes_through(call):
        return 0.0
    for name, a in {"dy": case.dy, **case.arrays, **case.keywords}.items():
        for quantity, output in outputs.items():
            if output is not None and isinstance(a, np.ndarray) and np.shares_memory(a, output):
                raise finding("aliasing", f"{quantity} is a view of its input {name}", call)
    return 0.0


def outputs_are_not_reused(subject: Subject, op: Op, call: Call) -> float:
    """The outputs of two calls share no memory. Otherwise, the second call overwrites the outputs of the first."""
    _, outputs, _ = _run_once(subject, op, call)
    again = _second_run(subject, op, call)
    if passes_through(call):
        return 0.0
    for quantity, output in outputs.items():
        other = again[quantity]
        if output is not None and other is not None and np.shares_memory(output, other):
            raise finding("reused buffer", f"two calls return {quantity} in the same memory", call)
    return 0.0


def passes_through(call: Call) -> bool:
    """Whether PyTorch's own function returns its input, or a view of it, on this call."""
    arguments = call.arguments
    if call.op in ("dropout", "dropout2d"):
        return not arguments.get("training", True)
    return call.op == "flatten" or (call.op == "pad" and not any(arguments["pad"]))


_SECOND: Latest[Outputs] = Latest(1)


def _second_run(subject: Subject, op: Op, call: Call) -> Outputs:
    """The subject's outputs for the case of ``_run_once`` once more, not copied."""
    case, first, _ = _run_once(subject, op, call)
    return _SECOND.of((first,), lambda: run_uncopied(subject, op, replace(case, mutated=[], notes=[])))


def dtype_is_kept(subject: Subject, op: Op, call: Call) -> float:
    """The outputs have the dtype of the inputs: float32 gives float32, and float64 gives float64."""
    _, *narrower = subject.dtypes(op.name)
    others = (draw(op, call, dtype=dtype) for dtype in narrower)
    ran = _run_once(subject, op, call)[:2]
    for case, outputs in (ran, *((case, _known(subject, op, case)) for case in others)):
        for quantity, output in outputs.items():
            if output is not None and output.dtype != case.dtype:
                raise finding("dtype", f"{quantity} is {output.dtype}, the inputs are {case.dtype}", call)
    return 0.0


def _known(subject: Subject, op: Op, case: Case) -> Outputs:
    if op.kind == "step":
        return run_all(subject, op, case)
    return known(forward, subject, case) | ({} if subject.forward_only(op.name) else known(backward, subject, case))


def memory_layout_does_not_matter(subject: Subject, op: Op, call: Call) -> float:
    """The memory layout of the inputs does not change the outputs.

    The layouts are Fortran order, negative and zero strides, gaps, channels-last strides, and read-only arrays.
    """
    case = strongest(op, call, subject.dtypes(op.name))
    for name, layout in LAYOUTS.items():
        keywords = {n: layout(v) if isinstance(v, np.ndarray) else v for n, v in case.keywords.items()}
        with_layout = replace(case, arrays=_with_layout(case, layout), keywords=keywords, dy=layout(case.dy))
        if any(_lies_otherwise(a, b) for a, b in zip(all_of(case), all_of(with_layout), strict=True)):
            _must_be_the_same(subject, op, with_layout, case, name)
    case = displaced(op, call, subject.dtypes(op.name))
    with_layout = with_expected(op, case, arrays=_with_layout(case, zero_strides), dy=zero_strides(case.dy))
    plain = replace(with_layout, arrays=_with_layout(with_layout, np.array), dy=np.array(with_layout.dy))
    _must_be_the_same(subject, op, with_layout, plain, "zero strides")
    return 0.0


def an_int_stands_for_one_per_axis(subject: Subject, op: Op, call: Call) -> float:
    """An int gives the same result as a tuple with this int for each axis, where PyTorch accepts both.

    The project's own code must also accept (int,).
    """
    case = strongest(op, call, subject.dtypes(op.name))
    whole = [n for n, v in case.keywords.items() if type(v) is int and op.parameters[n].annotation in PER_AXIS]
    for name in case.rng.permutation(whole)[:1]:
        rank = len(call.arguments["x"]) - 2
        for count in {rank, 1} if subject.ours else {rank}:
            ints = (case.keywords[name],) * count
            written = replace(case, keywords=case.keywords | {str(name): ints})
            try:
                reference_forward(call, case.arrays, written.keywords)
            except Rejection:
                continue
            try:
                compare(written, run_all(subject, op, written), tolerance(op, case))
            except Failure as failure:
                if failure.verdict is Verdict.NOT_COVERED:
                    continue
                raise _as_finding("signature", failure, f"with {name}={ints} {failure.what}") from None
    return 0.0


def two_runs_are_bitwise_equal(subject: Subject, op: Op, call: Call) -> float:
    """Two runs of the same call return the same bits, whatever uninitialised memory contains."""
    case, _, answered_first = _run_once(subject, op, call)
    if failure := unstable(subject, op, case, answered_first, _second_run(subject, op, call)):
        raise failure
    return 0.0


def unstable(
    subject: Subject, op: Op, case: Case, first: Outputs | None = None, again: Outputs | None = None
) -> Failure | None:
    """The finding if runs of a case differ in any bit: by themselves, or with the contents of uninitialised memory.

    ``first`` and ``again`` hold the outputs of earlier runs, if there were any.
    """
    first = first or run_all(subject, op, replace(case, fill_value=np.nan))
    again = copied(again) if again else run_all(subject, op, replace(case, fill_value=np.nan))
    other = run_all(subject, op, replace(case, fill_value=0.0))
    place, leaked = differing(first, again), differing(first, other)
    if leaked and not place:  # by chance?
        places = (differing(first, run_all(subject, op, case)) for _ in range(RUNS))
        place = next(filter(None, places), "")
    if place:
        return finding("nondeterminism", f"{place} differs between two runs", case.call)
    if leaked:
        what = f"{leaked} depends on the previous contents of newly allocated memory"
        return finding("uninitialised memory", what, case.call)
    return None


def _as_finding(kind: str, failure: Failure, what: str) -> Failure:
    """A failure of the numbers as a contract finding. If the subject raised, only careless callers are concerned."""
    fails = kind in HARMFUL and failure.verdict is Verdict.WRONG
    return failure.replace(verdict=Verdict.CONTRACT, kind=kind, what=what, fails=fails)


def differing(first: Arrays, second: Arrays) -> str:
    """The first place where the bits differ, such as y[0,1], or "" if there is none."""
    for quantity, a in first.items():
        b = second[quantity]
        if a is None or b is None or a.shape != b.shape:
            if a is not b:
                return quantity
        elif a.tobytes() != b.tobytes():
            unlike = np.argwhere((a != b) & ~(np.isnan(a) & np.isnan(b)))
            return f"{quantity}[{','.join(map(str, unlike[0]))}]" if unlike.size else quantity
    return ""


def _with_layout(case: Case, layout: Callable[[Array], Array]) -> dict[str, Array | None]:
    return {n: None if a is None else layout(a) for n, a in case.arrays.items()}


def all_of(case: Case) -> list[Array]:
    return [a for a in (case.dy, *case.arrays.values(), *case.keywords.values()) if isinstance(a, np.ndarray)]


def _lies_otherwise(a: Array, b: Array) -> bool:
    """Whether the two arrays differ in memory layout. With few axes, a layout may change nothing."""
    return a.strides != b.strides or a.flags.writeable != b.flags.writeable


def _must_be_the_same(subject: Subject, op: Op, case: Case, plain: Case, layout: str) -> None:
    """Compare a layout with plain memory. A failure that also occurs in plain memory does not depend on the layout."""
    allowed = tolerance(op, plain)
    try:
        compare(case, run_all(subject, op, case), allowed)
    except Failure as failure:
        if failure.verdict is Verdict.CRASHED and not subject.ours and pytorch_raises(case):
            return
        try:
            compare(plain, run_all(subject, op, plain), allowed)
        except Failure:  # the layout is not the reason; the numerical theorems report this
            return
        raise _as_finding("layout", failure, f"with {layout} {failure.what}") from None
