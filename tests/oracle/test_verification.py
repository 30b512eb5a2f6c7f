"""The checks themselves: every fault of a subject is reported, in these words, and nothing passes silently."""

from types import SimpleNamespace

import numpy as np
import pytest

from cnn_oracle import mistakes, theorems
from cnn_oracle.call import Call, parse
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import distinct, integers
from cnn_oracle.compare.bounds.rounding import gamma
from cnn_oracle.compare.bounds.sums import multilinear
from cnn_oracle.compare.compare import compare, tolerance
from cnn_oracle.manual import conv2d, relu, softmax
from cnn_oracle.ops import OPS, look_up
from cnn_oracle.result import Failure, Verdict, show
from cnn_oracle.subject import Subject
from cnn_oracle.verification import search

RELU = OPS["relu"]
CONV = OPS["conv2d"]


def under_test(forward=relu.forward, backward=relu.backward):
    return Subject("it", SimpleNamespace(relu=SimpleNamespace(forward=forward, backward=backward)), strict=True)


def failure_of(subject, op=RELU, **options):
    return search(subject, op, 100, 0, **options).failure


def writes_to_its_input(x):
    x[x < 0] = 0
    return x.copy()


def returns_its_input(x):
    return x if (x >= 0).all() else relu.forward(x)


def downcasts(x):
    return relu.forward(x).astype(np.float32)


def ignores_strides(x):
    return relu.forward(np.lib.stride_tricks.as_strided(x, x.shape, np.empty(x.shape, x.dtype).strides))


def forgets_the_tuple(dy, x):
    return np.asarray(relu.backward(dy, x)[0])


def broadcasts_dy(dy, x):
    return (np.where(x <= 0, 0, dy),)


def crashes(x):
    if x.size > 3:
        raise MemoryError("no more")
    return relu.forward(x)


def not_numbers(x):
    return str(x)


def no_gradient(dy, x):
    return (None,)


def another_shape(x):
    return relu.forward(x).reshape(-1)


@pytest.mark.parametrize(
    ("subject", "theorem", "message"),
    [
        (under_test(writes_to_its_input), theorems.inputs_are_not_mutated, "forward writes to its input x"),
        (under_test(returns_its_input), theorems.outputs_are_no_views_of_inputs, "y is a view of its input x"),
        (under_test(downcasts), theorems.dtype_is_kept, "y is float32, the inputs are float64"),
        (
            under_test(ignores_strides),
            theorems.memory_layout_does_not_matter,
            "with negative strides y[",
        ),
        (under_test(crashes), theorems.forward_is_pytorchs, "forward raises MemoryError: no more"),
        (under_test(not_numbers), theorems.forward_is_pytorchs, "forward returns a str, not an array of numbers"),
        (under_test(another_shape), theorems.forward_is_pytorchs, "y has shape (1,), PyTorch says ()"),
        (
            under_test(backward=forgets_the_tuple),
            theorems.backward_returns_one_gradient_per_array,
            "backward returns a ndarray, not a tuple (dx)",
        ),
        (
            under_test(backward=no_gradient),
            theorems.backward_is_autograds_gradient,
            "dx is None, PyTorch says an array ()",
        ),
        (
            under_test(lambda x, slope=0: relu.forward(x)),
            theorems.signatures_agree,
            "relu.forward takes (x, slope=0), it should take (x)",
        ),
        (
            under_test(backward=lambda dy, x: relu.backward(dy * dy, x)),
            theorems.backward_is_linear_in_dy,
            "backward(dy) + backward(dz) says",
        ),
        (
            under_test(backward=broadcasts_dy),
            theorems.what_pytorch_rejects_is_rejected,
            "backward accepts a call that it should reject (dy has shape (1,), y ())",
        ),
    ],
)
def test_a_fault_is_reported_in_words(subject, theorem, message):
    assert message in failure_of(subject, which=[theorem]).what


def test_wrong_numbers_are_reported_before_contract_violations():
    """Gradients are zero and dy's shape is not checked. At size 1 zero is right, and only the missing check shows."""
    zeros = SimpleNamespace(forward=softmax.forward, backward=lambda dy, x, *, dim: (np.zeros_like(x),))
    subject = Subject("it", SimpleNamespace(softmax=zeros))
    for seed in range(5):
        failure = search(subject, OPS["softmax"], 100, seed).failure
        assert failure.quantity == "dx"
        assert failure.theorem is theorems.backward_is_autograds_gradient


def test_a_subject_may_name_its_arrays_freely():
    assert failure_of(under_test(lambda image: relu.forward(image), lambda g, image: relu.backward(g, image))) is None


