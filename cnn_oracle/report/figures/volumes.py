"""E4, E5: channels are summed, filters are stacked; then come a bias and an activation."""

import numpy as np

from cnn_oracle.manual.article import layer
from cnn_oracle.manual.article.convolution import cross_correlate, kernels
from cnn_oracle.manual.article.volumes import convolve_volume
from cnn_oracle.report.figures import examples
from cnn_oracle.report.figures.drawing import BLUE, GREEN, INK, ORANGE, SMALL, Figure, finish
from cnn_oracle.report.figures.panels import Panel, shade, signed

CHANNELS = {"red": ORANGE, "green": GREEN, "blue": BLUE}


def volume() -> Figure:
    """Three digits as the channels of one image, and two filters. Each partial sum is a separate convolution."""
    x = np.stack([examples.digit(i) for i in (12, 3, 13)], -1) / examples.LEVELS
    w = examples.integers(3, 3, 3, 2, top=2)
    y = convolve_volume(x, w)
    top = 0.6 * float(np.abs(y).max())  # partial sums are smaller
    panel = Panel(20.4, 20.4)
    panel.write("3 channels", (3.8, 0.5))
    for o in range(2):
        panel.write(f"filter {o + 1}, depth 3", (10.1 + 6.9 * o, 0.5))
    for c, (name, colour) in enumerate(CHANNELS.items()):
        above, plane = 1.2 + 4.7 * c, x[:, :, c]
        panel.grid(
            plane, (1.8, above), 0.5, fill=lambda v, paint=colour: (paint, v), text=None,  # type: ignore[misc]
        )  # fmt: skip
        panel.write(name, (1.6, above + 2), SMALL, align="right")
        for o in range(2):
            left, part = 7 + 6.9 * o, cross_correlate(plane, w[:, :, c, o])
            panel.write("∗", (left - 0.55, above + 2), 12)
            panel.grid(w[:, :, c, o], (left, above + 0.75), 0.8, fill=signed(2), text=None)
            panel.grid(part, (left + 3.2, above + 0.5), 0.5, fill=signed(top), text=None)
    for o in range(2):
        left = 10.2 + 6.9 * o
        panel.write("+", (left + 1.5, 15.2), 12)
        panel.arrow((left + 1.5, 15.6), (left + 1.5, 16.2))
        panel.grid(y[:, :, o], (left, 16.4), 0.5, fill=signed(top), text=None)
        panel.frame((left, 16.4), (3, 3), INK)
        panel.write(f"output {o + 1}", (left + 1.5, 19.9))
    return finish(
        panel.canvas, "volume",
        "A filter is as deep as the image: each of its planes slides over one channel, and the results are added to "
        "one output channel. Two filters make two output channels.",
        "Three 8 by 8 channels, red, green and blue, each a digit. Beside them the three 3 by 3 planes of each of two "
        "filters with their partial results. Arrows lead down to the two sums, 6 by 6 each.",
    )  # fmt: skip


def one_layer() -> Figure:
    x, w, b = examples.digit() / examples.LEVELS, kernels()["diagonal edges"], np.array([-0.5])
    z, a = (v[0, 0] for v in layer.forward(x[None, None], w[None, None], b))
    top = float(np.abs(z).max())
    panel = Panel(18.2, 5.6)
    panel.grid(x, (0.2, 1.2), 0.5, fill=shade(1), text=None)
    panel.write("∗", (4.75, 3.2), 12)
    panel.grid(w, (5.3, 2), 0.8)
    panel.write("− 0.5  =", (8.9, 3.2))
    panel.grid(z, (10.2, 1.7), 0.5, fill=signed(top), text=None)
    panel.arrow((13.4, 3.2), (14.7, 3.2))
    panel.write("relu", (14.05, 2.7), SMALL)
    panel.grid(a, (15, 1.7), 0.5, fill=signed(top), text=None)
    for text, middle in (("A_prev", 2.2), ("W", 6.5), ("b", 8.5), ("Z", 11.7), ("A", 16.5)):
        panel.write(text, (middle, 0.6))
    return finish(
        panel.canvas, "layer",
        "One filter of a layer: a convolution, one number b added everywhere, and the activation, here relu, which "
        "keeps positive numbers (blue) and sets the others to zero.",
        "A digit, a 3 by 3 kernel and the bias −0.5, with the 6 by 6 result Z in blue and orange. After relu, A has "
        "only the blue elements.",
    )  # fmt: skip
