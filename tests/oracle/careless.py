"""Implementations with right numbers and no input validation, as people write them. Tests verify this module.

Each lacks something: options, ranks, a missing bias, empty arrays, ValueErrors, or PyTorch's signature.
"""

from types import SimpleNamespace

import numpy as np


def _pair(n):
    return n if isinstance(n, tuple) else (n, n)


def _loops_forward(x, w, b=None, stride=1, padding=0):
    (sh, sw), (ph, pw) = _pair(stride), _pair(padding)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    samples, _, h, width = x.shape
    filters, _, r, s = w.shape
    y = np.zeros((samples, filters, (h - r) // sh + 1, (width - s) // sw + 1), x.dtype)
    for n, o, i, j in np.ndindex(y.shape):
        y[n, o, i, j] = (x[n, :, i * sh : i * sh + r, j * sw : j * sw + s] * w[o]).sum()
        if b is not None:
            y[n, o, i, j] += b[o]
    return y


def _loops_backward(dy, x, w, b=None, stride=1, padding=0):
    (sh, sw), (ph, pw) = _pair(stride), _pair(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    dx, dw = np.zeros_like(padded), np.zeros_like(w)
    _, _, r, s = w.shape
    for n, o, i, j in np.ndindex(dy.shape):
        window = np.s_[n, :, i * sh : i * sh + r, j * sw : j * sw + s]
        dx[window] += dy[n, o, i, j] * w[o]
        dw[o] += dy[n, o, i, j] * padded[window]
    h, width = x.shape[2:]
    return dx[:, :, ph : ph + h, pw : pw + width].copy(), dw, None if b is None else dy.sum((0, 2, 3))


def _row_norm_forward(x, weight=None, bias=None, eps=1e-5):
    z = x - x.mean(-1, keepdims=True)
    y = z / np.sqrt((z * z).mean(-1, keepdims=True) + eps)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def _row_norm_backward(dy, x, weight=None, bias=None, eps=1e-5):
    z = x - x.mean(-1, keepdims=True)
    r = 1 / np.sqrt((z * z).mean(-1, keepdims=True) + eps)
    z, g = z * r, dy if weight is None else dy * weight
    dx = r * (g - g.mean(-1, keepdims=True) - z * (g * z).mean(-1, keepdims=True))
    rows = tuple(range(x.ndim - 1))
    return dx, None if weight is None else (dy * z).sum(rows), None if bias is None else dy.sum(rows)


def _last_axis_softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def _last_axis_softmax_backward(dy, x):
    y = _last_axis_softmax(x)
    return y * (dy - (dy * y).sum(-1, keepdims=True))


def _matrices_forward(x, w, b):
    rows, _ = x.shape
    return x @ w.T + b.reshape(1, -1).repeat(rows, 0)


def _matrices_backward(dy, x, w, b):
    return [dy @ w, dy.T @ x, dy.sum(0)]


def _indexed_loss(x, target):
    if len(target) != len(x):
        raise IndexError("one target for each row")
    return np.square(x - target).mean()


def _indexed_loss_backward(dy, x, target):
    if len(target) != len(x):
        raise IndexError("one target for each row")
    dx = dy * 2 * (x - target) / x.size
    return dx, -dx


def _square_pool_forward(x, kernel_size, stride=None):
    if isinstance(kernel_size, tuple) or isinstance(stride, tuple):
        raise NotImplementedError("square windows only")
    k, t = kernel_size, stride or kernel_size
    p, q = (x.shape[2] - k) // t + 1, (x.shape[3] - k) // t + 1
    y = np.empty((*x.shape[:2], p, q), x.dtype)
    for i, j in np.ndindex(p, q):
        y[:, :, i, j] = x[:, :, i * t : i * t + k, j * t : j * t + k].mean((2, 3))
    return y


def _square_pool_backward(dy, x, kernel_size, stride=None):
    k, t = kernel_size, stride or kernel_size
    dx = np.zeros_like(x)
    for i, j in np.ndindex(dy.shape[2:]):
        dx[:, :, i * t : i * t + k, j * t : j * t + k] += dy[:, :, i : i + 1, j : j + 1] / (k * k)
    return dx


conv2d = SimpleNamespace(forward=_loops_forward, backward=_loops_backward)
layer_norm = SimpleNamespace(forward=_row_norm_forward, backward=_row_norm_backward)
softmax = SimpleNamespace(forward=_last_axis_softmax, backward=_last_axis_softmax_backward)
linear = SimpleNamespace(forward=_matrices_forward, backward=_matrices_backward)
mse_loss = SimpleNamespace(forward=_indexed_loss, backward=_indexed_loss_backward)
avg_pool2d = SimpleNamespace(forward=_square_pool_forward, backward=_square_pool_backward)
