"""Right answers computed otherwise are never called wrong: ``cnn-oracle study false-positives``, on 100,000 calls."""

from contextlib import nullcontext

import numpy as np
import pytest

from cnn_oracle.api import verify
from cnn_oracle.call import Call, parse
from cnn_oracle.manual import relu
from cnn_oracle.mistakes import load
from cnn_oracle.result import Failure
from cnn_oracle.studies import false_positives
from cnn_oracle.subject import OURS
from cnn_oracle.verification import check_call, covered, search

TINY = np.finfo(float).tiny

# Right answers that a search once called wrong, each for a fault of the oracle's
ONCE_CALLED_WRONG = [
    # a query of 2,400 makes scores so steep in key that differences of order 8 have not begun to converge
    "scaled_dot_product_attention(query=(3, 4, 3, 1), key=(3, 2, 3, 1), value=(3, 2, 3, 1), is_causal=True, scale=0.3, "
    "enable_gqa=True), seed=3967427736",
    # arrays of no axes became scalars where they were to be laid out otherwise
    "mse_loss(x=(), target=(), weight=()), seed=0",
    "embedding(w=(1, 1), indices=()), seed=0",
    # in memory of which axes of a single cell leave a choice PyTorch looked for channels-last strides
    "pixel_shuffle(x=(2, 1, 3, 2, 1), upscale_factor=1), seed=3706400920",
    "instance_norm(x=(1, 3, 3, 5), weight=(3,), eps=0.1), seed=1664989884",
    # PyTorch refuses by exceptions of its Python part, too
    "xavier_uniform(u=(1, 1, 0)), seed=0",
]
HERE = [name for name in false_positives.ALTERNATIVES if name not in ("by_jax", "pytorch")]


@pytest.mark.parametrize(
    ("alternative", "op"),
    [(name, op.name) for name in HERE for op in covered(load(f"cnn_oracle.studies.known_good.{name}"))],
)
def test_an_alternative_is_never_called_wrong(alternative, op):
    subject = load(f"cnn_oracle.studies.known_good.{alternative}")
    (asked,) = covered(subject, [op])
    judged = asked.normwise if alternative == "fft" else asked
    assert search(subject, judged, 20, 1).failure is None


@pytest.mark.torch_only("2.13.0")
@pytest.mark.parametrize("told", ONCE_CALLED_WRONG)
def test_what_was_called_wrong_once_is_not_again(told):
    text, _, seed = told.rpartition(", seed=")
    rejected = pytest.raises(ValueError, match="PyTorch cannot take it")  # and so do both
    call = parse(text, int(seed))
    for name in (OURS, "cnn_oracle.studies.known_good.pytorch"):
        with rejected if call.op == "xavier_uniform" else nullcontext():
            assert check_call(load(name), call).failure is None


def test_subnormal_numbers_may_be_read_as_zeros():
    """As XLA and many a GPU do; a zero where any other number should stand is wrong as ever."""

    def flushed(x, least=TINY):
        return np.where(np.abs(x) < least, np.copysign(0, x), x)

    def flushing(x):
        return relu.forward(flushed(x))

    def backward(dy, x):
        return relu.backward(dy, flushed(x))

    assert verify("relu", forward=flushing, backward=backward).failure is None
    with pytest.raises(Failure, match="on special values"):
        verify("relu", forward=lambda x: relu.forward(flushed(x, 1e-299)), backward=backward)


def test_as_many_calls_are_made_as_are_asked_for(monkeypatch):
    monkeypatch.setattr(false_positives, "ALTERNATIVES", ("orders",))
    monkeypatch.setattr(false_positives, "CHUNK", 5)
    results = false_positives.measure(40)
    assert {one.op for one in results} == {"linear", "softmax", "layer_norm", "mse_loss"}
    assert [one.calls for one in results] == [10] * 4
    assert [one.failure for one in results] == [None] * 4


def test_the_page_counts_calls_and_shows_every_alarm():
    failure = Failure("y[0] = 1, PyTorch says 2", Call("linear", {}, 0))
    results = [
        false_positives.FalsePositives("cnn_oracle.studies.known_good.orders", "linear", 100, {"WRONG": 1}, failure),
        false_positives.FalsePositives("cnn_oracle.studies.known_good.orders", "softmax", 200, {"BOUNDED": 2}, None),
    ]
    page = false_positives.markdown(results)
    assert "| orders | linear, softmax | 300 | WRONG 1, BOUNDED 2 |" in page
    assert "False positives: **1**" in page
    assert failure.what in page
