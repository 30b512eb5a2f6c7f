"""Right answers computed otherwise are never called wrong; ``python -m oracle alarms`` asks on 100,000 calls."""

import pytest

from oracle.calls import Call
from oracle.campaign import alarms
from oracle.judge import covered, search
from oracle.subjects import load
from oracle.verdicts import Failure

HERE = [name for name in alarms.ALTERNATIVES if name not in ("by_jax", "pytorch")]


@pytest.mark.parametrize(
    ("alternative", "op"),
    [(name, op.name) for name in HERE for op in covered(load(f"oracle.alternatives.{name}"))],
)
def test_an_alternative_is_never_called_wrong(alternative, op):
    subject = load(f"oracle.alternatives.{alternative}")
    (asked,) = covered(subject, [op])
    judged = asked.by_fast_algorithm if alternative == "fft" else asked
    assert search(subject, judged, 20, 1).failure is None


def test_as_many_calls_are_made_as_are_asked_for(monkeypatch):
    monkeypatch.setattr(alarms, "ALTERNATIVES", ("orders",))
    monkeypatch.setattr(alarms, "CHUNK", 5)
    heard = alarms.listen(40)
    assert {one.op for one in heard} == {"linear", "softmax", "layer_norm", "mse_loss"}
    assert [one.calls for one in heard] == [10] * 4
    assert [one.failure for one in heard] == [None] * 4


def test_the_page_counts_calls_and_shows_every_alarm():
    failure = Failure("y[0] = 1, PyTorch says 2", Call("linear", {}, 0))
    heard = [
        alarms.Alarms("oracle.alternatives.orders", "linear", 100, {"WRONG": 1}, failure),
        alarms.Alarms("oracle.alternatives.orders", "softmax", 200, {"BOUNDED": 2}, None),
    ]
    page = alarms.markdown(heard)
    assert "| orders | linear, softmax | 300 | WRONG 1, BOUNDED 2 |" in page
    assert "False alarms: **1**" in page
    assert failure.what in page
