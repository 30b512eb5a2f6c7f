"""Mutants of manual: each changes the code but not what other code imports. The original passes every baseline."""

import json
import sys
import time
import warnings
from pathlib import Path

import pytest

from cnn_oracle.checks import single_threaded
from cnn_oracle.manual import softmax
from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS
from cnn_oracle.studies.mutation import baselines, page, run
from cnn_oracle.studies.mutation.equivalent import name_of, reasons
from cnn_oracle.studies.mutation.importing import subject_of
from cnn_oracle.studies.mutation.mutants import ROOM, compiled, mutants
from cnn_oracle.studies.mutation.run import CALLS, Job, Judgement, judge_mutant
from cnn_oracle.subject import OURS

DOCS = Path(__file__).parents[2] / "docs/generated"
EVERY = [mutant for file in run.files() for mutant in mutants(file)]


def mutant_of(file, text):
    (found,) = (mutant for mutant in EVERY if mutant.file == file and str(mutant) == text)
    return found


def judged(mutant, *ops, calls=CALLS):
    return judge_mutant(Job(mutant, ops or (mutant.file,), calls), lambda _: None)


def test_every_op_and_every_private_file_has_mutants():
    assert {mutant.file for mutant in EVERY} == {p.stem for p in ROOM.glob("*.py")} - run.NOT_OPS


def test_the_names_of_mutants_are_unique():
    assert len({name_of(mutant) for mutant in EVERY}) == len(EVERY)


@pytest.mark.parametrize("file", ["softmax", "_windows", "conv2d"])
def test_a_mutant_changes_the_code(file):
    right = compile((ROOM / f"{file}.py").read_text(), str(ROOM / f"{file}.py"), "exec")
    for mutant in EVERY:
        if mutant.file == file:
            assert compiled(mutant) != right, mutant


def test_every_kind_of_edit_is_made():
    texts = {f"{mutant.file}.{mutant}" for mutant in EVERY}
    assert texts >= {
        "softmax.backward: dy - (dy * y).sum(axis, keepdims=True)  →  dy + (dy * y).sum(axis, keepdims=True)",
        "_windows.scatter: t > d * (k - 1)  →  t >= d * (k - 1)",
        "_windows.scatter: k - 1  →  k - 2",
        "_windows.scatter: x[place] += cell  →  x[place] = cell",
        "_max_pool.backward: [:2]  →  [:]",
        "_convolution.forward: stride=1  →  stride=2",
        "_correlation.y_of: f'goc{r},gc{r}n{p}->ngo{p}'  →  f'gco{r},gc{r}n{p}->ngo{p}'",
        "_reduction.reduce: reduction == 'sum'  →  reduction == 'neither'",
        "batch_norm._axes: range(2, x.ndim)  →  range(1, x.ndim)",
    }


def test_an_equivalent_mutant_exists_and_has_a_reason():
    known = {name_of(mutant) for mutant in EVERY}
    assert not reasons().keys() - known
    assert all(why.strip() for why in reasons().values())


def test_a_mutant_is_killed():
    text = "backward: dy - (dy * y).sum(axis, keepdims=True)  →  dy + (dy * y).sum(axis, keepdims=True)"
    found = judged(mutant_of("softmax", text))
    assert (found.op, found.verdict) == ("softmax", "WRONG")


def test_a_mutant_of_a_private_file_is_killed_through_an_op():
    found = judged(mutant_of("_windows", "scatter: x[place] += cell  →  x[place] = cell"), "relu", "conv2d")
    assert (found.op, found.theorem) == ("conv2d", "backward_is_autograds_gradient")


def test_a_mutant_that_never_ends_is_killed_with_its_process(monkeypatch):
    monkeypatch.setattr(run, "TIMEOUT", 2.0)
    monkeypatch.setattr(run, "judge_mutant", never_ends)
    (one,) = run.judge_all([Job(EVERY[0], ("relu",), 1)])
    assert (one.theorem, one.verdict) == ("process", "CRASHED")


def never_ends(job, heartbeat):
    heartbeat(1)
    time.sleep(600)


def test_an_equivalent_mutant_is_not_killed():
    mutant = next(m for m in EVERY if name_of(m) in reasons() and m.file in OPS)
    assert judged(mutant, calls=3).op is None


def test_other_code_does_not_see_the_mutant():
    before = sys.modules["cnn_oracle.manual.softmax"]
    mutant = mutant_of("_windows", "scatter: x[place] += cell  →  x[place] = cell")
    subject = subject_of(mutant, "conv2d")
    assert sys.modules["cnn_oracle.manual.softmax"] is before is softmax
    assert subject.implementation("conv2d") is not OPS["conv2d"].manual
    assert load(OURS).implementation("conv2d") is OPS["conv2d"].manual


def test_the_page_lists_survivors_and_mutants_killed_although_listed_as_equivalent():
    equivalent = next(m for m in EVERY if name_of(m) in reasons())
    something = mutant_of("softmax", "forward: keepdims=True  →  keepdims=False")
    left = Judgement(something, ("softmax",), None, CALLS, "", "", "")
    denied = Judgement(equivalent, (equivalent.file,), equivalent.file, 1, "forward_is_pytorchs", "WRONG", "y")
    assert page.survivors([left, denied]) == [left]
    assert page.contradicted([left, denied]) == [denied]
    rows = [baselines.Baseline("this suite", 1, 2)]
    text = page.markdown([left, denied], rows, "it.png")
    assert f"- `{name_of(something)}`" in text
    assert "**50.00%**" in text
    assert page.figures([left, denied], rows) == {
        "totals": {"files": 2, "mutants": 2, "invalid": 0, "equivalent": 0, "killed": 1, "survived": 1},
        "baselines": [{"name": "this suite", "killed": 1, "of": 2}],
    }


def test_the_json_has_the_figures_of_the_page():
    text = (DOCS / "mutants.md").read_text(encoding="utf-8")
    kept = json.loads((DOCS / "mutants.json").read_text(encoding="utf-8"))
    totals, rows = kept["totals"], [baselines.Baseline(**row) for row in kept["baselines"]]
    assert f"{totals['mutants']:,} mutants of {totals['files']} files.\n" in text
    for name, label in (("invalid", "are invalid"), ("equivalent", "are equivalent"), ("killed", "are killed")):
        assert f" {totals[name]:,} {label}" in text
    assert totals["mutants"] == sum(totals[name] for name in ("invalid", "equivalent", "killed", "survived"))
    assert f"How many of {rows[0].of:,} killed mutants" in text
    assert "".join(f"| {row.name} | {row.share:.1%} |\n" for row in rows) in text


@pytest.mark.parametrize("name", ["conv2d", "layer_norm", "cross_entropy", "max_pool3d", "prelu", "adam"])
@pytest.mark.parametrize("baseline", baselines.BASELINES)
def test_the_original_code_passes_every_baseline(name, baseline):
    with single_threaded(), warnings.catch_warnings(action="ignore"):
        assert baselines.BASELINES[baseline](load(OURS), OPS[name])
