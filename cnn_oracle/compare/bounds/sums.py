"""The rounding bounds of ops that sum products, average, select or resample."""

from math import prod, sqrt

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases.case import Case
from cnn_oracle.cases.exact_grids import kernel_cells, max_overlap
from cnn_oracle.cases.expected import Outputs, longest_sum, reference_gradients
from cnn_oracle.compare.bounds.common import at_magnitudes, gradient_magnitudes, present, scaled, tiny
from cnn_oracle.compare.bounds.rounding import ELEMENTARY, gamma
from cnn_oracle.manual._typing import Array


def multilinear(case: Case, u: float) -> Outputs:
    """|ŷ − y| ≤ γ_K op(|x|, |w|, |b|), K the longest sum: the op applied to absolute values is its own bound."""
    return scaled(gamma(longest_sum(case.call) + 1, u), at_magnitudes(case))


def probabilistic_ratio(call: Call) -> float:
    """γ over its tight form √k u, k = K + 1: roundings are as often up as down, and add up as a random walk does."""
    return sqrt(longest_sum(call) + 1)


def initialiser(case: Case, u: float) -> Outputs:
    """A product with one number, which takes at most seven roundings: gain, quotient, roots, products, dtype."""
    return scaled(gamma(8, u), at_magnitudes(case))


def average(case: Case, u: float) -> Outputs:
    """As multilinear, K = R·S cells and one division; a cell is in at most as many windows as a window has cells."""
    return scaled(gamma(kernel_cells(case.call) + 1, u), at_magnitudes(case))


def adaptive(case: Case, u: float) -> Outputs:
    """As average; no window has more cells, and no cell more windows, than the image has cells plus the output has."""
    terms = prod(case.call.arguments["x"][2:]) + prod(case.dy.shape[2:])
    return scaled(gamma(terms + 2, u), at_magnitudes(case))


def interpolation(case: Case, u: float) -> Outputs:
    """Weights of both axes, their products and sums: 16 roundings; dx sums at most all of dy's cells.

    A weight λ is what (j + ½) s has beyond an integer, so it errs by 4 u n absolutely, n the cells of its axis: times
    the largest neighbour for y, times all of dy that may reach a cell for dx.
    """
    at, axes, x = at_magnitudes(case), tuple(range(2, case.dy.ndim)), case.wide("x")
    weight = 4 * u * (sum(case.call.arguments["x"][2:]) + sum(case.dy.shape[2:]))
    dx = gamma(16 + prod(case.dy.shape[2:]), u) * present(at["dx"])
    reach = np.abs(case.dy).sum(axes, keepdims=True, where=np.isfinite(case.dy))  # what is not makes its cells NaN or ∞
    return {
        "y": gamma(16, u) * present(at["y"]) + weight * np.abs(x).max(initial=0, where=np.isfinite(x)),
        "dx": dx + weight * reach,
    }


def lp_pool(case: Case, u: float) -> Outputs:
    """y = s^(1/P): s = Σ u^P errs by γ_K Σ|u|^P, K its terms and a power's, so by r relative; the root takes r/|P|.

    dx = Σ dy y^(1−P) u^(P−1) errs, beside its own K roundings, by |P−1| times what y errs. At magnitudes y is ``most``,
    so that there y^(1−P) lacks the factor (most/y)^(P−1).
    """
    p, k = case.call.arguments["norm_type"], kernel_cells(case.call) + 3 * ELEMENTARY
    y, most = np.abs(present(case.expected["y"])), present(at_magnitudes(case)["y"])
    ratio = np.divide(most, y, out=np.ones_like(y), where=y > 0)
    r = 2 * gamma(k, u) * ratio**p  # twice, for second-order terms
    root = r / abs(p) + ELEMENTARY * u
    dy = np.abs(case.dy) * ratio ** (p - 1) * (abs(p - 1) * root + gamma(k, u))
    dx = present(reference_gradients(case.call, {"x": np.abs(case.wide("x"))}, case.keywords, dy)["dx"])
    return {"y": y * root + tiny(case), "dx": np.abs(dx) + tiny(case)}


def weighted_mean(case: Case, u: float) -> Outputs:
    """As multilinear: a product per sample, their sum, the weights' sum and a division."""
    return scaled(gamma(2 * prod(case.call.arguments["target"]) + 3, u), at_magnitudes(case))


def selection(case: Case, u: float) -> Outputs:
    """y is copied, so exact; dx adds the cotangents that meet in a cell."""
    return scaled(gamma(max_overlap(case.call) - 1, u), gradient_magnitudes(case)) | {"y": np.zeros(case.dy.shape)}


def embedding(case: Case, u: float) -> Outputs:
    """y is copied, so exact; a row's gradient sums over its indices and may be divided by their number."""
    return scaled(gamma(case.keywords["indices"].size + 2, u), gradient_magnitudes(case)) | {
        "y": np.zeros(case.dy.shape)
    }


def learnt_rows(case: Case) -> dict[str, Array]:
    """No distance to go for an embedding's rows whose gradient is, as asked for, not their derivative."""
    rows, options = case.call.arguments["w"][0], case.keywords
    distance = np.full((rows, 1), np.inf)
    if options.get("scale_grad_by_freq"):
        distance[np.bincount(options["indices"].ravel(), minlength=rows) > 1] = 0
    if options.get("padding_idx") is not None:
        distance[options["padding_idx"]] = 0
    return {"w": distance}
