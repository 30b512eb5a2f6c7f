"""Correct results, computed in other ways, are never called wrong. The study runs this on 100,000 calls."""

from contextlib import nullcontext

import numpy as np
import pytest

from cnn_oracle.api import verify
from cnn_oracle.call import Call, parse
from cnn_oracle.manual import relu
from cnn_oracle.mistakes import load
from cnn_oracle.one_call import check_call, covered
from cnn_oracle.result import Failure
from cnn_oracle.studies import false_positives
from cnn_oracle.studies.known_good.tiles import TILE
from cnn_oracle.subject import OURS, Limits
from cnn_oracle.verification import search

TINY = np.finfo(float).tiny

# Correct results that the search once called wrong, each because of a fault of the oracle
ONCE_CALLED_WRONG = [
    # a query of 2,400 makes the scores so steep in key that differences of order 8 do not yet converge
    "scaled_dot_product_attention(query=(3, 4, 3, 1), key=(3, 2, 3, 1), value=(3, 2, 3, 1), is_causal=True, scale=0.3, "
    "enable_gqa=True), seed=3967427736",
    # arrays without axes became scalars in another layout
    "mse_loss(x=(), target=(), weight=()), seed=0",
    "embedding(w=(1, 1), indices=()), seed=0",
    # axes of size 1 leave a choice of strides, and PyTorch looked for channels-last ones
    "pixel_shuffle(x=(2, 1, 3, 2, 1), upscale_factor=1), seed=3706400920",
    "instance_norm(x=(1, 3, 3, 5), weight=(3,), eps=0.1), seed=1664989884",
    # PyTorch also rejects calls by exceptions of its Python code
    "xavier_uniform(u=(1, 1, 0)), seed=0",
]
KNOWN_GOOD = "cnn_oracle.studies.known_good"
HERE = [name for name in false_positives.ALTERNATIVES if name not in ("by_jax", "pytorch")]


@pytest.mark.parametrize(
    ("alternative", "op"),
    [(name, op.name) for name in HERE for op in covered(load(f"{KNOWN_GOOD}.{name}"))],
)
def test_a_known_good_implementation_is_never_called_wrong(alternative, op):
    subject = load(f"{KNOWN_GOOD}.{alternative}")
    (limited,) = covered(subject, [op])
    judged = limited.normwise if alternative == "fft" else limited
    assert search(subject, judged, 20, 1).failure is None


@pytest.mark.parametrize("op", covered(load(f"{KNOWN_GOOD}.tiles")), ids=lambda op: op.name)
def test_real_tiles_are_right_at_their_ends(op):
    subject = load(f"{KNOWN_GOOD}.tiles")
    limits = Limits(sizes=tuple(k * TILE + d for k in (1, 2, 3, 8) for d in (-1, 0, 1)))
    assert search(subject._replace(limits=limits), op, 30, 1).failure is None


@pytest.mark.torch_only("2.13.0")
@pytest.mark.parametrize("reported", ONCE_CALLED_WRONG)
def test_a_past_false_positive_does_not_recur(reported):
    text, _, seed = reported.rpartition(", seed=")
    rejected = pytest.raises(ValueError, match="PyTorch cannot take it")  # and so do both
    call = parse(text, int(seed))
    for name in (OURS, "cnn_oracle.studies.known_good.pytorch"):
        with rejected if call.op == "xavier_uniform" else nullcontext():
            assert check_call(load(name), call).failure is None


def test_subnormal_numbers_may_be_read_as_zeros():
    """XLA and many GPUs do so. A zero in place of any other number is still wrong."""

    def flushed(x, least=TINY):
        return np.where(np.abs(x) < least, np.copysign(0, x), x)

    def flushing(x):
        return relu.forward(flushed(x))

    def backward(dy, x):
        return relu.backward(dy, flushed(x))

    assert verify("relu", forward=flushing, backward=backward).failure is None
    with pytest.raises(Failure, match="on special values"):
        verify("relu", forward=lambda x: relu.forward(flushed(x, 1e-299)), backward=backward)


def test_the_requested_number_of_calls_is_made(monkeypatch):
    monkeypatch.setattr(false_positives, "ALTERNATIVES", ("orders",))
    monkeypatch.setattr(false_positives, "CHUNK", 5)
    results = false_positives.measure(40)
    assert {one.op for one in results} == {"linear", "softmax", "layer_norm", "mse_loss"}
    assert [one.calls for one in results] == [10] * 4
    assert [one.failure for one in results] == [None] * 4


def test_the_page_counts_calls_and_shows_every_false_positive():
    failure = Failure("y[0] = 1, PyTorch says 2", Call("linear", {}, 0))
    results = [
        false_positives.FalsePositives("cnn_oracle.studies.known_good.orders", "linear", 100, {"WRONG": 1}, failure),
        false_positives.FalsePositives("cnn_oracle.studies.known_good.orders", "softmax", 200, {"BOUNDED": 2}, None),
    ]
    page = false_positives.markdown(results)
    assert "| orders | linear, softmax | 300 | WRONG 1, BOUNDED 2 |" in page
    assert "False positives: **1**" in page
    assert failure.what in page
