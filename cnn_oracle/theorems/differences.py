"""The witness that is not PyTorch: differences of the subject's own forward.   ⟨dy, f(a+v) − f(a−v)⟩ = 2 ⟨da, v⟩."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from operator import mul

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.compare.bounds.common import present
from cnn_oracle.compare.bounds.rounding import gamma
from cnn_oracle.compare.compare import U, show, tolerance
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure
from cnn_oracle.run.subject import backward, forward, known
from cnn_oracle.subject import Subject

# Central differences of order 8 and 6: φ′(0) ≈ Σ_k c_k (φ(kh) − φ(−kh)) / h
ORDER_8 = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
ORDER_6 = (3 / 4, -3 / 20, 1 / 60)
H = 2.0**-7
# What an error of each φ becomes in φ′. Twice, since the bounds are those at a, not at a + s v
NOISE = 2 * sum(map(abs, ORDER_8)) * 2 / H


def unit(case: Case) -> float:
    """u, the unit roundoff of the case's dtype."""
    return float(np.finfo(case.dtype).epsneg)


def exact_difference(subject: Subject, op: Op, case: Case) -> None:
    """On a lattice f is quadratic in each argument, and v stays clear of every kink: it holds to the last bit."""
    gradients, expected = known(backward, subject, case), case.expected["y"]
    assert expected is not None
    if not np.isfinite(expected).all():
        return  # a mean over no samples is 0/0
    for name, a in case.arrays.items():
        if a is None:
            continue
        v = case.grids[0].direction(case.rng, a.shape)
        if op.comparison.kinks and name in (clear := op.comparison.kinks(case)):
            v = np.where(clear[name] > 0, v, 0.0)
        ahead, behind = (forward(subject, case, **{name: b})["y"] for b in (a + v, a - v))
        assert ahead is not None
        assert behind is not None
        seen, told = dot(case.dy, ahead - behind) / 2, dot(gradients[f"d{name}"], v)
        if seen != told:
            raise Failure(
                f"⟨d{name}, v⟩ = {float(told)!r}, the subject's own forward changes by {float(seen)!r} along v",
                case.call, quantity=f"d{name}", case=case, outputs=gradients,
            )  # fmt: skip


def smooth_difference(subject: Subject, op: Op, case: Case) -> None:
    """For smooth f, along v in ±1, φ(s) = ⟨dy, f(a + s v)⟩: all arguments move at once, and one alone to tell which.

    Allowed are the truncation and the rounding: f's own bound at each of the points, divided by h, and those of both
    inner products.
    """
    expected = case.expected["y"]
    assert expected is not None
    if not np.isfinite(expected).all():
        return  # a mean over no samples is 0/0
    gradients, bound = known(backward, subject, case), tolerance(op, case) or {}
    names = [n for n in case.arrays if gradients[f"d{n}"] is not None and bound[f"d{n}"] is not None]

    def difference(moved: Sequence[str]) -> Failure | None:
        return _smooth_difference(subject, op, case, moved, gradients, bound)

    if names and (together := difference(names)):
        raise next(filter(None, ([difference([n]) for n in names] if len(names) > 1 else [])), together)


def _smooth_difference(
    subject: Subject, op: Op, case: Case, names: Sequence[str], gradients: Outputs, bound: Outputs
) -> Failure | None:
    v = {n: small_direction(op, case, n) / len(names) for n in names}
    dy, y = case.dy.astype(np.float64), present(case.expected["y"])

    def phi(s: float) -> float:
        moved = forward(subject, case, **{n: present(case.arrays[n]) + s * w for n, w in v.items()})
        return float(np.sum(dy * present(moved["y"])))

    seen, truncation = derivative(phi)
    told, moved, products = 0.0, 0.0, 0.0
    for n, w in v.items():
        a, gradient, allowed = present(case.arrays[n]), present(gradients[f"d{n}"]), present(bound[f"d{n}"])
        told += float(np.sum(gradient * w))
        # a + s v is rounded too: u|a| along the gradient
        moved += unit(case) * float(np.sum(np.abs(gradient) * (np.abs(a) + 1)))
        products += float(np.sum(np.abs(w) * allowed) + gamma(a.size + 1, U) * np.sum(np.abs(gradient * w)))
    terms = np.sum(np.abs(dy) * present(bound["y"])) + gamma(dy.size + 1, U) * np.sum(np.abs(dy * y))
    if abs(seen - told) <= truncation + NOISE * (terms + moved) + products:
        return None
    (name,) = names if len(names) == 1 else ("a",)
    return Failure(
        f"{'Σ ' * (len(names) > 1)}⟨d{name}, v⟩ = {show(told, seen)}, "
        f"the subject's own forward changes by {show(seen, told)} along v",
        case.call, quantity=f"d{name}" if len(names) == 1 else "", case=case, outputs=gradients,
    )  # fmt: skip


def derivative(phi: Callable[[float], float]) -> tuple[float, float]:
    """φ′(0) by central differences of order 8, and their truncation.

    That is below the difference of two orders, of which order 8 is h² ≈ 6e−5 closer than order 6.
    """
    change = [phi(k * H) - phi(-k * H) for k in range(1, 5)]
    eight, six = (sum(c * d for c, d in zip(order, change, strict=False)) / H for order in (ORDER_8, ORDER_6))
    return eight, abs(eight - six)


def small_direction(op: Op, case: Case, name: str) -> Array:
    """v in ±1, less near a kink or a pole: 4 h = 1/32 of the way to it, so that truncation is as elsewhere."""
    v = case.rng.uniform(-1, 1, present(case.arrays[name]).shape)
    if op.comparison.kinks and name in (clear := op.comparison.kinks(case)):
        v = v * np.minimum(1, clear[name])
    return v


def dot(a: Array | None, b: Array) -> Fraction:
    """Σ a b without rounding; NaN and infinity are no numbers here and give a sum that nothing equals."""
    if a is None or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return Fraction(1, 3)
    (p, unit_a), (q, unit_b) = _integers(a), _integers(b)
    return Fraction(sum(map(mul, p, q)), unit_a * unit_b)


def _integers(a: Array) -> tuple[list[int], int]:
    """Numbers n and a unit, a power of two, so that each element of a is n/unit."""
    numbers = a.ravel().astype(np.float64)
    largest = float(np.abs(numbers).max(initial=0))
    for unit in (1, 2**10, 2**20, 2**30):
        if largest < 2**62 / unit and ((scaled := numbers * unit) == np.rint(scaled)).all():
            return scaled.astype(np.int64).tolist(), unit
    ratios = [x.as_integer_ratio() for x in numbers.tolist()]
    unit = max(d for _, d in ratios)
    return [n * (unit // d) for n, d in ratios], unit
