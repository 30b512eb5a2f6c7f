"""Right answers computed otherwise are never called wrong; ``python -m oracle alarms`` asks on 100,000 calls."""

import pytest

from oracle.campaign import alarms
from oracle.judge import covered, search
from oracle.subjects import load

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
