"""E1, E1a, E1b: the kernel slides; a rotation by 180° matters; the classic filters."""

import numpy as np

from cnn_oracle.manual.article.convolution import convolve_as_printed, cross_correlate, figure_3, kernels, parity
from cnn_oracle.report.figures import correlation, examples
from cnn_oracle.report.figures.drawing import BLUE, SMALL, Figure, finish
from cnn_oracle.report.figures.panels import BEHIND_NUMBERS, GREY, Panel, shade, signed


def sliding() -> Figure:
    x, w = figure_3()
    y = cross_correlate(x, w)
    panel = Panel(correlation.width(correlation.Row(x, w, y, ("", "", ""))) + 0.6, 24.2)
    for i, (p, q) in enumerate([(0, 0), (1, 1), (3, 3)]):
        row = correlation.Row(x, w, correlation.visited(y, (p, q)), ("image", "kernel", "output"), shade(10, GREY))
        correlation.draw(panel, row, (0.3, 8.1 * i), (p, q))
        terms = correlation.written_out(x[p : p + 3, q : q + 3], w, y[p, q])
        panel.write(terms, (panel.axes.get_xlim()[1] / 2, 8.1 * i + 7.45), SMALL)
    return finish(
        panel.canvas, "sliding",
        "The kernel slides over the image. At each position, the nine pixels below it are multiplied by its nine "
        "numbers and added. Shown are three of the sixteen positions, without the products with a zero of the kernel.",
        "An image of 6 by 6 pixels, its upper half 10 and its lower half 0, and a 3 by 3 kernel for horizontal edges. "
        "Three times a window is framed, with its output: 0, 40 and 0. The whole output, 4 by 4, has the rows 0, 40, "
        "40, 0.",
    )  # fmt: skip


def rotation() -> Figure:
    x, w = figure_3()
    printed, drawn = convolve_as_printed(x, w), cross_correlate(x, w)
    panel = Panel(15, 9.9)
    panel.grid(printed, (0.3, 1.1), fill=signed(40, BEHIND_NUMBERS))
    panel.frame((2.3, 3.1), drawn.shape, BLUE)
    panel.grid(drawn, (10.5, 3.1), fill=signed(40, BEHIND_NUMBERS))
    panel.frame((10.5, 3.1), drawn.shape, BLUE)
    panel.write("the formula as printed", (4.3, 0.5))
    panel.write("the figures, conv2d", (12, 0.5), align="center")
    panel.write("the sign differs", (12.5, 7.8), SMALL)
    panel.arrow((6.6, 5.1), (10.3, 5.1), BLUE)
    return finish(
        panel.canvas, "rotation",
        "The printed formula rotates the kernel by 180°, and also includes sums that extend beyond the image. The "
        "framed part has the size of the article's figures. For this kernel it has the opposite sign.",
        "On the left, the 8 by 8 result of the printed formula, with its middle 4 by 4 framed: rows 0, −40, −40, 0. On "
        "the right, the 4 by 4 result of conv2d: rows 0, 40, 40, 0.",
    )  # fmt: skip


def filters() -> Figure:
    x = examples.digit()
    panel = Panel(18.4, 8.6)
    panel.grid(x, (0.2, 3.2), 0.5, fill=shade(examples.LEVELS), text=None)
    panel.write("image", (2.2, 2.7))
    for i, (name, w) in enumerate(kernels().items()):
        y, left = cross_correlate(x, w), 4.9 + 3.4 * i
        panel.write(name.replace(" ", "\n"), (left + 1.5, 0.7), SMALL)
        panel.grid(w, (left, 1.5))
        panel.grid(y, (left, 5.2), 0.5, fill=signed(float(np.abs(y).max())), text=None)
    signs = [name for name, w in kernels().items() if parity(w) < 0]
    return finish(
        panel.canvas, "filters",
        f"Four classic filters on a digit: blue is positive, orange negative. Rotated by 180°, {' and '.join(signs)} "
        "would exchange the two colours. The other two would not change.",
        "A digit 4, four 3 by 3 kernels with their numbers, and below each its 6 by 6 result in blue and orange: "
        "horizontal edges, diagonal edges, corners, sharpen.",
    )  # fmt: skip
