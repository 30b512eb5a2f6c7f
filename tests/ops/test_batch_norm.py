"""Laws of batch norm. Most are bitwise: the standard deviation of ``square_numbers`` is 2."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.cases.exact_grids import square_numbers
from cnn_oracle.compare.bounds.rounding import Approx
from cnn_oracle.manual import batch_norm
from cnn_oracle.reference import batch_norm as reference

U = np.finfo(float).epsneg
AXES = (0, 2, 3)
TRAINING = {"training": True, "eps": 1.0}
seeds = st.integers(0, 2**32 - 1)


def draw(seed, shape=(2, 3, 4, 2), offset=9):
    rng = np.random.default_rng(seed)
    return rng, square_numbers(rng, shape, AXES, offset)


@given(seed=seeds)
def test_standardises_each_channel(seed):
    """Mean 0, and mean square v/(v + ε) = 3/4."""
    y = batch_norm.forward(draw(seed)[1], **TRAINING)
    assert (y.mean(AXES) == 0).all()
    assert ((y * y).mean(AXES) == 0.75).all()


@given(seed=seeds, exponent=st.integers(0, 40))
def test_a_huge_offset_changes_nothing(seed, exponent):
    """Bitwise, here and in PyTorch. Σx²/M − m² would lose all digits: 2⁸⁰ + 3 is not representable."""
    rng, x = draw(seed)
    dy, w = rng.integers(-9, 10, x.shape).astype(float), rng.integers(-9, 10, 3).astype(float)
    far = x + 2.0**exponent
    assert np.array_equal(batch_norm.forward(far, w, **TRAINING), batch_norm.forward(x, w, **TRAINING))
    for a, b in zip(
        batch_norm.backward(dy, far, w, **TRAINING), batch_norm.backward(dy, x, w, **TRAINING), strict=True
    ):
        assert a is b is None or np.array_equal(a, b)
    theirs = reference.forward(torch.from_numpy(far), torch.from_numpy(w), **TRAINING)
    assert np.array_equal(theirs, batch_norm.forward(x, w, **TRAINING))


@given(seed=seeds)
def test_the_gradient_of_a_channel_sums_to_zero(seed):
    """A shift of x changes nothing. A scaling changes y only through ε: Σ dx z = s Σ dz z ε/(v + ε)."""
    rng, x = draw(seed)
    dy, z = rng.integers(-9, 10, x.shape).astype(float), batch_norm.forward(x, **TRAINING)
    dx, _, _ = batch_norm.backward(dy, x, **TRAINING)
    assert (dx.sum(AXES) == 0).all()
    assert ((dx * z).sum(AXES) == (dy * z).sum(AXES) / 2 / 4).all()


def test_a_constant_cotangent_has_no_gradient():
    """A cotangent of ones is a vacuous check: a backward that returns zeros would pass."""
    _, x = draw(0)
    dx, _, _ = batch_norm.backward(np.ones_like(x), x, **TRAINING)
    assert not dx.any()


@given(seed=seeds)
def test_evaluation_by_the_batchs_own_statistics_is_training(seed):
    _, x = draw(seed)
    own = {"running_mean": x.mean(AXES), "running_var": x.var(AXES), "eps": 1.0}
    assert np.array_equal(batch_norm.forward(x, **own), batch_norm.forward(x, **TRAINING))


def test_a_constant_channel_becomes_the_bias():
    """z = 0 and s = 1/√ε, here 2. The result does not depend on the size of x or on v's gradient."""
    x, dy = np.full((2, 1, 2), 0.1), np.array([[[1.0, 2]], [[3, -2]]])
    w, b = np.array([3.0]), np.array([5.0])
    options = {"training": True, "eps": 0.25}
    assert (batch_norm.forward(np.full_like(x, 7), w, b, **options) == 5).all()
    dx, dw, db = batch_norm.backward(dy, np.full_like(x, 7), w, b, **options)
    assert np.array_equal(dx, 2 * 3 * (dy - 1))
    assert (dw, db) == (0, 4)


