"""``verify torch``: PyTorch's own kernels on trial."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from oracle.cli.terminal import BAD, STDOUT, progress, table, write

if TYPE_CHECKING:
    from oracle.trial.campaign import Row
    from oracle.trial.findings import Explained
    from oracle.trial.plan import Plan


class Asked(NamedTuple):
    """The options of ``verify`` that a trial has."""

    dtype: str | None
    layout: str | None
    ops: tuple[str, ...]
    call: str | None
    seed: int
    examples: int
    exhaustive: int | None
    part: tuple[int, int]


def trial(asked: Asked, timeout: float, json: Path | None) -> None:
    """A row for each op, dtype and layout; three lines of plain torch for each that fails."""
    from oracle.trial import plan, report

    wanted = plan.Plan(plan.dtypes(asked.dtype or "float32,float64"), plan.layouts(asked.layout or "all"), *asked[2:])
    with contextlib.redirect_stdout(sys.stderr if json == STDOUT else sys.stdout):
        rows, found = run(wanted, timeout)
    write(json, report.to_json(rows, found, **wanted.asked))
    if json != STDOUT:
        table(report.HEADER, report.cells(rows, found))
        for some in report.kinds(found):
            print(f"\n{report.text(some)}")
        print(f"\n{report.summary(rows)}")
    if any(row.verdict in BAD for row in rows):
        raise typer.Exit(1)


def run(wanted: "Plan", timeout: float) -> "tuple[list[Row], list[Explained]]":
    """With a progress bar."""
    from oracle.trial import campaign, findings

    with progress("trial", 0) as advance:
        jobs = wanted.jobs(lambda name: advance(name, None, 0))
        made = {(job.op, job.dtype): job for job in jobs}
        total = wanted.total(jobs)
        rows = campaign.trial(jobs, timeout=timeout, progress=lambda name, done: advance(name, total, done))
        found = findings.explain(
            rows, lambda row: made[row.op, row.dtype], timeout=timeout, progress=lambda name: advance(name, total, 0)
        )
    return rows, found
