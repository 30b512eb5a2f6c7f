"""A-priori rounding bounds, for inputs on which floating point rounds: how far each element may lie off.

γ_K (rounding.gamma, u the unit roundoff) bounds K roundings in a row relative to the sum of magnitudes, for any order
of summation. A bound is a function (case, u) → answers; a comparison allows the subject's (its dtype's u) plus
PyTorch's (float64's). None of this is a tolerance chosen by hand: the derivation stands at each function.
"""

from collections.abc import Callable
from math import prod, sqrt
from typing import Any

import numpy as np

from manual._typing import Array
from oracle.bounds.rounding import ELEMENTARY, gamma
from oracle.calls import Call
from oracle.cases import Case
from oracle.lattices import kernel_cells, meeting
from oracle.pytorch import Answers, longest_sum, reference_forward, reference_gradients

Bound = Callable[[Case, float], Answers]


def multilinear(case: Case, u: float) -> Answers:
    """|ŷ − y| ≤ γ_K op(|x|, |w|, |b|), K the longest sum: the op applied to absolute values is its own bound."""
    return _scaled(gamma(longest_sum(case.call) + 1, u), _at_magnitudes(case))


def looseness(call: Call) -> float:
    """γ over its tight form √k u, k = K + 1: roundings are as often up as down, and add up as a random walk does."""
    return sqrt(longest_sum(call) + 1)


def initialiser(case: Case, u: float) -> Answers:
    """A product with one number, which takes at most seven roundings: gain, quotient, roots, products, dtype."""
    return _scaled(gamma(8, u), _at_magnitudes(case))


def average(case: Case, u: float) -> Answers:
    """As multilinear, K = R·S cells and one division; a cell is in at most as many windows as a window has cells."""
    return _scaled(gamma(kernel_cells(case.call) + 1, u), _at_magnitudes(case))


def adaptive(case: Case, u: float) -> Answers:
    """As average; no window has more cells, and no cell more windows, than the image has cells plus the output has."""
    terms = prod(case.call.arguments["x"][2:]) + prod(case.dy.shape[2:])
    return _scaled(gamma(terms + 2, u), _at_magnitudes(case))


def interpolation(case: Case, u: float) -> Answers:
    """Weights of both axes, their products and sums: 16 roundings; dx sums at most all of dy's cells.

    A weight λ is what (j + ½) s has beyond an integer, so it errs by 4 u n absolutely, n the cells of its axis: times
    the largest neighbour for y, times all of dy that may reach a cell for dx.
    """
    at, axes, x = _at_magnitudes(case), tuple(range(2, case.dy.ndim)), case.wide("x")
    weight = 4 * u * (sum(case.call.arguments["x"][2:]) + sum(case.dy.shape[2:]))
    dx = gamma(16 + prod(case.dy.shape[2:]), u) * present(at["dx"])
    reach = np.abs(case.dy).sum(axes, keepdims=True, where=np.isfinite(case.dy))  # what is not makes its cells NaN or ∞
    return {
        "y": gamma(16, u) * present(at["y"]) + weight * np.abs(x).max(initial=0, where=np.isfinite(x)),
        "dx": dx + weight * reach,
    }


def lp_pool(case: Case, u: float) -> Answers:
    """y = s^(1/P): s = Σ u^P errs by γ_K Σ|u|^P, K its terms and a power's, so by r relative; the root takes r/|P|.

    dx = Σ dy y^(1−P) u^(P−1) errs, beside its own K roundings, by |P−1| times what y errs. At magnitudes y is ``most``,
    so that there y^(1−P) lacks the factor (most/y)^(P−1).
    """
    p, k = case.call.arguments["norm_type"], kernel_cells(case.call) + 3 * ELEMENTARY
    y, most = np.abs(present(case.truth["y"])), present(_at_magnitudes(case)["y"])
    ratio = np.divide(most, y, out=np.ones_like(y), where=y > 0)
    r = 2 * gamma(k, u) * ratio**p  # twice, for second-order terms
    root = r / abs(p) + ELEMENTARY * u
    dy = np.abs(case.dy) * ratio ** (p - 1) * (abs(p - 1) * root + gamma(k, u))
    dx = present(reference_gradients(case.call, {"x": np.abs(case.wide("x"))}, case.keywords, dy)["dx"])
    return {"y": y * root + tiny(case), "dx": np.abs(dx) + tiny(case)}


