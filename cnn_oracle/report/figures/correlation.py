"""The row that many figures use: a grid, a kernel that slides over it, and the grid of the sums."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from cnn_oracle.manual._typing import Array
from cnn_oracle.report.figures.drawing import BLUE
from cnn_oracle.report.figures.panels import Fill, Paint, Panel, Place, number


class Row(NamedTuple):
    """The contents of a row. ``heads`` are the names above. NaN stays empty."""

    left: Array
    kernel: Array
    right: Array
    heads: tuple[str, str, str]
    fill: Fill | Sequence[Sequence[Paint]] | None = None
    text: Callable[[float], str] = number


GAP = 1.1  # squares, with the sign in the middle


def width(row: Row) -> float:
    return float(row.left.shape[1] + row.kernel.shape[1] + row.right.shape[1] + 2 * GAP)


def draw(panel: Panel, row: Row, at: Place, window: tuple[int, int] | None = None, stride: int = 1) -> None:
    """Draw the row from ``at`` on, with its heads. Frames mark the output ``window`` and its window in the input."""
    x, top = at
    y, height = top + 0.9, row.left.shape[0]
    places = []
    for values, head in zip(row[:3], row.heads, strict=True):
        places.append((x, y + (height - values.shape[0]) / 2))
        panel.write(head, (x + values.shape[1] / 2, places[-1][1] - 0.5))
        x += values.shape[1] + GAP
    (left, kernel, right), middle = places, y + height / 2
    panel.grid(row.left, left, fill=row.fill, text=row.text)
    panel.grid(row.kernel, kernel, text=row.text)
    panel.grid(row.right, right, text=row.text)
    panel.write("∗", (kernel[0] - GAP / 2, middle), 12)
    panel.write("=", (right[0] - GAP / 2, middle), 12)
    if window:
        p, q = window
        panel.frame((left[0] + q * stride, left[1] + p * stride), row.kernel.shape, BLUE)
        panel.frame(kernel, row.kernel.shape, BLUE)
        panel.frame((right[0] + q, right[1] + p), (1, 1), BLUE)


def visited(values: Array, window: tuple[int, int]) -> Array:
    """The outputs up to ``window`` in row order; NaN for the later ones."""
    order = np.arange(values.size).reshape(values.shape)
    return np.where(order <= order[window], values, np.nan)


def written_out(x: Array, w: Array, total: float) -> str:
    """The sum of one window's products as text, without the products with a zero of the kernel."""
    products = [f"{number(a)}·{_bracketed(b)}" for a, b in zip(x.ravel(), w.ravel(), strict=True) if b]
    return f"{' + '.join(products)} = {number(total)}"


def _bracketed(value: float) -> str:
    return f"({number(value)})" if value < 0 else number(value)