def test_a_nondeterministic_subject_is_reported():
    rng = np.random.default_rng(0)
    which = [theorems.two_runs_are_bitwise_equal]
    failure = failure_of(under_test(lambda x: relu.forward(x) * rng.integers(1, 3)), which=which)
    assert (failure.verdict, failure.kind) == (Verdict.CONTRACT, "nondeterminism")
    assert failure_of(under_test(lambda x: relu.forward(x) * rng.integers(1, 3))).verdict is Verdict.NONDETERMINISTIC


def test_nan_counts_as_wrong_unless_both_have_it():
    case = draw(RELU, Call("relu", {"x": (2,)}, 0))
    for got, want, wrong in [(np.nan, 1, True), (1, np.nan, True), (np.nan, np.nan, False), (np.inf, np.inf, False)]:
        outputs = {"y": np.array([got, 0.0])}
        expected = {"y": np.array([want, 0.0])}
        if wrong:
            with pytest.raises(Failure, match=r"y\[0\] is wrong"):
                compare(case, outputs, None, expected)
        else:
            assert compare(case, outputs, None, expected) == 0


def test_an_error_within_the_bound_passes_and_one_beyond_it_is_wrong():
    case = draw(CONV, Call("conv2d", {"x": (1, 3, 5, 5), "w": (2, 3, 3, 3)}, 1))
    allowed = tolerance(CONV, case)
    y, bound = case.expected["y"], allowed["y"]
    assert compare(case, {"y": y + 0.9 * bound}, allowed) < 1
    with pytest.raises(Failure, match=r"y\[0,0,0,0\]"):
        compare(case, {"y": y + np.where(np.arange(y.size).reshape(y.shape) == 0, 1.1, 0) * bound}, allowed)


def test_the_bound_of_a_convolution_is_gamma_times_its_magnitudes():
    """K = 3·3·3 products and the bias."""
    case = draw(CONV, Call("conv2d", {"x": (1, 3, 5, 5), "w": (2, 3, 3, 3), "b": (2,)}, 1), integers)
    magnitude = conv2d.forward(*(np.abs(a) for a in case.arrays.values()))
    u = 2.0**-53
    assert np.array_equal(multilinear(case, u)["y"], gamma(28 + 1, u) * magnitude)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_no_sum_can_round_on_the_integer_grid(dtype):
    """The largest sum of products of the largest values, with two spare bits, fits the significand."""
    call = Call("conv2d", {"x": (3, 6, 9, 9), "w": (6, 3, 3, 2), "b": (6,), "groups": 2, "padding": 1}, 99)
    bits = np.finfo(dtype).nmant + 1
    grid, _ = integers(call, {}, bits)
    k = 3 * 9 * 10  # dw's sum, over the batch and the output positions, is the longest here
    assert k * grid.amplitude**2 * 4 <= 2**bits < k * (grid.amplitude + 1) ** 2 * 4
    assert draw(CONV, call, integers, dtype).expected["y"].max() < 2**bits


def test_distinct_values_are_far_from_each_other_and_from_zero():
    grid, _ = distinct(Call("relu", {"x": (50,)}, 0), {}, 53)
    values = np.sort(grid.values(np.random.default_rng(0), (50,)))
    assert np.diff(values).min() == 4
    assert np.abs(values).min() == 2


def test_the_text_of_a_call_is_its_inverse():
    call = Call("conv2d", {"x": (1, 1, 2, 1), "w": (1, 1, 2, 1), "stride": (2, 1), "padding": "same"}, 5)
    assert str(call) == "conv2d(x=(1, 1, 2, 1), w=(1, 1, 2, 1), stride=(2, 1), padding='same')"
    assert parse(str(call), 5) == call


def test_values_are_shown_with_as_few_digits_as_distinguish_them():
    assert (show(3, 5), show(1.0, 1.0 + 2**-52)) == ("3", "1")
    assert show(1.0 + 2**-52, 1.0) == "1.0000000000000002"


def test_a_misspelt_op_raises_with_a_suggestion():
    with pytest.raises(ValueError, match="no op 'soft_max'; did you mean 'softmax'"):
        look_up("soft_max")


def test_a_mistake_rejects_what_manual_rejects():
    (mistake,) = [m for m in mistakes.of("conv2d") if m.name == "kernel_rotated"]
    with pytest.raises(ValueError, match="x has 1 channels"):
        mistake.implementation.forward(np.ones((1, 1, 3, 3)), np.ones((1, 2, 3, 3)))
