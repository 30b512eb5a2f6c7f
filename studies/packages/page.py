"""The results of a survey: a table, docs/generated/field-trials.md, the document that ``--json`` writes."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from cnn_oracle.call import parse
from cnn_oracle.calls.sources import Planned
from cnn_oracle.environment import hardware, versions
from cnn_oracle.studies.packages.known import Class
from cnn_oracle.studies.packages.survey import Argued, Disagreement, Row, distribution, installed

HEADER = ("package", "version", "ops", "calls", "right", "refused", "defects", "conventions", "precision", "new")


def summary(document: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """A line for each package: the classes count disagreements, the others calls within the package's options."""
    for package, group in groupby(rows_of(document), lambda row: row.package):
        ops = list(group)
        calls, right, refused = (sum(getattr(r, n) for r in ops) for n in ("calls", "right", "refused"))
        found = [d.known for r in ops for d in r.disagreements]
        kinds = [sum(known.kind == kind for known in {*found} if known) for kind in Class]
        new = found.count(None)
        counts = (len(ops), calls - sum(r.lacking for r in ops), right, refused, *kinds, new)
        yield package, document["packages"][package], *(f"{n:,}" for n in counts)


def version(package: str) -> str:
    return installed(distribution(package)) or "not installed"


def text(row: Row, d: Disagreement) -> str:
    """One that has not been looked into."""
    lines = [f"{d.verdict}  {row.package}: {d.what}", f"  call      {d.planned.call}"]
    lines += [f"  referee   {d.ruling}"] * bool(d.ruling) + [f"  consistent with: {cause}" for cause in d.causes]
    call = f"--call '{d.planned.call}' --seed {d.planned.call.seed}"
    return "\n".join([*lines, f"  reproduce cnn-oracle verify cnn_oracle.studies.packages.{row.package} {call}"])


def printed(rows: Sequence[Row]) -> list[Row]:
    """With what the lines of each disagreement print here."""
    return [
        row._replace(
            disagreements=tuple(
                d._replace(known=d.known and d.known._replace(prints=_output(d.known.lines.strip())))
                for d in row.disagreements
            )
        )
        for row in rows
    ]


def document(rows: Sequence[Row], **asked: Any) -> dict[str, Any]:
    packages = dict.fromkeys(row.package for row in rows)
    return {
        **asked, "versions": versions(), "packages": {p: version(p) for p in packages}, "hardware": hardware(),
        "rows": [row._asdict() | {"disagreements": [_told(d) for d in row.disagreements]} for row in rows],
    }  # fmt: skip


def _told(d: Disagreement) -> dict[str, Any]:
    told = {n: v for n, v in d._asdict().items() if n not in ("planned", "known")}
    return told | {"known": d.known and d.known._asdict(), "call": str(d.planned.call), "seed": d.planned.call.seed}


