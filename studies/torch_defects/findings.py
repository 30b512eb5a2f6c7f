"""A failure of PyTorch, shrunk, with the arbiter's result and three lines of plain torch that reproduce it."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from os import environ
from pathlib import Path
from typing import NamedTuple

from cnn_oracle.call import Call
from cnn_oracle.calls.sampling import CallList, Sample
from cnn_oracle.calls.shrinking import FlakyError, shrink
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.dtypes import FORMATS
from cnn_oracle.op import Op
from cnn_oracle.ops import look_up
from cnn_oracle.result import Verdict
from cnn_oracle.run.batches import each
from cnn_oracle.run.workers import Heartbeat, how_it_ended, processors, run
from cnn_oracle.studies.torch_defects import independent, judge, plain
from cnn_oracle.studies.torch_defects.campaign import Finding, Job, Row, work_alone

ROOT = Path(__file__).parents[2]
TRIED = 3  # reproductions of one kind, at most, until one shows the failure in a new process


class Explanation(NamedTuple):
    """``shown``: what the reproduction does in a new process; empty if nothing; None if another of its kind ran."""

    row: Row
    unsafe: bool
    verdict: Verdict
    quantity: str
    what: str
    call: Call
    who_is_right: str
    reproduction: str
    shown: str | None = None

    @property
    def kind(self) -> tuple[str, Verdict, bool, str]:
        """The kind of a failure. Failures of one kind differ only in dtype and layout: probably one mistake."""
        return self.row.op, self.verdict, self.unsafe, self.quantity


def explain(
    rows: Iterable[Row], job: Callable[[Row], Job], *, timeout: float | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Explanation]:  # fmt: skip
    """Explain all findings of the rows, in order. ``job`` makes the job that runs the calls of a row.

    The smallest call in one dtype and layout is the first to try in the next.
    """
    known: dict[tuple[str, Verdict], list[Sample]] = {}
    found = []
    for row in rows:
        for finding in row.findings:
            progress(f"shrinking {row.op}")
            before = known.setdefault((row.op, finding.verdict), [])
            one = job(row).alone(finding.sample, row.layout)
            small = _smaller(one, finding, before, timeout)
            before += [] if small in before else [small]
            found.append(_explained(row, one.alone(small, row.layout), finding, timeout))
    progress("showing")
    kinds: dict[tuple[str, Verdict, bool, str], list[int]] = {}
    for i, explained in enumerate(found):
        kinds.setdefault(explained.kind, []).append(i)
    with ThreadPoolExecutor(processors()) as pool:
        shown = dict(pool.map(lambda members: _shown(found, members), kinds.values()))
    return [e._replace(shown=shown.get(i)) for i, e in enumerate(found)]


def in_a_new_process(text: str, environment: Mapping[str, str] = {}, timeout: float = 300) -> str:
    """Run ``text`` in a new Python: how it ended, or which error it raised; empty if it succeeded."""
    command = [sys.executable, "-W", "ignore", "-c", text]
    variables = {**environ, **environment}
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, cwd=ROOT, env=variables, check=False
        )
    except subprocess.TimeoutExpired:
        return f"gives no answer within {timeout:g} seconds"
    if ended.returncode < 0:
        return how_it_ended(ended.returncode)
    raised = re.findall(r"^[\w.]*(?:Error|Exception)\b.*", ended.stderr, re.MULTILINE)
    return (raised or ended.stderr.strip().split("\n"))[-1] if ended.returncode else ""


class _StillFails(Exception):
    """Raised when a call fails as before."""

    def __init__(self, call: Call) -> None:
        super().__init__(str(call))
        self.call = call


def _smaller(job: Job, finding: Finding, before: Sequence[Sample], timeout: float | None) -> Sample:
    """The first of the given calls that fails like the finding, or the smallest such call. All calls run in workers.

    A call that the user requested stays as it is.
    """
    if not finding.sample.choices:
        return finding.sample
    risky = bool(unsafe(finding.sample.call))
    processes = partial(run, count=1, fresh=risky)

    def check(call: Call) -> None:
        if bool(unsafe(call)) is risky:
            one = job._replace(source=CallList((Sample(call),)), start=0, stop=None)
            ((_, verdict),) = each(_verdict, [one], of_death=_crashed, run=processes, timeout=timeout)
            if verdict is finding.verdict:
                raise _StillFails(call)

    try:
        for one in before:
            check(one.call)
        if finding.verdict is Verdict.WRONG and not risky:
            work = job._replace(source=CallList((finding.sample,)), start=0, stop=None)
            ((_, small),) = each(_shrunk, [work], of_death=lambda *_: None, run=processes, timeout=timeout)
            return small or finding.sample
        shrink(look_up(job.op), finding.sample, check, unsafe_too=risky)
    except _StillFails as smallest:
        return Sample(smallest.call)
    except FlakyError:
        pass
    return finding.sample


def _crashed(*_: object) -> Verdict:
    return Verdict.CRASHED


def _verdict(job: Job, heartbeat: Heartbeat) -> Verdict | None:
    found = work_alone(job, heartbeat)
    return next((finding.verdict for tally in found.values() for finding in tally.findings), None)


def _shrunk(job: Job, heartbeat: Heartbeat) -> Sample | None:
    """The smallest call that is wrong. All calls run in this process."""
    (found,), numbers = job.source.samples(look_up(job.op)), count()

    def check(call: Call) -> None:
        one = job._replace(source=CallList((Sample(call),)))
        if not unsafe(call) and _verdict(one, lambda _: heartbeat(next(numbers))) is Verdict.WRONG:
            raise _StillFails(call)

    try:
        shrink(look_up(job.op), found, check)
    except _StillFails as smallest:
        return Sample(smallest.call)
    except FlakyError:
        pass
    return None


class _Report(NamedTuple):
    quantity: str
    what: str
    who_is_right: str
    reproduction: str


def _explained(row: Row, job: Job, finding: Finding, timeout: float | None) -> Explanation:
    (one,) = job.source.samples(look_up(job.op))
    report = None
    if finding.verdict is Verdict.WRONG:
        ((_, report),) = each(_tell, [job], of_death=lambda *_: None, run=partial(run, count=1), timeout=timeout)
    report = report or _Report("", finding.what, "", _call_alone(look_up(job.op), one.call, job))
    return Explanation(
        row, bool(unsafe(one.call)), finding.verdict, report.quantity, report.what, one.call, report.who_is_right,
        report.reproduction,
    )  # fmt: skip


def _tell(job: Job, heartbeat: Heartbeat) -> _Report | None:
    """What is wrong, who is right, and how to reproduce it; None if a second run shows no failure."""
    (one,), op, form = job.source.samples(look_up(job.op)), look_up(job.op), FORMATS[job.dtype]
    heartbeat(0)
    for _, outcome in judge.outcomes(op, one.call, form, job.layouts, job.module, every=job.every):
        if wrong := outcome.wrong:
            text = plain.reproduction(op, wrong.case, wrong)
            same = (job.dtype, job.layouts) == ("float64", ("contiguous",))
            return _Report(wrong.quantity, wrong.what, judge.who_is_right(op, wrong, not same), text)
    return None


def _call_alone(op: Op, call: Call, job: Job) -> str:
    """The lines of a call that ends the process. PyTorch does not run here; manual supplies the arrays."""
    form, layout = FORMATS[job.dtype], job.layouts[0]
    in_layout = (judge.in_layout(op, case, layout) for case in independent.cases(op, call, form, every=job.every))
    return next((plain.reproduction(op, case, None) for case in in_layout if case), "")


def _shown(found: list[Explanation], members: list[int]) -> tuple[int, str]:
    """The first finding of a kind whose reproduction shows a failure, and this failure."""
    for i in members[:TRIED]:
        if shown := in_a_new_process(found[i].reproduction):
            return i, shown
    return members[0], ""
