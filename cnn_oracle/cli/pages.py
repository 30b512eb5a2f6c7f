"""``ops``, ``formulas``, ``evidence`` and ``mistakes``: what there is, as tables and as pages of docs/."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnn_oracle.cli.terminal import STDOUT, Json, check_folder, progress, put, table, write
from cnn_oracle.cli.verify import report

if TYPE_CHECKING:
    from cnn_oracle.studies.known_mistakes import Entry


def ops(json: Json = None) -> None:
    """List the ops: what is compared, how, and which options are covered."""
    check_folder(json)
    from cnn_oracle import theorems
    from cnn_oracle.calls.unsupported import left_out
    from cnn_oracle.ops import OPS

    rows: list[dict[str, Any]] = [
        {
            "op": op.name,
            "kind": op.kind,
            "comparison": op.verdict,
            "signature": op.signature,
            "options": list(op.options),
            "left_out": left_out(op),
            "theorems": [theorem.__name__ for theorem in theorems.of(op)],
        }
        for op in OPS.values()
    ]
    write(json, rows)
    if json != STDOUT:
        cells = [
            (
                r["op"],
                r["kind"],
                r["comparison"],
                str(len(r["theorems"])),
                ", ".join(r["options"]),
                ", ".join(r["left_out"]),
            )
            for r in rows
        ]
        table(("op", "kind", "comparison", "theorems", "options", "left out"), cells)


def formulas(
    json: Json = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the table as a page to this file.")] = None,
) -> None:
    """List the article's formulas: as printed and in general, their code, their theorems, and whether they hold."""
    from cnn_oracle.article import formulas

    for path in (json, markdown):
        check_folder(path)
    rows = formulas.table()
    write(json, [row._asdict() for row in rows])
    if markdown:
        put(markdown, formulas.markdown(rows))
    if json != STDOUT:
        print(formulas.text(rows))


def evidence(
    markdown: Annotated[Path, typer.Option(help="The page to write.")],
    exhaustive: Annotated[int, typer.Option(help="The small world's largest axis.", min=1)] = 5,
) -> None:
    """Write the page of evidence: per op the comparison, its small world, the time, what drawn calls reach."""
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
    report(OURS, checked, f"geometries with axes up to {exhaustive}")
    if any(row.failure for row in checked):
        raise typer.Exit(1)


def mistakes(
    op: Annotated[list[str] | None, typer.Option(help="Only of this op; may be given again.")] = None,
    geometries: Annotated[int, typer.Option(help="Failing calls of each that are asked for its name.", min=1)] = 300,
    json: Json = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the table as a page to this file.")] = None,
) -> None:
    """List the known mistakes: the formula violated, how soon each is rejected, how surely it is named."""
    for path in (json, markdown):
        check_folder(path)
    from cnn_oracle import mistakes as known
    from cnn_oracle.ops import OPS, look_up
    from cnn_oracle.studies import known_mistakes

    ops = [look_up(name) for name in op or OPS]
    with progress("mistakes", sum(1 + len(known.of(o.name)) for o in ops)) as advance:
        found = list(known_mistakes.entries(ops, geometries, advance))
    write(json, [entry._asdict() for entry in found])
    if markdown:
        put(markdown, known_mistakes.markdown(found))
    if json != STDOUT:
        header = ("op", "what goes wrong", "calls", "seconds", "explained", "failing", "named alone")
        table(header, [_cells(entry) for entry in found])


def _cells(entry: "Entry") -> tuple[str, ...]:
    figures = (str(entry.calls), f"{entry.seconds:.2f}", f"{entry.explained:.2f}", str(entry.failing))
    return (entry.op, entry.description, *figures, f"{entry.share:.0%}")


def alarms(
    calls: Annotated[int, typer.Option(help="Drawn calls, of all alternatives together.", min=1)] = 100_000,
    json: Json = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the table as a page to this file.")] = None,
) -> None:
    """Listen for false alarms: right answers computed otherwise, of which none may be called wrong."""
    for path in (json, markdown):
        check_folder(path)
    from cnn_oracle.studies import false_positives

    with progress("alarms", calls) as advance:
        heard = false_positives.listen(calls, lambda what, n: advance(what, calls, n))
    write(json, [one._asdict() | {"failure": str(one.failure) if one.failure else None} for one in heard])
    if markdown:
        put(markdown, false_positives.markdown(heard))
    false = [one.failure for one in heard if one.failure]
    if json != STDOUT:
        rows = [(one.subject.rpartition(".")[2], one.op, f"{one.calls:,}", ", ".join(one.verdicts)) for one in heard]
        table(("alternative", "op", "calls", "verdict"), rows)
        for failure in false:
            print(f"\n{failure}")
        print(f"\n{len(false)} false alarms in {sum(one.calls for one in heard):,} calls")
    if false:
        raise typer.Exit(1)
