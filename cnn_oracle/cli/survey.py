"""``survey``: released packages compared with PyTorch."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cnn_oracle.cli.terminal import (
    STDOUT,
    Jobs,
    Json,
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


def survey(
    packages: Annotated[list[str] | None, typer.Argument(help="The packages; default: all that are installed.")] = None,
    examples: Annotated[
        int | None,
        typer.Option(help="Drawn calls of each op, with the options that the package has; default 100.", min=1),
    ] = None,
    seed: Seed = "0",
    jobs: Jobs = None,
    timeout: Timeout = None,
    results: Annotated[
        list[Path] | None,
        typer.Option(
            help="Also show the results of an earlier run, from the file that --json wrote; may be given again."
        ),
    ] = None,
    json: Json = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the page to this file.")] = None,
) -> None:
    """Compare released packages with PyTorch, and list where and why they disagree.

    The exit code is 1 if a disagreement is not one of the known ones.
    """
    from cnn_oracle.studies.packages import PACKAGES, page
    from cnn_oracle.studies.packages import survey as surveys

    check_folder(json, markdown)
    limit(jobs)
    number = seed_of(seed)
    before = [page.load(path) for path in results or ()]
    requested = list(dict.fromkeys(packages or ([] if before else PACKAGES)))
    if absent := surveys.missing(requested):
        line = f'not installed: {", ".join(absent)}; pip install "cnn-oracle[studies]" has all but chainer and dezero'
        if packages or len(absent) == len(requested):
            raise ValueError(line)
        print(line, file=sys.stderr)
        requested = [package for package in requested if surveys.distribution(package) not in absent]
    if not requested and not before:
        raise ValueError("none of the packages is installed")
    if not requested:
        why = "--results names results of earlier runs, and no package is named to be checked now"
        usage_error(why, json=json, examples=examples, jobs=jobs, timeout=timeout)
    each = examples or 100
    with only_result(json), progress("survey", 0) as advance:
        rows = surveys.run_survey(
            requested,
            each,
            number,
            timeout=timeout or WAIT,
            progress=lambda name, done: advance(name, None, done),
        )
    document = page.document(page.printed(rows), examples=each, seed=number)
    documents = sorted([*before, *[document] * bool(requested)], key=lambda d: min(d["packages"]))
    write(json, document)
    if markdown:
        put(markdown, page.markdown(documents))
    rows = [row for document in documents for row in page.rows_of(document)]
    if json != STDOUT:
        table(page.HEADER, (line for document in documents for line in page.summary(document)))
        for row in rows:
            for d in row.disagreements:
                if d.known is None:
                    print(f"\n{page.text(row, d)}")
    new = sum(d.known is None for row in rows for d in row.disagreements)
    if json != STDOUT:
        checked = len({row.package for row in rows})
        print(f"\n{len(rows)} ops of {checked} packages; {new} disagreements are not known yet")
    if new:
        raise typer.Exit(1)
