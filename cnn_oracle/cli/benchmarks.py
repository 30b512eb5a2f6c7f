"""``study benchmarks``: times of the formulas and of PyTorch; ``--only conv`` runs a part of it."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cnn_oracle.cli.terminal import STDOUT, Json, check_folder, progress, put, table, write


def benchmarks(
    only: Annotated[
        str, typer.Option(help="Measure only the calls and groups that have this text in their name, such as pooling.")
    ] = "",
    seconds: Annotated[float, typer.Option(help="Seconds for which each pair is measured.", min=0.01)] = 0.6,
    json: Json = None,
    markdown: Annotated[Path | None, typer.Option(help="An existing page; its figures are replaced.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Plot time and memory over the number of products.")] = None,
) -> None:
    """Time the formulas and PyTorch in alternating turns: layers, a training step, the oracle, start-up, memory."""
    from cnn_oracle.studies.benchmarks import growth, page
    from cnn_oracle.training import plots

    check_folder(json, markdown, plot)
    if plot:
        plots.check(plot)
    if markdown and not markdown.is_file():
        raise ValueError(f"--markdown {markdown}: only the figures of a page that exists are replaced")
    old = markdown.read_text(encoding="utf-8") if markdown else ""
    if markdown:
        page.inserted(old, "")
    report = measure(only, seconds)
    write(json, report.json())
    if plot and report.growth:
        growth.draw(report.growth, plot)
    if markdown:
        put(markdown, page.inserted(old, page.markdown(report, plot)))
    if json != STDOUT:
        show(report)


def measure(only: str, seconds: float) -> Any:
    """Measure everything with ``only`` in its name."""
    from cnn_oracle.run.workers import processors
    from cnn_oracle.studies.benchmarks import checks, growth, layers, page, training
    from cnn_oracle.studies.benchmarks.timing import compare, threads

    report = page.Report(threads=sorted({1, processors()}))
    pairs: list[tuple[str, Callable[[str], layers.Sides]]] = [
        (call, partial(layers.sides, call)) for group, call in layers.each() if only in group.name or only in call
    ]
    pairs += [(call, training.sides) for call in page.STEP.calls if only in call]
    with progress("benchmarks", len(pairs)) as advance:
        for call, sides in pairs:
            for dtype in page.DTYPES:
                manual, reference = sides(dtype)
                for count in report.threads:
                    with threads(count):
                        report.times[call, dtype, count] = compare(manual, reference, seconds)
            advance(call)
        if only in "oracle":
            report.rate = checks.rate()
            report.starts = checks.starts(lambda what: advance(what, done=0))
        if only in "growth":
            report.growth = growth.points(lambda what: advance(what, done=0))
    return report


def show(report: Any) -> None:
    from cnn_oracle.studies.benchmarks import growth, page
    from cnn_oracle.studies.benchmarks.layers import GROUPS

    lines = [line for group in (*GROUPS, page.STEP) for line in page.rows(report, group)]
    if lines:
        table(page.header(report), lines)
    if other := page.other_rows(report):
        table(("the oracle", "measured", "target"), other)
    if report.growth:
        lines = [(p.call, f"{p.products:,}", f"{p.manual:.3g}", f"{p.extra_mib:.1f}") for p in report.growth]
        table(("growth", "N·O·C·P·Q·R·S", "NumPy ms", "extra MiB"), lines)
        sys.stdout.write(f"time ~ products^{growth.slope(report.growth):.2f}\n")
