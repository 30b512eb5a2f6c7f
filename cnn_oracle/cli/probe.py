"""``probe``: find how a subject multiplies and adds, and whether a row depends on the others."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnn_oracle.cli.terminal import (
    STDOUT,
    Json,
    Ops,
    Seed,
    Subjects,
    check_folder,
    only_result,
    progress,
    seed_of,
    table,
    write,
)
from cnn_oracle.cli.verify import of_warnings, subject_of

if TYPE_CHECKING:
    from cnn_oracle.diagnose.addends import Sum
    from cnn_oracle.diagnose.batch_invariance import Change
    from cnn_oracle.diagnose.precision import Width

Key = tuple[str, str, str]  # op, dtype, output
SMALLEST = 4  # smaller sizes are drawn anyway


def probe(
    subject: Subjects = None,
    op: Ops = None,
    addends: Annotated[int, typer.Option(help="About how many addends the sums have.", min=3, max=5000)] = 171,
    seed: Seed = "0",
    json: Json = None,
) -> None:
    """Find how a kernel multiplies and adds, and whether a row depends on the number of rows.

    If integers are exact up to 256 but not up to 512, it multiplies in bfloat16. The order in which it adds, and the
    bits of its accumulator, are read off its roundings. They hold for one shape, one thread, and this machine.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from cnn_oracle.checks import single_threaded
    from cnn_oracle.diagnose import addends as of_addends
    from cnn_oracle.diagnose import batch_invariance, precision
    from cnn_oracle.one_call import covered
    from cnn_oracle.result import Failure

    check_folder(json)
    number = seed_of(seed)
    with only_result(json), single_threaded() as warned, threadpool_limits(1, "blas"):
        code, _, _ = subject_of(subject)
        ops = covered(code, op or ())
        some = [one for one in ops if of_addends.is_sum(one) or batch_invariance.has_rows(code, one)]
        if not some:
            raise ValueError(f"subject {code.name!r}: none of these ops is a sum, or has rows that do not interact")
        widths, sums, changes, crashed = list["Width"](), list["Sum"](), list["Change"](), list[Failure]()
        with progress("probe", len(some)) as advance:
            for one in some:
                advance(one.name)
                try:
                    for dtype in code.dtypes(one.name):
                        if precision.probeable(one):
                            widths += precision.widths(code, one, dtype, number)
                        if of_addends.is_sum(one):
                            sums += of_addends.sums(code, one, dtype, number, addends)
                        changes += batch_invariance.changes(code, one, dtype, number)
                except Failure as failure:
                    crashed.append(failure)
    rows = _rows(widths, sums, changes)
    if json != STDOUT:
        _print(code.name, rows, sums)
        print("".join(f"{one.verdict}  {one.what}   on {one.call}\n" for one in crashed), end="")
        print(of_warnings(warned), end="\n" * bool(warned))
    write(json, rows)
    if crashed:
        raise typer.Exit(1)


def _rows(widths: "list[Width]", sums: "list[Sum]", changes: "list[Change]") -> list[dict[str, Any]]:
    """What was found of each output, the ops in their order."""
    rows: dict[Key, dict[str, Any]] = {}

    def row(key: Key) -> dict[str, Any]:
        return rows.setdefault(key, dict(zip(("op", "dtype", "quantity"), key, strict=True)))

    for width in widths:
        row(width[:3]).update(width._asdict() | {"says": str(width)})
    for one in sums:
        reading, order = one.reading, one.order
        row(one[:3]).update(
            accumulator=reading.accumulator, order=order.text, blocks=order.blocks, same_bits=reading.same_bits,
            addends=reading.addends, argument=one.argument, call=one.call,
        )  # fmt: skip
    for change in changes:
        found = {"rows": change.rows, "row": change.row, "call": change.call, "says": str(change)}
        row(change[:3]).setdefault("row_changes", []).append(found)
    names = list(dict.fromkeys(key[0] for key in rows))
    return [rows[key] for key in sorted(rows, key=lambda key: names.index(key[0]))]


def _print(name: str, rows: list[dict[str, Any]], sums: "Iterable[Sum]") -> None:
    columns = ("op", "dtype", "quantity", "says", "accumulator", "order")
    added = [tuple(row.get(column) or "–" for column in columns) for row in rows if "says" in row or "order" in row]
    if added:
        table(("op", "dtype", "output", "integers", "accumulator", "order"), added)
        print(
            "i mod 8: element i goes to partial sum i mod 8. The order holds for one shape (--json has it), for one "
            "thread, and for this machine."
        )
    if changed := [row for row in rows if "row_changes" in row]:
        table(
            ("op", "dtype", "output", "rows"),
            [(row["op"], row["dtype"], row["quantity"], _of_changes(row["row_changes"])) for row in changed],
        )
        print("A row depends on the number of rows, or on its place.")
    else:
        print("no row depends on the number of rows, or on its place, among up to 1,025 rows")
    if sizes := sorted({size for one in sums for size in one.order.blocks if size >= SMALLEST}):
        print(f"\nto draw sizes around these blocks: cnn-oracle verify {name} --sizes {','.join(map(str, sizes))}")


def _of_changes(found: list[dict[str, Any]]) -> str:
    """The changes of one output in one line."""
    at = [str(change["rows"]) for change in found if not change["row"]]
    texts = [f"row 0 changes at {', '.join(at)} rows"] if at else []
    texts += [f"row {c['row']} of {c['rows']} differs from an equal row 0" for c in found if c["row"]]
    return "; ".join(texts)
