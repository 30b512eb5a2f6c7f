"""``verify torch``: PyTorch's own kernels on trial."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cnn_oracle.cli.terminal import BAD, STDOUT, check_folder, progress, put, table, write

if TYPE_CHECKING:
    from cnn_oracle.studies.torch_defects.campaign import Row
    from cnn_oracle.studies.torch_defects.findings import Explained
    from cnn_oracle.studies.torch_defects.plan import Plan


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
    from cnn_oracle.studies.torch_defects import plan, report

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


def defects(
    markdown: Annotated[Path, typer.Option(help="The page to write.")],
    examples: Annotated[
        int, typer.Option(help="Drawn calls per op; of convolutions twenty times as many.", min=1)
    ] = 100,
    timeout: Annotated[float, typer.Option(help="A call without an answer for so long is CRASHED.", min=0.1)] = 60,
) -> None:
    """Write the page of PyTorch's defects: what a trial finds on this machine, and which of those known are on it."""
    from cnn_oracle.ops import OPS
    from cnn_oracle.studies.torch_defects import page, plan, report
    from cnn_oracle.studies.torch_defects.defects import known, look

    check_folder(markdown)
    everything = plan.Plan(plan.dtypes("all"), plan.layouts("all"), examples=examples)
    # oneDNN has a kernel of its own for many a geometry of these
    convolutions = tuple(name for name in OPS if name.startswith("conv"))
    others = everything._replace(ops=tuple(name for name in OPS if name not in convolutions))
    rows, found = run(everything._replace(ops=convolutions, examples=20 * examples), timeout)
    more_rows, more_found = run(others, timeout)
    rows, found = rows + more_rows, found + more_found
    seen, seen_avx2 = look(known()), look(known(), page.AVX2)
    command = f"cnn-oracle defects --markdown {markdown}" + f" --examples {examples}" * (examples != 100)
    put(markdown, page.markdown(command, rows, found, seen, seen_avx2))
    print(report.summary(rows))
    print(f"{sum(s.there is True for s in seen)} of {len(seen)} known defects are here")


def run(wanted: "Plan", timeout: float) -> "tuple[list[Row], list[Explained]]":
    """With a progress bar."""
    from cnn_oracle.studies.torch_defects import campaign, findings

    with progress("trial", 0) as advance:
        jobs = wanted.jobs(lambda name: advance(name, None, 0))
        made = {(job.op, job.dtype): job for job in jobs}
        total = wanted.total(jobs)
        rows = campaign.trial(jobs, timeout=timeout, progress=lambda name, done: advance(name, total, done))
        found = findings.explain(
            rows, lambda row: made[row.op, row.dtype], timeout=timeout, progress=lambda name: advance(name, total, 0)
        )
    return rows, found
