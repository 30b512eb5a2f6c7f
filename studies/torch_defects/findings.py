"""A failure of PyTorch made small, with who is right and three lines of plain torch that show it."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from os import environ
from pathlib import Path
from typing import NamedTuple

from cnn_oracle.call import Call
from cnn_oracle.calls.sources import Planned, smaller
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.dtypes import FORMATS
from cnn_oracle.op import Op
from cnn_oracle.ops import look_up
from cnn_oracle.result import Verdict
from cnn_oracle.run.workers import Died, Note, how_it_ended, processors, run
from cnn_oracle.studies.torch_defects import judge, plain, witness
from cnn_oracle.studies.torch_defects.campaign import Finding, Job, Row, Tally, work_alone

ROOT = Path(__file__).parents[2]
TRIED = 3  # reproductions of one kind, until one shows the failure in a new process


class Explained(NamedTuple):
    """``shown``: what the reproduction does in a new process; empty if nothing, None if another of its kind was run."""

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
        """What is the same mistake for all that is known: it differs in dtype and layout alone."""
        return self.row.op, self.verdict, self.unsafe, self.quantity


def explain(
    rows: Iterable[Row], job: Callable[[Row], Job], *, timeout: float | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Explained]:  # fmt: skip
    """All findings of some rows, in their order; ``job`` is how the calls of a row were run, one call of it at a time.

    What is the smallest call in one dtype and layout is tried first in the next.
    """
    known: dict[tuple[str, Verdict], list[Planned]] = {}
    found = []
    for row in rows:
        for finding in row.findings:
            progress(f"making {row.op} smaller")
            failing = _Failing(job(row), row.layout, finding, timeout)
            before = known.setdefault((row.op, finding.verdict), [])
            small = failing(before) or smaller(look_up(row.op), finding.planned, failing)
            before += [] if small in before else [small]
            found.append(_explained(row, failing.job.alone(small, row.layout), finding, timeout))
    progress("showing")
    kinds: dict[tuple[str, Verdict, bool, str], list[int]] = {}
    for i, explained in enumerate(found):
        kinds.setdefault(explained.kind, []).append(i)
    with ThreadPoolExecutor(processors()) as pool:
        shown = dict(pool.map(lambda members: _shown(found, members), kinds.values()))
    return [e._replace(shown=shown.get(i)) for i, e in enumerate(found)]


def in_a_new_process(text: str, environment: Mapping[str, str] = {}, timeout: float = 300) -> str:
    """What Python makes of ``text``: how it ended, or what it raised; nothing if all is well."""
    command = [sys.executable, "-W", "ignore", "-c", text]
    everything = {**environ, **environment}
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, cwd=ROOT, env=everything, check=False
        )
    except subprocess.TimeoutExpired:
        return f"gives no answer within {timeout:g} seconds"
    if ended.returncode < 0:
        return how_it_ended(ended.returncode)
    raised = re.findall(r"^[\w.]*(?:Error|Exception)\b.*", ended.stderr, re.MULTILINE)
    return (raised or ended.stderr.strip().split("\n"))[-1] if ended.returncode else ""


class _Failing:
    """The first of some calls that fails as a finding does; nothing runs in this process."""

    def __init__(self, job: Job, layout: str, finding: Finding, timeout: float | None) -> None:
        self.job, self.layout, self.finding, self.timeout = job, layout, finding, timeout
        self.unsafe = bool(unsafe(finding.planned.call))

    def __call__(self, calls: list[Planned]) -> Planned | None:
        jobs = [self.job.alone(p, self.layout) for p in calls if bool(unsafe(p.call)) is self.unsafe]
        ran = run(work_alone, jobs, timeout=self.timeout, fresh=self.unsafe)
        failing = [job for job, found in ran if _verdict(found) is self.finding.verdict]
        return next((p for p in calls if self.job.alone(p, self.layout) in failing), None)


def _verdict(found: Mapping[str, Tally] | Died) -> Verdict | None:
    if isinstance(found, Died):
        return Verdict.CRASHED
    return next((finding.verdict for tally in found.values() for finding in tally.findings), None)


class _Told(NamedTuple):
    quantity: str
    what: str
    who_is_right: str
    reproduction: str


def _explained(row: Row, job: Job, finding: Finding, timeout: float | None) -> Explained:
    (planned,) = job.source.calls(look_up(job.op))
    told = None
    if finding.verdict is Verdict.WRONG:
        ((_, outcome),) = run(_tell, [job], count=1, timeout=timeout)
        told = None if isinstance(outcome, Died) else outcome
    told = told or _Told("", finding.what, "", _call_alone(look_up(job.op), planned.call, job))
    return Explained(
        row, bool(unsafe(planned.call)), finding.verdict, told.quantity, told.what, planned.call, told.who_is_right,
        told.reproduction,
    )  # fmt: skip


def _tell(job: Job, note: Note) -> _Told | None:
    """What is wrong, who is right, and the reproduction; None if a second run shows nothing."""
    (planned,), op, form = job.source.calls(look_up(job.op)), look_up(job.op), FORMATS[job.dtype]
    note(0)
    for _, outcome in judge.outcomes(op, planned.call, form, job.layouts, job.module, every=job.every):
        if wrong := outcome.wrong:
            text = plain.reproduction(op, wrong.case, form, job.layouts[0], wrong)
            same = (job.dtype, job.layouts) == ("float64", ("contiguous",))
            return _Told(wrong.quantity, wrong.what, judge.who_is_right(op, wrong, not same), text)
    return None


def _call_alone(op: Op, call: Call, job: Job) -> str:
    """The lines of a call that ends the process: PyTorch is not run, the arrays are manual's."""
    form, layout = FORMATS[job.dtype], job.layouts[0]
    laid = (judge.in_layout(op, case, layout) for case in witness.cases(op, call, form, every=job.every))
    return next((plain.reproduction(op, case, form, layout, None) for case in laid if case), "")


def _shown(found: list[Explained], members: list[int]) -> tuple[int, str]:
    """The first of some of a kind whose reproduction shows anything, and what."""
    for i in members[:TRIED]:
        if shown := in_a_new_process(found[i].reproduction):
            return i, shown
    return members[0], ""
