"""``exhaust``: check every geometry of an op up to a size, once each."""

from typing import Annotated

import typer

from cnn_oracle.cli.page import write_page
from cnn_oracle.cli.terminal import (
    STDOUT,
    Html,
    JobsOfCheck,
    Json,
    Ops,
    Subjects,
    Timeout,
    check_folder,
    only_result,
    progress,
    usage_error,
    write,
)
from cnn_oracle.cli.verify import WAIT, Cluster, concluded, engine, left, report, subject_of, summary
from cnn_oracle.run.workers import start_early


def exhaust(
    size: Annotated[int, typer.Argument(help="The largest size of an axis.", min=1)],
    subject: Subjects = None,
    op: Ops = None,
    part: Annotated[str | None, typer.Option(help="i/n: one of n parts that cover every geometry once.")] = None,
    isolate: Annotated[
        bool,
        typer.Option(
            "--isolate",
            help="Run all calls in other processes. Also run the subject, without PyTorch, on calls that are unsafe "
            "for PyTorch.",
        ),
    ] = False,
    jobs: JobsOfCheck = None,
    timeout: Timeout = None,
    cluster: Cluster = None,
    json: Json = None,
    html: Html = None,
) -> None:
    """Check y and all gradients once on every geometry with axes up to a size, bitwise where nothing can round."""
    if cluster is not None:
        usage_error("the cluster sets the number of jobs", jobs=jobs)
    check_folder(json, html)
    of_parts = part_of(part)
    if jobs != 1 and cluster is None:
        start_early()
    from cnn_oracle import survey
    from cnn_oracle.global_state import ours
    from cnn_oracle.result import exit_code
    from cnn_oracle.verification import to_json

    with only_result(json, html):
        separate = isolate or timeout is not None  # only a separate process can be ended
        code, _, dead = subject_of(subject, isolate=separate and cluster is None, ops=op or (), timeout=timeout)
        op, some_are_left = left(code, op or (), dead)
        with (
            ours(),
            progress("exhaust", 0) as advance,
            engine(cluster, code, None, jobs, separate, advance) as run,
        ):
            checked = survey.exhaust(
                code, op, size, of_parts, isolate=isolate, timeout=timeout or WAIT, run=run,
                say=(lambda _: None) if STDOUT in (json, html) else print,
                progress=lambda name, done, total: advance(name, total, done),
            )  # fmt: skip
            rows = [*dead, *(checked if some_are_left else ())]
    last = [*summary(code.name, rows, f"geometries with axes up to {size}", isolate), *concluded(rows)]
    if STDOUT not in (json, html):
        report(rows, last)
    write(json, to_json(code, rows, exhaustive=size, part=part or "1/1", isolate=isolate))
    write_page(html, rows, last)
    if status := exit_code(rows):
        raise typer.Exit(status)


def part_of(text: str | None) -> tuple[int, int]:
    """The part i of n, of i/n.

    Raises:
        ValueError: the text is not of this form.
    """
    i, _, n = (text or "1/1").partition("/")
    if not (i.isdecimal() and n.isdecimal() and 1 <= int(i) <= int(n)):
        raise ValueError(f"part {text!r}: must be i/n with 1 ≤ i ≤ n, like 3/8")
    return int(i), int(n)
