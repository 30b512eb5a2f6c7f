"""Laws of the scaled exponential linear unit."""

import numpy as np

from cnn_oracle.manual import selu


def test_keeps_mean_zero_and_variance_one():
    """∫ selu φ = 0 and ∫ selu² φ = 1 for the normal density φ, which is how its two constants were chosen."""
    x = np.linspace(-40, 40, 800_001)  # trapezoidal rule, with a node at the nondifferentiable point
    density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * (x[1] - x[0])
    y = selu.forward(x)
    assert abs((y * density).sum()) < 1e-8
    assert abs((y * y * density).sum() - 1) < 1e-8


def test_its_slopes_at_0_are_lambda_alpha_and_lambda():
    assert selu.backward(np.ones(2), np.array([0.0, 5e-324]))[0].tolist() == [selu.SCALE * selu.ALPHA, selu.SCALE]
