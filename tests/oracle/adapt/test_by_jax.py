"""JAX functions as subjects."""

import numpy as np
import pytest

import cnn_oracle as oracle
from cnn_oracle import adapt

jax = pytest.importorskip("jax")
jnp = jax.numpy


@jax.jit
def silu(x):
    return x * jax.nn.sigmoid(x)


def conv2d(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    """Images (N, H, W, C), kernels HWIO."""
    both = lambda v: v if isinstance(v, tuple) else (v, v)  # noqa: E731
    stride, dilation = both(stride), both(dilation)
    if padding == "same" and max(stride) > 1:
        raise ValueError("padding='same' has stride 1")
    if not isinstance(padding, str) and min(both(padding)) < 0:  # lax would crop
        raise ValueError("negative padding")
    spans = [d * (k - 1) for d, k in zip(dilation, w.shape[:2], strict=True)]
    pads = [(s // 2, s - s // 2) for s in spans] if padding == "same" else padding
    if padding != "same":
        pads = "VALID" if padding == "valid" else [(p, p) for p in both(padding)]
    letters = ("NHWC", "HWIO", "NHWC")
    y = jax.lax.conv_general_dilated(
        x, w, stride, pads, rhs_dilation=dilation, feature_group_count=groups, dimension_numbers=letters
    )
    return y if b is None else y + b


def test_a_function_and_its_vjp():
    row = oracle.verify("silu", adapt.jax_function(silu), examples=5)
    assert (row.verdict, row.unchecked) == ("BOUNDED", ())


def test_an_nhwc_convolution_with_an_absent_bias():
    for call in (
        "conv2d(x=(2, 4, 5, 4), w=(6, 2, 3, 2), b=(6,), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2)",
        "conv2d(x=(1, 2, 4, 4), w=(3, 2, 2, 2), padding='same')",
    ):
        row = oracle.verify("conv2d", adapt.nhwc(adapt.jax_function(conv2d)), call=call)
        assert (row.verdict, row.unchecked) == ("EXACT", ())


def test_float64_stays_float64_and_the_users_mode_is_unchanged():
    before = jax.config.jax_enable_x64
    made = adapt.jax_function(silu)
    for dtype in ("float64", "float32"):
        x = np.ones(3, dtype)
        assert made.forward(x).dtype == dtype
        assert made.backward(x, x)[0].dtype == dtype
    assert jax.config.jax_enable_x64 == before
    assert jnp.asarray(np.ones(3)).dtype == (np.float64 if before else np.float32)


def test_a_downcast_in_the_function_is_reported():
    downcast = adapt.jax_function(lambda x: silu(x.astype(jnp.float32)))
    with pytest.raises(oracle.Failure, match=r"^CONTRACT  dtype: y is float32, the inputs are float64\n"):
        oracle.verify("silu", downcast, examples=1)


def test_a_wrong_vjp_is_reported_as_the_subjects():
    @jax.custom_vjp
    def doubled(x):
        return silu(x)

    doubled.defvjp(lambda x: (silu(x), x), lambda x, dy: (2 * jax.vjp(silu, x)[1](dy)[0],))
    with pytest.raises(oracle.Failure) as failure:
        oracle.verify("silu", adapt.jax_function(doubled), call="silu(x=(2, 3))", seed=1)
    assert failure.value.quantity == "dx"
    assert failure.value.who_is_wrong.startswith("the subject is wrong")


def test_jax_arrays_as_outputs_need_no_adapter():
    row = oracle.verify("silu", forward=lambda x: jax.enable_x64(True)(silu)(x), call="silu(x=(2, 3))")
    assert (row.verdict, row.unchecked) == ("BOUNDED", ("backward",))
