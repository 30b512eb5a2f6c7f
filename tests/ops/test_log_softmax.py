"""Laws of log-softmax. u is float64's unit roundoff; a comment at each bound counts its roundings."""

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import log_softmax
from cnn_oracle.ops import OPS

OP = OPS["log_softmax"]
U = np.finfo(float).epsneg


@given(call=calls(OP))
def test_gradient_sums_to_zero(call):
    case = draw(OP, call)
    (dx,) = log_softmax.backward(case.dy, case.arrays["x"], **case.keywords)
    axis = call.arguments["dim"] if dx.ndim else ()
    n = dx.shape[axis] if dx.ndim else 1
    # Σ dx = Σ dy − (Σ p)(Σ dy): three sums of n roundings and a product, of numbers up to n max|dy|
    assert (np.abs(dx.sum(axis)) <= (4 * n + 4) * n * U * np.abs(case.dy).max(initial=0)).all()


@pytest.mark.parametrize("x", [[0.0, -800], [800.0, 0, -800], [1e308, -1e308], [-np.inf, 0], [np.inf, 0], [np.nan, 1]])
def test_probabilities_that_underflow_keep_their_logarithm(x):
    """log(softmax(x)) is −∞ at −800; log_softmax(x) is −800, as in PyTorch."""
    x = np.array(x)
    theirs = torch.log_softmax(torch.from_numpy(x), 0).numpy()
    ours = log_softmax.forward(x, dim=0)
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    finite = np.isfinite(theirs)
    assert np.array_equal(ours[~finite & ~np.isnan(ours)], theirs[~finite & ~np.isnan(theirs)])
    assert (
        np.abs(ours[finite] - theirs[finite]) <= 8 * U * np.abs(theirs[finite])
    ).all()  # exp, log, a sum, two differences
