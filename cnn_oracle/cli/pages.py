"""``ops`` and ``formulas``: tables of the ops and of the formulas."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnn_oracle.cli.terminal import STDOUT, Json, check_folder, put, table, write

if TYPE_CHECKING:
    pass


def ops(
    names: Annotated[list[str] | None, typer.Argument(metavar="OP", help="Show all details of these ops.")] = None,
    json: Json = None,
) -> None:
    """List the ops: what is compared, how, and which options are covered. For named ops, show all details."""
    check_folder(json)
    from cnn_oracle import theorems
    from cnn_oracle.calls.unsupported import unsupported
    from cnn_oracle.cli import details
    from cnn_oracle.ops import OPS, look_up

    named = {name: look_up(name) for name in names or ()}

    rows: list[dict[str, Any]] = [
        {
            "op": op.name,
            "kind": op.kind,
            "comparison": op.verdict,
            "signature": op.signature,
            "options": list(op.options),
            "unsupported": unsupported(op),
            "theorems": [theorem.__name__ for theorem in theorems.of(op)],
        }
        for op in (named or OPS).values()
    ]
    rows = [row | (details.of(named[row["op"]]) if named else {}) for row in rows]
    write(json, rows)
    if json != STDOUT and named:
        print("\n\n\n".join(details.text(row) for row in rows))
    elif json != STDOUT:
        lines = [
            (
                r["op"],
                r["kind"],
                r["comparison"],
                str(len(r["theorems"])),
                ", ".join(r["options"]),
                ", ".join(r["unsupported"]),
            )
            for r in rows
        ]
        table(("op", "kind", "comparison", "theorems", "options", "unsupported"), lines)


def formulas(
    json: Json = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the table as a page to this file.")] = None,
) -> None:
    """List the article's formulas: as printed and in general, their code, their theorems, and whether they hold."""
    from cnn_oracle.article import formulas

    check_folder(json, markdown)
    rows = formulas.table()
    write(json, [row._asdict() for row in rows])
    if markdown:
        put(markdown, formulas.markdown(rows))
    if json != STDOUT:
        print(formulas.text(rows))
