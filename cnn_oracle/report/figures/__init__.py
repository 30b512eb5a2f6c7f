"""The figures of the report, each drawn from a real run: ``all_figures``.

drawing                colours for white and black backgrounds, clean SVG, ``Figure``
panels, correlation    images and kernels as grids; a grid, a kernel and the grid of the sums in a row
examples               the digit and the small integers that the figures show
images … pooling       the chapters of the article
domains                the geometries on which a printed formula is right
training, replay       the training comparison; its networks, trained again
evidence               the measurements of the other commands
"""

from collections.abc import Callable
from typing import Any

from cnn_oracle.report.figures import (
    backward,
    connections,
    convolution,
    domains,
    evidence,
    images,
    padding,
    pooling,
    stride,
    training,
    volumes,
)
from cnn_oracle.report.figures.drawing import Figure as Figure
from cnn_oracle.report.results import Results

ALWAYS: tuple[Callable[[], Figure], ...] = (
    images.numbers, images.bytes_wrap, convolution.sliding, convolution.rotation, convolution.filters,
    padding.valid_and_same, padding.influence, stride.stride, stride.remainder, volumes.volume, volumes.one_layer,
    connections.matrix, connections.count, backward.full_convolution, backward.scatter, backward.weight_gradient,
    domains.full_convolution, domains.overview, pooling.pooling, pooling.pooling_gradient,
)  # fmt: skip
FROM_RESULTS: tuple[tuple[str, Callable[[Any], Figure | None]], ...] = (
    ("train", training.curves), ("train", training.digits), ("train", training.filters),
    ("train-float32", training.curves_in_float32), ("train-float32", training.first_divergence),
    ("verify", evidence.worst), ("mutants", evidence.baselines), ("benchmarks", evidence.speed),
)  # fmt: skip


def all_figures(results: Results) -> dict[str, Figure]:
    """The figures by name, in the article's order, without those whose results are missing or empty."""
    found = [draw() for draw in ALWAYS]
    known = evidence.documented() | dict(results)
    for name, draw in FROM_RESULTS:
        if name in known and (figure := draw(known[name])):
            found.append(figure)
    return {figure.name: figure for figure in found}
