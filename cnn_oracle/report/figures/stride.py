"""E3, E3a: a kernel with a larger stride, and the rows that it never reaches."""

import numpy as np

from cnn_oracle.manual.article.convolution import cross_correlate
from cnn_oracle.manual.article.padding import influence_map
from cnn_oracle.manual.article.stride import figure_6, unread_rows
from cnn_oracle.report.figures.correlation import Row, draw, width
from cnn_oracle.report.figures.drawing import BLUE, GREEN, ORANGE, Figure, finish
from cnn_oracle.report.figures.panels import Panel, where


def stride() -> Figure:
    x, w = figure_6()
    y = cross_correlate(x, w, stride=2)
    row = Row(x, w, y, ("image", "kernel", "output"))
    panel = Panel(width(row) + 0.6, 8.2)
    draw(panel, row, (0.3, 0), (0, 0), stride=2)
    right = 0.3 + width(row) - 3
    for (p, q), colour in (((0, 1), ORANGE), ((2, 2), GREEN)):
        panel.frame((0.3 + 2 * q, 0.9 + 2 * p), w.shape, colour)
        panel.frame((right + q, 2.9 + p), (1, 1), colour)
    return finish(
        panel.canvas, "stride",
        "Stride 2: the window moves by two pixels, so 3 windows fit into 7 pixels. Three windows and their outputs are "
        "framed in one colour each.",
        "A 7 by 7 image, the sharpen kernel, and the 3 by 3 output with rows 21 7 −24, −1 30 12 and 7 25 18. The "
        "windows of outputs 1, 2 and 9 are framed in the image. Adjacent windows share one column.",
    )  # fmt: skip


def remainder() -> Figure:
    panel = Panel(18.6, 9.4)
    for i, (n, f, s) in enumerate(((7, 3, 2), (8, 3, 2))):
        left, rows = 0.6 + 9.4 * i, unread_rows(n, f, 0, s)
        unread = influence_map((n, n), (f, f), (0, 0), (s, s)) == 0
        panel.grid(np.zeros((n, n)), (left, 0.2), fill=where(unread, ORANGE, 0.6), text=None)
        for p, colour in enumerate((BLUE, GREEN, BLUE)):
            panel.frame((left + s * p, 0.2 + s * p), (f, f), colour)
        text = "every row is read" if not rows else f"{rows} row is never read"
        panel.write(f"n = {n}: {text}", (left + n / 2, 8.8))
    return finish(
        panel.canvas, "remainder",
        "Stride 2 and a kernel of size 3, on 7 and on 8 pixels. The outputs have the same size. No window reads the "
        "last row and column of the larger image, so their gradient is zero.",
        "Two grids with the windows on their diagonal. On 7 by 7 the third window ends at the border. On 8 by 8 the "
        "last row and the last column, in orange, are outside every window.",
    )  # fmt: skip
