"""Results as HTML, without scripts: for notebooks, and for the page of ``cnn-oracle verify --html``.

Each output of a failing call is a heat map of error/bound. Colours work on light and on dark backgrounds, and without
seeing red and green.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cnn_oracle.diagnosis import ErrorMap
from cnn_oracle.manual._typing import Array
from cnn_oracle.maps.blocks import Blocks, Lines, binned, blocks
from cnn_oracle.pages import fill

CELLS = 6000  # elements that are drawn of one map, at most
BLOCKS = 60  # and blocks
LONGEST = 128  # cells of an axis of one block; a longer axis has several elements in a cell
NAMED = 300  # a map with more wrong elements does not show the numbers of each


class Level(NamedTuple):
    """A step of the colour scale."""

    colour: str
    opacity: float
    label: str


RIGHT = Level("#808080", 0.3, "0")
ROUNDED = (
    Level("#56b4e9", 0.4, "up to 0.01"), Level("#56b4e9", 0.8, "up to 0.1"), Level("#0072b2", 1, "up to 1: right"),
)  # fmt: skip
FAR = ("#f0b429", "#d55e00", "#c4006a")  # wrong, and how far
WRONG = tuple(
    Level(colour, 1, label) for colour, label in zip(FAR, ("up to 10: wrong", "up to 1000", "more"), strict=True)
)
NOT_FINITE = Level("currentColor", 1, "NaN or infinite")
BY_BOUND = (RIGHT, *ROUNDED, *WRONG, NOT_FINITE)
STEPS = (0.01, 0.1, 1, 10, 1000)  # error/bound where the next level begins
SHARES = (0.01, 0.1)  # of the largest error, where every bound is 0


class Figure(NamedTuple):
    """A block of a heat map: rows and columns of cells, and its size in pixels.

    ``runs`` are the cells by level, as paths from left to right. ``named`` are cells with a text of their own.
    """

    label: str
    rows: int
    columns: int
    width: int
    height: int
    runs: list[tuple[Level, str]]
    named: list[tuple[Level, int, int, str]]


class HeatMap(NamedTuple):
    """A map with a caption and a legend. There is no figure if there is no error."""

    call: str
    caption: str
    scale: str = ""
    legend: Sequence[Level] = ()
    figures: Sequence[Figure] = ()
    notes: Sequence[str] = ()


def results(
    failures: Sequence[Any], header: Sequence[str] = (), rows: Iterable[Sequence[str]] = (), also: Sequence[Any] = (),
    warnings: Sequence[str] = (),
) -> str:  # fmt: skip
    """A part of a page: a table of results, failures with their heat maps, and warnings.

    Args:
        failures: Failures.
        header: The titles of the table; without them there is no table.
        rows: Its rows.
        also: For each failure, the other failures of its op.
        warnings: The text of each contract warning.
    """
    with_others = [(one, others) for one, others in zip(failures, also or [()] * len(failures), strict=True)]
    template = Path(__file__).with_name("results.html.jinja")
    return fill(
        template, failures=with_others, header=header, rows=rows, warnings=warnings, heat_maps=_by_call,
        verdicts={"EXACT": "right", "BOUNDED": "right", "NORMWISE": "right", "NOT COVERED": "none"},
    )  # fmt: skip


def _by_call(maps: Iterable[ErrorMap]) -> list[tuple[str, list[HeatMap]]]:
    drawn = (heat_map(one) for one in maps if one.error.size)
    return [(call, list(of_call)) for call, of_call in groupby(drawn, key=lambda one: one.call)]


def heat_map(one: ErrorMap) -> HeatMap:
    """A map as a heat map. It is not empty."""
    found = blocks(one)
    count, of = int(found.wrong.sum()), found.wrong.size
    call = f"{one.call}, seed {one.call.seed}"
    if not found.error.any():
        return HeatMap(call, f"{one.quantity}: no element has an error")
    level, levels, scale = _levels(found)
    caption = f"{one.quantity}: {count:,} of {of:,} elements {'is' if count == 1 else 'are'} wrong"
    rows, columns = (binned(length, min(length, LONGEST)) for length in found.wrong.shape[1:])
    shown = _shown(level, min(BLOCKS, CELLS // (len(rows) * len(columns))))
    notes = []
    if len(rows[0]) * len(columns[0]) > 1:
        notes.append(f"A cell has the largest of {len(rows[0])} × {len(columns[0])} elements.")
    elif count and count <= NAMED:
        notes.append("Hold the pointer over a wrong element for its numbers.")
    if hidden := len(found.wrong) - len(shown):
        bad = len({*found.bad} - {*shown})
        are = f"{bad:,} of them have wrong elements" if bad else "all of their elements are right"
        notes.append(f"{hidden:,} block{'s' * (hidden > 1)} not shown: {are}.")
    named = count <= NAMED and len(rows[0]) * len(columns[0]) == 1
    figures = [_figure(one.quantity, found, block, level[block], levels, (rows, columns), named) for block in shown]
    legend = [levels[i] for i in np.unique(level)]
    return HeatMap(call, caption, scale, legend, figures, notes)


def _shown(level: Array, most: int) -> list[int]:
    """The blocks that are drawn, in their order: if not all are, those with the largest errors."""
    return sorted(np.argsort(-level.max((1, 2)), kind="stable")[: max(most, 1)].tolist())


def _levels(found: Blocks) -> tuple[Array, Sequence[Level], str]:
    """The number of the level of each element, the levels, and the name of the scale."""
    error, finite = found.error, np.isfinite(found.error)
    last = len(BY_BOUND) - 1
    if not found.bound.any():
        largest = float(error[finite].max(initial=0.0))
        share = np.divide(error, largest, out=np.zeros_like(error), where=finite & (error > 0))
        level = np.where(found.wrong, len(ROUNDED) + 1 + np.digitize(share, SHARES, right=True), 0)
        labels = [f"up to {100 * share:g} % of it" for share in (*SHARES, 1)]
        wrong = (of._replace(label=label) for of, label in zip(WRONG, labels, strict=True))
        scale = f"error; the largest is {largest:.3g}" if largest else "error"
        return np.where(finite, level, last), (RIGHT, *ROUNDED, *wrong, NOT_FINITE), scale
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(error > 0, error / found.bound, 0.0)
    level = np.where(ratio > 0, 1 + np.digitize(ratio, STEPS, right=True), 0)
    first = 1 + len(ROUNDED)
    level = np.where(found.wrong, np.maximum(level, first), np.minimum(level, first - 1))
    return np.where(found.wrong & ~finite, last, level), BY_BOUND, "error/bound"


def _figure(
    quantity: str, found: Blocks, block: int, level: Array, levels: Sequence[Level], lines: tuple[Lines, Lines],
    named: bool,
) -> Figure:  # fmt: skip
    rows, columns = lines
    cells = np.array([[level[np.ix_(row, column)].max() for column in columns] for row in rows])
    texts = []
    runs: dict[int, list[str]] = {}
    for i, line in enumerate(cells.tolist()):
        for number, members in groupby(enumerate(line), key=lambda pair: pair[1]):
            places = [j for j, _ in members]
            if named and found.wrong[block, i, places[0]]:
                texts += [(levels[number], i, j, _numbers(quantity, found, block, i, j)) for j in places]
            else:
                runs.setdefault(number, []).append(f"M{places[0]} {i + 0.5:g}h{len(places)}")
    high, wide = cells.shape
    size = max(3.0, min(14.0, 400 / max(high, wide)))
    label = f"{quantity}{found.index(block)}" if found.other else ""
    paths = [(levels[number], "".join(path)) for number, path in sorted(runs.items())]
    return Figure(label, high, wide, round(wide * size), max(round(high * size), 12), paths, texts)


def _numbers(quantity: str, found: Blocks, block: int, row: int, column: int) -> str:
    error, bound = found.error[block, row, column], found.bound[block, row, column]
    return f"{quantity}{found.index(block, row, column)}: error {error:.3g}, bound {bound:.3g}"
