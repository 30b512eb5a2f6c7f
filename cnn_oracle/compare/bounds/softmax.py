"""Rounding bounds of softmax, log_softmax and cross_entropy. They share the errors of the probabilities."""

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.compare.bounds.common import tiny
from cnn_oracle.compare.bounds.rounding import ELEMENTARY, gamma
from cnn_oracle.manual._typing import Array


def softmax(case: Case, u: float) -> Outputs:
    """y = e/Σe has the relative error r, derived below. dx = y (dy − Σ dy y) has r for each y, γ_{n+1} for Σ, 3 u."""
    dim, dy = case.call.arguments["dim"], np.abs(case.dy.astype(float))
    y, r, *_ = _probabilities(case.as_float64("x"), dim, u)
    axis = dim if y.ndim else ()
    n = y.shape[dim] if y.ndim else 1
    total = (dy * y).sum(axis, keepdims=True)
    dx = y * ((r + 3 * u) * (dy + total) + (dy * y * r).sum(axis, keepdims=True) + gamma(n + 1, u) * total)
    return {"y": y * r + tiny(case), "dx": dx + tiny(case)}


def log_softmax(case: Case, u: float) -> Outputs:
    """y is derived below. dx = dy − p Σ dy has r for p, γ_n for the sum, a product, and a difference."""
    dim, dy = case.call.arguments["dim"], np.abs(case.dy.astype(float))
    p, r, _, y = _probabilities(case.as_float64("x"), dim, u)
    n = p.shape[dim] if p.ndim else 1
    total = dy.sum(dim if p.ndim else (), keepdims=True)
    return {"y": y, "dx": p * total * (r + gamma(n + 2, u)) + u * dy + tiny(case)}


def cross_entropy(case: Case, u: float) -> Outputs:
    """ℓ = −Σ_c q z and dx = dℓ (p Σq − q).

    The errors are those of log_softmax in z and of softmax in p, 5 roundings in q, and the sums.
    """
    x, options = case.as_float64("x"), case.keywords
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


def _probabilities(x: Array, dim: int, u: float) -> tuple[Array, Array, Array, Array]:
    """p = softmax(x), its relative error, log p, and the absolute error of log p, computed from t = x − max x.

    t is rounded once. exp turns this into the relative error u|t|, and adds its own. Σe averages the errors of e and
    adds γ_n. p = e/Σe has both errors and that of a division. log p = t − log Σe has the error of t, the relative error
    of Σe as an absolute one, the error of log, and one rounding. The factor 2 covers products of errors, which first
    order omits.
    """
    axis = dim if x.ndim else ()
    t = x - x.max(axis, keepdims=True, initial=-np.inf)
    e = np.exp(t)
    total = e.sum(axis, keepdims=True)
    size = np.where(np.isfinite(t), np.abs(t), 0)  # exp(−∞) is 0 without an error
    e_error = u * (size + ELEMENTARY)
    total_error = (e * e_error).sum(axis, keepdims=True) / total + gamma(x.shape[dim] if x.ndim else 1, u)
    log_p = t - np.log(total)  # np.log(p) would be −∞ where e underflows
    log_error = u * size + total_error + u * ELEMENTARY * np.abs(np.log(total)) + u * np.abs(log_p)
    return e / total, 2 * (e_error + total_error + u), log_p, 2 * log_error


def _mixture(
    x: Array, target: Array, weight: Array | None = None, ignore_index: int = -100, label_smoothing: float = 0.0
) -> tuple[Array, float]:
    """q[n,c] as in manual/cross_entropy.py, but written independently, and the divisor of "mean"."""
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
