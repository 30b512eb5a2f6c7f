"""A failure on a long axis names the length from which it fails, the block, and the wrong elements."""

from types import SimpleNamespace

import numpy as np
import pytest

from cnn_oracle.call import Call, parse
from cnn_oracle.calls.inverse import call_with, choices_of
from cnn_oracle.calls.sampling import DrawnCalls
from cnn_oracle.manual import conv2d, embedding, linear, log_softmax, max_pool1d, mish, softmax
from cnn_oracle.one_call import check_call
from cnn_oracle.ops import OPS
from cnn_oracle.subject import Subject
from cnn_oracle.verification import verify_op


def causes(op, **functions):
    """The likely causes of a subject that is wrong beyond some length."""
    right = {"linear": linear, "conv2d": conv2d, "softmax": softmax, "embedding": embedding, "max_pool1d": max_pool1d}[
        op
    ]
    implementation = SimpleNamespace(**{"forward": right.forward, "backward": right.backward, **functions})
    failure = verify_op(Subject("sized", SimpleNamespace(**{op: implementation})), OPS[op], 100, 0).failure
    assert failure is not None
    assert [cause.kind for cause in failure.diagnosis.causes] == ["size"]
    return failure.likely_causes[0]


def test_the_tail_of_the_last_block_is_named():
    def forward(x, w, b=None):
        full = w.shape[1] // 96 * 96 if w.shape[1] > 96 else w.shape[1]
        return linear.forward(x[..., :full], w[:, :full], b)

    assert causes("linear", forward=forward) == (
        "y is wrong where x.shape[0] is no multiple of 96, from 97 on: consistent with blocks of 96 whose tail is wrong"
        "; y is PyTorch's if the elements from 96 on of x are 0"
    )


def test_zeros_for_long_rows_are_found():
    """The report of a linear that is right up to five features, and zero for more."""

    def forward(x, w, b=None):
        y = linear.forward(x, w, b)
        return y * 0 if x.shape[-1] > 5 else y

    assert causes("linear", forward=forward) == "y is wrong from x.shape[0] = 6 on, right up to 5; y is 0 there"


def test_a_full_last_block_is_named():
    def forward(x, *, dim):
        y = softmax.forward(x, dim=dim)
        if x.ndim and x.shape[dim] > 64 and x.shape[dim] % 64 == 0:
            np.moveaxis(y, dim, 0)[-64:] = 0
        return y

    cause = causes("softmax", forward=forward)
    assert (
        "is a multiple of 64, from 128 on: consistent with blocks of 64, the last of which is wrong if it is full"
        in cause
    )
    assert "the elements from the last multiple of 64 on are wrong" in cause


def test_a_limit_on_the_output_positions_is_named_by_them():
    def forward(x, *, kernel_size, **options):
        y = max_pool1d.forward(x, kernel_size=kernel_size, **options)
        y[..., 48:] = 0
        return y

    cause = causes("max_pool1d", forward=forward)
    assert (
        ".shape[2] = 49 on, right up to 48: consistent with a block of 48; along axis 2 of y, the elements from 48 on"
        in cause
    )


def test_a_report_the_eighth_channel_reads_the_neighbouring_filter():
    def forward(x, w, b=None, **options):
        if w.shape[1] >= 8 and len(w) > 1:
            w = w.copy()
            w[0, 7, -1] = w[1, 7, -1]
        return conv2d.forward(x, w, b, **options)

    assert "from x.shape[1] = 8 on, right up to 7: consistent with a block of 8" in causes("conv2d", forward=forward)


def test_a_report_padding_idx_is_ignored_beyond_768_indices():
    def backward(dy, w, *, indices, padding_idx=None, **options):
        chosen = None if indices.size > 768 else padding_idx
        return embedding.backward(dy, w, indices=indices, padding_idx=chosen, **options)

    cause = causes("embedding", backward=backward)
    assert "769 on, right up to 768: consistent with a block of 768" in cause


@pytest.mark.parametrize("name", OPS)
def test_the_choices_of_a_call_are_found_again(name):
    """For nearly all calls without an empty axis: those that make the same arguments."""
    op, found, calls = OPS[name], 0, 0
    for one in [*DrawnCalls(100, 0).samples(op)][20::8]:
        if all(0 not in v for v in one.call.arguments.values() if isinstance(v, tuple)):
            calls += 1
            choices = choices_of(op, one.call)
            if choices is not None:
                found += 1
                again = call_with(op, choices, one.call.seed)
                assert again is not None
                assert again.arguments == one.call.arguments
    assert found >= calls - 2


def test_one_size_of_a_call_can_be_changed():
    op, call = OPS["conv2d"], parse("conv2d(x=(2, 6, 97, 5), w=(4, 3, 3, 3), stride=2, padding=1, groups=2)", 0)
    choices = choices_of(op, call)
    assert choices is not None
    sizes = {place: 96 if n == 97 else n for place, n in choices.sizes.items()}
    again = call_with(op, choices._replace(sizes=sizes), 5)
    assert again is not None
    assert str(again) == str(call).replace("97", "96")
    assert again.seed == 5


def test_a_call_below_the_least_size_is_none():
    op, call = OPS["conv2d"], parse("conv2d(x=(2, 6, 7, 5), w=(4, 6, 3, 3))", 0)
    choices = choices_of(op, call)
    assert choices is not None
    assert call_with(op, choices._replace(sizes=dict.fromkeys(choices.sizes, 1)), 0) is not None
    assert call_with(op, choices._replace(sizes=dict.fromkeys(choices.sizes, 0)), 0) is None


def test_a_right_subject_has_no_length():
    assert (
        check_call(
            Subject("right", SimpleNamespace(linear=linear)), Call("linear", {"x": (97,), "w": (1, 97)}, 0)
        ).failure
        is None
    )


@pytest.mark.parametrize(
    ("op", "right", "one_in"), [("mish", mish, 1_000), ("mish", mish, 3_000), ("log_softmax", log_softmax, 1_000)]
)
def test_a_value_that_is_rare_is_not_taken_for_a_length(op, right, one_in):
    """A function that is wrong for one number in thousands fails on long calls only."""

    def forward(x, **options):
        y = right.forward(x, **options)
        bits = np.frombuffer(np.ascontiguousarray(x).tobytes(), f"u{x.dtype.itemsize}").reshape(x.shape)
        rare = (bits * np.uint64(2654435761) >> np.uint64(7)) % one_in == 0
        return np.where(rare, y + x.dtype.type(0.125), y)

    subject = Subject("rare", SimpleNamespace(**{op: SimpleNamespace(forward=forward, backward=right.backward)}))
    found = [verify_op(subject, OPS[op], 100, seed).failure for seed in range(3)]
    assert any(found)
    assert not [one.likely_causes for one in found if one and "size" in {c.kind for c in one.diagnosis.causes}]
