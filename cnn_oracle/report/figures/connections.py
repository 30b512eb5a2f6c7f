"""E6: the layer as a matrix. Most elements are zero, and the others repeat a few numbers."""

import numpy as np

from cnn_oracle.manual._typing import Array
from cnn_oracle.manual.article.connections import connections, dense_parameters, parameters, tied_entries
from cnn_oracle.report.figures.drawing import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SMALL,
    Figure,
    chart,
    charted,
    finish,
    power_of_ten,
)
from cnn_oracle.report.figures.panels import Paint, Panel, Place

COLOURS = (BLUE, ORANGE, GREEN, PURPLE)


def matrix() -> Figure:
    small, large = (tied_entries((1, n, n), (1, 1, 2, 2)) for n in (3, 4))
    panel = Panel(20, 20.6)
    panel.write("kernel", (2.7, 1.6))
    _entries(panel, np.arange(4).reshape(2, 2), (1.5, 2.2), 1.2)
    panel.write("3 × 3 inputs", (13, 0.6))
    _entries(panel, small, (8.5, 1.2))
    panel.write("2 × 2\noutputs", (8.2, 3.2), align="right")
    panel.write("4 × 4 inputs", (11.2, 7.2))
    _entries(panel, large, (3.2, 7.8))
    panel.write("3 × 3\noutputs", (2.9, 12.3), align="right")
    panel.write(_count(small, 3), (10, 18.2), SMALL)
    panel.write(_count(large, 4), (10, 19.4), SMALL)
    return finish(
        panel.canvas, "connections",
        "A layer as the matrix that maps all inputs to all outputs. A row has weights only at the inputs of its "
        "window, and all rows have the same four weights. Each colour is one weight.",
        "The 2 by 2 kernel with its weights a, b, c, d in four colours, and two matrices, 4 by 9 and 9 by 16, in which "
        "these four letters are on diagonals; all other elements are empty. " + _count(small, 3) + ".",
    )  # fmt: skip


def _entries(panel: Panel, entries: Array, at: Place, size: float = 1) -> None:
    paints: list[list[Paint]] = [[(COLOURS[e], 0.55) if e >= 0 else None for e in row] for row in entries]
    panel.grid(np.where(entries < 0, np.nan, entries), at, size, fill=paints, text=lambda e: "abcd"[int(e)])


def _count(entries: Array, n: int) -> str:
    connected = int((entries >= 0).sum())
    assert connected == connections(n, 2, 1, 1)
    return f"{n} × {n}: {connected} of {entries.size} connections, {len(np.unique(entries)) - 1} different weights"


@charted
def count() -> Figure:
    sizes = np.array([4, 8, 16, 28, 64, 128, 224])
    filters, f = 32, 3
    conv = [parameters(f, 1, filters) for _ in sizes]
    dense = [dense_parameters(int(n) ** 2, int(n - f + 1) ** 2 * filters) for n in sizes]
    canvas = chart(2.5)
    axes = canvas.subplots()
    axes.loglog(sizes, dense, "o-", color=ORANGE, markersize=3, label="dense layer of the same shape")
    axes.loglog(sizes, conv, "o-", color=BLUE, markersize=3, label=f"{filters} filters of {f} × {f}")
    axes.set_xticks(sizes, map(str, sizes))
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(power_of_ten)
    axes.set(xlabel="height and width of the image", ylabel="parameters", ylim=(50, 1e12))
    axes.legend(loc="upper left")
    at = list(sizes).index(28)
    return finish(
        canvas, "parameters",
        f"Parameters of a layer over the size of its image. For 28 × 28 pixels: {conv[at]:,} and {dense[at]:,}.",
        f"Two lines, both axes logarithmic: a convolutional layer stays at {conv[0]:,} parameters, a dense one rises "
        f"from {dense[0]:,} to {dense[-1]:.0e}.",
    )  # fmt: skip
