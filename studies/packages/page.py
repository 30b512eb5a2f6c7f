"""The results of a survey: a table, docs/generated/packages.md, and the JSON document."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from cnn_oracle.call import parse
from cnn_oracle.calls.sampling import Sample
from cnn_oracle.environment import hardware, versions
from cnn_oracle.pages import render
from cnn_oracle.studies.packages.known import Class
from cnn_oracle.studies.packages.survey import Disagreement, Reason, Row, distribution, installed

HEADER = ("package", "version", "ops", "calls", "right", "rejected", "defects", "conventions", "precision", "new")


def summary(document: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """A line per package: the columns of classes count disagreements, the others calls within the package's options."""
    for package, group in groupby(rows_of(document), lambda row: row.package):
        ops = list(group)
        calls, right, rejected = (sum(getattr(r, n) for r in ops) for n in ("calls", "right", "rejected"))
        found = [d.known for r in ops for d in r.disagreements]
        kinds = [sum(known.kind == kind for known in {*found} if known) for kind in Class]
        new = found.count(None)
        counts = (len(ops), calls - sum(r.unsupported for r in ops), right, rejected, *kinds, new)
        yield package, document["packages"][package], *(f"{n:,}" for n in counts)


def version(package: str) -> str:
    return installed(distribution(package)) or "not installed"


def text(row: Row, d: Disagreement) -> str:
    """The text of a disagreement that is not known yet."""
    lines = [f"{d.verdict}  {row.package}: {d.what}", f"  call      {d.sample.call}"]
    lines += [f"  arbiter   {d.who_is_wrong}"] * bool(d.who_is_wrong) + [
        f"  likely cause: {cause}" for cause in d.symptoms
    ]
    call = f"--call '{d.sample.call}' --seed {d.sample.call.seed}"
    return "\n".join([*lines, f"  reproduce cnn-oracle verify cnn_oracle.studies.packages.{row.package} {call}"])


def printed(rows: Sequence[Row]) -> list[Row]:
    """Add to each disagreement what its lines print on this machine."""
    return [
        row._replace(
            disagreements=tuple(
                d._replace(known=d.known and d.known._replace(prints=_output(d.known.lines.strip())))
                for d in row.disagreements
            )
        )
        for row in rows
    ]


def document(rows: Sequence[Row], **settings: Any) -> dict[str, Any]:
    packages = dict.fromkeys(row.package for row in rows)
    return {
        **settings, "versions": versions(), "packages": {p: version(p) for p in packages}, "hardware": hardware(),
        "rows": [row._asdict() | {"disagreements": [_to_json(d) for d in row.disagreements]} for row in rows],
    }  # fmt: skip


def _to_json(d: Disagreement) -> dict[str, Any]:
    fields = {n: v for n, v in d._asdict().items() if n not in ("sample", "known")}
    return fields | {"known": d.known and d.known._asdict(), "call": str(d.sample.call), "seed": d.sample.call.seed}


def load(path: Path) -> dict[str, Any]:
    """Read the document that ``--json`` wrote.

    Raises:
        ValueError: the file does not exist, or is not such a document.
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
    """The rows from which ``document`` was made."""
    rows = []
    for row in document["rows"]:
        lists = {name: tuple(map(_tuple, row[name])) for name in ("options", "missing_options", "rejections")}
        rows.append(Row(**(row | lists | {"disagreements": tuple(map(_disagreement, row["disagreements"]))})))
    return rows


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _disagreement(fields: Mapping[str, Any]) -> Disagreement:
    more = {n: v for n, v in fields.items() if n not in ("call", "seed", "known", "symptoms")}
    known = fields["known"] and Reason(**(fields["known"] | {"kind": Class(fields["known"]["kind"])}))
    sample = Sample(parse(fields["call"], fields["seed"]))
    return Disagreement(**more, known=known, symptoms=tuple(fields["symptoms"]), sample=sample)


def markdown(documents: Sequence[Mapping[str, Any]]) -> str:
    """The page, from one document, or from several with different packages."""
    packages = [
        _package(package, document["packages"][package], list(group))
        for document in documents
        for package, group in groupby(rows_of(document), lambda row: row.package)
    ]
    machines = dict.fromkeys(
        (d["hardware"]["cpu"], *(d["versions"][name] for name in ("python", "numpy", "torch"))) for d in documents
    )
    lines = [line for document in documents for line in summary(document)]
    return render(__file__, documents=documents, machines=machines, header=HEADER, summary=lines, packages=packages)


def _package(name: str, version: str, rows: list[Row]) -> dict[str, Any]:
    """A section of the page: each known disagreement once, with all ops that show it; then the unknown ones."""
    known: dict[Reason, list[Disagreement]] = {}
    new: list[Disagreement] = []
    for d in (d for row in rows for d in row.disagreements):
        (known.setdefault(d.known, []) if d.known else new).append(d)
    rejections = [(text, row.op, n) for row in rows for text, n in row.rejections]
    fields = {"rejections": rejections, "known": sorted(known.items()), "new": new}
    return {"name": name, "version": version, "rows": rows, **fields}


@cache
def _output(lines: str) -> str:
    """What three lines print, in a new process, or the error that they raise."""
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", lines], capture_output=True, text=True, check=False)
    return " ".join((ran.stdout or ran.stderr).split("\n")[-2].split())
