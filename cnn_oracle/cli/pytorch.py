"""``torch``: check PyTorch's own kernels; ``study torch-defects``: the page about them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnn_oracle.cli.exhaust import part_of
from cnn_oracle.cli.terminal import (
    BAD,
    STDOUT,
    Jobs,
    Json,
    Ops,
    Seed,
    Timeout,
    check_folder,
    only_result,
    progress,
    put,
    seed_of,
    table,
    usage_error,
    write,
)
from cnn_oracle.cli.verify import WAIT
from cnn_oracle.run.workers import limit

if TYPE_CHECKING:
    from cnn_oracle.studies.torch_defects.campaign import Row
    from cnn_oracle.studies.torch_defects.findings import Explanation
    from cnn_oracle.studies.torch_defects.plan import Plan


def torch(
    op: Ops = None,
    dtype: Annotated[
        str | None,
        typer.Option(
            help="Dtypes, separated by commas: float32, float64, bfloat16, float16; or all. Default: float32,float64."
        ),
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(
            help="Memory layouts, separated by commas: contiguous, channels-last, transposed, sliced, expanded; or "
            "all. Default: all."
        ),
    ] = None,
    call: Annotated[str | None, typer.Option(help="Check only this call, as a 'reproduce' line prints it.")] = None,
    seed: Seed = "0",
    examples: Annotated[int | None, typer.Option(help="Drawn calls per op; default 100.", min=1)] = None,
    exhaustive: Annotated[
        int | None,
        typer.Option(help="Check every geometry with axes up to this size once, instead of drawn calls.", min=1),
    ] = None,
    part: Annotated[
        str | None, typer.Option(help="With --exhaustive: i/n, one of n parts that cover every geometry once.")
    ] = None,
    jobs: Jobs = None,
    timeout: Timeout = None,
    json: Json = None,
) -> None:
    """Check PyTorch's own kernels, in each dtype and layout, against manual in float64."""
    from cnn_oracle.studies.torch_defects import plan, report

    if call is not None:
        usage_error(
            f"--call {call!r} is one call of one op", op=op, examples=examples, exhaustive=exhaustive, part=part
        )
    if exhaustive is not None:
        usage_error("--exhaustive takes every call once", examples=examples)
    else:
        usage_error("only the calls of --exhaustive have parts", part=part)
    check_folder(json)
    limit(jobs)
    wanted = plan.Plan(
        plan.dtypes(dtype or "float32,float64"), plan.layouts(layout or "all"), tuple(op or ()), call, seed_of(seed),
        examples or 100, exhaustive, part_of(part),
    )  # fmt: skip
    with only_result(json):
        rows, found = run(wanted, timeout or WAIT)
    write(json, report.to_json(rows, found, **wanted.requested))
    if json != STDOUT:
        table(report.HEADER, report.cells(rows, found))
        for some in report.kinds(found):
            print(f"\n{report.text(some)}")
        print(f"\n{report.summary(rows)}")
    if any(row.verdict in BAD for row in rows):
        raise typer.Exit(1)


def torch_defects(
    markdown: Annotated[Path, typer.Option(help="The page to write.")],
    examples: Annotated[
        int, typer.Option(help="Drawn calls per op; twenty times as many for convolutions.", min=1)
    ] = 100,
    jobs: Jobs = None,
    timeout: Timeout = None,
) -> None:
    """Write the page of PyTorch's defects: the findings on this machine, and which of the known defects occur on it."""
    from cnn_oracle.ops import OPS
    from cnn_oracle.studies.torch_defects import page, plan, report
    from cnn_oracle.studies.torch_defects.defects import known, look

    check_folder(markdown)
    limit(jobs)
    everything = plan.Plan(plan.dtypes("all"), plan.layouts("all"), examples=examples)
    # oneDNN has special kernels for many geometries of these ops
    convolutions = tuple(name for name in OPS if name.startswith("conv"))
    others = everything._replace(ops=tuple(name for name in OPS if name not in convolutions))
    rows, found = run(everything._replace(ops=convolutions, examples=20 * examples), timeout or WAIT)
    more_rows, more_found = run(others, timeout or WAIT)
    rows, found = rows + more_rows, found + more_found
    seen, seen_avx2 = look(known()), look(known(), page.AVX2)
    command = f"cnn-oracle study torch-defects --markdown {markdown}" + f" --examples {examples}" * (examples != 100)
    put(markdown, page.markdown(command, rows, found, seen, seen_avx2))
    print(report.summary(rows))
    print(f"{sum(s.there is True for s in seen)} of {len(seen)} known defects are here")


def run(wanted: "Plan", timeout: float) -> "tuple[list[Row], list[Explanation]]":
    """Run the plan with a progress bar."""
    from cnn_oracle.studies.torch_defects import campaign, findings

    with progress("torch", 0) as advance:
        every = wanted.jobs(lambda name: advance(name, None, 0))
        made = {(job.op, job.dtype): job for job in every}
        total = wanted.total(every)
        rows = campaign.run_campaign(every, timeout=timeout, progress=lambda name, done: advance(name, total, done))
        found = findings.explain(
            rows, lambda row: made[row.op, row.dtype], timeout=timeout, progress=lambda name: advance(name, total, 0)
        )
    return rows, found