def weighted_mean(case: Case, u: float) -> Answers:
    """As multilinear: a product per sample, their sum, the weights' sum and a division."""
    return _scaled(gamma(2 * prod(case.call.arguments["target"]) + 3, u), _at_magnitudes(case))


def selection(case: Case, u: float) -> Answers:
    """y is copied, so exact; dx adds the cotangents that meet in a cell."""
    magnitudes = reference_gradients(case.call, case.arrays, case.keywords, np.abs(case.dy))
    return _scaled(gamma(meeting(case.call) - 1, u), magnitudes) | {"y": np.zeros(case.dy.shape)}


def embedding(case: Case, u: float) -> Answers:
    """y is copied, so exact; a row's gradient sums over its indices and may be divided by their number."""
    magnitudes = reference_gradients(case.call, case.arrays, case.keywords, np.abs(case.dy))
    return _scaled(gamma(case.keywords["indices"].size + 2, u), magnitudes) | {"y": np.zeros(case.dy.shape)}


def learnt_rows(case: Case) -> dict[str, Array]:
    """No distance to go for an embedding's rows whose gradient is, as asked for, not their derivative."""
    rows, options = case.call.arguments["w"][0], case.keywords
    distance = np.full((rows, 1), np.inf)
    if options.get("scale_grad_by_freq"):
        distance[np.bincount(options["indices"].ravel(), minlength=rows) > 1] = 0
    if options.get("padding_idx") is not None:
        distance[options["padding_idx"]] = 0
    return {"w": distance}


def softmax(case: Case, u: float) -> Answers:
    """y = e/Σe carries the relative error r below into dx = y (dy − Σ dy y): r of each y, γ_{n+1} of the sum, 3 u."""
    dim, dy = case.call.arguments["dim"], np.abs(case.dy.astype(float))
    y, r, *_ = _probabilities(case.wide("x"), dim, u)
    axis = dim if y.ndim else ()
    n = y.shape[dim] if y.ndim else 1
    total = (dy * y).sum(axis, keepdims=True)
    dx = y * ((r + 3 * u) * (dy + total) + (dy * y * r).sum(axis, keepdims=True) + gamma(n + 1, u) * total)
    return {"y": y * r + tiny(case), "dx": dx + tiny(case)}


def log_softmax(case: Case, u: float) -> Answers:
    """y as derived below; dx = dy − p Σ dy: r of p, γ_n of the sum, a product, a difference."""
    dim, dy = case.call.arguments["dim"], np.abs(case.dy.astype(float))
    p, r, _, y = _probabilities(case.wide("x"), dim, u)
    n = p.shape[dim] if p.ndim else 1
    total = dy.sum(dim if p.ndim else (), keepdims=True)
    return {"y": y, "dx": p * total * (r + gamma(n + 2, u)) + u * dy + tiny(case)}


