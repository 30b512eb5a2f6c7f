"""``study NAME``: how good is the oracle? Each study prints a table, and writes it as a page of docs/."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnn_oracle.cli.terminal import STDOUT, Jobs, Json, Ops, check_folder, progress, put, sizes_of, table, write
from cnn_oracle.cli.verify import report, summary
from cnn_oracle.run.workers import limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cnn_oracle.studies.causes import Entry as Called
    from cnn_oracle.studies.known_mistakes import Entry
    from cnn_oracle.studies.sizes import Entry as PastASize


def evidence(
    markdown: Annotated[Path, typer.Option(help="The page to write.")],
    exhaustive: Annotated[int, typer.Option(help="The largest size of an axis in the exhaustive runs.", min=1)] = 5,
    jobs: Jobs = None,
) -> None:
    """Write the page of evidence: per op the comparison, the exhaustive run, its time, the coverage of drawn calls."""
    limit(jobs)
    from cnn_oracle.mistakes import load
    from cnn_oracle.studies import evidence
    from cnn_oracle.subject import OURS

    check_folder(markdown)
    with progress("evidence", 0) as advance:
        rows = list(
            evidence.gather(
                load(OURS), exhaustive, lambda name, done, total: advance(name, total, done)
            )
        )  # fmt: skip
    put(markdown, evidence.markdown(rows, exhaustive))
    checked = [e.row for e in rows if e.row]
    report(checked, summary(OURS, checked, f"geometries with axes up to {exhaustive}"))
    if any(row.failure for row in checked):
        raise typer.Exit(1)


def mistakes(
    op: Ops = None,
    geometries: Annotated[
        int, typer.Option(help="Failing calls of each mistake, on which it must be identified.", min=1)
    ] = 300,
    json: Json = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the table as a page to this file.")] = None,
    jobs: Jobs = None,
) -> None:
    """List the known mistakes: the violated formula, how soon each is found, how often it is uniquely identified."""
    limit(jobs)
    check_folder(json, markdown)
    from cnn_oracle import mistakes as known
    from cnn_oracle.ops import OPS, look_up
    from cnn_oracle.studies import known_mistakes

    ops = [look_up(name) for name in op or OPS]
    with progress("mistakes", sum(1 + len(known.of(o.name)) for o in ops)) as advance:
        found = list(known_mistakes.entries(ops, geometries, advance))
    header = ("op", "what goes wrong", "calls", "seconds", "explained", "failing", "uniquely identified")
    whole = [entry._asdict() for entry in found]
    _write(json, markdown, whole, header, map(_cells, found), partial(known_mistakes.markdown, found))


def _cells(entry: "Entry") -> tuple[str, ...]:
    figures = (str(entry.calls), f"{entry.seconds:.2f}", f"{entry.explained:.2f}", str(entry.failing))
    return (entry.op, entry.description, *figures, f"{entry.share:.0%}")


def sizes(
    op: Ops = None,
    blocks: Annotated[str | None, typer.Option(help="Only these blocks, like 8,64,512. Default: all of them.")] = None,
    json: Json = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the table as a page to this file.")] = None,
    jobs: Jobs = None,
) -> None:
    """List the mistakes past a size: how soon each is found, and whether a failure names the size of its block."""
    limit(jobs)
    check_folder(json, markdown)
    from cnn_oracle import mistakes as known
    from cnn_oracle.ops import OPS, look_up
    from cnn_oracle.studies import sizes as study

    ops, wanted = [look_up(name) for name in op or OPS], sizes_of(blocks, "--blocks") or known.BLOCKS
    if strange := [block for block in wanted if block not in known.BLOCKS]:
        raise ValueError(
            f"--blocks {blocks}: no block {strange[0]}; the blocks are {', '.join(map(str, known.BLOCKS))}"
        )
    total = sum(one.block in wanted for o in ops for one in known.past_a_size_of(o.name))
    with progress("sizes", total) as advance:
        found = list(study.entries(ops, wanted, advance))
    header = ("op", "what goes wrong", "block", "calls", "named", "smallest call", "likely cause")
    whole = [one._asdict() | {"named": one.named} for one in found]
    _write(json, markdown, whole, header, map(_past_a_size, found), partial(study.markdown, found))


def _past_a_size(one: "PastASize") -> tuple[str, ...]:
    found = (str(one.calls or "–"), "yes" if one.named else "no", one.call or "–", next(iter(one.causes), "–"))
    return (one.op, one.description, str(one.block), *found)


def causes(
    op: Ops = None,
    json: Json = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the table as a page to this file.")] = None,
    jobs: Jobs = None,
) -> None:
    """List what mistakes are called that the catalogue does not have, and whether that is true."""
    limit(jobs)
    check_folder(json, markdown)
    from cnn_oracle.ops import OPS, look_up
    from cnn_oracle.studies import causes as study

    ops = [look_up(name) for name in op or OPS]
    with progress("causes", sum(len(study.of(group, o.name)) for group in study.GROUPS for o in ops)) as advance:
        found = list(study.entries(ops, advance))
    header = ("mistakes", "op", "what goes wrong", "what it is called", "outcome")
    whole = [one._asdict() | {"outcome": one.outcome} for one in found]
    _write(json, markdown, whole, header, map(_named, found), partial(study.markdown, found))


def _named(one: "Called") -> tuple[str, ...]:
    return one.group, one.op, one.description, one.cause or "–", one.outcome


def sums(
    json: Json = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the table as a page to this file.")] = None,
) -> None:
    """Read off in which order NumPy, PyTorch, JAX and ONNX Runtime add, and in which format."""
    check_folder(json, markdown)
    from cnn_oracle.studies import sums as study

    with progress("sums", 0) as advance:
        found = list(study.entries(lambda name, total: advance(name, total)))
    header = ("library", "sum", "shape", "dtype", "accumulator", "order")
    lines = [(one.library, one.what, one.shape, one.dtype, one.accumulator or "–", one.order) for one in found]
    _write(json, markdown, [one._asdict() for one in found], header, lines, partial(study.markdown, found))


def _write(
    json: Path | None, markdown: Path | None, found: list[Any], header: tuple[str, ...],
    lines: "Iterable[tuple[str, ...]]", page: "Callable[[], str]",
) -> None:  # fmt: skip
    """Write the results as JSON and as a page, and print them as a table, unless the JSON goes to standard output."""
    write(json, found)
    if json != STDOUT:
        table(header, lines)
    if markdown:
        put(markdown, page())


def false_positives(
    calls: Annotated[int, typer.Option(help="Drawn calls, of all implementations together.", min=1)] = 100_000,
    json: Json = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the table as a page to this file.")] = None,
    jobs: Jobs = None,
) -> None:
    """Look for false positives: run correct implementations that compute in other ways. None may be called wrong."""
    limit(jobs)
    check_folder(json, markdown)
    from cnn_oracle.studies import false_positives as study

    with progress("false positives", calls) as advance:
        results = study.measure(calls, lambda what, n: advance(what, calls, n))
    rows = [(one.subject.rpartition(".")[2], one.op, f"{one.calls:,}", ", ".join(one.verdicts)) for one in results]
    whole = [one._asdict() | {"failure": str(one.failure) if one.failure else None} for one in results]
    _write(json, markdown, whole, ("implementation", "op", "calls", "verdict"), rows, partial(study.markdown, results))
    false = [one.failure for one in results if one.failure]
    if json != STDOUT:
        for failure in false:
            print(f"\n{failure}")
        print(f"\n{len(false)} false positives in {sum(one.calls for one in results):,} calls")
    if false:
        raise typer.Exit(1)
