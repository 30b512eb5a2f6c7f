"""Two more independent checks by PyTorch's other ways to differentiate: forward mode and double backward."""

from collections.abc import Mapping, Sequence

import numpy as np

from cnn_oracle.cases.case import Case, replace
from cnn_oracle.cases.expected import Outputs, reference_second_gradients, reference_tangent
from cnn_oracle.compare.bounds.common import present
from cnn_oracle.compare.bounds.rounding import gamma
from cnn_oracle.compare.compare import U, tolerance
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, show
from cnn_oracle.run.subject import backward
from cnn_oracle.subject import Subject
from cnn_oracle.theorems.differences import NOISE, derivative, dot, failing, gradients_of, small_direction, unit

Directions = Mapping[str, Array]  # one direction for each argument that is present


def transpose(subject: Subject, op: Op, case: Case) -> None:
    """⟨dy, J v⟩ = Σ ⟨da, v_a⟩. The equation is exact on an exact grid.

    Elsewhere, J v and Jᵀ dy use the same entries of J. So the bound of da times |v_a|, summed, covers both errors.
    """
    if not _finite(case.expected):
        return
    v = _directions(subject, op, case)
    tangent = reference_tangent(case.call, case.arrays, case.keywords, v)
    v, gradients = _checked(subject, op, v), gradients_of(subject, case)
    seen, claimed, allowed = dot(case.dy, tangent), sum(dot(gradients[f"d{n}"], w) for n, w in v.items()), 0.0
    if not case.exact:
        bound = tolerance(op, case) or {}
        errors = sum(np.sum(np.abs(w) * bound[f"d{n}"]) for n, w in v.items())
        allowed = float(errors + gamma(case.dy.size, U) * np.sum(np.abs(case.dy * tangent)))
    if not abs(seen - claimed) <= allowed:
        a, b = float(claimed), float(seen)
        what = f"Σ ⟨da, v⟩ = {show(a, b)}, PyTorch's forward mode says ⟨dy, J v⟩ = {show(b, a)}"
        raise Failure(what, case.call, case=case, outputs=gradients)


def second_gradient(subject: Subject, op: Op, case: Case) -> None:
    """Differences of the subject's own backward match PyTorch's double backward.

    Along v, Φ = Σ ⟨da, w_a⟩ changes by ⟨PyTorch's double backward of w, v⟩.
    """
    if not _finite(case.expected):
        return
    w = _directions(subject, op, case)
    second = reference_second_gradients(case.call, case.arrays, case.keywords, case.dy, w)
    w = _checked(subject, op, w)
    slopes = {n: slope for n in case.arrays if (slope := second[n]) is not None and np.isfinite(slope).all()}

    def change(names: Sequence[str]) -> Failure | None:
        moved = {n: slopes[n] for n in names}
        seen, claimed, allowed = (_exact_change if case.exact else _smooth_change)(subject, op, case, moved, w)
        if abs(seen - claimed) <= allowed:
            return None
        (quantity, along) = (f"d{names[0]}", f" of {names[0]}") if len(names) == 1 else ("", "")
        return Failure(
            f"backward changes by {show(seen, claimed)} along v{along}, "
            f"PyTorch's double backward says {show(claimed, seen)}",
            case.call, quantity=quantity, case=case, outputs=backward(subject, case),
        )  # fmt: skip

    each = [[name] for name in slopes] if case.exact else [[*slopes]]
    if failure := next(filter(None, (failing(change, names) for names in each)), None):
        raise failure


def _exact_change(
    subject: Subject, op: Op, case: Case, slopes: Directions, w: Directions
) -> tuple[float, float, float]:
    """On an exact grid, backward is at most quadratic in each argument, so central differences are exact."""
    ((name, slope),) = slopes.items()
    a = present(case.arrays[name])
    v = case.grids[0].direction(case.rng, a.shape)
    if op.comparison.distance_to_kink and name in (distance := op.comparison.distance_to_kink(case)):
        v = np.where(distance[name] > 0, v, 0.0)
    ahead, behind = (_gradients_at(subject, case, {name: a + s * v}) for s in (1, -1))
    seen = sum(dot(ahead[f"d{n}"], x) - dot(behind[f"d{n}"], x) for n, x in w.items()) / 2
    claimed = dot(slope, v)
    return (0.0, 0.0, 0.0) if seen == claimed else (float(seen), float(claimed), -1.0)


def _smooth_change(
    subject: Subject, op: Op, case: Case, slopes: Directions, w: Directions
) -> tuple[float, float, float]:
    """On real numbers, all arguments move at once. The tolerance is the noise of differences: the bounds of da over h.

    This noise is a hundred times larger than the error of PyTorch's double backward, so that error needs no bound.
    """
    bound = tolerance(op, case) or {}
    v = {n: small_direction(op, case, n) / len(slopes) for n in slopes}

    def phi(s: float) -> float:
        moved = _gradients_at(subject, case, {n: present(case.arrays[n]) + s * d for n, d in v.items()})
        return float(sum(np.sum(present(moved[f"d{n}"]) * x) for n, x in w.items()))

    seen, truncation = derivative(phi)
    noise = sum(unit(case) * np.sum(np.abs(g) * (np.abs(present(case.arrays[n])) + 1)) for n, g in slopes.items())
    for n, x in w.items():
        size = np.abs(present(case.expected[f"d{n}"]))
        noise += np.sum(np.abs(x) * (present(bound[f"d{n}"]) + gamma(x.size + 1, U) * size))
    claimed = float(sum(np.sum(g * v[n]) for n, g in slopes.items()))
    return seen, claimed, truncation + NOISE * float(noise)


def _gradients_at(subject: Subject, case: Case, moved: Mapping[str, Array]) -> Outputs:
    arrays = case.arrays | {n: np.asarray(a, case.dtype) for n, a in moved.items()}
    return gradients_of(subject, replace(case, arrays=arrays))


def _checked(subject: Subject, op: Op, v: Directions) -> Directions:
    return {n: a for n, a in v.items() if n in subject.gradients(op)}


def _directions(subject: Subject, op: Op, case: Case) -> Directions:
    """Factors for the gradients. They are 0 where a gradient is a convention and not a derivative, or not checked."""
    distance = op.comparison.distance_to_kink(case) if op.comparison.distance_to_kink else {}
    grid, found = case.grids[0], {}
    for name, a in case.arrays.items():
        if a is None:
            continue
        if case.exact:
            v = case.rng.integers(-9, 10, a.shape).astype(float) if grid.distinct else grid.values(case.rng, a.shape)
        else:
            v = case.rng.standard_normal(a.shape)
        found[name] = np.where(distance[name] > 0, v, 0.0) if name in distance else np.asarray(v)
        if name not in subject.gradients(op):
            found[name] = np.zeros(a.shape)
    return found


def _finite(expected: Outputs) -> bool:
    """Whether all expected values are finite. Infinity and NaN (such as a mean over no samples) have no derivative."""
    return all(a is None or bool(np.isfinite(a).all()) for a in expected.values())
