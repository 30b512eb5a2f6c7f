"""Panels that show images, kernels and masks as grids of numbers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from cnn_oracle.manual._typing import Array
from cnn_oracle.report.figures.drawing import BLUE, INK, LETTERS, ORANGE, SMALL, WIDTH

Paint = tuple[str, float] | None  # a colour and its opacity
Fill = Callable[[float], Paint]
Place = tuple[float, float]  # x to the right, y downwards
STRONG, BEHIND_NUMBERS, GREY = 1.0, 0.45, 0.2  # opacities; the last two, of a colour and of ink, leave numbers readable
LEVELS = 20  # levels of opacity, so that elements of equal colour form one path


def shade(top: float, most: float = STRONG) -> Fill:
    """From transparent for 0 to full ink for ``top``, as in an image."""
    return lambda value: (INK, most * value / top)


def signed(top: float, most: float = STRONG) -> Fill:
    """Blue for positive numbers, orange for negative ones."""
    return lambda value: (BLUE if value > 0 else ORANGE, most * min(1.0, abs(value) / top))


def where(mask: Array, colour: str, opacity: float = BEHIND_NUMBERS) -> list[list[Paint]]:
    """One colour for the elements of a mask, in the form that ``grid`` accepts."""
    return [[(colour, opacity) if marked else None for marked in row] for row in mask]


def number(value: float) -> str:
    """The number as text, with a true minus sign; integers without a decimal point."""
    return f"{value:g}".replace("-", "−")


class Panel:
    """A panel of ``width`` × ``height`` squares; (0, 0) is the upper left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.canvas = Canvas(figsize=(WIDTH, WIDTH * height / width))
        self.axes = self.canvas.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(height, 0))
        self.axes.set_axis_off()

    def grid(
        self, values: Array, at: Place, size: float = 1, *,
        fill: Fill | Sequence[Sequence[Paint]] | None = None, text: Callable[[float], str] | None = number,
        letters: float = SMALL,
    ) -> None:  # fmt: skip
        """Draw (H, W) as squares of side ``size``. NaN stays empty. ``fill`` depends on the value or on the place."""
        x, y = at
        corners = defaultdict(list)
        for (i, j), value in np.ndenumerate(values):
            paint = None if fill is None or np.isnan(value) else fill(value) if callable(fill) else fill[i][j]
            if paint and (opacity := round(paint[1] * LEVELS) / LEVELS):
                corners[paint[0], opacity].append((x + j * size, y + i * size))
            if text and not np.isnan(value):
                self.write(text(value), (x + (j + 0.5) * size, y + (i + 0.5) * size), letters)
        for paint, places in corners.items():
            self.squares(places, size, paint)
        self._path(_lines(values.shape, at, size), facecolor="none", edgecolor=INK, alpha=0.35, linewidth=0.5)

    def squares(self, corners: Iterable[Place], size: float, paint: tuple[str, float]) -> None:
        """Draw filled squares, each placed by its upper left corner."""
        self._path(_squares(corners, size), facecolor=paint[0], edgecolor="none", alpha=paint[1])

    def frame(
        self, at: Place, shape: tuple[float, float], colour: str = INK, *, dashed: bool = False, thin: bool = False
    ) -> None:  # fmt: skip
        """Draw an outline of ``shape`` (height, width)."""
        (x, y), (height, width) = at, shape
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
        line = (0, (2.5, 1.5)) if dashed else "solid"
        width = 1.0 if dashed or thin else 1.8
        self._path(Path(corners, closed=True), facecolor="none", edgecolor=colour, linestyle=line, linewidth=width)

    def write(
        self, text: str, at: Place, letters: float = LETTERS, *, align: str = "center", colour: str = INK
    ) -> None:  # fmt: skip
        """Write lines of text around ``at``, the middle of their height."""
        lines = text.split("\n")
        height = 1.25 * letters / 72 / WIDTH * self.axes.get_xlim()[1]
        for i, line in enumerate(lines):
            y = at[1] + (i - (len(lines) - 1) / 2) * height
            self.axes.text(
                at[0], y, line, fontsize=letters, color=colour, ha=align, va="center_baseline", clip_on=False
            )  # fmt: skip

    def arrow(self, start: Place, end: Place, colour: str = INK) -> None:
        self.axes.annotate(
            "", end, start, arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
        )  # fmt: skip

    def _path(self, path: Path, **style: Any) -> None:
        self.axes.add_patch(PathPatch(path, clip_on=False, **style))


def _squares(corners: Iterable[Place], size: float) -> Path:
    return Path.make_compound_path(
        *(Path([(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)], closed=True) for x, y in corners)
    )


def _lines(shape: tuple[int, ...], at: Place, size: float) -> Path:
    """The lines around and between the elements."""
    (height, width), (x, y) = shape, at
    rows = [[(x, y + i * size), (x + width * size, y + i * size)] for i in range(height + 1)]
    columns = [[(x + j * size, y), (x + j * size, y + height * size)] for j in range(width + 1)]
    return Path.make_compound_path(*map(Path, rows + columns))
