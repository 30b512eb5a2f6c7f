"""Rounding bounds of ops that sum products, average, select or resample."""

from math import prod, sqrt

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases.case import Case
from cnn_oracle.cases.exact_grids import kernel_taps, max_overlap
from cnn_oracle.cases.expected import Outputs, longest_sum, reference_gradients
from cnn_oracle.compare.bounds.common import at_magnitudes, gradient_magnitudes, present, scaled, tiny
from cnn_oracle.compare.bounds.rounding import ELEMENTARY, gamma
from cnn_oracle.manual._typing import Array


def multilinear(case: Case, u: float) -> Outputs:
    """|ŷ − y| ≤ γ_K op(|x|, |w|, |b|), where K is the longest sum. The op on absolute values yields its own bound."""
    return scaled(gamma(longest_sum(case.call) + 1, u), at_magnitudes(case))


def probabilistic_ratio(call: Call) -> float:
    """γ_k divided by √k u, with k = K + 1. Roundings are as often up as down, so their sum is a random walk."""
    return sqrt(longest_sum(call) + 1)


def initialiser(case: Case, u: float) -> Outputs:
    """A product with one factor. The factor takes at most seven roundings: gain, quotient, roots, products, dtype."""
    return scaled(gamma(8, u), at_magnitudes(case))


def average(case: Case, u: float) -> Outputs:
    """As multilinear, with K = R·S taps and one division. An element is in at most R·S windows."""
    return scaled(gamma(kernel_taps(case.call) + 1, u), at_magnitudes(case))


def adaptive(case: Case, u: float) -> Outputs:
    """As average. A window has at most all elements of an image, and an element is in at most all windows."""
    terms = prod(case.call.arguments["x"][2:]) + prod(case.dy.shape[2:])
    return scaled(gamma(terms + 2, u), at_magnitudes(case))


def interpolation(case: Case, u: float) -> Outputs:
    """The weights of both axes, their products and sums take 16 roundings. dx sums at most all elements of dy.

    A weight λ is the fractional part of (j + ½) s. So its absolute error is 4 u n, where n is the size of its axis. For
    y, this error is multiplied by the largest |x|; for dx, by the sum of |dy| over the image.
    """
    at, axes, x = at_magnitudes(case), tuple(range(2, case.dy.ndim)), case.as_float64("x")
    weight = 4 * u * (sum(case.call.arguments["x"][2:]) + sum(case.dy.shape[2:]))
    dx = gamma(16 + prod(case.dy.shape[2:]), u) * present(at["dx"])
    total = np.abs(case.dy).sum(axes, keepdims=True, where=np.isfinite(case.dy))  # elsewhere the gradient is NaN or ∞
    return {
        "y": gamma(16, u) * present(at["y"]) + weight * np.abs(x).max(initial=0, where=np.isfinite(x)),
        "dx": dx + weight * total,
    }


def lp_pool(case: Case, u: float) -> Outputs:
    """y = s^(1/P), where s = Σ u^P has the error γ_K Σ|u|^P, and K counts the terms and the roundings of a power.

    So s has a relative error r, and the root makes it r/|P|. dx = Σ dy y^(1−P) u^(P−1) has the error of its own K
    roundings, and |P−1| times the relative error of y. At magnitudes, y is ``most``; so dy is multiplied by
    (most/y)^(P−1) there, to correct y^(1−P).
    """
    p, k = case.call.arguments["norm_type"], kernel_taps(case.call) + 3 * ELEMENTARY
    y, most = np.abs(present(case.expected["y"])), present(at_magnitudes(case)["y"])
    ratio = np.divide(most, y, out=np.ones_like(y), where=y > 0)
    r = 2 * gamma(k, u) * ratio**p  # twice, for second-order terms
    root = r / abs(p) + ELEMENTARY * u
    dy = np.abs(case.dy) * ratio ** (p - 1) * (abs(p - 1) * root + gamma(k, u))
    dx = present(reference_gradients(case.call, {"x": np.abs(case.as_float64("x"))}, case.keywords, dy)["dx"])
    return {"y": y * root + tiny(case), "dx": np.abs(dx) + tiny(case)}


def lp_pool_distance_to_kink(case: Case) -> dict[str, Array]:
    """|x| times the least |s| / Σ|u|^P of all windows: then s = Σ u^P, which may be negative for odd P, keeps its sign.

    A step of f |x| |s| / Σ|u|^P changes s by at most about f P |s|.
    """
    p = case.call.arguments["norm_type"]
    y, most = np.abs(present(case.expected["y"])), present(at_magnitudes(case)["y"])
    share = (y / np.where(most > 0, most, 1))[(y > 0) & (most > 0)] ** abs(p)
    return {"x": np.abs(case.as_float64("x")) * share.min(initial=1.0)}


def weighted_mean(case: Case, u: float) -> Outputs:
    """As multilinear: one product for each sample, their sum, the sum of the weights, and a division."""
    return scaled(gamma(2 * prod(case.call.arguments["target"]) + 3, u), at_magnitudes(case))


def selection(case: Case, u: float) -> Outputs:
    """y is copied, so it is exact. dx adds the cotangents that overlap in an element."""
    return scaled(gamma(max_overlap(case.call) - 1, u), gradient_magnitudes(case)) | {"y": np.zeros(case.dy.shape)}


def embedding(case: Case, u: float) -> Outputs:
    """y is copied, so it is exact. The gradient of a row is a sum or a mean over its indices."""
    return scaled(gamma(case.keywords["indices"].size + 2, u), gradient_magnitudes(case)) | {
        "y": np.zeros(case.dy.shape)
    }


def learnt_rows(case: Case) -> dict[str, Array]:
    """The distance is 0 for rows of an embedding whose gradient is, by an option, not the derivative. Else it is ∞."""
    rows, options = case.call.arguments["w"][0], case.keywords
    distance = np.full((rows, 1), np.inf)
    if options.get("scale_grad_by_freq"):
        distance[np.bincount(options["indices"].ravel(), minlength=rows) > 1] = 0
    if options.get("padding_idx") is not None:
        distance[options["padding_idx"]] = 0
    return {"w": distance}
