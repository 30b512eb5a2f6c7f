"""The sampler: its calls can be drawn again, are within a subject's limits, and can be shrunk."""

from itertools import islice
from random import Random

import pytest

from cnn_oracle.calls.sampling import CallList, EnumerationSlice, RandomCalls, Sample, random_call, sample
from cnn_oracle.calls.shrinking import FlakyError, shrink
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.ops import OPS
from cnn_oracle.subject import Limits


@pytest.mark.parametrize("name", OPS)
def test_the_choices_of_a_call_draw_it_again(name):
    for one in RandomCalls(20, 3).samples(OPS[name]):
        seed, *places = one.choices
        left = iter(places)
        assert sample(OPS[name], seed, lambda *_, left=left: next(left)) == one


def test_drawn_calls_are_random_calls_whatever_is_drawn_before():
    rng = Random(7)
    calls = [random_call(OPS["conv2d"], rng) for _ in range(30)]
    assert [one.call for one in RandomCalls(30, 7).samples(OPS["conv2d"])] == calls
    assert [one.call for one in islice(RandomCalls(30, 7).samples(OPS["conv2d"]), 20, None)] == calls[20:]


def test_calls_on_which_pytorch_is_unsafe_are_drawn_only_if_requested():
    op = OPS["max_pool2d"]
    assert not any(unsafe(one.call) for one in RandomCalls(300, 0).samples(op))
    assert any(unsafe(one.call) for one in RandomCalls(300, 0, unsafe_too=True).samples(op))


def test_a_source_of_given_calls_has_those_of_the_op():
    calls = CallList((Sample(random_call(OPS["relu"], Random(0))), Sample(random_call(OPS["tanh"], Random(0)))))
    assert [one.call.op for one in calls.samples(OPS["tanh"])] == ["tanh"]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("conv2d", {"groups": (1,), "dilation": (1,), "stride": (1,), "padding": (0,), "b": (True,)}),
        ("conv2d", {"padding": ("same",)}),
        ("max_pool2d", {"stride": (None, 2), "ceil_mode": (False,), "dilation": (1,)}),
        ("batch_norm", {"training": (True,), "weight": (True,)}),
        ("cross_entropy", {"reduction": ("mean",), "label_smoothing": (0.0,), "weight": (False,)}),
        ("adam", {"amsgrad": (False,), "maximize": (False,)}),
        ("scaled_dot_product_attention", {"attn_mask": (False,), "is_causal": (True,)}),
        ("interpolate", {"mode": ("nearest",)}),
    ],
)
def test_every_drawn_call_is_within_the_limits_and_there_are_enough(name, options):
    op, limits = OPS[name], Limits(options={name: options})
    calls = [one.call for one in RandomCalls(100, 0, limits=limits).samples(op)]
    assert len(calls) == 100
    assert all(limits.admit(op, call) for call in calls)
    assert len({str(call) for call in calls}) > 10
    assert all(limits.admit(op, one.call) for one in islice(EnumerationSlice(2, (), limits).samples(op), 100))


def test_options_that_no_call_has_end_the_drawing():
    assert [*RandomCalls(5, 0, limits=Limits(options={"conv2d": {"stride": (77,)}})).samples(OPS["conv2d"])] == []


def _rare_failure(call):
    """Fails on one call in thousands."""
    x, w = call.arguments["x"], call.arguments["w"]
    if x[0] == 3 and w[2:] == (3, 3) and call.arguments.get("groups") == 2 and call.arguments.get("stride") == 2:
        raise AssertionError(call)


def test_a_rare_failure_is_shrunk_beginning_with_itself():
    op = OPS["conv2d"]
    found = next(one for one in RandomCalls(20_000, 0).samples(op) if _fails(one))
    with pytest.raises(AssertionError) as failure:
        shrink(op, found, _rare_failure)
    (small,) = failure.value.args
    assert small.arguments == {"x": (3, 2, 3, 3), "w": (2, 1, 3, 3), "b": (2,), "stride": 2, "groups": 2}
    assert small.seed == 0


def _fails(one):
    try:
        _rare_failure(one.call)
    except AssertionError:
        return True
    return False


def test_a_failure_that_does_not_recur_is_flaky():
    op = OPS["relu"]
    with pytest.raises(FlakyError):
        shrink(op, next(RandomCalls(1, 0).samples(op)), lambda _: None)


def test_an_intermittent_failure_is_flaky():
    op, seen = OPS["relu"], []

    def check(call):
        seen.append(call)
        if len(seen) % 2:
            raise AssertionError

    with pytest.raises(FlakyError):
        shrink(op, next(RandomCalls(1, 0).samples(op)), check)
