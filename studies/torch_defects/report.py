"""The results of a campaign: a table, the failures as text, and the document that ``--json`` writes."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from cnn_oracle.environment import hardware, versions
from cnn_oracle.studies.torch_defects.campaign import Row, Tally
from cnn_oracle.studies.torch_defects.findings import Explanation
from cnn_oracle.studies.torch_defects.layouts import LAYOUTS

HEADER = (
    "op", "dtype", "layout", "verdict", "calls", "wrong", "crashed", "rejected", "unsafe", "error/bound",
    "smallest call",
)  # fmt: skip


def cells(rows: Sequence[Row], found: Sequence[Explanation]) -> Iterator[tuple[str, ...]]:
    """The table: a line for each row, but one line for all layouts of an op and dtype if no layout differs."""
    # if a row has both wrong and crashed calls: the call of its verdict
    fields = sorted(found, key=lambda e: e.verdict is e.row.verdict)
    smallest = {(e.row.op, e.row.dtype, e.row.layout): str(e.call) for e in fields}
    for row in condensed(rows):
        yield (*numbers(row), smallest.get((row.op, row.dtype, row.layout), ""))


def condensed(rows: Sequence[Row]) -> Iterator[Row]:
    for _, group in groupby(rows, lambda row: (row.op, row.dtype)):
        layouts = list(group)
        alike = {(row.verdict, row.safe.rejection) for row in layouts}
        if len(layouts) == 1 or len(alike) > 1 or layouts[0].findings:
            yield from layouts
            continue
        safe, risky = Tally(), Tally()
        for row in layouts:
            safe, risky = safe | row.safe, risky | row.unsafe
        yield Row(layouts[0].op, layouts[0].dtype, f"all {len(layouts)}", safe, risky)


def numbers(row: Row) -> tuple[str, ...]:
    """The cells of a row without its smallest call."""
    safe, risky = row.safe, row.unsafe
    counts = [f"{n:,}" if n else "" for n in (safe.calls, safe.wrong, safe.crashed, safe.rejected)]
    ends = ", ".join(f"{n} {what}" for n, what in ((risky.crashed, "crashed"), (risky.wrong, "wrong")) if n)
    apart = (f"{risky.calls:,} ({ends})" if ends else f"{risky.calls:,}") if risky.calls else ""
    return (
        row.op,
        row.dtype,
        row.layout,
        str(row.verdict),
        *counts,
        apart,
        f"{max(safe.error_over_bound, risky.error_over_bound):.2g}",
    )


def kinds(found: Iterable[Explanation]) -> list[list[Explanation]]:
    """The failures grouped by kind. The first of each group is the one whose reproduction ran."""
    together: dict[Any, list[Explanation]] = {}
    for e in found:
        together.setdefault(e.kind, []).append(e)
    return [sorted(some, key=lambda e: e.shown is None) for some in together.values()]


def places(rows: Iterable[Row]) -> str:
    """The dtypes and layouts of the failures: float32 (contiguous, sliced), float64 (sliced)."""
    layouts: dict[str, dict[str, None]] = {}
    for row in rows:
        layouts.setdefault(row.dtype, {})[row.layout] = None
    return ", ".join(
        f"{dtype} ({'all layouts' if len(names) == len(LAYOUTS) else ', '.join(names)})"
        for dtype, names in sorted(layouts.items())
    )


def text(some: Sequence[Explanation]) -> str:
    """A kind of failure as text: what is wrong, who is right, where else it occurs, and how to reproduce it."""
    e = some[0]
    lines = [f"{e.verdict}  {e.row.op}, {e.row.dtype}, {e.row.layout}: {e.what}", f"  call      {e.call}"]
    lines += [f"  arbiter   {e.who_is_right}"] * bool(e.who_is_right)
    lines += [f"  also in   {places(e.row for e in some[1:])}"] * (len(some) > 1)
    lines += [f"  reproduce {again(e)}", f"  as plain torch, in a new process: {e.shown or 'shows nothing'}", ""]
    return "\n".join([*lines, e.reproduction])


def again(e: Explanation) -> str:
    """The shell line that tests the same call again."""
    options = f"--dtype {e.row.dtype} --layout {e.row.layout} --call {shlex.quote(str(e.call))} --seed {e.call.seed}"
    return f"cnn-oracle torch {options}"


def summary(rows: Sequence[Row]) -> str:
    """The counts of all calls, with the unsafe ones separate."""
    safe, risky = (sum(getattr(row, name).calls for row in rows) for name in ("safe", "unsafe"))
    fields = f"torch: {sum(bool(row.findings) for row in rows)} of {len(rows)} rows fail, by {safe:,} calls"
    if not risky:
        return fields
    ended = sum(row.unsafe.crashed for row in rows)
    return f"{fields}; apart from these {risky:,} on which it is unsafe, of which {ended:,} ended their process"


def to_json(rows: Sequence[Row], found: Sequence[Explanation], **settings: Any) -> dict[str, Any]:
    return {
        "subject": "torch",
        **settings,
        "versions": versions(),
        "hardware": hardware(),
        "rows": [
            {
                "op": row.op,
                "dtype": row.dtype,
                "layout": row.layout,
                "verdict": row.verdict,
                **_tally(row.safe),
                "unsafe": _tally(row.unsafe),
                "failures": [_failure(e) for e in found if e.row is row],
            }
            for row in rows
        ],
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {name: value for name, value in tally._asdict().items() if name != "findings"}


def _failure(e: Explanation) -> dict[str, Any]:
    fields = {name: value for name, value in e._asdict().items() if name not in ("row", "call")}
    return fields | {"call": str(e.call), "seed": e.call.seed, "reproduce": again(e)}
