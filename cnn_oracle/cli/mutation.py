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
    op: Annotated[list[str] | None, typer.Option(help="Only what this op is made of; may be given again.")] = None,
    ladder: Annotated[bool, typer.Option(help="Also count the mutants that weaker checks kill.")] = False,
    json: Json = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Also write a page to this file; beside it a picture, and figures as JSON.")
    ] = None,
    jobs: Jobs = None,
) -> None:
    """Edit the source of manual, one small edit at a time, and report the share of these mutants that is killed."""
    limit(jobs)
    check_folder(json, markdown)
    if markdown and json == markdown.with_suffix(".json"):
        raise ValueError(f"--json {json}: --markdown writes its own figures there")
    if markdown and ladder:
        require("--ladder --markdown", "report", "matplotlib")
    from cnn_oracle.ops import look_up
    from cnn_oracle.studies.mutation import baselines as rungs_of
    from cnn_oracle.studies.mutation import page
    from cnn_oracle.studies.mutation.equivalent import name_of, reason
    from cnn_oracle.studies.mutation.run import sweep

    names = [look_up(name).name for name in op or ()]
    with progress("edits", 0) as advance:
        judged = sorted(sweep(names, progress=advance), key=lambda one: (one.mutant.file, one.mutant.number))
        rungs = rungs_of.climb(judged, advance) if ladder else []
    left, denied = page.survivors(judged), page.contradicted(judged)
    rows = page.rows(judged)
    write(json, {
        "ops": [row._asdict() | {"share": row.share} for row in rows],
        **page.figures(judged, rungs),
        "edits": [one._asdict() | {"mutant": one.mutant._asdict(), "reason": reason(one.mutant)} for one in judged],
    })  # fmt: skip
    if markdown:
        picture = markdown.with_suffix(".png")
        if rungs:
            page.plot(rungs, picture)
        put(markdown, page.markdown(judged, rungs, picture.name))
        if markdown.is_file():  # not a terminal, not a pipe
            write(markdown.with_suffix(".json"), page.figures(judged, rungs))
    if json != STDOUT:
        header = ("op", "edits", "rejected", "by the first call", "no answer changes", "survived", "share")
        table(header, [_cells(row) for row in rows])
        for rung in rungs:
            print(f"{rung.share:6.1%}  {rung.name}")
        for one in left:
            print(f"not rejected: {name_of(one.mutant)}   (line {one.mutant.line})")
        for one in denied:
            print(f"rejected, though said to change no answer: {name_of(one.mutant)}: {one.said}")
        whole = page.row_of("all", judged)
        print(
            f"\n{whole.edits:,} edits of manual: {whole.rejected:,} rejected, {whole.equivalent:,} change no answer, "
            f"{whole.unborn:,} cannot be imported, {whole.survived:,} survived"
        )
    if left or denied:
        raise typer.Exit(1)


def _cells(row: "Row") -> tuple[str, ...]:
    counts = (row.edits, row.rejected, row.at_once, row.equivalent, row.survived)
    return (row.name, *(f"{n:,}" for n in counts), f"{row.share:.1%}")
