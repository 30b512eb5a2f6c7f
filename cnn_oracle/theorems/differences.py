"""An independent check without PyTorch: differences of the subject's own forward.

⟨dy, f(a + v) − f(a − v)⟩ / 2 = ⟨da, v⟩.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from operator import mul

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.compare.bounds.common import present
from cnn_oracle.compare.bounds.rounding import gamma
from cnn_oracle.compare.compare import U, must_fit, tolerance
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, show
from cnn_oracle.run.subject import backward, forward, known
from cnn_oracle.subject import Subject

# Central differences of order 8 and 6: φ′(0) ≈ Σ_k c_k (φ(kh) − φ(−kh)) / h
ORDER_8 = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
ORDER_6 = (3 / 4, -3 / 20, 1 / 60)
H = 2.0**-7
# The factor from an error in each φ to the error in φ′. Doubled, because the bounds hold at a, not at a + s v
NOISE = 2 * sum(map(abs, ORDER_8)) * 2 / H


def unit(case: Case) -> float:
    """The unit roundoff u of the case's dtype."""
    return float(np.finfo(case.dtype).epsneg)


def exact_difference(subject: Subject, op: Op, case: Case) -> None:
    """The equation holds bitwise on an exact grid.

    There, f is at most quadratic in each argument, and v does not reach a nondifferentiable point.
    """
    gradients, expected = gradients_of(subject, case), case.expected["y"]
    assert expected is not None
    if not np.isfinite(expected).all():
        return  # a mean over no samples is 0/0
    for name, a in case.arrays.items():
        if a is None or f"d{name}" not in gradients:
            continue
        v = case.grids[0].direction(case.rng, a.shape)
        if op.comparison.distance_to_kink and name in (distance := op.comparison.distance_to_kink(case)):
            v = np.where(distance[name] > 0, v, 0.0)
        ahead, behind = (_forward(subject, case, {name: b}) for b in (a + v, a - v))
        with np.errstate(invalid="ignore"):  # a wrong y may be infinite
            change = ahead - behind
        seen, claimed = dot(case.dy, change) / 2, dot(gradients[f"d{name}"], v)
        if seen != claimed:
            raise Failure(
                f"⟨d{name}, v⟩ = {float(claimed)!r}, the subject's own forward changes by {float(seen)!r} along v",
                case.call, quantity=f"d{name}", case=case, outputs=gradients,
            )  # fmt: skip


def smooth_difference(subject: Subject, op: Op, case: Case) -> None:
    """The equation for a smooth f, along v in [−1, 1], with φ(s) = ⟨dy, f(a + s v)⟩.

    First, all arguments move at once. If that fails, each argument moves separately, to find the wrong gradient. The
    tolerance is the truncation plus the rounding: the bound of f at each point, divided by h, and the bounds of both
    inner products.
    """
    expected = case.expected["y"]
    assert expected is not None
    if not np.isfinite(expected).all():
        return  # a mean over no samples is 0/0
    gradients, bound = gradients_of(subject, case), tolerance(op, case) or {}
    names = [n for n in case.arrays if gradients.get(f"d{n}") is not None and bound[f"d{n}"] is not None]

    def difference(moved: Sequence[str]) -> Failure | None:
        return _smooth_difference(subject, op, case, moved, gradients, bound)

    if failure := failing(difference, names):
        raise failure


def gradients_of(subject: Subject, case: Case) -> Outputs:
    """The subject's gradients, in the shapes of their arrays.

    Raises:
        Failure: A gradient is missing, or has another shape.
    """
    gradients = known(backward, subject, case)
    for quantity in gradients:
        must_fit(case, gradients, quantity, case.expected[quantity])
    return gradients


def _forward(subject: Subject, case: Case, moved: Mapping[str, Array]) -> Array:
    """y for other arguments, in the shape of dy."""
    outputs = forward(subject, case, **moved)
    must_fit(case, outputs, "y", case.dy)
    return present(outputs["y"])