def cross_entropy(case: Case, u: float) -> Answers:
    """ℓ = −Σ_c q z and dx = dℓ (p Σq − q): log_softmax's error in z, softmax's in p, 5 roundings in q, the sums."""
    x, options = case.wide("x"), case.keywords
    c, reduction = x.shape[1], options.get("reduction", "mean")
    q, total = _mixture(x, **{n: v for n, v in options.items() if n != "reduction"})
    p, r, z, z_error = _probabilities(x, 1, u)
    z, n = np.abs(z), max(q.size // c, 1)
    loss = (q * (z_error + gamma(c + 6, u) * z)).sum(1, where=q != 0)
    dl = np.broadcast_to(np.abs(case.dy.astype(float)) / (total if reduction == "mean" else 1), loss.shape)
    dl = np.where(q.any(1), dl, 0.0)  # an ignored sample has no gradient, even where the mean is 0/0
    y = loss
    if reduction != "none":
        y = loss.sum() + gamma(2 * n + 2, u) * (q * z).sum(where=q != 0)
    if reduction == "mean":
        y = y / total
    mass = p * q.sum(1, keepdims=True)
    dx = dl[:, None] * (mass * (r + gamma(c + 7, u)) + gamma(7, u) * q + gamma(2 * n + 3, u) * (mass + q))
    return {"y": np.asarray(y), "dx": dx + tiny(case)}


def sgd(case: Case, u: float) -> Answers:
    """The recursion at magnitudes is its own bound: no path through one step has more than 10 roundings."""
    h: dict[str, Any] = {n: case.keywords.get(n, 0.0) for n in ("momentum", "dampening", "weight_decay", "nesterov")}
    lr, mu = case.keywords.get("lr", 1e-3), h["momentum"]
    w, m, bounds = np.abs(case.wide("w")), None, Answers()
    for i, dw in enumerate(np.abs(case.dy.astype(float)), 1):
        g = dw + h["weight_decay"] * w
        m = g if m is None else mu * m + (1 - h["dampening"]) * g
        w = w + lr * (g + mu * m if h["nesterov"] else m if mu else g)
        bounds[f"w{i}"] = gamma(10 * i, u) * w
    return bounds


def _probabilities(x: Array, dim: int, u: float) -> tuple[Array, Array, Array, Array]:
    """p = softmax(x), its relative error, log p, and its absolute error, as computed from t = x − max x.

    t is rounded once, which exp turns into the relative error u|t|, beside its own. Σe averages the errors of the e and
    adds γ_n. p = e/Σe has both and a division; log p = t − log Σe has t's, Σe's as an absolute one, log's and one more.
    The factor 2 covers the products of errors that first order leaves out.
    """
    axis = dim if x.ndim else ()
    t = x - x.max(axis, keepdims=True, initial=-np.inf)
    e = np.exp(t)
    total = e.sum(axis, keepdims=True)
    size = np.where(np.isfinite(t), np.abs(t), 0)  # exp(−∞) is 0 without an error
    e_error = u * (size + ELEMENTARY)
    total_error = (e * e_error).sum(axis, keepdims=True) / total + gamma(x.shape[dim] if x.ndim else 1, u)
    log_p = t - np.log(total)  # of p itself it would be −∞ where e has underflowed
    log_error = u * size + total_error + u * ELEMENTARY * np.abs(np.log(total)) + u * np.abs(log_p)
    return e / total, 2 * (e_error + total_error + u), log_p, 2 * log_error


def _mixture(
    x: Array, target: Array, weight: Array | None = None, ignore_index: int = -100, label_smoothing: float = 0.0
) -> tuple[Array, float]:
    """q[n,c] of manual/cross_entropy.py, written anew, and what "mean" divides by."""
    c = x.shape[1]
    v = np.ones(c) if weight is None else weight.astype(float)
    soft, total = target, float(target.size // c)
    if target.dtype.kind != "f":
        kept = target != ignore_index
        soft = np.moveaxis((target[..., None] == np.arange(c)) & kept[..., None], -1, 1)
        total = float(v[target[kept]].sum())
    columns = v.reshape(-1, *(1 for _ in x.shape[2:]))
    q = columns * ((1 - label_smoothing) * soft + label_smoothing / c)
    return np.where(soft.any(1, keepdims=True), q, 0.0), total


def present(a: Array | None) -> Array:
    """An answer that is there: the type checker cannot know which arguments are given."""
    assert a is not None
    return a


def _at_magnitudes(case: Case) -> Answers:
    arrays = {n: None if a is None else np.abs(a) for n, a in case.arrays.items()}
    y = reference_forward(case.call, arrays, case.keywords)
    return {"y": y, **reference_gradients(case.call, arrays, case.keywords, np.abs(case.dy))}


def _scaled(factor: float, answers: Answers) -> Answers:
    return {quantity: None if a is None else factor * np.abs(a) for quantity, a in answers.items()}


def tiny(case: Case) -> float:
    """What underflow may lose: the smallest normal number, in each of a few products with dy."""
    dy = np.abs(case.dy)
    return float(4 * np.finfo(case.dtype).tiny * (1 + dy.max(initial=0, where=np.isfinite(dy))))
