"""The study of sizes: a mistake past a size is rejected, and the study sees whether a cause names its block."""

from types import SimpleNamespace

import pytest

from cnn_oracle import mistakes
from cnn_oracle.call import Call
from cnn_oracle.diagnosis import Cause, Diagnosis
from cnn_oracle.ops import OPS
from cnn_oracle.result import Failure
from cnn_oracle.studies import sizes

(MISTAKE,) = (m for m in mistakes.past_a_size_of("linear") if m.name == "tail_of_the_sum_is_lost_64")


def entry(monkeypatch, *causes, failing=True, mistake=MISTAKE):
    call = Call("linear", {"x": (97,), "w": (1, 97)}, 0)
    diagnosis = Diagnosis(causes=tuple(Cause("size", cause) for cause in causes))
    failure = Failure("y[0] = 1, PyTorch says 2", call, diagnosis=diagnosis)
    result = SimpleNamespace(failure=failure if failing else None)
    monkeypatch.setattr(sizes, "search", lambda *_: result)
    monkeypatch.setattr(sizes, "until_rejected", lambda *_: 3)
    return sizes.entry(OPS["linear"], mistake)._replace(seconds=2.0)


def test_an_entry_has_the_calls_and_the_smallest_call(monkeypatch):
    one = entry(monkeypatch, "right up to 64")
    assert (one.op, one.name, one.block, one.calls) == ("linear", "tail_of_the_sum_is_lost", 64, 3)
    assert one.call == "linear(x=(97,), w=(1, 97))"
    assert entry(monkeypatch, failing=False).calls == 0


@pytest.mark.parametrize(
    ("cause", "named"),
    [
        ("consistent with a block of 64 whose tail is lost", True),
        ("right up to 64, wrong from 65 on", True),
        ("x has 64.", True),
        ("wrong from 65 on", False),
        ("a block of 640", False),
        ("a block of 164", False),
        ("a block of 1,064", False),
        ("64.5 times what it should be", False),
        ("", False),
    ],
)
def test_a_block_is_named_if_a_cause_has_its_number(monkeypatch, cause, named):
    assert entry(monkeypatch, "nothing", cause).named == named


def test_the_page_has_one_row_for_each_mistake(monkeypatch):
    both = [m for m in mistakes.past_a_size_of("linear") if m.name in ("tail_of_the_sum_is_lost_8", MISTAKE.name)]
    found = [entry(monkeypatch, "a block of 64", failing=m is MISTAKE, mistake=m) for m in both]
    page = sizes.markdown(found)
    assert f"| linear | {MISTAKE.description} | – 3 | 1 of 2 | `linear(x=(97,), w=(1, 97))` | a block of 64 |" in page
    assert "| 64 | 1 | 1 | 1 | 2.0 |" in page
    assert "| 8 | 1 | 0 | 0 | 2.0 |" in page


def test_the_calls_are_counted_until_one_rejects_the_mistake():
    (smallest,) = (m for m in mistakes.past_a_size_of("relu") if m.name == "last_tile_of_all_elements_is_not_visited_8")
    assert 1 <= sizes.until_rejected(smallest.subject, OPS["relu"]) < 60
    assert sizes.until_rejected(mistakes.load("cnn_oracle.manual"), OPS["relu"]) == 0
