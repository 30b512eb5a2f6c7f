"""The study of known mistakes: each violates a formula of ``manual``, and few calls identify it."""

from pathlib import Path

import pytest

from cnn_oracle import mistakes
from cnn_oracle.ops import OPS
from cnn_oracle.studies import known_mistakes

PAGE = (Path(__file__).parents[2] / "docs/generated/mistakes.md").read_text()


@pytest.mark.parametrize("name", [name for name in OPS if mistakes.of(name)])
def test_the_violated_formula_is_a_line_of_the_derivation(name):
    quantities = ["y", *(f"d{n}" for n in OPS[name].positional)] if OPS[name].kind == "differentiable" else ["w1"]
    for quantity in quantities:
        formula = known_mistakes.violated(OPS[name], quantity)
        assert "=" in formula
    assert known_mistakes.violated(OPS[name], quantities[0]).startswith(quantities[0][0])


def test_the_page_lists_every_known_mistake():
    known = [mistake for name in OPS for mistake in mistakes.of(name)]
    assert len(known) >= 60
    assert [m.name for m in known if f"| {m.op} | {m.description} |" not in PAGE] == []


def test_a_mistake_is_rejected_explained_and_uniquely_identified():
    """Ten failing calls of one mistake. docs/generated/mistakes.md has all calls of all mistakes."""
    (entry,) = (e for e in known_mistakes.entries([OPS["avg_pool2d"]], 10) if e.name == "not_divided")
    assert entry.formula == "du[n,c,r,p] = dy[n,c,p] / a[p]"
    assert entry.calls <= 100
    assert (entry.failing, entry.unique) == (10, 10)
