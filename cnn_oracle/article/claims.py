"""The table of printed forms: id → (the predicate of the domain, both sides of the formula on one geometry)."""

from collections.abc import Callable

import numpy as np
import torch

from cnn_oracle.article.printed import Claim, NoGeometry, Sides
from cnn_oracle.manual import avg_pool2d, conv2d, linear, log_softmax, max_pool2d, sgd, softmax
from cnn_oracle.manual._geometry import output_size
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual.article import (
    activations,
    backward,
    connections,
    convolution,
    dense,
    images,
    layer,
    losses,
    optimizers,
    padding,
    pooling,
    regularization,
    stride,
    volumes,
)
from cnn_oracle.reference.article import regularization as pytorch


def _integers(rng: np.random.Generator, *shape: int) -> Array:
    """Small integers without 0, in floating point: sums are exact, and no product is 0."""
    return rng.choice([-1.0, 1.0], shape) * rng.integers(1, 10, shape)


def _in_bytes(rng: np.random.Generator, v: int, f: int) -> Sides:
    x, w = np.full((1, 1, f, f), v, float), np.ones((1, 1, f, f))
    return Sides(lambda: images.convolve_bytes_as_printed(x, w).astype(float), conv2d.forward(x, w))


def _convolution(rng: np.random.Generator, n: int, f: int) -> Sides:
    x, w = _integers(rng, n, n), _integers(rng, f, f)
    return Sides(lambda: convolution.convolve_as_printed(x, w), convolution.cross_correlate(x, w))


def _finitely_many(rng: np.random.Generator, n: int, f: int) -> Sides:
    fit = padding.stacked_convolutions(n, f)
    return Sides(lambda: padding.stacked_convolutions_as_printed(n, f), np.inf if fit is None else fit)


def _even_influence(rng: np.random.Generator, n: int, f: int) -> Sides:
    p = (f - 1) // 2
    if f % 2 == 0 or n + 2 * p < f:
        raise NoGeometry
    general = padding.influence_map((n, n), (f, f), (p, p), (1, 1))
    return Sides(lambda: padding.even_influence_as_printed(n, f), general)


def _same(rng: np.random.Generator, n: int, f: int, s: int, d: int) -> Sides:
    x, w = _integers(rng, 1, 1, n, n), _integers(rng, 1, 1, f, f)
    general = conv2d.forward(x, w, padding="same", dilation=d)
    return Sides(lambda: padding.same_convolution_as_printed(x, w, stride=s, dilation=d), general)


def _output_size(rng: np.random.Generator, n: int, f: int, p: int, s: int) -> Sides:
    general = output_size(n + 2 * p, f, s, 1) if n + 2 * p >= f else np.nan  # no size: rejected
    return Sides(lambda: stride.output_size_as_printed(n, f, p, s), general)


def _one_filter(rng: np.random.Generator, n: int, f: int, n_c: int, n_f: int) -> Sides:
    x, w = _integers(rng, n, n, n_c), _integers(rng, f, f, n_c, n_f)
    return Sides(lambda: volumes.convolve_volume_as_printed(x, w[..., 0]), volumes.convolve_volume(x, w))


def _matrix_product(rng: np.random.Generator, n: int, f: int) -> Sides:
    x, w, b = _integers(rng, 2, 2, n, n), _integers(rng, 3, 2, f, f), _integers(rng, 3)
    return Sides(lambda: layer.matrix_product_as_printed(x, w, b), layer.forward(x, w, b)[0])


def _every_output(rng: np.random.Generator, n: int, f: int, p: int, s: int, n_f: int) -> Sides:
    general = connections.affected((1, n, n), (n_f, 1, f, f), stride=s, padding=p)
    return Sides(lambda: connections.affected_as_printed(*general.shape), general)


def _elementwise(rng: np.random.Generator, m: int) -> Sides:
    z, da = rng.standard_normal((2, 1, m))
    a = softmax.forward(z, dim=1)
    slope = activations.sigmoid_slope(a)  # ∂a[i]/∂z[i] = a[i] (1 − a[i]), also for softmax
    return Sides(lambda: backward.elementwise_as_printed(da, slope), softmax.backward(da, z, dim=1)[0])


def _gradient(printed: Callable[[Array, Array, tuple[int, ...]], Array]) -> Callable[..., Sides]:
    def sides(rng: np.random.Generator, n: int, f: int, p: int, s: int, d: int) -> Sides:
        w, size = _integers(rng, 2, 1, f, f), output_size(n + 2 * p, f, s, d)
        if size < 1:
            raise NoGeometry
        dy, x_shape = _integers(rng, 1, 2, size, size), (1, 1, n, n)
        general = conv2d.input_gradient(dy, x_shape, w, stride=s, padding=p, dilation=d)
        return Sides(lambda: printed(dy, w, x_shape), general)

    return sides


def _maximum_mask(rng: np.random.Generator, n: int, f: int, s: int) -> Sides:
    if n < f:
        raise NoGeometry
    size = output_size(n, f, s, 1)
    x, dy = rng.permutation(n * n).reshape(1, 1, n, n).astype(float), _integers(rng, 1, 1, size, size)
    (general,) = max_pool2d.backward(dy, x, kernel_size=f, stride=s)
    return Sides(lambda: pooling.backward_by_mask_as_printed(dy, x, pooling.maximum_mask, f, s), general)


