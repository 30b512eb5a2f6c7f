"""Exact grids: sets of inputs on which an op does not round, so that all correct kernels return the same bits.

On such inputs, every product and every partial sum is a multiple of one unit, and less than 2^bits units. Here bits is
the size of the significand, 53 or 24. So no sum rounds, whatever its order. Each grid leaves two bits free, because
some theorems add two cotangents, or add to an input a step that is as large as the input.

A grid rule is a function (call, keyword arrays, bits) → (grid of the arguments, grid of dy). Both are REAL if the call
has no exact grid. The first seeds draw no k above 9: failures shrink towards seed 0, and 3 ≠ 5 is easier to read than
3e14 ≠ 5e14.
"""

from collections.abc import Callable, Mapping
from math import frexp, isqrt, lcm, prod
from typing import Any, NamedTuple

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases.expected import longest_sum, window_counts
from cnn_oracle.manual._typing import Array

Shape = tuple[int, ...]
SMALL = 10  # seeds below this draw small numbers


class Grid(NamedTuple):
    """Values ``unit · k`` with k uniform in ±amplitude.

    If ``distinct``, a permutation of …, −6, −2, 2, 6, … instead.
    """

    unit: float
    amplitude: int
    distinct: bool = False
    nondifferentiable: bool = False  # ties and nondifferentiable points: unfit for differences
    squares: tuple[Shape, Shape, int | None] | None = None  # x's shape, axes A, largest offset: squares_grid

    def values(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """A random array of this shape on the grid, in float64."""
        if self.squares and shape == self.squares[0]:
            return square_numbers(rng, *self.squares)
        if self.distinct:
            return (4.0 * (rng.permutation(prod(shape)) - prod(shape) // 2) + 2).reshape(shape)
        return self.unit * rng.integers(-self.amplitude, self.amplitude + 1, shape).astype(float)

    def direction(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """A random direction for differences, in which a piecewise linear op stays differentiable.

        Distinct values lie 4 apart and at least 2 from zero, so a step of ±1 changes no order and no sign.
        """
        return rng.choice([-1.0, 1.0], shape) if self.distinct else self.values(rng, shape)


REAL = Grid(0, 0)  # stands for real numbers: what a rule returns for a call without an exact grid

GridRule = Callable[[Call, Mapping[str, Any], int], tuple[Grid, Grid]]


def integers(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For multilinear ops: integers up to A, so that the sum of K products of two factors is at most 2^(bits−2)."""
    grid = _grid(call, 1, isqrt(2 ** (bits - 2) // longest_sum(call)))
    return grid, grid


def cubes(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For trilinear ops: smaller integers, because the products have three factors."""
    amplitude = int((2 ** (bits - 2) // longest_sum(call)) ** (1 / 3))
    grid = _grid(call, 1, amplitude)
    return grid, grid


def distinct(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For ops that select: distinct values, without ties and without nondifferentiable points."""
    return Grid(1, 0, distinct=True), _grid(call, 1, 2 ** (bits - 2) // max_overlap(call))


def ties(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For ops that select: −1, 0 and 1, with many ties and nondifferentiable points."""
    return Grid(1, 1, nondifferentiable=True), _grid(call, 1, 2 ** (bits - 2) // max_overlap(call))


def multiples(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For average pooling: multiples of every window size, so that each division has no remainder."""
    unit = lcm(*np.unique(np.abs(window_counts(call))).astype(int).tolist())
    grid = _grid(call, unit, 2 ** (bits - 2) // (unit * kernel_taps(call)))
    return grid, grid


def resampled(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For interpolation that copies values or doubles an axis: weights are multiples of 1/4, on two axes of 1/16."""
    a, size = call.arguments, call.arguments["x"][2:]
    times = a["size"] if "size" in a else a["scale_factor"]
    each = times if isinstance(times, tuple) else (times,) * len(size)
    doubled = all(m in ((n, 2 * n) if "size" in a else (1.0, 2.0)) for n, m in zip(size, each, strict=True))
    if a.get("mode", "nearest") != "nearest" and (not doubled or a.get("align_corners")):
        return REAL, REAL
    elements = prod(each) if "size" in a else prod(int(n * m) for n, m in zip(size, each, strict=True))
    grid = _grid(call, 1, 2 ** (bits - 2) // (16 * max(int(elements), 1)))
    return grid, grid


def adaptive_multiples(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For adaptive average pooling: multiples of the size of every window.

    PyTorch divides by the rows, then by the columns. Neither division has a remainder.
    """
    unit, taps = 1, 1
    output = call.arguments["output_size"]
    for n, wanted in zip(
        call.arguments["x"][2:], output if isinstance(output, tuple) else (output, output), strict=True
    ):
        count = n if wanted is None else wanted
        sizes = [-(-(p + 1) * n // count) - p * n // count for p in range(count)]
        unit *= lcm(*sizes)
        taps *= max(*sizes, -(-count // n) + 1)  # taps of a window; windows that contain an element
    grid = _grid(call, unit, 2 ** (bits - 2) // (unit * taps))
    return grid, grid


def multiples_of_the_weight(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For the mean over labels: multiples of their total weight, by which it divides. Weights are integers up to 4."""
    target, weight = keywords["target"], keywords.get("weight")
    counted = target[target != keywords.get("ignore_index", -100)]
    total = int(counted.size if weight is None else weight[counted].sum())
    unit = max(total, 1) if keywords.get("reduction", "mean") == "mean" else 1
    grid = _grid(call, unit, 2 ** (bits - 2) // (unit * 4 * max(target.size, 1)))
    return grid, grid


def leaky(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For leaky_relu: distinct values, if the slope has few bits."""
    if not _few_bits(keywords.get("negative_slope", 0.01)):
        return REAL, REAL
    return Grid(1, 0, distinct=True), _grid(call, 1, 2 ** (bits - 6))


def leaky_ties(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For leaky_relu: −1, 0 and 1, if the slope has few bits."""
    input_grid, dy_grid = leaky(call, keywords, bits)
    return input_grid if input_grid is REAL else Grid(1, 1, nondifferentiable=True), dy_grid


def slopes(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For prelu: distinct values of x and of w, at most twice their number. The gradient of w sums products x · dy."""
    size = max(prod(call.arguments["x"]), prod(call.arguments["w"]), 1)
    return Grid(1, 0, distinct=True), _grid(call, 1, 2 ** (bits - 2) // (size * (2 * size + 2)))


def slope_ties(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For prelu: −1, 0 and 1, for x and for the slopes."""
    return Grid(1, 1, nondifferentiable=True), slopes(call, keywords, bits)[1]


def sixths(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For hardsigmoid and hardswish: x = 3k/8 up to ±6, dy a multiple of 6.

    The values of x lie on all pieces and on both nondifferentiable points.
    """
    return Grid(3 / 8, 16, nondifferentiable=True), _grid(call, 6, 2 ** (bits - 10))


def kept(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For dropout: integers, if 1/(1 − p) is a power of two, if p is 1, or in evaluation."""
    p = keywords.get("p", 0.5)
    if keywords.get("training", True) and p < 1 and frexp(1 - p)[0] != 0.5:
        return REAL, REAL
    grid = _grid(call, 1, 2 ** (bits - 8))
    return grid, grid


def rows(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For embedding: integers. The gradient of a row is a sum over its indices. It may be divided by their number."""
    count = np.bincount(keywords["indices"].ravel(), minlength=1)
    if keywords.get("scale_grad_by_freq") and any(frexp(n)[0] not in (0.0, 0.5) for n in count.tolist()):
        return REAL, REAL
    grid = _grid(call, 1, 2 ** (bits - 8) // max(count.max(), 1))
    return grid, grid


def squared_differences(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For mse_loss: integers, whose squared differences are summed, with weights up to 4."""
    grid = _grid(call, 1, isqrt(2 ** (bits - 8) // max(prod(call.arguments["x"]), 1)))
    return (grid, grid) if _dyadic_mean(call, keywords) else (REAL, REAL)


def pieces(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For piecewise quadratic losses: multiples of a quarter of the threshold where a parabola becomes a line."""
    kink = keywords.get("beta", keywords.get("delta", 1.0)) or 1.0
    if frexp(kink)[0] != 0.5 or not _dyadic_mean(call, keywords):
        return REAL, REAL
    return Grid(kink / 4, 16, nondifferentiable=True), _grid(call, 1, 2 ** (bits - 12))


def _dyadic_mean(call: Call, keywords: Mapping[str, Any]) -> bool:
    """Whether the mean divides by a power of two. PyTorch multiplies by the reciprocal, which must be exact."""
    weight, huber = keywords.get("weight"), call.op == "huber_loss"
    total = prod(call.arguments["x"]) if weight is None or huber else float(weight.sum())
    return keywords.get("reduction", "mean") != "mean" or (total > 0 and frexp(total)[0] == 0.5)


def _few_bits(value: float) -> bool:
    """Whether the value is a multiple of 1/8 up to ±2. It then adds at most four bits to a product."""
    return float(value * 8).is_integer() and abs(value) <= 2


def squares_of_channels(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For batch_norm: in training the square grid with A = n, h, w, …; in evaluation integers.

    In evaluation, y is linear in each argument, and running_var is 0, 3 or 15.
    """
    x = call.arguments["x"]
    return squares_grid(call, bits, (0, *range(2, len(x))) if call.arguments.get("training", False) else None)


def squares_of_samples(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For instance_norm: the square grid with A = h, w, …; with running statistics integers."""
    given = not call.arguments.get("use_input_stats", True)
    return squares_grid(call, bits, None if given else tuple(range(2, len(call.arguments["x"]))))


def squares_of_rows(call: Call, keywords: Mapping[str, Any], bits: int) -> tuple[Grid, Grid]:
    """For rms_norm: the square grid with A = the last axes.

    Nothing is subtracted, so there is no offset, and each number has a sign of its own.
    """
    rank, last = len(call.arguments["x"]), len(call.arguments["normalized_shape"])
    return squares_grid(call, bits, tuple(range(rank - last, rank)), offset=False)


def squares_grid(call: Call, bits: int, axes: Shape | None, offset: bool = True) -> tuple[Grid, Grid]:
    """The square grid, for normalisations with eps = 1 over axes A of M = 2^k ≥ 4 elements.

    Over these axes, x is an integer plus a permutation of ±(3, −1, −1, −1), repeated M/4 times. So the mean is an
    integer, the variance is 3, and 1/√(3 + 1) = ½. Weight, bias and dy are integers up to a. Then
    dx = s (dz − Σdz/M − z Σ dz z/M) is a multiple of 1/(8 M), and its terms sum to at most 17/4 a². The sums in
    dweight, and in dx before its divisions, have at most |x| terms up to 3 a². Here |x| is the number of elements of
    x. Everything fits if 34 a² |x| does.

    Args:
        call: the call. Its x has any shape.
        bits: the bits of the significand.
        axes: the axes A, or None if the statistics are given: then the arguments are integers.
        offset: whether the integer is added.

    Returns:
        The grid of the arguments and the grid of dy. Both are REAL if eps or M does not fit.
    """
    x = call.arguments["x"]
    count = prod(x[axis] for axis in axes) if axes is not None else 4
    if call.arguments.get("eps") != 1.0 or count < 4 or count & (count - 1):
        return REAL, REAL
    grid = _grid(call, 1, isqrt(2 ** (bits - 2) // (34 * max(prod(x), 1))))
    if axes is None:
        return grid, grid
    return grid._replace(squares=(x, axes, grid.amplitude if offset else None)), grid


def square_numbers(rng: np.random.Generator, shape: Shape, axes: Shape, offset: int | None) -> Array:
    """A random x on the square grid. ``offset`` is the largest integer that is added, or None for none."""
    kept = tuple(axis for axis in range(len(shape)) if axis not in axes)
    rows, size = prod(shape[axis] for axis in kept), prod(shape[axis] for axis in axes)
    a = rng.permuted(np.tile([3.0, -1, -1, -1], (rows, size // 4)), axis=1)
    signs = rng.choice([-1.0, 1.0], (rows, size if offset is None else 1))
    a = a * signs + (0 if offset is None else rng.integers(-offset, offset + 1, (rows, 1)))
    order = (*kept, *axes)
    x: Array = a.reshape([shape[axis] for axis in order]).transpose(np.argsort(order))
    return x


def _grid(call: Call, unit: float, amplitude: int) -> Grid:
    """The grid. Without an amplitude, its unit may be a whole number beyond all formats, and stays out of it."""
    return Grid(unit if amplitude else 1, min(amplitude, 9) if call.seed < SMALL else amplitude)


def max_overlap(call: Call) -> int:
    """How many cotangents at most are summed in one element of dx, for ops that select.

    This is the number of taps of a window, or the number of elements of dy.
    """
    size, a = call.arguments.get("x", (1,))[2:], call.arguments
    if "output_size" in a:
        pair = a["output_size"] if isinstance(a["output_size"], tuple) else (a["output_size"],) * 2
        return prod(n if wanted is None else wanted for n, wanted in zip(size, pair, strict=True)) or 1
    if "pad" in a:
        pairs = zip(reversed(a["x"]), a["pad"][::2], a["pad"][1::2], strict=False)
        return prod(n + lo + hi for n, lo, hi in pairs) or 1
    return kernel_taps(call)


def kernel_taps(call: Call) -> int:
    """The number of taps of a pooling window. 1 for other ops."""
    kernel = call.arguments.get("kernel_size", 1)
    return prod(kernel) if isinstance(kernel, tuple) else int(kernel) ** (len(call.arguments["x"]) - 2)
