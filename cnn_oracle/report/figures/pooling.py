"""E12, E13: the maximum of each window, its gradient, and ties."""

import numpy as np

from cnn_oracle.manual import max_pool2d
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import gather
from cnn_oracle.manual.article.pooling import figure_12, figure_13, maximum_mask, one_maximum
from cnn_oracle.report.figures.drawing import BLUE, INK, ORANGE, Figure, finish
from cnn_oracle.report.figures.panels import BEHIND_NUMBERS, Paint, Panel, Place


def pooling() -> Figure:
    x = figure_12()
    y = max_pool2d.forward(x[None, None], kernel_size=2)[0, 0]
    tied = ~_one(x)
    printed, first = _printed(x), _first(x)
    panel = Panel(16.4, 16.2)
    panel.write("image", (3.2, 0.5))
    panel.grid(x, (0.2, 1.1), fill=_paints(printed, tied))
    panel.write("maximum of each window", (12.4, 0.5))
    panel.arrow((6.8, 4.1), (10.3, 4.1))
    panel.grid(y, (10.9, 2.6), fill=_paints(np.ones_like(y), tied, 1))
    panel.write("mask as printed", (3.2, 8.6))
    panel.grid(printed, (0.2, 9.2), fill=_paints(printed, tied))
    panel.write("only the first, as in PyTorch", (12.1, 8.6))
    panel.grid(first, (10, 9.2), fill=_paints(first, tied))
    for at in ((0.2, 1.1), (0.2, 9.2), (10, 9.2)):
        _windows(panel, at, 6)
    ties = int(tied.sum())
    return finish(
        panel.canvas, "pooling",
        f"Max pooling with windows of 2 × 2. In {ties} of 9 windows (orange) the largest number occurs twice. The "
        "article does not say which of the two receives the gradient. PyTorch takes the first in row order.",
        "A 6 by 6 image with the maximum of each window coloured, and the 3 by 3 output 7 5 6, 7 8 5, 4 5 7. Below, "
        f"the mask with ones at all maxima, two of them in {ties} windows, and the mask with one 1 in each window.",
    )  # fmt: skip


def pooling_gradient() -> Figure:
    x, dy = figure_13()
    (dx,) = max_pool2d.backward(dy[None, None], x[None, None], kernel_size=2)
    panel = Panel(14.4, 5.6)
    mask, tied = _first(x), ~_one(x)
    for values, left, head, fill in (
        (x, 0.2, "image", _paints(mask, tied)),
        (dy, 5.9, "gradient of the output", _paints(np.ones_like(dy), tied, 1)),
        (dx[0, 0], 10.2, "of the image", _paints(mask, tied)),
    ):
        height = len(values)
        panel.grid(values, (left, 3.1 - height / 2), fill=fill)
        panel.write(head, (left + values.shape[1] / 2, 0.5))
    for left in (0.2, 10.2):
        _windows(panel, (left, 1.1), 4)
    panel.arrow((8.2, 3.1), (9.9, 3.1))
    return finish(
        panel.canvas, "pooling_gradient",
        "The backward pass: each number of the gradient goes to its window's maximum. All other elements are zero.",
        "A 4 by 4 image whose four maxima 9, 8, 7 and 9 are coloured, the gradient 1.2, 1.9, 0.9, 0.3, and the 4 by 4 "
        "gradient of the image with these four numbers at the places of the maxima.",
    )  # fmt: skip


def _window_values(x: Array) -> Array:
    return gather(x[None, None], (2, 2), (2, 2), (1, 1))


def _one(x: Array) -> Array:
    one: Array = one_maximum(_window_values(x))[0, 0]
    return one


def _printed(x: Array) -> Array:
    """The mask (H, W) of all maxima of all windows."""
    mask: Array = maximum_mask(_window_values(x))[0, 0].transpose(2, 0, 3, 1)
    return mask.reshape(x.shape)


def _first(x: Array) -> Array:
    """The mask (H, W) of the elements that receive the gradient."""
    ones = np.ones((1, 1, *(n // 2 for n in x.shape)))
    (dx,) = max_pool2d.backward(ones, x[None, None], kernel_size=2)
    mask: Array = dx[0, 0]
    return mask


def _paints(mask: Array, tied: Array, f: int = 2) -> list[list[Paint]]:
    """Blue where the mask is set, orange if its window (f elements wide) has a tie."""
    return [
        [
            ((ORANGE if tied[i // f, j // f] else BLUE), BEHIND_NUMBERS) if marked else None
            for j, marked in enumerate(row)
        ]
        for i, row in enumerate(mask)
    ]


def _windows(panel: Panel, at: Place, n: int) -> None:
    for i, j in np.ndindex(n // 2, n // 2):
        panel.frame((at[0] + 2 * j, at[1] + 2 * i), (2, 2), INK, thin=True)
