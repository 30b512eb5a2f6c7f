"""The page of evidence: for each op its strongest comparison, its exhaustive enumeration, and its coverage."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from cnn_oracle.op import Op
from cnn_oracle.ops import OPS
from cnn_oracle.pages import render
from cnn_oracle.result import Result
from cnn_oracle.run.workers import processors
from cnn_oracle.studies import coverage
from cnn_oracle.subject import Subject
from cnn_oracle.survey import Count, counted, exhaust, here
from cnn_oracle.verification import EXAMPLES


class Evidence(NamedTuple):
    """An op, the result of its exhaustive enumeration (None: too large for one run), its size, and the coverage."""

    op: Op
    row: Result | None
    space: Count
    coverage: dict[str, float]


def gather(subject: Subject, size: int, progress: Callable[[str, int, int | None], None]) -> Iterator[Evidence]:
    """The evidence for each op."""
    for op in OPS.values():
        _, number = counted(op, size, (1, 1))
        run = here(subject, number.calls)
        row = next(exhaust(subject, [op.name], size, run=run, progress=progress)) if number.exact else None
        yield Evidence(op, row, number, coverage.rates(op))


def markdown(rows: list[Evidence], size: int) -> str:
    """The page."""
    classes = {
        name: sorted((evidence.coverage[name], evidence.op.name) for evidence in rows if name in evidence.coverage)
        for name in coverage.CLASSES
    }
    return render(__file__, rows=rows, size=size, processors=processors(), examples=EXAMPLES, classes=classes)