def failing(difference: Callable[[Sequence[str]], Failure | None], names: Sequence[str]) -> Failure | None:
    """The failure along all named arguments at once; if one argument fails by itself, that failure, which names it."""
    together = difference(names) if names else None
    if together is None or len(names) == 1:
        return together
    return next(filter(None, (difference([name]) for name in names)), together)


def _smooth_difference(
    subject: Subject, op: Op, case: Case, names: Sequence[str], gradients: Outputs, bound: Outputs
) -> Failure | None:
    v = {n: small_direction(op, case, n) / len(names) for n in names}
    dy, y = case.dy.astype(np.float64), present(case.expected["y"])

    def phi(s: float) -> float:
        return float(np.sum(dy * _forward(subject, case, {n: present(case.arrays[n]) + s * w for n, w in v.items()})))

    seen, truncation = derivative(phi)
    claimed, moved, products = 0.0, 0.0, 0.0
    for n, w in v.items():
        a, gradient, allowed = present(case.arrays[n]), present(gradients[f"d{n}"]), present(bound[f"d{n}"])
        claimed += float(np.sum(gradient * w))
        # a + s v rounds too: by u|a|, along the gradient
        moved += unit(case) * float(np.sum(np.abs(gradient) * (np.abs(a) + 1)))
        products += float(np.sum(np.abs(w) * allowed) + gamma(a.size + 1, U) * np.sum(np.abs(gradient * w)))
    terms = np.sum(np.abs(dy) * present(bound["y"])) + gamma(dy.size + 1, U) * np.sum(np.abs(dy * y))
    if abs(seen - claimed) <= truncation + NOISE * (terms + moved) + products:
        return None
    (name,) = names if len(names) == 1 else ("a",)
    return Failure(
        f"{'Σ ' * (len(names) > 1)}⟨d{name}, v⟩ = {show(claimed, seen)}, "
        f"the subject's own forward changes by {show(seen, claimed)} along v",
        case.call, quantity=f"d{name}" if len(names) == 1 else "", case=case, outputs=gradients,
    )  # fmt: skip


def derivative(phi: Callable[[float], float]) -> tuple[float, float]:
    """φ′(0) by central differences of order 8, and an estimate of their truncation.

    The truncation is smaller than the difference between orders 8 and 6: the error of order 8 is smaller by a factor
    of h² ≈ 6e−5.
    """
    change = [phi(k * H) - phi(-k * H) for k in range(1, 5)]
    eight, six = (sum(c * d for c, d in zip(order, change, strict=False)) / H for order in (ORDER_8, ORDER_6))
    return eight, abs(eight - six)


def small_direction(op: Op, case: Case, name: str) -> Array:
    """v in [−1, 1], shorter near a nondifferentiable point or a pole.

    It goes at most 4 h = 1/32 of the way there, so the truncation is as small as elsewhere.
    """
    v = case.rng.uniform(-1, 1, present(case.arrays[name]).shape)
    if op.comparison.distance_to_kink and name in (distance := op.comparison.distance_to_kink(case)):
        v = v * np.minimum(1, distance[name])
    return v


def dot(a: Array | None, b: Array) -> Fraction:
    """Σ a b without rounding. With NaN or infinity, the sum is a value that equals no other sum."""
    if a is None or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return Fraction(1, 3)
    (p, unit_a), (q, unit_b) = _integers(a), _integers(b)
    return Fraction(sum(map(mul, p, q)), unit_a * unit_b)


def _integers(a: Array) -> tuple[list[int], int]:
    """Integers n and a power of two, unit: each element of a is n/unit."""
    numbers = a.ravel().astype(np.float64)
    largest = float(np.abs(numbers).max(initial=0))
    for unit in (1, 2**10, 2**20, 2**30):
        if largest < 2**62 / unit and ((scaled := numbers * unit) == np.rint(scaled)).all():
            return scaled.astype(np.int64).tolist(), unit
    ratios = [x.as_integer_ratio() for x in numbers.tolist()]
    unit = max(d for _, d in ratios)
    return [n * (unit // d) for n, d in ratios], unit
