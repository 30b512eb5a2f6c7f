"""The known defects of PyTorch: their lines are plain torch, and running them tells whether they occur here."""

from pathlib import Path

import pytest

from cnn_oracle.studies.torch_defects import campaign, defects, findings, page
from cnn_oracle.studies.torch_defects.plan import Plan

ROOT = Path(__file__).parents[2]
KNOWN = defects.known()


@pytest.mark.parametrize("defect", KNOWN, ids=lambda defect: defect.title)
def test_a_defect_is_three_lines_of_python_and_says_where_it_was_seen(defect):
    compile(defect.text, defect.title, "exec")
    assert len(defect.text.splitlines()) == 3
    assert defect.ends in defects.ENDS
    assert (ROOT / defect.seen).is_file() or defect.seen in ("cnn-oracle torch", "an earlier machine, AVX-512 with AMX")


@pytest.mark.parametrize(
    ("lines", "ends", "there", "how"),
    [
        ("x = torch.ones(1)\nassert x == 1, x.item()", "wrong", False, ""),
        ("x = torch.ones(1)\nassert x == 2, x.item()", "wrong", True, "AssertionError: 1.0"),
        ("x = torch.ones(2)\nx @ torch.ones(3)", "rejected", True, "RuntimeError: "),
        ("import os\nos.abort()", "wrong", True, "ends the process by SIGABRT"),
        ("x = 1\ny = z", "wrong", None, "NameError: name 'z' is not defined"),
    ],
)
def test_the_lines_of_a_defect_decide_whether_it_occurs(lines, ends, there, how):
    seen = defects.look_for(defects.Defect("", "", ends, lines))
    assert seen.there is there
    assert seen.how.startswith(how)


def test_the_page_in_docs_has_every_known_defect():
    text = (ROOT / "docs/generated/pytorch-defects.md").read_text()
    assert [d.title for d in KNOWN if f"### {d.title}\n\n```python\n{d.text}\n```\n" not in text] == []


@pytest.mark.torch_only("2.13.0")
def test_the_page_reports_what_was_found_and_what_was_not():
    jobs = Plan(("float64",), ("contiguous",), ("relu", "hardsigmoid"), examples=5).jobs()
    made = {job.op: job for job in jobs}
    rows = campaign.run_campaign(jobs)
    found = findings.explain(rows, lambda row: made[row.op])
    sound = defects.Sighting(defects.Defect("a defect", "somewhere", "wrong", "x = 1\ny = 2"), False, "")
    text = page.markdown("cnn-oracle study torch-defects", rows, found, [sound], [sound._replace(there=True)])
    assert "10 calls of 2 ops in float64, in the layouts contiguous, are compared with `manual`" in text
    assert "Of 2 rows (op, dtype and layout) 1 are EXACT and 1 are WRONG." in text
    assert "| hardsigmoid | float64 | contiguous | WRONG | 5 |" in text
    assert "### hardsigmoid: dx is wrong\n" in text
    assert "PyTorch is wrong: both forwards say " in text
    assert "Of 1 defects 0 occur here, and 1 with no more than AVX2" in text
    assert "| a defect | somewhere | no | yes |" in text
