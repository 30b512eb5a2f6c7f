"""Two further witnesses, of PyTorch's other ways to differentiate: forward mode, and the gradient of the gradient."""

from dataclasses import replace

import numpy as np

from manual._typing import Array
from oracle.bounds import gamma
from oracle.cases import Case
from oracle.compare import show, tolerance
from oracle.differences import NOISE, U, derivative, dot, small_direction
from oracle.ops import Op
from oracle.pytorch import Answers, reference_second_gradients, reference_tangent
from oracle.run import backward
from oracle.subjects import Subject
from oracle.verdicts import Failure


def transpose(subject: Subject, op: Op, case: Case) -> None:
    """⟨dy, J v⟩ = Σ ⟨da, v_a⟩, exactly on a lattice.

    Elsewhere J v and Jᵀ dy err by the same entries of J, so that Σ |v_a| times da's bound allows for both.
    """
    if not _finite(case.truth):
        return
    v = {n: None if a is None else _direction(case, a) for n, a in case.arrays.items()}
    tangent = reference_tangent(case.call, case.arrays, case.keywords, v)
    gradients = backward(subject, case)
    pairs = [(gradients[f"d{n}"], w) for n, w in v.items() if w is not None]
    if case.exact:
        seen, told = dot(case.dy, tangent), sum(dot(g, w) for g, w in pairs)
        right = seen == told
    else:
        bound = tolerance(op, case) or {}
        seen, told = np.sum(case.dy * tangent), sum(np.sum(g * w) for g, w in pairs if g is not None)
        sizes = np.sum(np.abs(case.dy * tangent)) + sum(np.sum(np.abs(g * w)) for g, w in pairs if g is not None)
        count = case.dy.size + sum(w.size for _, w in pairs) + 1
        errors = sum(np.sum(np.abs(w) * bound[f"d{n}"]) for n, w in v.items() if w is not None)
        right = bool(abs(seen - told) <= errors + gamma(count, U) * sizes)
    if not right:
        a, b = float(told), float(seen)
        what = f"Σ ⟨da, v⟩ = {show(a, b)}, PyTorch's forward mode says ⟨dy, J v⟩ = {show(b, a)}"
        raise Failure(what, case.call, case=case, answers=gradients)


def second_gradient(subject: Subject, op: Op, case: Case) -> None:
    """Along v, Φ = Σ ⟨da, w_a⟩ of the subject's own backward changes by ⟨PyTorch's double backward of w, v⟩.

    On a lattice backward is quadratic in each argument and central differences are exact. Elsewhere their noise, the
    bounds of da over h, is a hundred times what PyTorch's second application of the same rules to the same numbers errs.
    """
    if not _finite(case.truth):
        return
    w = {n: None if a is None else _direction(case, a) for n, a in case.arrays.items()}
    second = reference_second_gradients(case.call, case.arrays, case.keywords, case.dy, w)
    for name, a in case.arrays.items():
        slope = second[name]
        if a is None or slope is None or not np.isfinite(slope).all():
            continue
        if case.exact:
            v = case.lattices[0].direction(case.rng, a.shape)
            if op.comparison.kinks and name in (clear := op.comparison.kinks(case)):
                v = np.where(clear[name] > 0, v, 0.0)
            ahead, behind = (_moved(subject, case, name, a + s * v) for s in (1, -1))
            pairs = [(ahead[f"d{n}"], behind[f"d{n}"], x) for n, x in w.items() if x is not None]
            seen = sum(dot(p, x) - dot(q, x) for p, q, x in pairs) / 2
            told = dot(slope, v)
            right, answers = seen == told, ahead
        else:
            v, answers = small_direction(op, case, name, a), backward(subject, case)

            def phi(s: float, name: str = name, a: Array = a, v: Array = v) -> float:
                moved = _moved(subject, case, name, a + s * v)
                return float(sum(np.sum(g * x) for n, x in w.items() if (g := moved[f"d{n}"]) is not None))

            seen, truncation = derivative(phi)
            told = float(np.sum(slope * v))
            bound = tolerance(op, case) or {}
            pairs_ = [(answers[f"d{n}"], bound[f"d{n}"], x) for n, x in w.items() if x is not None]
            noise = sum(np.sum(np.abs(x) * (b + gamma(x.size + 1, U) * np.abs(g))) for g, b, x in pairs_)
            noise += U * np.sum(np.abs(slope) * (np.abs(a) + 1))
            right = bool(abs(seen - told) <= truncation + NOISE * noise)
        if not right:
            x, y = float(seen), float(told)
            what = f"backward changes by {show(x, y)} along v of {name}, PyTorch's double backward says {show(y, x)}"
            raise Failure(what, case.call, quantity=f"d{name}", case=case, answers=answers)


def _moved(subject: Subject, case: Case, name: str, a: Array) -> Answers:
    return backward(subject, replace(case, arrays=case.arrays | {name: np.asarray(a)}))


def _direction(case: Case, a: Array) -> Array:
    if case.exact:
        return np.asarray(case.lattices[0].values(case.rng, a.shape) if not case.lattices[0].distinct else case.rng.integers(-9, 10, a.shape).astype(float))
    return np.asarray(case.rng.standard_normal(a.shape))


def _finite(truth: Answers) -> bool:
    """A mean over no samples is 0/0, and of infinity there is nothing to differentiate."""
    return all(a is None or bool(np.isfinite(a).all()) for a in truth.values())
