"""The survey of released packages: the counts, the command, and the three lines of every known disagreement."""

import ast
import json
import re
import subprocess
import sys
from inspect import isfunction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cnn_oracle.call import parse
from cnn_oracle.calls.sampling import RandomCalls
from cnn_oracle.manual import relu, softmax
from cnn_oracle.ops import look_up
from cnn_oracle.studies import packages
from cnn_oracle.studies.packages import conditions, page, survey
from cnn_oracle.studies.packages.known import Class, KnownDisagreement, known_of, read
from cnn_oracle.studies.packages.options import Lacks
from cnn_oracle.subject import Implementation

ROOT = Path(__file__).parents[2]
HERE = [package for package in packages.PACKAGES if survey.installed(survey.distribution(package))]


@pytest.fixture
def package(monkeypatch):
    """A package of three ops: one is right, one has few options, and one is wrong for negative slopes."""

    def softmax_of_the_last(x, *, dim):
        if dim not in (-1, x.ndim - 1):
            raise Lacks("dim")
        return softmax.forward(x, dim=dim)

    def leaky(x, *, negative_slope=0.01):
        if x.ndim and not len(x):
            raise TypeError("no samples")
        return np.where(x > 0, x, abs(negative_slope) * x).astype(x.dtype)

    known = KnownDisagreement(("leaky_relu",), "y", Class.CONVENTION, "Slopes are positive.", "print(1, 2)")
    module = SimpleNamespace(
        relu=relu, softmax=Implementation(softmax_of_the_last, None), leaky_relu=Implementation(leaky, None)
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "cnn_oracle.studies.packages.thing", module)
    monkeypatch.setattr(survey, "known_of", lambda _: (known,))
    monkeypatch.setattr(survey, "run", lambda work, jobs, **_: [(job, work(job, lambda _: None)) for job in jobs])
    monkeypatch.setattr(survey, "PACKAGES", ("thing",))
    return "thing"


def test_calls_are_counted_by_their_result(package):
    rows = {row.op: row for row in survey.run_survey([package], 30, 0)}
    assert (rows["relu"].calls, rows["relu"].right, rows["relu"].backward) == (30, 30, True)
    few = rows["softmax"]
    assert few.calls - few.unsupported == few.right == 30
    assert few.missing_options == (("dim", few.unsupported),)
    wrong = rows["leaky_relu"]
    assert {text for text, _ in wrong.rejections} <= {"TypeError: no samples"}  # few calls are empty
    assert sum(n for _, n in wrong.rejections) == wrong.rejected
    (d,) = wrong.disagreements
    assert d.known is not None
    assert d.known.kind is Class.CONVENTION
    assert wrong.calls == wrong.right + wrong.rejected + d.calls


def test_a_disagreement_is_reported_with_its_smallest_call(package):
    (d,) = next(row for row in survey.run_survey([package], 30, 0) if row.op == "leaky_relu").disagreements
    assert np.prod(d.sample.call.arguments["x"]) <= 2
    assert "PyTorch says" in d.what
    assert "the subject is wrong" in d.who_is_wrong


def test_the_page_reports_what_was_found(package, tmp_path):
    document = page.document(page.printed(survey.run_survey([package], 30, 0)), examples=30, seed=0)
    text = page.markdown([document])
    assert "| relu |" in text
    assert "**Convention** · Slopes are positive." in text
    assert "# 1 2" in text
    (tmp_path / "results.json").write_text(json.dumps(document))
    assert page.markdown([page.load(tmp_path / "results.json")]) == text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": [{}]}'])
def test_invalid_results_are_rejected(tmp_path, text):
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(ValueError, match=r"^--results \S+results.json: not what cnn-oracle survey --json writes$"):
        page.load(tmp_path / "results.json")
    with pytest.raises(ValueError, match=r"^--results \S+absent.json: No such file or directory$"):
        page.load(tmp_path / "absent.json")


