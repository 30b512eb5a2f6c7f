"""Baselines: how many of the same mutants weaker checks kill, from one forward at 1e-2 and gradcheck to the oracle.

The tolerances belong to these baselines, not to the oracle.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np
import torch

from cnn_oracle import theorems
from cnn_oracle.call import Call
from cnn_oracle.calls.sampling import random_call
from cnn_oracle.cases.case import Case, draw
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.checks import check, single_threaded
from cnn_oracle.op import Op
from cnn_oracle.ops import look_up
from cnn_oracle.result import Failure
from cnn_oracle.run.batches import each
from cnn_oracle.run.subject import backward, forward, steps
from cnn_oracle.run.workers import Heartbeat
from cnn_oracle.studies.mutation.importing import subject_of
from cnn_oracle.studies.mutation.run import TIMEOUT, Job, Judgement
from cnn_oracle.subject import Subject

SAMPLE = 400  # mutants, chosen at random from those that change a result
JUDGES = 3  # ops that check a mutant of a private file here
DRAWN = 20  # calls
# Typical of tests in practice: the baselines show how many mutants such a tolerance misses. No verdict uses it
LOOSE = {"rtol": 1e-2, "atol": 1e-2}
FIRST = {"stride", "padding", "dilation", "groups", "output_padding", "pad", "ignore_index", "eps"}
EXACT = (theorems.forward_is_pytorchs, theorems.backward_is_autograds_gradient, theorems.steps_are_pytorchs)


class Baseline(NamedTuple):
    """A baseline: its name, how many mutants it kills, and how many it was run on."""

    name: str
    killed: int
    of: int

    @property
    def share(self) -> float:
        """The share of its mutants that it kills."""
        return self.killed / max(self.of, 1)


def run_baselines(
    judged: Sequence[Judgement], progress: Callable[[str, int], None] = lambda *_: None
) -> list[Baseline]:
    """Run each baseline on a sample of the mutants that the oracle kills. The last row is the oracle itself."""
    able = [one for one in judged if one.op and one.theorem != "import"]
    chosen = Random(0).sample(able, min(SAMPLE, len(able)))
    totals = [0] * len(BASELINES)
    jobs = [Job(one.mutant, one.judges[:JUDGES], DRAWN) for one in chosen]
    for _, killed in each(_killed_by, jobs, of_death=lambda *_: (True,) * len(BASELINES), timeout=TIMEOUT):
        progress("baselines", len(chosen))
        for i in range(len(BASELINES)):
            totals[i] += killed[i]
    found = [Baseline(name, total, len(chosen)) for name, total in zip(BASELINES, totals, strict=True)]
    return [*found, Baseline("this suite", len(chosen), len(chosen))]


def _killed_by(job: Job, heartbeat: Heartbeat) -> tuple[bool, ...]:
    killed = [False] * len(BASELINES)
    with single_threaded(), warnings.catch_warnings(action="ignore"):
        for n, name in enumerate(job.ops):
            heartbeat(n)
            op, subject = look_up(name), subject_of(job.mutant, name)
            for i, baseline in enumerate(BASELINES.values()):
                killed[i] = killed[i] or _fails(baseline, subject, op)
    return tuple(killed)


def _fails(baseline: "Way", subject: Subject, op: Op) -> bool:
    try:
        return not baseline(subject, op)
    except Exception:  # any error of the mutated code, or of the check
        return True


def typical(op: Op) -> Call:
    """One square geometry of moderate size with the default options, as people write it in tests."""
    same: dict[str, Any] = {}

    def choose(name: str, values: Sequence[Any], _: Sequence[Any] = (), /) -> Any:
        count = all(isinstance(v, int) and not isinstance(v, bool) for v in values) and name not in FIRST
        return same.setdefault(name, values[len(values) // 2 if count else 0])

    return op.call(choose, 0)


def _forward_once(subject: Subject, op: Op) -> bool:
    return _close(subject, op, draw(op, typical(op)), gradients=False)


def _gradients_once(subject: Subject, op: Op) -> bool:
    return _close(subject, op, draw(op, typical(op)))


def _gradcheck(subject: Subject, op: Op) -> bool:
    """PyTorch's gradcheck, with its defaults, in float64. It cannot check an optimiser."""
    if op.kind == "step":
        return True
    case = draw(op, typical(op))
    names = [n for n, a in case.arrays.items() if a is not None]

    class Subjects(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(*tensors)
            return torch.from_numpy(np.array(forward(subject, _with(case, names, tensors))["y"]))

        @staticmethod
        def backward(ctx: Any, dy: torch.Tensor) -> Any:
            there = _with(case, names, ctx.saved_tensors)
            there.dy = dy.numpy()
            outputs = backward(subject, there)
            return tuple(torch.from_numpy(np.array(outputs[f"d{n}"])) for n in names)

    tensors = [torch.from_numpy(np.array(case.arrays[n])).requires_grad_() for n in names]
    return torch.autograd.gradcheck(Subjects.apply, tensors)


def _with(case: Case, names: Iterable[str], tensors: Iterable[torch.Tensor]) -> Case:
    given: Outputs = {n: t.detach().numpy() for n, t in zip(names, tensors, strict=True)}
    return Case(
        case.call, case.dtype, case.arrays | given, case.keywords, case.dy, case.expected, case.grids, case.numbers
    )  # fmt: skip


def _forward_and_gradcheck(subject: Subject, op: Op) -> bool:
    return _forward_once(subject, op) and _gradcheck(subject, op)


def _drawn_loosely(subject: Subject, op: Op) -> bool:
    return all(_close(subject, op, draw(op, call)) for call in _drawn(op))


def _drawn_strictly(subject: Subject, op: Op) -> bool:
    """Drawn calls: bitwise where floating point is exact, within bounds elsewhere."""
    for call in _drawn(op):
        try:
            check(subject, op, call, [theorem for theorem in EXACT if theorem in theorems.of(op)])
        except Failure:
            return False
    return True


def _drawn(op: Op) -> Iterator[Call]:
    rng = Random(0)
    return (random_call(op, rng) for _ in range(DRAWN))


def _close(subject: Subject, op: Op, case: Case, gradients: bool = True) -> bool:
    """Compare shapes and numbers, with the tolerance whose weakness is measured here."""
    if op.kind == "step":
        got = steps(subject, case)
        got = got if gradients else {"w1": got["w1"]}
    else:
        got = forward(subject, case) | (backward(subject, case) if gradients else {})
    return all(
        (a is None and b is None)
        or (a is not None and b is not None and a.shape == b.shape and np.allclose(a, b, **LOOSE, equal_nan=True))
        for a, b in ((a, case.expected[quantity]) for quantity, a in got.items())
    )


Way = Callable[[Subject, Op], bool]
BASELINES: dict[str, Way] = {
    "forward, one typical call, within 1e-2": _forward_once,
    "and its gradients": _gradients_once,
    "torch.autograd.gradcheck, the same call": _gradcheck,
    "forward within 1e-2, and gradcheck": _forward_and_gradcheck,
    f"{DRAWN} drawn calls, within 1e-2": _drawn_loosely,
    f"{DRAWN} drawn calls, exact or within bounds": _drawn_strictly,
}
