"""E2, E2a, E2b, E2c: valid and same convolution, and how many outputs depend on a pixel."""

import numpy as np

from cnn_oracle.manual import conv2d
from cnn_oracle.manual._windows import pad
from cnn_oracle.manual.article.convolution import cross_correlate, figure_3
from cnn_oracle.manual.article.padding import influence_map, same_padding
from cnn_oracle.report.figures import correlation
from cnn_oracle.report.figures.drawing import BLUE, INK, ORANGE, Figure, finish
from cnn_oracle.report.figures.panels import BEHIND_NUMBERS, GREY, Panel, number, shade


def valid_and_same() -> Figure:
    x, w = figure_3()
    x = x / 10
    panel = Panel(19.8, 20.6)
    valid = correlation.Row(x, w, cross_correlate(x, w), ("valid: 6 × 6", "kernel", "4 × 4"), shade(1, GREY))
    correlation.draw(panel, valid, (0.2, 0.2))
    padded, same = pad(x, [same_padding(3)] * 2), cross_correlate(x, w, padding=1)
    row = correlation.Row(padded, w, same, ("same: 8 × 8 with zeros", "kernel", "6 × 6"), shade(1, GREY))
    correlation.draw(panel, row, (0.2, 7.9))
    panel.frame((1.2, 9.8), x.shape, INK, dashed=True)

    line, two = np.array([[1.0, 2, 3, 4]]), np.array([[1.0, 10]])
    lo, hi = same_padding(2)
    even = conv2d.forward(line[None, None], two[None, None], padding="same")[0, 0]
    row = correlation.Row(pad(line, [(0, 0), (lo, hi)]), two, even, ("same, an even kernel", "", "4 wide"))
    correlation.draw(panel, row, (2.6, 17.9))
    panel.frame((2.6, 18.8), line.shape, INK, dashed=True)
    return finish(
        panel.canvas, "valid_and_same",
        "Valid: the kernel stays inside the image, and the output shrinks. Same: there are zeros around the image "
        "(dashed), and the output keeps its size, but the zeros act like an edge. For an even kernel, the extra zero "
        "is at the end.",
        "Three convolutions with their numbers. A 6 by 6 image, its upper half 1, has a 4 by 4 output without padding. "
        "With one zero around it, the output is 6 by 6, and its first row is −3, −4, −4, −4, −4, −3. The row 1, 2, 3, "
        f"4 and the kernel 1, 10 have the output {', '.join(map(number, even[0]))} with one zero at the end.",
    )  # fmt: skip


GEOMETRIES = ((5, 3, 0, 1), (5, 3, 1, 1), (5, 3, 2, 1), (6, 3, 0, 2), (6, 2, 0, 3), (6, 3, 1, 2))  # n, f, p, s


def influence() -> Figure:
    panel = Panel(18, 14.6)
    for i, (n, f, p, s) in enumerate(GEOMETRIES):
        row, column = divmod(i, 3)
        counts, at, size = influence_map((n, n), (f, f), (p, p), (s, s)), (0.4 + 6 * column, 1.2 + 7.2 * row), 5.2 / n
        panel.grid(counts, at, size, fill=[[_influence(c, f) for c in line] for line in counts])
        panel.write(f"f = {f}, p = {p}, s = {s}", (at[0] + 2.6, at[1] - 0.6))
    return finish(
        panel.canvas, "influence",
        "The number of outputs that each pixel influences. Without padding, a corner influences one, the middle nine. "
        "Padding 1, as in a same convolution, reduces this difference, and padding 2 removes it. With a stride, some "
        "pixels (orange) influence no output.",
        "Six grids. On 5 by 5 pixels with a 3 by 3 kernel, a corner has 1, 4 and 9 for padding 0, 1 and 2, and the "
        "middle always 9. On 6 by 6 pixels with stride 2 or 3, some rows and columns have 0, or the counts alternate.",
    )  # fmt: skip


def _influence(count: int, f: int) -> tuple[str, float]:
    return (BLUE, 0.6 * count / f**2) if count else (ORANGE, BEHIND_NUMBERS)
