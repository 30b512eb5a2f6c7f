"""Laws of average pooling of rank 3: the derivation is avg_pool2d's."""

import numpy as np
from hypothesis import given

from manual import avg_pool3d
from oracle.cases import draw
from oracle.lattices import multiples
from oracle.ops import OPS
from oracle.strategies import calls

OP = OPS["avg_pool3d"]


@given(call=calls(OP))
def test_a_constant_stays_constant_without_its_padding(call):
    options = draw(OP, call).keywords | {"count_include_pad": False}
    options.pop("divisor_override", None)
    assert (avg_pool3d.forward(np.full(call.arguments["x"], 3.0), **options) == 3).all()


@given(call=calls(OP))
def test_backward_is_the_adjoint_of_forward(call):
    case = draw(OP, call, multiples)
    x = case.arrays["x"]
    y, (dx,) = avg_pool3d.forward(x, **case.keywords), avg_pool3d.backward(case.dy, x, **case.keywords)
    inner = [sum(int(p) * int(q) for p, q in zip(a.flat, b.flat, strict=True)) for a, b in ((y, case.dy), (x, dx))]
    assert inner[0] == inner[1]


def test_a_kernel_larger_than_the_unpadded_input_is_refused_in_three_dimensions_only():
    """A finding: torch 2.13.0 takes avg_pool2d of 2×2 with kernel 3 and padding 1, and refuses the same of 2×2×2."""
    import torch
    import torch.nn.functional as F

    assert F.avg_pool2d(torch.zeros(1, 1, 2, 2), 3, padding=1).shape == (1, 1, 1, 1)
    with np.testing.assert_raises_regex(RuntimeError, "smaller than kernel size"):
        F.avg_pool3d(torch.zeros(1, 1, 2, 2, 2), 3, padding=1)
    with np.testing.assert_raises_regex(ValueError, "wants an unpadded input as large as the kernel"):
        avg_pool3d.forward(np.zeros((1, 1, 2, 2, 2)), kernel_size=3, padding=1)
