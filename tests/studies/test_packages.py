"""Field trials: the counting, the command, and the three lines of every disagreement that has been looked into."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cnn_oracle.manual import relu, softmax
from cnn_oracle.studies import packages
from cnn_oracle.studies.packages import page, survey
from cnn_oracle.studies.packages.known import Class, Known, Lacks
from cnn_oracle.subject import Implementation

ROOT = Path(__file__).parents[2]
HERE = [package for package in packages.PACKAGES if survey.installed(survey.distribution(package))]


@pytest.fixture
def package(monkeypatch):
    """A package of three ops: one right, one of few options, one that errs where slopes are negative."""

    def softmax_of_the_last(x, *, dim):
        if dim not in (-1, x.ndim - 1):
            raise Lacks("dim")
        return softmax.forward(x, dim=dim)

    def leaky(x, *, negative_slope=0.01):
        if x.ndim and not len(x):
            raise TypeError("no samples")
        return np.where(x > 0, x, abs(negative_slope) * x).astype(x.dtype)

    known = Known(("leaky_relu",), "y", Class.CONVENTION, "Slopes are positive.", "print(1, 2)")
    module = SimpleNamespace(
        relu=relu, softmax=Implementation(softmax_of_the_last, None), leaky_relu=Implementation(leaky, None),
        KNOWN=(known,),
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "cnn_oracle.studies.packages.thing", module)
    monkeypatch.setattr(survey, "run", lambda work, jobs, **_: [(job, work(job, lambda _: None)) for job in jobs])
    monkeypatch.setattr(survey, "PACKAGES", ("thing",))
    return "thing"


def test_calls_are_counted_by_what_became_of_them(package):
    rows = {row.op: row for row in survey.trial([package], 30, 0)}
    assert (rows["relu"].calls, rows["relu"].right, rows["relu"].backward) == (30, 30, True)
    few = rows["softmax"]
    assert few.calls - few.lacking == few.right == 30
    assert few.lacks == (("dim", few.lacking),)
    wrong = rows["leaky_relu"]
    assert wrong.refusals == (("TypeError: no samples", wrong.refused),)
    (d,) = wrong.disagreements
    assert d.known is not None
    assert d.known.kind is Class.CONVENTION
    assert wrong.calls == wrong.right + wrong.refused + d.calls


def test_a_disagreement_is_told_by_its_smallest_call(package):
    (d,) = next(row for row in survey.trial([package], 30, 0) if row.op == "leaky_relu").disagreements
    assert np.prod(d.planned.call.arguments["x"]) <= 2
    assert "PyTorch says" in d.what
    assert "the subject is wrong" in d.ruling


def test_the_page_says_what_was_found(package, tmp_path):
    told = page.document(page.printed(survey.trial([package], 30, 0)), examples=30, seed=0)
    text = page.markdown([told])
    assert "| relu |" in text
    assert "**Convention** · Slopes are positive." in text
    assert "# 1 2" in text
    (tmp_path / "told.json").write_text(json.dumps(told))
    assert page.markdown([page.load(tmp_path / "told.json")]) == text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": [{}]}'])
def test_results_that_are_none_are_refused(tmp_path, text):
    (tmp_path / "told.json").write_text(text)
    with pytest.raises(ValueError, match=r"^--results \S+told.json: not what cnn-oracle survey --json writes$"):
        page.load(tmp_path / "told.json")
    with pytest.raises(ValueError, match=r"^--results \S+absent.json: No such file or directory$"):
        page.load(tmp_path / "absent.json")


def test_an_unknown_package_is_one_clear_line():
    ran = subprocess.run(
        [sys.executable, "-m", "cnn_oracle", "survey", "caffe"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("cnn-oracle: package 'caffe': on trial are autograd, ")


@pytest.mark.parametrize("package", packages.PACKAGES)
def test_every_package_is_described_and_says_what_pip_installs(package):
    text = (ROOT / "studies/packages" / f"{package}.py").read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert "KNOWN" in text


LINES = """
import importlib, sys
import numpy as np

def same(a, b):
    try:
        return np.array_equal(np.array(a, float), np.array(b, float), equal_nan=True)
    except TypeError:  # a dtype
        return str(a) == str(b)

for known in importlib.import_module(sys.argv[1]).KNOWN:
    assert len(known.lines.strip().splitlines()) == 3, known.lines
    printed = []
    exec(known.lines, {"print": lambda *values: printed.append(values)})
    ((theirs, torchs),) = printed
    assert not same(theirs, torchs), known.lines
"""


@pytest.mark.torch_only("2.13.0")
@pytest.mark.parametrize("package", packages.PACKAGES)
def test_three_lines_show_each_disagreement(package):
    """In a process of its own: some packages do not bear each other."""
    if package not in HERE:
        pytest.skip(f"{survey.distribution(package)} is not installed")
    command = [sys.executable, "-W", "ignore", "-c", LINES, f"cnn_oracle.studies.packages.{package}"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
