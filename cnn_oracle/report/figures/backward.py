"""E9, E9a, E10: the gradient of the image, by gather or scatter, and the gradient of the kernel."""

import numpy as np

from cnn_oracle.manual import conv2d
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual.article.convolution import rotated
from cnn_oracle.report.figures import examples
from cnn_oracle.report.figures.correlation import Row, draw, width
from cnn_oracle.report.figures.drawing import BLUE, GREEN, INK, ORANGE, PURPLE, Figure, finish
from cnn_oracle.report.figures.panels import BEHIND_NUMBERS, Panel, where

# So small that all numbers of the gradient have one digit
W, DZ = examples.integers(3, 3, top=2, seed=7), examples.integers(2, 2, seed=8)


def full_convolution() -> Figure:
    """The zero-inserted dZ: s − 1 zeros between its numbers, f − 1 around them."""
    rows = []
    for n, s in ((4, 1), (5, 2)):
        dx = conv2d.input_gradient(DZ[None, None], (1, 1, n, n), W[None, None], stride=s)[0, 0]
        spread = np.zeros((n + 2, n + 2))
        spread[2:-2:s, 2:-2:s] = DZ
        given = np.zeros(spread.shape, bool)
        given[2:-2:s, 2:-2:s] = True
        rows.append(Row(spread, rotated(W), dx, ("dZ, zero-inserted", "W rotated", "dA_prev"), where(given, BLUE)))
    panel = Panel(width(rows[1]) + 0.6, 18.2)
    panel.write("stride 1", (0.3, 0.5), align="left", colour=BLUE)
    draw(panel, rows[0], (0.3, 1), (1, 1))
    panel.write("stride 2", (0.3, 9.1), align="left", colour=BLUE)
    draw(panel, rows[1], (0.3, 9.6), (1, 1))
    return finish(
        panel.canvas, "full_convolution",
        "The gradient of the image as a convolution of dZ (blue), with zeros around it, by the kernel rotated by 180°. "
        "For stride 2, zeros are also inserted between the numbers of dZ. The printed formula lacks these.",
        "Two convolutions with their numbers. A 2 by 2 dZ with two zeros on every side is 6 by 6, and the gradient "
        "is 4 by 4. For stride 2, the same dZ is spread out over 7 by 7 elements, and the gradient is 5 by 5.",
    )  # fmt: skip


def scatter() -> Figure:
    panel = Panel(15.8, 11.5)
    colours = ((BLUE, ORANGE), (GREEN, PURPLE))
    panel.write("dZ", (1.3, 0.5))
    panel.grid(DZ, (0.3, 1), fill=[[(colour, BEHIND_NUMBERS) for colour in row] for row in colours])
    panel.write("W", (3.9, 0.5))
    panel.grid(W, (2.7, 1))
    for i, (m, n) in enumerate(np.ndindex(2, 2)):
        one = np.zeros_like(DZ)
        one[m, n] = DZ[m, n]
        at = ((6.5, 11.5, 1.2, 6.2)[i], (1, 1, 7.2, 7.2)[i])
        panel.grid(_gradient(one, W), at, fill=where(_window(m, n), colours[m][n]))
        panel.write(f"dZ[{m},{n}] · W", (at[0] + 2, at[1] - 0.5))
        if i:
            panel.write("+", (at[0] - 0.5, at[1] + 2), 12)
    panel.write("=", (10.7, 9.2), 12)
    panel.grid(_gradient(DZ, W), (11.2, 7.2))
    panel.frame((11.2, 7.2), (4, 4), INK)
    panel.write("dA_prev", (13.2, 6.7))
    return finish(
        panel.canvas, "scatter",
        "The same gradient by scatter: each number of dZ, times the kernel, which is not rotated, is added to its "
        "window. Where windows overlap, the contributions are summed.",
        "A 2 by 2 dZ and a 3 by 3 kernel W. Four 4 by 4 grids, each with dZ's number times W in another corner, and "
        "their sum, the gradient of the image.",
    )  # fmt: skip


def _gradient(dz: Array, w: Array) -> Array:
    """The gradient of the image at stride 1: (2, 2), (3, 3) → (4, 4)."""
    dx: Array = conv2d.input_gradient(dz[None, None], (1, 1, 4, 4), w[None, None])[0, 0]
    return dx


def _window(m: int, n: int) -> Array:
    window = np.zeros((4, 4), bool)
    window[m : m + 3, n : n + 3] = True
    return window


def weight_gradient() -> Figure:
    x = examples.integers(4, 4, seed=2)
    dw = conv2d.weight_gradient(DZ[None, None], x[None, None], (1, 1, 3, 3))[0, 0]
    row = Row(x, DZ, dw, ("image", "dZ", "dW"))
    panel = Panel(width(row) + 3, 5.2)
    draw(panel, row, (1.5, 0), (0, 2))
    return finish(
        panel.canvas, "weight_gradient",
        "The gradient of the kernel: the cross-correlation of the image with dZ. Each weight is used once for every "
        "element of the output.",
        "A 4 by 4 image, a 2 by 2 dZ, used as a kernel, and the 3 by 3 gradient dW. The upper right window and its "
        "number are framed.",
    )  # fmt: skip
