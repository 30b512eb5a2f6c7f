"""E0: an image as numbers, and the overflow of sums of bytes."""

import numpy as np

from cnn_oracle.manual.article.images import convolve_bytes_as_printed
from cnn_oracle.report.figures import examples
from cnn_oracle.report.figures.drawing import BLUE, ORANGE, Figure, chart, charted, finish
from cnn_oracle.report.figures.panels import GREY, Panel, shade


def numbers() -> Figure:
    image = examples.digit()
    panel = Panel(18, 9.2)
    panel.grid(image, (0.5, 0.2), fill=shade(examples.LEVELS), text=None)
    panel.grid(image, (9.5, 0.2), fill=shade(examples.LEVELS, GREY))
    panel.write("the image", (4.5, 8.75))
    panel.write("its numbers", (13.5, 8.75))
    return finish(
        panel.canvas, "image",
        f"A handwritten digit of 8 × 8 pixels, and the numbers that the computer stores: {examples.LEVELS + 1} levels "
        "of grey, 0 for the background.",
        "The digit 4, drawn in grey squares on the left. On the right, the same 8 by 8 squares with their numbers, "
        f"0 to {examples.LEVELS}.",
    )  # fmt: skip


@charted
def bytes_wrap() -> Figure:
    """A 3×3 filter of ones on images of one value: all 256 of them as a batch."""
    value = np.arange(256)
    image = np.broadcast_to(value[:, None, None, None], (256, 1, 3, 3))
    wrapped = convolve_bytes_as_printed(image, np.ones((1, 1, 3, 3)))[:, 0, 0, 0]
    canvas = chart(2.4)
    axes = canvas.subplots()
    axes.plot(value, 9 * value, color=BLUE, label="in floating point")
    axes.plot(value, wrapped, color=ORANGE, label="in bytes")
    axes.annotate(
        f"nine times 255 is {wrapped[-1]}", (255, wrapped[-1]), (250, 620), ha="right",
        arrowprops={"arrowstyle": "->", "color": ORANGE},
    )  # fmt: skip
    axes.set(xlabel="value of all nine pixels", ylabel="their sum", xlim=(0, 260), ylim=(0, None))
    axes.legend(loc="upper left")
    return finish(
        canvas, "bytes",
        "The sum of nine equal pixels. A byte starts again at 0 after 255, and so does a convolution of bytes. So "
        "images are converted to floating-point numbers first.",
        f"Two lines over the pixel value. In floating point the sum rises to {9 * 255:,}. In bytes it is a sawtooth "
        f"below 256, and nine times 255 is {wrapped[-1]}.",
    )  # fmt: skip
