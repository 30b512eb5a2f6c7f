"""Laws of max pooling of rank 1: the derivation is max_pool2d's."""

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import given

from manual import max_pool1d
from oracle.cases import draw
from oracle.lattices import ties
from oracle.ops import OPS
from oracle.strategies import calls

OP = OPS["max_pool1d"]


@given(call=calls(OP))
def test_sends_dy_to_the_first_maximum(call):
    case = draw(OP, call, ties)
    x = case.arrays["x"]
    y, places = F.max_pool1d(torch.from_numpy(x), **case.keywords, return_indices=True)
    dx = np.zeros((*x.shape[:2], int(np.prod(x.shape[2:]))))
    n, c, *_ = np.indices(y.shape)
    np.add.at(dx, (n, c, places.numpy()), case.dy)
    assert np.array_equal(max_pool1d.backward(case.dy, x, **case.keywords)[0], dx.reshape(x.shape))
