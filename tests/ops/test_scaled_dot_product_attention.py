"""Laws of attention."""

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.call import Call
from cnn_oracle.calls.shrinking import calls
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import scaled_dot_product_attention as attention
from cnn_oracle.ops import OPS

OP = OPS["scaled_dot_product_attention"]

U = np.finfo(float).epsneg


@given(call=calls(OP))
def test_equal_values_are_averaged_to_themselves(call):
    """The weights sum to one, or to zero for a fully masked query."""
    case = draw(OP, call)
    query, key, value = case.arrays.values()
    y = attention.forward(query, key, np.ones_like(value), **case.keywords)
    assert (np.minimum(np.abs(y - 1), np.abs(y)) <= 4 * (key.shape[-2] + 1) * U).all()


@given(call=calls(OP))
def test_a_later_key_does_not_change_a_causal_query(call):
    case = draw(OP, call)
    query, key, value = case.arrays.values()
    options = {n: v for n, v in case.keywords.items() if n in ("scale", "enable_gqa")}
    y = attention.forward(query, key, value, is_causal=True, **options)
    key[..., 1:, :], value[..., 1:, :] = 7, 7
    assert np.array_equal(attention.forward(query, key, value, is_causal=True, **options)[..., :1, :], y[..., :1, :])


def test_a_fully_masked_query_has_zero_output_and_gradient_as_in_pytorch():
    q, k, v = np.ones((2, 1)), np.ones((3, 1)), np.ones((3, 1))
    mask = np.array([[False, False, False], [True, True, False]])
    theirs = torch.nn.functional.scaled_dot_product_attention(
        *map(torch.from_numpy, (q, k, v)), attn_mask=torch.from_numpy(mask)
    )
    assert attention.forward(q, k, v, attn_mask=mask).tolist() == theirs.tolist() == [[0], [1]]
    assert (attention.backward(np.ones((2, 1)), q, k, v, attn_mask=mask)[0][0] == 0).all()


@pytest.mark.torch_only("2.13.0")
@pytest.mark.parametrize("scale", [-1.0, 0.0])
def test_pytorchs_fused_kernel_is_nan_for_a_causal_mask_and_a_scale_that_is_not_positive(scale):
    """The kernel masks before it scales: −∞ times 0 is NaN, times −1 ∞. The reference is PyTorch's definition."""
    q, k, v = (torch.ones(1, 1, 2, 1, dtype=torch.float64) for _ in range(3))
    fused = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale)
    assert fused.flatten().isnan().tolist() == [True, False]
    assert (attention.forward(q.numpy(), k.numpy(), v.numpy(), is_causal=True, scale=scale) == 1).all()
    assert (OP.reference.forward(q, k, v, is_causal=True, scale=scale) == 1).all()


@pytest.mark.of_manual
def test_a_key_without_heads_is_rejected_where_pytorch_ends_the_process():
    call = Call(OP.name, {"query": (2, 1, 2), "key": (0, 1, 2), "value": (1, 1, 3), "enable_gqa": True}, 0)
    assert unsafe(call) == "key or value has no heads to divide by"
    with pytest.raises(ValueError, match="heads") as error:
        attention.forward(np.ones((2, 1, 2)), np.ones((0, 1, 2)), np.ones((1, 1, 3)), enable_gqa=True)
    shapes = "query=(2, 1, 2), key=(0, 1, 2), value=(1, 1, 3)"
    reason = "the heads of key and value must divide those of query"
    assert str(error.value) == f"scaled_dot_product_attention({shapes}): {reason}"