def load(path: Path) -> dict[str, Any]:
    """What ``--json`` wrote.

    Raises:
        ValueError: the file is not there, or holds something else.
    """
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        rows_of(document)
        return {key: document[key] for key in ("examples", "seed", "versions", "packages", "hardware", "rows")}
    except OSError as error:
        raise ValueError(f"--results {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"--results {path}: not what cnn-oracle survey --json writes") from None


def rows_of(document: Mapping[str, Any]) -> list[Row]:
    """The rows that ``document`` was made of."""
    rows = []
    for row in document["rows"]:
        lists = {name: tuple(map(_tuple, row[name])) for name in ("options", "lacks", "refusals")}
        rows.append(Row(**(row | lists | {"disagreements": tuple(map(_disagreement, row["disagreements"]))})))
    return rows


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _disagreement(told: Mapping[str, Any]) -> Disagreement:
    more = {n: v for n, v in told.items() if n not in ("call", "seed", "known", "causes")}
    known = told["known"] and Argued(**(told["known"] | {"kind": Class(told["known"]["kind"])}))
    planned = Planned(parse(told["call"], told["seed"]))
    return Disagreement(**more, known=known, causes=tuple(told["causes"]), planned=planned)


def markdown(documents: Sequence[Mapping[str, Any]]) -> str:
    """The page, of one document or of several whose packages were tried apart."""
    machines = dict.fromkeys(map(_machine, documents))
    parts = [PAGE.format(commands=", ".join(map(_command, documents)), machines="; ".join(machines))]
    parts += [_table(HEADER, (line for document in documents for line in summary(document)))]
    for document in documents:
        for package, group in groupby(rows_of(document), lambda row: row.package):
            ops = list(group)
            title = f"## {package} {document['packages'][package]}"
            parts += [title, _table(OPS, map(_op, ops)), *_disagreements(ops)]
    return "\n\n".join(parts) + "\n"


def _command(document: Mapping[str, Any]) -> str:
    examples, seed = document["examples"], document["seed"]
    options = f" --examples {examples}" * (examples != 100) + f" --seed {seed}" * (seed != 0)
    return f"`cnn-oracle survey {' '.join(document['packages'])}{options}`"


def _machine(document: Mapping[str, Any]) -> str:
    of = document["versions"]
    return f"{document['hardware']['cpu']}, Python {of['python']}, NumPy {of['numpy']}, torch {of['torch']}"


PAGE = """# Field trials

Generated by {commands} on {machines}.

Released packages, as pip installs them, on trial: each op that a package has is asked for y and, where the package has
a gradient of its own, for dx, dw, …, on drawn calls, on integers on which nothing rounds and on real numbers, in
float64 and float32 where it has both. The files of `studies/packages/` translate arguments and layouts, and nothing
else.

A call is *lacking* if it asks for an option that the package has no argument for; such calls are counted apart. It is
*refused* if the package raises where PyTorch answers. A disagreement is a **defect** if the package's answer is wrong
by its own documentation or by mathematics, a **convention** if it is another defensible choice (ties, kinks,
defaults), a matter of **precision** if cancellation, overflow or a narrower type makes it. The three lines below each
need nothing but the package, NumPy and PyTorch; they print the package's answer, then PyTorch's."""

OPS = ("op", "options answered", "calls", "right", "fast", "refused", "disagree", "lacking", "the package lacks")


def _op(row: Row) -> tuple[str, ...]:
    wrong = row.calls - row.lacking - row.right - row.refused
    name = row.op if row.backward else f"{row.op} (no gradient)"
    counts = (row.calls - row.lacking, row.right, row.fast, row.refused, wrong, row.lacking)
    return name, ", ".join(row.options), *(f"{n:,}" if n else "" for n in counts), ", ".join(n for n, _ in row.lacks)


def _disagreements(rows: Sequence[Row]) -> Iterator[str]:
    """First what the package refuses, then each disagreement with all that shows it, a known one once."""
    if refusals := [f"`{text}` ({row.op}, {n:,})" for row in rows for text, n in row.refusals]:
        yield "Refused: " + "; ".join(refusals) + "."
    found: dict[Argued | None, list[Disagreement]] = {}
    for row in rows:
        for d in row.disagreements:
            found.setdefault(d.known, []).append(d)
    for known in sorted(known for known in found if known):
        yield _known(known, found[known])
    for d in found.get(None, []):
        yield f"**Not looked into** · {_shown(d)}"


def _known(known: Argued, found: Sequence[Disagreement]) -> str:
    calls = "; ".join(map(_shown, found))
    lines = known.lines.strip()
    return f"**{known.kind.capitalize()}** · {known.why}\n\n{calls}\n\n```python\n{lines}\n# {known.prints}\n```"


def _shown(d: Disagreement) -> str:
    said = [f"`{d.planned.call}`: {d.what}", *([d.ruling] if d.ruling else []), *(f"*{cause}*" for cause in d.causes)]
    return f"{d.op} {d.quantity}, {d.calls:,} calls, the smallest " + ". ".join(said)


@cache
def _output(lines: str) -> str:
    """What three lines print, in a new process; how they end if they raise."""
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", lines], capture_output=True, text=True, check=False)
    return " ".join((ran.stdout or ran.stderr).split("\n")[-2].split())


def _table(header: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    header = list(header)
    rule = ["---", *["--:" if len(h) < 9 else "---" for h in header[1:]]]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *lines))
