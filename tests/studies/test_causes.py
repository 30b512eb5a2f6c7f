"""The study of causes: a mistake outside the catalogue is called something true, or nothing."""

import re
from pathlib import Path

import pytest

from cnn_oracle.diagnose.ratios import ratios
from cnn_oracle.ops import OPS
from cnn_oracle.studies import causes

PAGE = (Path(__file__).parents[2] / "docs/generated/causes.md").read_text()


def entry(group, op, name):
    return causes.entry(group, OPS[op], next(one for one in causes.of(group, op) if one.name == name))


def test_a_known_mistake_that_is_left_out_gets_a_pattern():
    one = entry("left out", "linear", "averaged_over_the_batch")
    assert (one.kind, one.cause) == ("ratio", "dw is 1/N times what it should be, where N = prod(x.shape[:-1])")
    assert one.fresh > 10
    assert (one.contradicted, one.outcome) == (0, "true")


def test_a_false_cause_is_seen(monkeypatch):
    """A ratio is taken from one call, as if one were enough."""
    monkeypatch.setattr(causes.diagnose, "accepted", _of_one_call)
    one = entry("left out", "linear", "averaged_over_the_batch")
    assert one.outcome == "false"
    assert 0 < one.contradicted <= one.fresh


def _of_one_call(found, shown, more, fresh):
    few = [one for one in more.failing if len(one.case.arrays["x"]) == 2 and one.case.arrays["x"].ndim == 2]
    return next(claim for claim in ratios(few[:1]) if claim.holds(few[0]))


@pytest.mark.parametrize("group", causes.GROUPS)
def test_the_page_lists_every_mistake(group):
    known = [mistake for name in OPS for mistake in causes.of(group, name)]
    assert len(known) >= 40
    lines = {tuple(line.split(" | ")[:3]) for line in PAGE.splitlines()}
    assert [m for m in known if (f"| {m.op}", group, m.description.replace("|", "∣")) not in lines] == []


@pytest.mark.parametrize("group", causes.GROUPS)
def test_few_causes_on_the_page_are_false(group):
    """At most 1 % of the mistakes are called something false. Of the unlisted ones, half get a true cause."""
    (row,) = re.findall(rf"^\| {group} " + 5 * r"\| (\d+) ", PAGE, re.MULTILINE)
    number, true, measured, false, none = map(int, row)
    assert number == true + measured + false + none == sum(len(causes.of(group, name)) for name in OPS)
    assert false <= number / 100
    assert true + measured >= number / 2
