"""The figures of the report, each drawn from a real run: ``all_figures``.

drawing                 ink that reads on white and on black, SVG made clean, ``Figure``
boards, correlation     images and kernels as grids of cells; one grid, a kernel, the grid of the sums
examples                the digit and the small integers that are drawn
images … pooling        the article's chapters
domains                 the geometries on which a printed formula is right
training, replay        the training comparison, and the networks it ended with, trained again
evidence                what the other commands measured
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
    images.numbers, images.bytes_wrap, convolution.sliding, convolution.half_a_turn, convolution.filters,
    padding.valid_and_same, padding.influence, stride.stride, stride.remainder, volumes.volume, volumes.one_layer,
    connections.matrix, connections.count, backward.full_convolution, backward.scatter, backward.weight_gradient,
    domains.full_convolution, domains.overview, pooling.pooling, pooling.pooling_gradient,
)  # fmt: skip
FROM_RESULTS: tuple[tuple[str, Callable[[Any], Figure | None]], ...] = (
    ("train", training.curves), ("train", training.digits), ("train", training.filters),
    ("train-float32", training.curves_in_float32), ("train-float32", training.first_divergence),
    ("verify", evidence.worst), ("mutants", evidence.ladder), ("benchmarks", evidence.speed),
)  # fmt: skip


def all_figures(results: Results) -> dict[str, Figure]:
    """Figures by name, in the article's order; those whose results are missing, or say nothing, are not there."""
    found = [draw() for draw in ALWAYS]
    known = evidence.documented() | dict(results)
    for name, draw in FROM_RESULTS:
        if name in known and (figure := draw(known[name])):
            found.append(figure)
    return {figure.name: figure for figure in found}
