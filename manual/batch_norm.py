"""Each channel standardised over batch and space.   Ioffe & Szegedy 2015, arXiv 1502.03167.

A = the axes n, h, w, … of x[n,c,h,w,…]                   in manual/_normalise.py; γ[c] weight, β[c] bias

In training, m and v are those of the batch. In evaluation, they are running_mean and running_var, which are constants.

running_mean = (1 − τ) running_mean + τ m                 τ momentum
running_var  = (1 − τ) running_var  + τ v M/(M − 1)

With momentum None, τ is 1/t at the t-th batch: a cumulative average.
"""

from math import prod

from ._errors import invalid
from ._floats import ieee
from ._normalise import affine, affine_backward, channels, given, moments, normalise, normalise_backward
from ._typing import Array


@ieee
def forward(
    x: Array, weight: Array | None = None, bias: Array | None = None, *,
    running_mean: Array | None = None, running_var: Array | None = None, training: bool = False, eps: float = 1e-5,
) -> Array:  # fmt: skip
    """x (N, C, …); weight, bias, running_mean, running_var (C,) or None → y of x's shape.

    Running statistics are read only in evaluation; ``running_statistics`` computes those after training.

    Raises:
        ValueError: the shapes do not fit, a channel has a single value in training, or evaluation has no statistics.
    """
    shape = _check(x, weight, bias, running_mean, running_var, training, eps)
    if training:
        return normalise(x, weight, bias, _axes(x), shape, eps)
    z, _ = given(x, running_mean, running_var, shape, eps)
    return affine(z, weight, bias, shape)


@ieee
def backward(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, *,
    running_mean: Array | None = None, running_var: Array | None = None, training: bool = False, eps: float = 1e-5,
) -> tuple[Array, Array | None, Array | None]:  # fmt: skip
    """dy of x's shape → dx, dweight, dbias."""
    shape = _check(x, weight, bias, running_mean, running_var, training, eps, dy)
    if training:
        return normalise_backward(dy, x, weight, bias, _axes(x), shape, eps)
    z, s = given(x, running_mean, running_var, shape, eps)
    dz, dweight, dbias = affine_backward(dy, z, weight, bias, shape)
    return s * dz, dweight, dbias


@ieee
def running_statistics(
    x: Array, running_mean: Array, running_var: Array, *, momentum: float | None = 0.1, num_batches_tracked: int = 0
) -> tuple[Array, Array]:
    """The next running_mean and running_var (C,), after ``num_batches_tracked`` batches and x (N, C, …).

    Raises:
        ValueError: the shapes do not fit, or a channel has a single value.
    """
    _check(x, None, None, running_mean, running_var, True, 1.0)
    if not x.size:  # no data: PyTorch does not change them
        return running_mean.copy(), running_var.copy()
    tau = 1 / (num_batches_tracked + 1) if momentum is None else momentum
    m, v = moments(x, _axes(x))
    return (1 - tau) * running_mean + tau * m, (1 - tau) * running_var + tau * v


def _axes(x: Array) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def _check(
    x: Array, weight: Array | None, bias: Array | None, mean: Array | None, var: Array | None,
    training: bool, eps: float, dy: Array | None = None,
) -> tuple[int, ...]:  # fmt: skip
    shape = channels("batch_norm", x, dy, weight=weight, bias=bias, running_mean=mean, running_var=var)
    if training and prod(x.shape[axis] for axis in _axes(x)) == 1:
        raise invalid("batch_norm", "a channel needs more than one value in training", x=x)
    if not training and mean is None:
        raise invalid("batch_norm", "evaluation needs running_mean and running_var", x=x, training=training)
    if eps < 0 or (training and not eps):
        raise invalid("batch_norm", "eps must be > 0 in training, ≥ 0 in evaluation", x=x, training=training, eps=eps)
    return shape
