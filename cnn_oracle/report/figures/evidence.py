"""The measurements of the other commands: the largest errors, the baselines of mutation testing, the times."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cnn_oracle.report.figures.drawing import BLUE, GREEN, INK, ORANGE, SMALL, Figure, chart, charted, finish

BASELINES = Path(__file__).parents[3] / "docs/generated/mutants.json"
COLOURS = {"EXACT": BLUE, "BOUNDED": ORANGE, "NORMWISE": GREEN}


def documented() -> dict[str, Any]:
    """The JSON beside docs/generated/mutants.md; empty if the page does not exist."""
    return {"mutants": json.loads(BASELINES.read_text(encoding="utf-8"))} if BASELINES.is_file() else {}


@charted
def worst(report: Mapping[str, Any]) -> Figure | None:
    """The largest error/bound of each op, from ``verify --json``, in order of size."""
    rows = sorted((row for row in report["ops"] if row["verdict"] in COLOURS), key=lambda row: row["error_over_bound"])
    if not rows:
        return None
    canvas = chart(2.9)
    axes = canvas.subplots()
    for verdict, colour in COLOURS.items():
        places = [i for i, row in enumerate(rows) if row["verdict"] == verdict]
        if places:
            shares = [rows[i]["error_over_bound"] for i in places]
            axes.plot(places, shares, "o", color=colour, markersize=4, label=f"{verdict} ({len(places)})")
    axes.axhline(1, color=INK, linewidth=1)
    axes.annotate("the bound", (0, 1), (0, 3), textcoords="offset points", fontsize=SMALL)
    axes.annotate(rows[-1]["op"], (len(rows) - 1, 1), (0, 3), textcoords="offset points", ha="right", fontsize=SMALL)
    axes.set(xlabel="op, in order of its error", ylabel="largest error as a share\nof its bound", ylim=(0, 1.12))
    axes.legend(loc="upper left", bbox_to_anchor=(0, 0.92))
    axes.grid(axis="x", visible=False)
    calls = sum(row["calls"] for row in rows)
    return finish(
        canvas, "worst",
        f"The largest error of each of {len(rows)} ops in {calls:,} drawn calls, as a share of the bound that was "
        "derived for it. EXACT means that the results on exact grids are also bitwise equal.",
        f"Points in order of size below a line at 1, the bound. The largest is {rows[-1]['op']} with "
        f"{rows[-1]['error_over_bound']:.2f}.",
    )  # fmt: skip


@charted
def baselines(report: Mapping[str, Any]) -> Figure | None:
    """The share of mutants that each baseline kills, from ``cnn-oracle study mutation --baselines --json``."""
    baselines: Sequence[Mapping[str, Any]] = report["baselines"]
    if not baselines:
        return None
    shares = [100 * baseline["killed"] / max(baseline["of"], 1) for baseline in baselines]
    canvas = chart(0.46 * len(baselines) + 0.5)
    axes = canvas.subplots()
    places = range(len(baselines))
    axes.barh(places, shares, height=0.42, color=[BLUE] * (len(baselines) - 1) + [GREEN])
    for place, share, baseline in zip(places, shares, baselines, strict=True):
        axes.text(0, place - 0.42, baseline["name"], va="center", fontsize=SMALL)
        axes.text(share + 1.5, place, f"{share / 100:.1%}", va="center", fontsize=SMALL)
    axes.set(
        xlim=(0, 114),
        ylim=(len(baselines) - 0.6, -0.8),
        yticks=(),
        xlabel=f"% of {baselines[0]['of']:,} mutants killed",
    )
    axes.set_xticks(range(0, 101, 20))
    axes.spines["left"].set_visible(False)
    return finish(
        canvas, "baselines",
        f"{baselines[0]['of']:,} mutants of the formulas, each of which changes an output, and the share that "
        "different checks kill.",
        "Bars: " + "; ".join(f"{b['name']}, {share:.1f} %" for b, share in zip(baselines, shares, strict=True)) + ".",
    )  # fmt: skip


@charted
def speed(report: Mapping[str, Any]) -> Figure | None:
    """NumPy's time over PyTorch's on one thread, a point for each call, from ``cnn-oracle study benchmarks --json``."""
    times = [row for row in report["times"] if row["threads"] == 1]
    if not times:
        return None
    ops = list(dict.fromkeys(_op(row) for row in times))
    canvas = chart(0.17 * len(ops) + 1.0)
    axes = canvas.subplots()
    for dtype, marker, colour, up in (("float64", "o", BLUE, -0.16), ("float32", "s", ORANGE, 0.16)):
        rows = [row for row in times if row["dtype"] == dtype]
        places = [ops.index(_op(row)) + up for row in rows]
        axes.hlines(places, [r["low"] for r in rows], [r["high"] for r in rows], color=colour, alpha=0.5, linewidth=1)
        axes.plot([r["ratio"] for r in rows], places, marker, color=colour, markersize=3.5, label=dtype)
    axes.axvline(1, color=INK, linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(ops)), ops)
    axes.set(ylim=(len(ops) - 0.4, -0.6), xlabel="NumPy's time over PyTorch's, one thread")
    ticks = [t for t in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if axes.get_xlim()[0] <= t <= axes.get_xlim()[1]]
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axes.minorticks_off()
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0)
    ratios = [row["ratio"] for row in times]
    machine = report["hardware"]["cpu"]
    return finish(
        canvas, "speed",
        "The time of forward and all gradients in NumPy, divided by PyTorch's time, for each measured call, on "
        f"{machine}. Lines show the middle half of the measurements. Left of 1, NumPy is faster.",
        f"A row of points for each of {len(ops)} ops on a logarithmic axis, from {min(ratios):.2g} to "
        f"{max(ratios):.2g}; the median of all calls is {np.median(ratios):.2g}.",
    )  # fmt: skip


def _op(row: Mapping[str, Any]) -> str:
    name: str = row["call"].partition("(")[0]
    return "a training step" if name.startswith("a step") else name
