"""The measurements, as rows of a table and as the figures of docs/speed.md."""

import os
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from cnn_oracle import environment
from cnn_oracle.pages import render
from cnn_oracle.studies.benchmarks import training
from cnn_oracle.studies.benchmarks.checks import Rate, Start
from cnn_oracle.studies.benchmarks.growth import MOST_MIB, Point, slope
from cnn_oracle.studies.benchmarks.layers import GROUPS, Group
from cnn_oracle.studies.benchmarks.timing import Times

DTYPES = ("float64", "float32")
STEP = Group("training", ("a step of the training network, batch 64",), training.TARGETS)
BEGIN, END = "<!-- figures: cnn-oracle study benchmarks -->", "<!-- end of figures -->"


@dataclass
class Report:
    """The contents of the JSON, under the same names. ``times``: for each call, dtype and number of threads."""

    threads: list[int]
    versions: dict[str, str] = field(default_factory=environment.versions)
    hardware: dict[str, str | int] = field(default_factory=environment.hardware)
    load: float = field(default_factory=lambda: os.getloadavg()[0])  # processes that needed a core before the start
    times: dict[tuple[str, str, int], Times] = field(default_factory=dict)
    rate: Rate | None = None
    starts: list[Start] = field(default_factory=list)
    growth: list[Point] = field(default_factory=list)

    def json(self) -> dict[str, object]:
        times = [
            {"call": call, "dtype": dtype, "threads": threads, **t._asdict()}
            for (call, dtype, threads), t in self.times.items()
        ]
        return {
            "versions": self.versions, "hardware": self.hardware, "load": self.load, "times": times,
            "oracle": self.rate and self.rate._asdict(), "starts": [s._asdict() for s in self.starts],
            "growth": [p._asdict() for p in self.growth],
        }  # fmt: skip

    def mean(self, group: Group, dtype: str, threads: int) -> float | None:
        """The geometric mean of a group's ratios, if all of them are there."""
        ratios = [t.ratio for call in group.calls if (t := self.times.get((call, dtype, threads)))]
        return prod(ratios) ** (1 / len(ratios)) if len(ratios) == len(group.calls) else None


HEADER = ("forward and all gradients", "dtype", "NumPy ms", "PyTorch ms", "ratio", "target")


def rows(report: Report, group: Group) -> list[tuple[str, ...]]:
    """A row for each call and dtype; below it the group's mean, if the target applies to the mean."""
    lines = []
    for call in group.calls:
        for dtype in DTYPES:
            times = [report.times.get((call, dtype, n)) for n in report.threads]
            if not any(times):
                continue
            one, *rest = times
            cells = [_three(one and one.manual), _three(one and one.torch), _ratio(one)]
            target = "" if group.of_the_mean else _target(group, dtype, one and one.ratio)
            lines.append((call, dtype, *cells, *(_ratio(t) for t in rest), target))
    if group.of_the_mean:
        for dtype in DTYPES:
            means = [report.mean(group, dtype, n) for n in report.threads]
            if means[0]:
                cells = [f"{m:.2f}" if m else "" for m in means]
                lines.append(("geometric mean", dtype, "", "", *cells, _target(group, dtype, means[0])))
    return lines


def header(report: Report) -> tuple[str, ...]:
    *first, target = HEADER
    return (*first, *(f"ratio, {n} threads" for n in report.threads[1:]), target)


def markdown(report: Report, plot: Path | None) -> str:
    """The figures between their marks. The rest of the page is written by people."""
    groups = [(group.name, lines) for group in (*GROUPS, STEP) if (lines := rows(report, group))]
    return render(
        __file__, begin=BEGIN, end=END, report=report, machine=report.hardware | report.versions, groups=groups,
        header=header(report), other=other_rows(report), plot=plot and plot.name,
        slope=slope(report.growth) if report.growth else None, most_mib=MOST_MIB,
    )  # fmt: skip


def other_rows(report: Report) -> list[tuple[str, ...]]:
    """The oracle's rate, and the seconds for start-up."""
    lines: list[tuple[str, ...]] = []
    if r := report.rate:
        mark = "met" if r.per_second >= r.target else "missed"
        lines.append((f"exact checks of `{r.call}`", f"{r.per_second:,.0f} per second", f"≥ {r.target:,}: {mark}"))
    for s in report.starts:
        target = "" if s.target is None else f"≤ {s.target} s: {'met' if s.seconds <= s.target else 'missed'}"
        lines.append((f"`{s.what}`", f"{s.seconds:.2f} s", target))
    return lines


def inserted(page: str, figures: str) -> str:
    """The page with new figures in place of the old.

    Raises:
        ValueError: the page has no place for them.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks the lines {BEGIN} and {END}, between which the figures go")
    return before + figures + after


def _target(group: Group, dtype: str, ratio: float | None) -> str:
    target = group.targets.get(dtype)
    return "" if target is None or ratio is None else f"≤ {target:g}: {'met' if ratio <= target else 'missed'}"


def _three(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _ratio(times: Times | None) -> str:
    return "" if times is None else f"{times.ratio:.2f}"
