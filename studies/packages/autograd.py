"""HIPS autograd: scipy.signal.convolve, functions of its numpy and its scipy.special, its optimisers.

convolve flips its kernel, so it gets w flipped. It sums over ``dot_axes``, the channels. Its paddings are the modes
"valid", "same" and "full" (k - 1 elements on each side, for a kernel of size k); it has no strides, dilations or
groups. Where users of autograd write one NumPy function for an op (maximum for relu, matmul for linear), the op is that
function. Gradients come from make_vjp. At each step, an optimiser runs from the start, on the gradients so far.
"""

from collections.abc import Callable
from typing import Any

import autograd.numpy as np
from autograd import make_vjp
from autograd.misc import optimizers
from autograd.scipy import signal, special

from cnn_oracle.studies.packages.options import Lacks
from cnn_oracle.subject import Implementation

Function = Callable[..., Any]


def _differentiated(f: Function) -> Implementation:
    def forward(*arrays: Any, **options: Any) -> Any:
        return np.asarray(f(*arrays, **options))

    def backward(dy: Any, *arrays: Any, **options: Any) -> Any:
        present = tuple(i for i, a in enumerate(arrays) if a is not None)
        found = iter(make_vjp(f, present)(*arrays, **options)[0](dy))
        return tuple(None if a is None else next(found) for a in arrays)

    return Implementation(forward, backward)


def _convolution(
    x: Any, w: Any, b: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    _has(stride=stride in (1, (1,) * (x.ndim - 2)), dilation=dilation in (1, (1,) * (x.ndim - 2)), groups=groups == 1)
    space = tuple(range(2, x.ndim))
    flipped = w[(..., *(slice(None, None, -1) for _ in space))]
    y = signal.convolve(x, flipped, (space, space), ((1,), (1,)), _mode(padding, w.shape[2:]))
    return y if b is None else y + b.reshape(-1, *(1 for _ in space))


def _mode(padding: Any, kernel: tuple[int, ...]) -> str:
    if isinstance(padding, str):
        return padding
    each = padding if isinstance(padding, tuple) else (padding,) * len(kernel)
    _has(padding=each in ((0,) * len(kernel), tuple(k - 1 for k in kernel)))
    return "full" if any(each) else "valid"


def _has(**options: bool) -> None:
    for name, supported in options.items():
        if not supported:
            raise Lacks(name)


def _bilinear(x1: Any, x2: Any, w: Any, b: Any) -> Any:
    y = np.einsum("...i,oij,...j->...o", x1, w, x2)
    return y if b is None else y + b


def _linear(x: Any, w: Any, b: Any) -> Any:
    y = np.matmul(x, w.T)
    return y if b is None else y + b


def _flatten(x: Any, *, start_dim: int = 0, end_dim: int = -1) -> Any:
    shape = x.shape or (1,)
    start, end = start_dim % len(shape), end_dim % len(shape)
    return np.reshape(x, (*shape[:start], int(np.prod(shape[start : end + 1])), *shape[end + 1 :]))


def _pad(x: Any, *, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Any:
    """Pass NumPy's names of the modes, and a pair for each axis, from the first on."""
    pairs = [*zip(pad[::2], pad[1::2], strict=True)][::-1]
    named = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode]
    more = {} if value is None else {"constant_values": value}
    return np.pad(x, [(0, 0)] * (x.ndim - len(pairs)) + pairs, named, **more)


def _embedding(w: Any, *, indices: Any, padding_idx: int | None = None, scale_grad_by_freq: bool = False) -> Any:
    _has(padding_idx=padding_idx is None, scale_grad_by_freq=not scale_grad_by_freq)
    return w[indices]


def _softplus(x: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    _has(beta=beta == 1, threshold=threshold == 20)
    return np.logaddexp(0, x)


def _stepping(optimize: Function) -> Implementation:
    """``optimize(gradient of, w, number of steps, options)``. The state is the first w and the gradients so far.

    The averages begin as float64 arrays, so the result is float64.
    """

    def step(
        w: Any, dw: Any, state: Any = None, *, weight_decay: float = 0.0, maximize: bool = False, **options: Any
    ) -> Any:
        _has(weight_decay=not weight_decay, maximize=not maximize)
        first, gradients = state or (w, ())
        gradients = (*gradients, dw)
        return optimize(lambda _, i: gradients[i], first, len(gradients), **options), (first, gradients)

    return Implementation(step=step, dtypes=("float64",))


def _sgd(
    gradient: Function, w: Any, count: int, *,
    lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0, nesterov: bool = False,
) -> Any:  # fmt: skip
    """autograd's dampening equals its mass."""
    _has(dampening=dampening == momentum, nesterov=not nesterov)
    return optimizers.sgd(gradient, w, num_iters=count, step_size=lr, mass=momentum)


def _rmsprop(
    gradient: Function, w: Any, count: int, *,
    lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8, momentum: float = 0.0, centered: bool = False,
) -> Any:  # fmt: skip
    _has(momentum=not momentum, centered=not centered)
    return optimizers.rmsprop(gradient, w, num_iters=count, step_size=lr, gamma=alpha, eps=eps)


def _adam(
    gradient: Function, w: Any, count: int, *,
    lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, amsgrad: bool = False,
) -> Any:  # fmt: skip
    _has(amsgrad=not amsgrad)
    return optimizers.adam(gradient, w, num_iters=count, step_size=lr, b1=betas[0], b2=betas[1], eps=eps)


conv1d = conv2d = conv3d = _differentiated(_convolution)
linear, bilinear = _differentiated(_linear), _differentiated(_bilinear)
pad, flatten, embedding = _differentiated(_pad), _differentiated(_flatten), _differentiated(_embedding)
relu = _differentiated(lambda x: np.maximum(0, x))
sigmoid = _differentiated(special.expit)
tanh = _differentiated(np.tanh)
softplus = _differentiated(_softplus)
sgd, rmsprop, adam = _stepping(_sgd), _stepping(_rmsprop), _stepping(_adam)
