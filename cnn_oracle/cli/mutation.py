"""``study mutation``: mutants of ``manual``, each with one small edit."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnn_oracle.cli.terminal import STDOUT, Jobs, Json, check_folder, progress, put, table, write
from cnn_oracle.environment import require
from cnn_oracle.run.workers import limit

if TYPE_CHECKING:
    from cnn_oracle.studies.mutation.page import Row


def mutation(
    op: Annotated[list[str] | None, typer.Option(help="Only the code of this op; may be given again.")] = None,
    with_baselines: Annotated[
        bool, typer.Option("--baselines", help="Also count the mutants that weaker checks kill.")
    ] = False,
    json: Json = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Also write a page to this file, and beside it a picture, and figures as JSON.")
    ] = None,
    jobs: Jobs = None,
) -> None:
    """Make mutants of manual, each by one small edit of its source, and report the share that the oracle kills."""
    limit(jobs)
    check_folder(json, markdown)
    if markdown and json == markdown.with_suffix(".json"):
        raise ValueError(f"--json {json}: --markdown writes its own figures there")
    if markdown and with_baselines:
        require("--baselines --markdown", "report", "matplotlib")
    from cnn_oracle.ops import look_up
    from cnn_oracle.studies.mutation import page
    from cnn_oracle.studies.mutation.baselines import run_baselines
    from cnn_oracle.studies.mutation.equivalent import name_of, reason
    from cnn_oracle.studies.mutation.run import run

    names = [look_up(name).name for name in op or ()]
    with progress("mutants", 0) as advance:
        judged = sorted(run(names, progress=advance), key=lambda one: (one.mutant.file, one.mutant.number))
        baselines = run_baselines(judged, advance) if with_baselines else []
    left, denied = page.survivors(judged), page.contradicted(judged)
    rows = page.rows(judged)
    write(json, {
        "ops": [row._asdict() | {"share": row.share} for row in rows],
        **page.figures(judged, baselines),
        "mutants": [one._asdict() | {"mutant": one.mutant._asdict(), "reason": reason(one.mutant)} for one in judged],
    })  # fmt: skip
    if markdown:
        picture = markdown.with_suffix(".png")
        if baselines:
            page.plot(baselines, picture)
        put(markdown, page.markdown(judged, baselines, picture.name))
        if markdown.is_file():  # not a terminal, not a pipe
            write(markdown.with_suffix(".json"), page.figures(judged, baselines))
    if json != STDOUT:
        header = ("op", "mutants", "killed", "by the first call", "equivalent", "survived", "share")
        table(header, [_cells(row) for row in rows])
        for baseline in baselines:
            print(f"{baseline.share:6.1%}  {baseline.name}")
        for one in left:
            print(f"survived: {name_of(one.mutant)}   (line {one.mutant.line})")
        for one in denied:
            print(f"killed, although it is listed as equivalent: {name_of(one.mutant)}: {one.message}")
        whole = page.row_of("all", judged)
        print(
            f"\n{whole.mutants:,} mutants of manual: {whole.killed:,} killed, {whole.equivalent:,} equivalent, "
            f"{whole.invalid:,} invalid, {whole.survived:,} survived"
        )
    if left or denied:
        raise typer.Exit(1)


def _cells(row: "Row") -> tuple[str, ...]:
    counts = (row.mutants, row.killed, row.at_once, row.equivalent, row.survived)
    return (row.name, *(f"{n:,}" for n in counts), f"{row.share:.1%}")
