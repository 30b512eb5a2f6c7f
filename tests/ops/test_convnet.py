"""The network of the training comparison: the hand-written chain rule against autograd."""

import numpy as np
import pytest
import torch

from cnn_oracle.manual import convnet
from cnn_oracle.reference import convnet as reference

# One pass sums at most 16·7·7 = 784 products per number and chains eight layers. Weights and inputs are of order one
# and every layer's Jacobian has a norm below 16. The bound is γ of all sums together, times the gradients' scale.
U = np.finfo(float).epsneg


@pytest.mark.parametrize("image", [(1, 8, 8), (1, 28, 28), (3, 9, 10)])
def test_backward_is_autograds_gradient(image):
    rng = np.random.default_rng(0)
    x, target = rng.standard_normal((5, *image)), rng.integers(0, 10, 5)
    p = convnet.initial(image, 10, rng)
    values = convnet.forward(x, p)
    loss, gradients = convnet.backward(x, p, values, target)

    tensors = {name: torch.from_numpy(w.copy()).requires_grad_() for name, w in p.items()}
    theirs = reference.forward(torch.from_numpy(x), tensors)
    value = reference.loss(theirs, torch.from_numpy(target))
    value.backward()
    for name in values:
        assert values[name].shape == theirs[name].shape
        _near(values[name], theirs[name].detach().numpy(), sums=16 * 49 + 9 * 8 + 9 * 3)
    _near(loss, value.item(), sums=1000)
    for name, w in tensors.items():
        _near(gradients[name], w.grad.numpy(), sums=5 * 28 * 28 + 1000)


def test_the_last_width_is_derived_from_the_image():
    assert convnet.initial((1, 28, 28), 10, np.random.default_rng(0))["w3"].shape == (10, 16 * 7 * 7)
    assert convnet.initial((1, 8, 8), 10, np.random.default_rng(0))["w3"].shape == (10, 16 * 2 * 2)


def _near(a, b, sums):
    scale = np.abs(b).max(initial=1)
    assert (np.abs(a - b) <= 16 * sums * U * scale).all()
