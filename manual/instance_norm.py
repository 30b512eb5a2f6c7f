"""Each channel of each sample standardised over space.   Ulyanov, Vedaldi & Lempitsky 2016, arXiv 1607.08022.

A = the axes h, w, … of x[n,c,h,w,…]                                 in manual/_normalise.py; γ[c] weight, β[c] bias

Without use_input_stats, m and v are running_mean and running_var, as in batch_norm's evaluation.

running_mean = (1 − τ) running_mean + τ Σ_n m[n] / N                 τ momentum
running_var  = (1 − τ) running_var  + τ Σ_n v[n] M/(M − 1) / N
"""

from math import prod

from ._errors import invalid
from ._floats import ieee
from ._normalise import affine, affine_backward, channels, given, moments, normalise, normalise_backward
from ._typing import Array


@ieee
def forward(
    x: Array, weight: Array | None = None, bias: Array | None = None, *,
    running_mean: Array | None = None, running_var: Array | None = None, use_input_stats: bool = True,
    eps: float = 1e-5,
) -> Array:  # fmt: skip
    """x (N, C, …); weight, bias, running_mean, running_var (C,) or None → y of x's shape.

    Raises:
        ValueError: the shapes do not fit, a channel has a single value, or running statistics are missing.
    """
    shape = _check(x, weight, bias, running_mean, running_var, use_input_stats)
    if use_input_stats:
        return normalise(x, weight, bias, _axes(x), shape, eps)
    z, _ = given(x, running_mean, running_var, shape, eps)
    return affine(z, weight, bias, shape)


@ieee
def backward(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, *,
    running_mean: Array | None = None, running_var: Array | None = None, use_input_stats: bool = True,
    eps: float = 1e-5,
) -> tuple[Array, Array | None, Array | None]:  # fmt: skip
    """dy of x's shape → dx, dweight, dbias."""
    shape = _check(x, weight, bias, running_mean, running_var, use_input_stats, dy)
    if use_input_stats:
        return normalise_backward(dy, x, weight, bias, _axes(x), shape, eps)
    z, s = given(x, running_mean, running_var, shape, eps)
    dz, dweight, dbias = affine_backward(dy, z, weight, bias, shape)
    return s * dz, dweight, dbias


@ieee
def running_statistics(
    x: Array, running_mean: Array, running_var: Array, *, momentum: float = 0.1
) -> tuple[Array, Array]:
    """The next running_mean and running_var (C,), after x (N, C, …).

    Raises:
        ValueError: the shapes do not fit, a channel has a single value, or there is no sample.
    """
    _check(x, None, None, running_mean, running_var, True)
    if not x.size:  # no data: PyTorch does not change them
        return running_mean.copy(), running_var.copy()
    m, v = moments(x, _axes(x))
    tau = momentum
    return (1 - tau) * running_mean + tau * m.mean(0), (1 - tau) * running_var + tau * v.mean(0)


def _axes(x: Array) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


def _check(
    x: Array, weight: Array | None, bias: Array | None, mean: Array | None, var: Array | None, use_input_stats: bool,
    dy: Array | None = None,
) -> tuple[int, ...]:  # fmt: skip
    shape = channels("instance_norm", x, dy, weight=weight, bias=bias, running_mean=mean, running_var=var)
    if not len(x):  # PyTorch accepts it only without weight and bias, and running statistics become NaN
        raise invalid("instance_norm", "x needs a sample", x=x)
    if use_input_stats and prod(x.shape[2:]) == 1:
        raise invalid("instance_norm", "a channel needs more than one value", x=x)
    if not use_input_stats and mean is None:
        raise invalid("instance_norm", "running_mean and running_var are needed", x=x, use_input_stats=use_input_stats)
    return shape
