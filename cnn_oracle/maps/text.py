"""A map as text: a character for each element, ``.`` right and ``#`` wrong. For logs, terminals and pytest."""

from itertools import product
from typing import NamedTuple

from cnn_oracle.diagnosis import ErrorMap
from cnn_oracle.manual._typing import Array
from cnn_oracle.maps.blocks import Blocks, Lines, binned, blocks, every, folded

WIDTH = 100  # columns
HEIGHT = 24  # lines, without the caption
INDENT = 2
GAP = 3  # columns between two blocks
SPACED = 32  # a longer axis has no space between its characters


class Drawn(NamedTuple):
    """A map as lines of text: its caption, and the map itself. Both are empty if there is nothing to see."""

    caption: list[str]
    picture: list[str]


class Layout(NamedTuple):
    """How the blocks are drawn: which of them, by their labels; which lines of each; how many stand side by side."""

    labels: dict[int, str]
    rows: Lines
    columns: Lines
    space: str
    across: int

    @property
    def labelled(self) -> bool:
        """Whether a line above each block has its label."""
        return any(self.labels.values())

    @property
    def height(self) -> int:
        """The number of lines of the whole map."""
        return self._of(-(-len(self.labels) // self.across))

    def _of(self, rows_of_blocks: int) -> int:
        between = len(self.rows) > 1
        return rows_of_blocks * (len(self.rows) + self.labelled + between) - between

    def limited(self, height: int) -> "Layout":
        """As many of the blocks as fit, but at least a row of them."""
        fit = max((n for n in range(1, len(self.labels) + 1) if self._of(n) <= height), default=1)
        return self._replace(labels=dict([*self.labels.items()][: fit * self.across]))


def lines(one: ErrorMap) -> list[str]:
    """The lines of a map, with its caption."""
    caption, picture = drawn(one)
    return caption + picture


def drawn(one: ErrorMap, width: int = WIDTH) -> Drawn:
    """Draw a map on at most ``width`` columns.

    There is nothing to see if the output has a single element, or if none is wrong. If every element is wrong, there
    is only a caption.
    """
    found = blocks(one)
    count, of = int(found.wrong.sum()), found.wrong.size
    if of < 2 or not count:
        return Drawn([], [])
    says = f"all {of:,} elements are wrong"
    if count < of:
        says = f"{count:,} of {of:,} elements {'is' if count == 1 else 'are'} wrong (#)"
    caption = [f"  map of {one.quantity} on {one.call}: {says}"]
    if count == of:
        return Drawn(caption, [])
    layout = _layout(one.quantity, found, width - INDENT)
    notes = "; ".join(_notes(found, layout))
    caption += [f"  {notes}"] if notes else []
    return Drawn(caption, [" " * INDENT + line if line else "" for line in _picture(found, layout)])


def _layout(quantity: str, found: Blocks, width: int) -> Layout:
    """The first of these that fits: every block, those with wrong elements, one of those that look the same."""
    labels = {block: f"{quantity}{found.index(block)}" if found.other else "" for block in range(len(found.wrong))}
    wrong = {block: labels[block] for block in found.bad}
    for shown in (labels, wrong, _distinct(found, wrong)):
        inner = found.wrong[[*shown]]
        rows = (every(inner.shape[1]), folded(inner.transpose(1, 0, 2)))
        columns = (every(inner.shape[2]), folded(inner.transpose(2, 0, 1)))
        for column, row, space in product(columns, rows, (" ", "")):
            layout = _across(found, shown, row, column, space, width)
            if layout is not None and layout.height <= HEIGHT:
                return layout
    row, column = rows[1], columns[1]
    if len(column) > width:
        column = binned(inner.shape[2], width)
    if len(row) > HEIGHT - 1:
        row = binned(inner.shape[1], HEIGHT - 1)
    layout = _across(found, shown, row, column, " ", width) or _across(found, shown, row, column, "", width)
    assert layout is not None
    return layout.limited(HEIGHT)


def _distinct(found: Blocks, shown: dict[int, str]) -> dict[int, str]:
    """One block of each kind that looks the same, with their number in its label."""
    alike: dict[bytes, list[int]] = {}
    for block in shown:
        alike.setdefault(found.wrong[block].tobytes(), []).append(block)
    return {same[0]: shown[same[0]] + f" ×{len(same)}" * (len(same) > 1) for same in alike.values()}


def _across(
    found: Blocks, labels: dict[int, str], rows: Lines, columns: Lines, space: str, width: int
) -> Layout | None:  # fmt: skip
    """The layout with as many blocks side by side as fit; None if not even one does."""
    wide = len(columns) + len(space) * (len(columns) - 1)
    if wide > width or (space and len(columns) > SPACED):
        return None
    fit = max(1, (width + GAP) // (max(wide, *map(len, labels.values()), 0) + GAP))
    if len(labels) == len(found.wrong) and fit > found.row:
        fit -= fit % found.row
    return Layout(labels, rows, columns, space, min(fit, len(labels)))


def _notes(found: Blocks, layout: Layout) -> list[str]:
    """What the caption says about characters and blocks besides the number of wrong elements."""
    notes = []
    high, wide = (max(map(len, lines)) for lines in (layout.rows, layout.columns))
    if max(high, wide) > 1:
        size = f"{high} × {wide}" if len(layout.rows) > 1 else f"{wide}"
        notes.append(f"a character is {size} elements: # all are wrong, + some are wrong")
    if () in layout.rows or () in layout.columns:
        notes.append("~ continues the pattern")
    shown = {*layout.labels}
    if any("×" in label for label in layout.labels.values()):
        notes.append("×n: n blocks look the same")
        pictures = {found.wrong[block].tobytes() for block in shown}
        shown |= {block for block in found.bad if found.wrong[block].tobytes() in pictures}
    if hidden := len(found.wrong) - len(shown):
        bad = len({*found.bad} - shown)
        are = f"{bad:,} of them have wrong elements" if bad else "all of their elements are right"
        notes.append(f"{hidden:,} block{'s' * (hidden > 1)} not shown: {are}")
    return notes


def _picture(found: Blocks, layout: Layout) -> list[str]:
    pictures = [_block(label, found.wrong[block], layout) for block, label in layout.labels.items()]
    width = max(len(line) for picture in pictures for line in picture) + GAP
    picture: list[str] = []
    for i in range(0, len(pictures), layout.across):
        if picture and len(layout.rows) > 1:
            picture.append("")
        beside = zip(*pictures[i : i + layout.across], strict=True)
        picture += ["".join(line.ljust(width) for line in together).rstrip() for together in beside]
    return picture


def _block(label: str, wrong: Array, layout: Layout) -> list[str]:
    rows = [layout.space.join(_character(wrong, row, column) for column in layout.columns) for row in layout.rows]
    return [label] * layout.labelled + rows


def _character(wrong: Array, rows: tuple[int, ...], columns: tuple[int, ...]) -> str:
    if not (rows and columns):
        return "~"
    part = wrong[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return "#" if part.all() else "+" if part.any() else "."