def test_an_unknown_package_is_one_clear_line():
    ran = subprocess.run(
        [sys.executable, "-m", "cnn_oracle", "survey", "caffe"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("cnn-oracle: package 'caffe': the survey has autograd, ")


@pytest.mark.parametrize("package", packages.PACKAGES)
def test_every_package_is_described_and_has_known_disagreements(package):
    """The package need not be installed. If it is, its lines run below."""
    text = (ROOT / "studies/packages" / f"{package}.py").read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert known_of(package)
    for known in known_of(package):
        *_, last = ast.parse(known.lines).body
        assert ast.unparse(last).startswith("print(")


@pytest.mark.parametrize("package", packages.PACKAGES)
def test_drawn_calls_reach_every_known_disagreement(package):
    for known in known_of(package):
        for op in known.ops:
            calls = (one.call for one in RandomCalls(1000, 0, survey.SIMPLE, unsafe_too=True).samples(look_up(op)))
            assert any(known.covers(call, known.quantity) for call in calls), (op, known.why)


def test_every_condition_is_used():
    used = {known.when for package in packages.PACKAGES for known in known_of(package)}
    assert {f for f in vars(conditions).values() if isfunction(f) and f.__module__ == conditions.__name__} <= used


GOOD = {"ops": '["sgd"]', "kind": '"defect"', "why": "'''It\nerrs.'''", "lines": "'''a\nb\nprint(1, 2)'''"}


def entry(tmp_path, **keys):
    """A file with one entry: GOOD, changed by ``keys``. None removes a key."""
    lines = [f"{key} = {text}" for key, text in (GOOD | keys).items() if text is not None]
    path = tmp_path / "thing.toml"
    path.write_text("\n".join(["[[known]]", *lines]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"wen": '"even"'}, "unknown key 'wen'"),
        ({"why": None}, "no why"),
        ({"ops": "[]"}, "no ops"),
        ({"why": "1"}, "why = 1"),
        ({"ops": '["sdg"]'}, "no op 'sdg'; did you mean 'sgd'?"),
        ({"kind": '"fault"'}, "kind 'fault': it is one of defect, convention, precision"),
        ({"lines": '"print(1, 2)"'}, "lines must be three lines"),
        ({"when": '"even"'}, "conditions.py has no 'even'"),
        ({"when": '"each"'}, "conditions.py has no 'each'"),
        ({"when": "{beta = [1]}"}, "when: sgd has no option 'beta'"),
        ({"when": '{lr = "large"}'}, "when: lr = 'large' is neither a list of values nor 'given' nor 'default'"),
    ],
)
def test_a_faulty_entry_is_one_clear_line(tmp_path, keys, line):
    with pytest.raises(ValueError, match=rf"^thing\.toml, entry 1: {re.escape(line)}$"):
        read(entry(tmp_path, **keys))


@pytest.mark.parametrize("text", ["[known]\nops = []", "[[knwon]]", "known = "])
def test_a_file_with_anything_but_entries_is_rejected(tmp_path, text):
    (tmp_path / "thing.toml").write_text(text)
    for path in (tmp_path / "thing.toml", tmp_path / "absent.toml"):
        with pytest.raises(ValueError, match=rf"^{path.name}: .+$"):
            read(path)


def test_an_entry_covers_calls_whose_options_have_the_given_values(tmp_path):
    plain, fast, damped = (
        parse(f"sgd(w=(), steps=1, lr={lr})", 0) for lr in ("1, momentum=0.0", "2.0", "1, momentum=0.5")
    )
    for when, covered in (
        ("{lr = [1, 3]}", (True, False, True)),
        ('{momentum = "given"}', (False, False, True)),
        ('{momentum = "default"}', (True, True, False)),
        ('{lr = [1], momentum = "default"}', (True, False, False)),
        (None, (True, True, True)),
    ):
        (known,) = read(entry(tmp_path, when=when))
        assert known.why == "It errs."
        assert tuple(known.covers(call, "w") for call in (plain, fast, damped)) == covered


LINES = """
import importlib, sys
import numpy as np
from cnn_oracle.studies.packages.known import known_of

def same(a, b):
    try:
        return np.array_equal(np.array(a, float), np.array(b, float), equal_nan=True)
    except TypeError:  # a dtype
        return str(a) == str(b)

importlib.import_module(f"cnn_oracle.studies.packages.{sys.argv[1]}")  # restores what the package needs
for known in known_of(sys.argv[1]):
    printed = []
    exec(known.lines, {"print": lambda *values: printed.append(values)})
    ((theirs, torchs),) = printed
    assert not same(theirs, torchs), known.lines
"""


@pytest.mark.torch_only("2.13.0")
@pytest.mark.parametrize("package", packages.PACKAGES)
def test_three_lines_show_each_disagreement(package):
    """In its own process, because some packages cannot be imported together."""
    if package not in HERE:
        pytest.skip(f"{survey.distribution(package)} is not installed")
    command = [sys.executable, "-W", "ignore", "-c", LINES, package]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
