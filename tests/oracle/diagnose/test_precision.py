"""A fast algorithm is distinguished from a mistake, and a multiplier of reduced precision from both."""

from random import Random
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cnn_oracle.call import Call
from cnn_oracle.calls.sampling import random_call
from cnn_oracle.calls.unsafe import per_axis
from cnn_oracle.cases.case import draw
from cnn_oracle.compare.bounds import normwise
from cnn_oracle.compare.compare import tolerance
from cnn_oracle.diagnose import precision
from cnn_oracle.manual import conv2d
from cnn_oracle.one_call import check_call
from cnn_oracle.ops import OPS
from cnn_oracle.result import Verdict
from cnn_oracle.studies.known_good import fft
from cnn_oracle.subject import Subject
from cnn_oracle.verification import verify_op

CONV = OPS["conv2d"]

# Winograd's F(4, 3): four outputs of three taps by six products. Lavin & Gray 2015, arXiv 1509.09308.
A = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], float)
G = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
B = np.array([
    [4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1],
], float)  # fmt: skip


def winograd(x, w):
    """x (N, C, H, W), w (O, C, R, S) of up to 3×3 taps → y of every window, by tiles of F(4×4, 3×3)."""
    taps = np.zeros((*w.shape[:2], 3, 3), x.dtype)
    taps[:, :, : w.shape[2], : w.shape[3]] = w
    a, g, m = (matrix.astype(x.dtype) for matrix in (A, G, B))
    rows, columns = (-(-size // 4) * 4 for size in x.shape[2:])
    padded = np.zeros((*x.shape[:2], rows + 2, columns + 2), x.dtype)
    padded[:, :, : x.shape[2], : x.shape[3]] = x
    y, u = np.empty((len(x), len(w), rows, columns), x.dtype), np.einsum("ir,ocrs,js->ocij", g, taps, g)
    for p in range(0, rows, 4):
        for q in range(0, columns, 4):
            tile = np.einsum("ih,nchw,jw->ncij", m, padded[:, :, p : p + 6, q : q + 6], m)
            y[:, :, p : p + 4, q : q + 4] = np.einsum("pi,ocij,ncij,qj->nopq", a, u, tile, a)
    return y[:, :, : x.shape[2] - w.shape[2] + 1, : x.shape[3] - w.shape[3] + 1]


def convolution(every_window, most):
    """conv2d made of a convolution without options: each group, each phase of the dilation, then every t-th window."""

    def forward(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
        direct = conv2d.forward(x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups)
        if 0 in x.shape or max(w.shape[2:]) > most:
            return direct
        t, d = per_axis(stride, 2), per_axis(dilation, 2)
        if isinstance(padding, str):
            spans = [e * (k - 1) * (padding == "same") for e, k in zip(d, w.shape[2:], strict=True)]
            pads = [(span // 2, span - span // 2) for span in spans]
        else:
            pads = [(p, p) for p in per_axis(padding, 2)]
        padded = np.pad(x, ((0, 0), (0, 0), *pads))
        size = [n - e * (k - 1) for n, e, k in zip(padded.shape[2:], d, w.shape[2:], strict=True)]
        y = np.empty((len(x), len(w), *size), x.dtype)
        for g, (o, c) in enumerate(zip(np.split(y, groups, 1), np.split(padded, groups, 1), strict=True)):
            filters = np.split(w, groups)[g]
            for i, j in np.ndindex(*d):
                if i < size[0] and j < size[1]:
                    o[:, :, i :: d[0], j :: d[1]] = every_window(c[:, :, i :: d[0], j :: d[1]], filters)
        y = y[:, :, :: t[0], :: t[1]]
        return np.ascontiguousarray(y) if b is None else y + b[:, None, None]

    return forward


WINOGRAD = convolution(winograd, 3)


def in_tf32(a):
    """Eleven bits of significand: float32 with its last 13 bits rounded away."""
    bits = np.array(a, np.float32).view(np.uint32)
    return ((bits + 0x1000) & 0xFFFFE000).view(np.float32).astype(a.dtype)


def to_bfloat16(a):
    return torch.from_numpy(np.array(a)).bfloat16().double().numpy().astype(a.dtype)


def in_bfloat16(x, w, b=None, **options):
    return conv2d.forward(to_bfloat16(x), to_bfloat16(w), b, **options)


def in_bfloat16_if_float32(x, w, b=None, **options):
    return (in_bfloat16 if x.dtype == np.float32 else conv2d.forward)(x, w, b, **options)


def subject(forward=conv2d.forward, backward=conv2d.backward):
    return Subject("it", SimpleNamespace(conv2d=SimpleNamespace(forward=forward, backward=backward)))


@pytest.mark.parametrize("forward", [WINOGRAD, fft.conv2d.forward], ids=["winograd", "fft"])
def test_a_fast_algorithm_is_normwise(forward):
    row = verify_op(subject(forward), CONV, 20, 0)
    assert (row.verdict, row.failure) == (Verdict.NORMWISE, None)
    assert row.error_over_bound < 1


def test_winograd_lies_outside_the_bound_of_direct_algorithms():
    """Otherwise the normwise bound would not be needed, and the verdict would be BOUNDED."""
    rng, error_over_bound = Random(0), 0.0
    for _ in range(50):
        case = draw(CONV, random_call(CONV, rng), None, "float32")
        error = np.abs(WINOGRAD(*case.arrays.values(), **case.keywords) - case.expected["y"])
        bound = np.maximum(tolerance(CONV, case)["y"], np.finfo(float).tiny)  # 0 where a window lies in the padding
        error_over_bound = max(error_over_bound, np.max(error / bound, initial=0))
    assert error_over_bound > 1


def test_the_growth_of_winograd_is_that_of_the_bound():
    growth = (np.abs(A) * np.abs(G).sum(1) * np.abs(B).sum(1)).sum(1)
    assert growth.max() == normwise.GROWTH


@pytest.mark.parametrize("forward", [in_bfloat16, in_bfloat16_if_float32])
def test_a_multiplier_of_bfloat16_is_wrong_and_reported_as_one(forward):
    row = verify_op(subject(forward), CONV, 100, 0)
    assert row.verdict is Verdict.WRONG
    dtype = "float64" if forward is in_bfloat16 else "float32"
    assert row.failure.likely_causes == [f"y in {dtype} is exact at 256, not at 512: multiplies in bfloat16"]


def test_only_one_gradient_may_have_reduced_precision():
    def backward(dy, x, w, b=None, **options):
        dx, _, db = conv2d.backward(dy, x, w, b, **options)
        return dx, conv2d.backward(in_tf32(dy), in_tf32(x), w, b, **options)[1], db

    found = {w.quantity: str(w) for w in precision.widths(subject(backward=backward), CONV, "float32")}
    assert found["dw"] == "exact at 2048, not at 4096: multiplies in float16 or TF32"
    assert found["y"].endswith("as far as sums allow")
    assert found["dx"].endswith("as far as sums allow")


@pytest.mark.parametrize("wrong", [lambda y: 1.0001 * y, lambda y: y + 1e-6])
def test_a_small_mistake_is_no_fast_algorithm(wrong):
    """A tolerance of 1e-4 does not find it, and it is far above the rounding of any algorithm in float64."""
    row = verify_op(subject(lambda *arrays, **options: wrong(conv2d.forward(*arrays, **options))), CONV, 100, 0)
    assert row.verdict is Verdict.WRONG


def test_one_call_may_be_normwise_too():
    row = check_call(subject(WINOGRAD), Call("conv2d", {"x": (2, 3, 7, 8), "w": (4, 3, 3, 3), "padding": 1}, 0))
    assert row.verdict is Verdict.NORMWISE