def _mean_mask(rng: np.random.Generator, n: int, f: int, s: int, p: int) -> Sides:
    x, size = _integers(rng, 1, 1, n, n), output_size(n + 2 * p, f, s, 1)
    if size < 1:
        raise NoGeometry
    dy = 144 * _integers(rng, 1, 1, size, size)  # a multiple of every number of taps in a window: 1 … 9, 12, 16
    (general,) = avg_pool2d.backward(dy, x, kernel_size=f, stride=s, padding=p, count_include_pad=False)

    def printed() -> Array:
        around = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        dx = pooling.backward_by_mask_as_printed(dy, around, pooling.mean_mask, f, s)
        return dx[:, :, p : n + p, p : n + p]

    return Sides(printed, general, 1e-9)  # integers below 1e5, and 1/f² is rounded


def _mean(rng: np.random.Generator, m: int) -> Sides:
    dz, a, w = 12 * _integers(rng, 3, m), _integers(rng, 2, m), _integers(rng, 3, 2)  # 12 is divisible by m = 1 … 4
    da, dw, db = linear.backward(dz.T, a.T, w, np.zeros(3))
    assert db is not None
    general = np.concatenate([da.ravel(), dw.ravel(), db])

    def printed() -> Array:
        da, dw, db = dense.backward_as_printed(dz, a, w)
        return np.concatenate([da.T.ravel(), dw.ravel(), db.ravel()])

    return Sides(printed, general)


def _tanh(rng: np.random.Generator, z: int) -> Sides:
    """The quotient's numerator and denominator err by 10 u of e^z + e^−z each, NumPy's tanh by 8 u: 30 u in all."""
    return Sides(lambda: activations.tanh_as_printed(np.array(float(z))), np.tanh(float(z)), 30 * 2.0**-53)


def _clipping(rng: np.random.Generator, gap: int) -> Sides:
    """A probability has a relative error of (gap + 20) u. The log makes it absolute. The general loss has as
    large an error. The bound is twice the sum.
    """
    logits, label = np.array([[float(gap), 0.0]]), np.array([1])
    general = -log_softmax.forward(logits, dim=1)[:, 1]
    probability = softmax.forward(logits, dim=1)
    return Sides(lambda: losses.cross_entropy_as_printed(probability, label), general, 4 * (gap + 20) * 2.0**-53)


def _l2(rng: np.random.Generator, k: int, v: int) -> Sides:
    w = np.full(k, float(v))
    return Sides(lambda: regularization.l2_as_printed(w), regularization.l2(w))


def _momentum(rng: np.random.Generator, beta_in_eighths: int, first_gradient: int) -> Sides:
    """Three steps, without rounding."""
    beta, gradients = beta_in_eighths / 8, [float(first_gradient), *_integers(rng, 2)]

    def printed() -> Array:
        w, v, path = np.zeros(()), np.zeros(()), []
        for g in gradients:
            w, v = optimizers.momentum_as_printed(w, np.array(g), v, lr=1.0, beta=beta)
            path.append(w)
        return np.array(path)

    def general() -> Array:
        w, m, path = np.zeros(()), None, []
        for g in gradients:
            w, m = sgd.step(w, np.array(g), m, lr=1.0, momentum=beta, dampening=beta)
            path.append(w)
        return np.array(path)

    return Sides(printed, general())


def _dropout(rng: np.random.Generator, percent: int) -> Sides:
    """PyTorch multiplies by 1/(1−p), the series divides by 1−p: three roundings of values of at most 36."""
    p, x = percent / 100, _integers(rng, 64)
    y, mask = pytorch.dropout(torch.from_numpy(x), p, seed=int(rng.integers(2**31)))
    return Sides(lambda: regularization.dropout_as_printed(x.copy(), mask.numpy(), p), y.numpy(), 3 * 36 * 2.0**-53)


def _full(dy: Array, w: Array, _: tuple[int, ...]) -> Array:
    return backward.full_convolution_as_printed(dy, w)


CLAIMS: dict[str, Claim] = {
    "E0": Claim(images.bytes_hold_when, _in_bytes),
    "E1": Claim(convolution.convolution_holds_when, _convolution),
    "E2": Claim(padding.finitely_many_hold_when, _finitely_many),
    "E2b": Claim(padding.half_padding_holds_when, _even_influence),
    "E2c": Claim(padding.same_convolution_holds_when, _same),
    "E3": Claim(stride.output_size_holds_when, _output_size),
    "E4": Claim(volumes.one_filter_holds_when, _one_filter),
    "E5": Claim(layer.matrix_product_holds_when, _matrix_product),
    "E6a": Claim(connections.every_output_holds_when, _every_output),
    "E8": Claim(backward.elementwise_holds_when, _elementwise),
    "E9": Claim(backward.full_convolution_holds_when, _gradient(_full)),
    "E9a": Claim(backward.scatter_holds_when, _gradient(backward.scatter_as_printed)),
    "E13": Claim(pooling.mask_holds_when, _maximum_mask),
    "E14": Claim(pooling.mean_holds_when, _mean_mask),
    "S1": Claim(dense.mean_holds_when, _mean),
    "S2": Claim(activations.tanh_holds_when, _tanh),
    "S3": Claim(losses.clipping_holds_when, _clipping),
    "S4": Claim(regularization.l2_holds_when, _l2),
    "S5": Claim(optimizers.momentum_holds_when, _momentum),
    "S6": Claim(regularization.dropout_holds_when, _dropout),
}
