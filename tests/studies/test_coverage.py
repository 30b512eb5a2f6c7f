"""The default examples of an op cover every class of geometry that applies to it and in which mistakes may hide."""

import pytest

from cnn_oracle.call import parse
from cnn_oracle.calls.geometry.windows import Axis
from cnn_oracle.calls.sampling import CallList, Sample
from cnn_oracle.ops import OPS
from cnn_oracle.studies import coverage


@pytest.mark.parametrize("name", OPS)
def test_the_default_examples_cover_every_class(name):
    never = [what for what, share in coverage.rates(OPS[name]).items() if share == 0]
    assert not never, f"{name}: never {', never '.join(never)}"


def test_a_class_applies_to_ops_that_exist():
    assert {name for names, _ in coverage.CLASSES.values() for name in names} <= set(OPS)


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("conv1d(x=(1, 1, 4), w=(1, 1, 2), stride=3)", "a remainder of the stride; stride > kernel"),
        (
            "conv1d(x=(1, 1, 1), w=(1, 1, 1), padding=3)",
            "padding ≥ 3; padding ≥ kernel; a window wholly in the padding",
        ),
        ("conv1d(x=(2, 1, 2), w=(1, 1, 2))", "kernel as large as the padded input; N > 1; overlapping windows"),
        ("conv1d(x=(1, 2, 3), w=(4, 1, 1), groups=2)", "groups of unequal channels"),
        (
            "conv1d(x=(1, 2, 4), w=(1, 1, 2), stride=2, dilation=2)",
            "dilation > 1, kernel > 1; a remainder of the stride",
        ),
        ("conv1d(x=(1, 2, 4), w=(1, 1, 2), padding='same')", "padding='same', odd; overlapping windows"),
        (
            "max_pool1d(x=(1, 1, 5), kernel_size=4, stride=4, ceil_mode=True)",
            "ceil_mode adds a window; ties in a window; a remainder of the stride",
        ),
        ("avg_pool2d(x=(1, 1, 4, 4), kernel_size=2)", ""),
        (
            "fold(x=(1, 2, 3), output_size=(3, 2), kernel_size=(1, 2))",
            "unlike axes; kernel as large as the padded input; overlapping windows",
        ),
        ("relu(x=())", "a scalar"),
        ("relu(x=(2, 0))", "an empty axis; unlike sizes"),
    ],
)
def test_a_call_is_in_its_classes_and_no_other(text, classes):
    call = parse(text, 0)
    tests = {name: test for name, (ops, test) in coverage.CLASSES.items() if call.op in ops}
    assert {name for name, test in tests.items() if test(call, coverage.axes_of(call))} == set(
        filter(None, classes.split("; "))
    )


def test_a_class_that_is_never_drawn_has_the_share_0(monkeypatch):
    square = parse("conv2d(x=(1, 1, 4, 4), w=(1, 1, 3, 3))", 0)
    monkeypatch.setattr(coverage, "DrawnCalls", lambda *_: CallList((Sample(square),) * 100))
    rates = coverage.rates(OPS["conv2d"])
    assert (rates["unlike axes"], rates["stride given"], rates["overlapping windows"]) == (0, 0, 1)


def test_the_axes_of_a_call_are_read_from_the_arguments_of_its_op():
    fold = parse("fold(x=(1, 4, 4), output_size=(3, 4), kernel_size=2, stride=(1, 2))", 0)
    assert coverage.axes_of(fold) == [Axis(3, 2, 1, 0, 1), Axis(4, 2, 2, 0, 1)]
    pool = parse("max_pool1d(x=(1, 1, 9), kernel_size=3, padding=1, dilation=2)", 0)
    assert coverage.axes_of(pool) == [Axis(9, 3, 3, 1, 2)]
    same = parse("conv1d(x=(1, 1, 9), w=(1, 1, 4), padding='same')", 0)
    assert coverage.axes_of(same) == [Axis(9, 4, 1, 1, 1)]
