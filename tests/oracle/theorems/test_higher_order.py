"""Forward mode and the gradient of the gradient: what they find, and where PyTorch itself is wrong or raises."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnn_oracle import mistakes, theorems
from cnn_oracle.call import Call
from cnn_oracle.cases.expected import lacks_double_backward
from cnn_oracle.manual import binary_cross_entropy
from cnn_oracle.ops import OPS
from cnn_oracle.verification import search

THEOREMS = [
    theorems.backward_is_the_transpose_of_forward_mode,
    theorems.gradient_of_backward_is_pytorchs_double_backward,
]
BACKWARDS = [
    "conv2d.kernel_not_rotated",
    "conv2d.weight_gradient_rotated",
    "softmax.diagonal_only",
    "linear.averaged_over_the_batch",
]


@pytest.mark.parametrize("name", BACKWARDS)
@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.__name__)
def test_each_theorem_on_its_own_rejects_a_wrong_gradient(name, theorem):
    op, _, mistake = name.partition(".")
    (subject,) = [m.subject for m in mistakes.of(op) if m.name == mistake]
    assert search(subject, OPS[op], 100, 0, which=[theorem], shrink=False).failure is not None


@pytest.mark.torch_only("2.13.0")
@pytest.mark.parametrize(
    ("call", "norm"),
    [
        (
            Call("layer_norm", {"x": (2, 3), "bias": (3,), "normalized_shape": (3,)}, 0),
            lambda x, b: F.layer_norm(x, (3,), None, b),
        ),
        (
            Call("batch_norm", {"x": (2, 3), "bias": (3,), "running_mean": (3,), "running_var": (3,)}, 0),
            lambda x, b: F.batch_norm(x, torch.zeros(3), torch.ones(3), None, b),
        ),
    ],
)
def test_pytorchs_norms_have_no_double_backward_with_a_bias_and_no_weight(call, norm):
    """A finding: torch 2.13.0 raises from its own derivative formula."""
    assert lacks_double_backward(call)
    x, b = torch.randn(2, 3, requires_grad=True), torch.zeros(3, requires_grad=True)
    dx, db = torch.autograd.grad(norm(x, b).pow(2).sum(), (x, b), create_graph=True)
    with pytest.raises(RuntimeError, match="Expected a proper Tensor but got None"):
        torch.autograd.grad(dx.sum() + db.sum(), (x, b))


@pytest.mark.torch_only("2.13.0")
def test_pytorchs_double_backward_of_binary_cross_entropy_errs_by_its_epsilon():
    """A finding: at x = 1/100 torch 2.13.0's second derivative of −log x errs by 1e−10, its first only by rounding."""
    x, t = torch.tensor([0.01], dtype=torch.float64, requires_grad=True), torch.ones(1, dtype=torch.float64)
    (dx,) = torch.autograd.grad(F.binary_cross_entropy(x, t, reduction="sum"), x, create_graph=True)
    (ddx,) = torch.autograd.grad(dx.sum(), x)
    ours = binary_cross_entropy.backward(np.array(1.0), x.detach().numpy(), t.numpy(), reduction="sum")[0]
    roundings = 8 * float(np.finfo(float).epsneg)  # a product, a difference, a quotient
    assert abs(ours[0] + 100) <= roundings * 100
    assert abs(dx.item() + 100) <= roundings * 100
    assert 1e-11 < abs(ddx.item() / 1e4 - 1) < 1e-9