@pytest.mark.parametrize("momentum", [0.25, 1.0, 0.0, None])
@given(seed=seeds, batches=st.sampled_from([0, 1, 3]))
def test_running_statistics_are_pytorchs_to_the_bit(momentum, seed, batches):
    """The unbiased variance of four values is 12/3. Momentum None is the cumulative average, τ = 1, 1/2, 1/4."""
    rng, x = draw(seed, (2, 3, 2, 1))
    mean, var = rng.integers(-9, 10, 3).astype(float), rng.integers(0, 10, 3).astype(float)
    options = {"momentum": momentum, "num_batches_tracked": batches}
    ours = batch_norm.running_statistics(x, mean, var, **options)
    theirs = reference.running_statistics(*map(torch.from_numpy, (x, mean, var)), **options)
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@given(seed=seeds, momentum=st.sampled_from([0.1, 0.9, None]), batches=st.integers(0, 5), n=st.integers(2, 5))
def test_running_statistics_are_pytorchs_within_rounding(seed, momentum, batches, n):
    rng = np.random.default_rng(seed)
    x, mean, var = rng.standard_normal((n, 3, 2)), rng.standard_normal(3), rng.uniform(0.5, 2, 3)
    options = {"momentum": momentum, "num_batches_tracked": batches}
    tau = Approx(np.asarray(1 / (batches + 1) if momentum is None else momentum), U, U)
    exact = Approx(x, 0.0, U)
    m = exact.sum((0, 2), keepdims=True) / (2 * n)
    c = exact - m
    m, v = exact.sum((0, 2)) / (2 * n), (c * c).sum((0, 2)) / (2 * n - 1)
    bounds = [2 * ((1 - tau) * old + tau * new).error for old, new in ((mean, m), (var, v))]
    ours = batch_norm.running_statistics(x, mean, var, **options)
    theirs = reference.running_statistics(*map(torch.from_numpy, (x, mean, var)), **options)
    for a, b, bound in zip(ours, theirs, bounds, strict=True):
        assert (np.abs(a - b.numpy()) <= bound).all()


def test_an_average_over_batches_is_the_mean_of_their_statistics():
    """The cumulative average of means −4, 8, 2 is 2."""
    mean, var = np.zeros(1), np.ones(1)
    for t, offset in enumerate((-4.0, 8, 2)):
        x = np.array([3.0, -1, -1, -1]).reshape(4, 1) + offset
        mean, var = batch_norm.running_statistics(x, mean, var, momentum=None, num_batches_tracked=t)
    # three averages with four roundings each, of numbers up to 8 (mean) and 4 (variance)
    assert mean == pytest.approx([2], abs=8 * 12 * U)
    assert var == pytest.approx([4], abs=4 * 12 * U)


def test_an_empty_batch_leaves_running_statistics_as_they_are():
    x, mean, var = np.ones((0, 2, 3)), np.array([1.0, 2]), np.array([3.0, 4])
    for side, convert in ((batch_norm, np.asarray), (reference, torch.from_numpy)):
        new = side.running_statistics(*map(convert, (x, mean, var)))
        assert np.array_equal(new, (mean, var))
    dx, dw, db = batch_norm.backward(x, x, mean, var, training=True)
    assert dx.shape == x.shape
    assert not dw.any()
    assert not db.any()


@pytest.mark.of_manual
@pytest.mark.parametrize(
    ("x", "options", "reason"),
    [
        ((1, 2, 1), {"training": True}, r"x=\(1, 2, 1\)\): a channel needs more than one value in training"),
        ((4, 2), {}, "training=False.: evaluation needs running_mean and running_var"),
        ((4, 2), {"training": True, "eps": 0.0}, "eps must be > 0 in training, ≥ 0 in evaluation"),
        ((4, 2), {"training": True, "running_var": np.ones(2)}, "running_mean and running_var come together"),
        ((4,), {"training": True}, r"x=\(4,\)\): x must be \(N, C, …\), C at least 1"),
        ((4, 0), {"training": True}, r"x=\(4, 0\)\): x must be \(N, C, …\), C at least 1"),
    ],
)
def test_invalid_arguments_are_rejected(x, options, reason):
    with pytest.raises(ValueError, match=rf"batch_norm\(.*{reason}"):
        batch_norm.forward(np.ones(x), **options)


@pytest.mark.torch_only("2.13.0")
@pytest.mark.parametrize("expanded", ["weight", "running_var"])
def test_pytorchs_dx_is_wrong_if_a_parameter_is_expanded(expanded):
    """A finding: in evaluation, torch 2.13.0 reads beside an expanded weight, or uninitialised memory."""
    x = torch.ones(1, 3, 1, requires_grad=True)
    given = {"weight": torch.ones(3), "running_mean": torch.zeros(3), "running_var": torch.full((3,), 4.0)}
    beside = torch.full((3,), 100.0)
    beside[0] = given[expanded][0]
    given[expanded] = beside[:1].expand(3).requires_grad_(expanded == "weight")
    y = torch.nn.functional.batch_norm(x, **given, eps=0.0)
    (dx, *_) = torch.autograd.grad(y, [x, *(p for p in given.values() if p.requires_grad)], torch.ones(1, 3, 1))
    assert y.tolist() == [[[0.5]] * 3]
    assert (dx.flatten().tolist() == [0.5, 50, 50]) if expanded == "weight" else (dx != 0.5).any()
