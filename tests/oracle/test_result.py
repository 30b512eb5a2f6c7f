"""Results and failures are data: they are frozen, can be pickled, and printing them computes nothing."""

import contextlib
import pickle
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import cnn_oracle as oracle
from cnn_oracle import cli, environment, mistakes, theorems
from cnn_oracle.call import Call
from cnn_oracle.diagnosis import Cause, Diagnosis
from cnn_oracle.manual import conv2d
from cnn_oracle.mistakes import load
from cnn_oracle.op import Op
from cnn_oracle.ops import OPS, SELECTION
from cnn_oracle.result import Failure, Result, Verdict
from cnn_oracle.subject import Subject
from cnn_oracle.verification import search, verify_op

CONV = OPS["conv2d"]
WRONG = "cnn_oracle.mistakes.conv2d.scatter_overwrites"
CALL = Call("relu", {"x": (2,)}, 0)
RUNS = environment.CI_RUNS[-1]
PINNED = Path(__file__).parents[2] / "constraints.txt"


@pytest.fixture(scope="module")
def failure():
    return search(load(WRONG), CONV, 100, 0).failure


@pytest.mark.parametrize(
    "name", ["what", "verdict", "subject_name", "diagnosis", "likely_causes", "outputs", "new", "args"]
)
def test_a_failure_cannot_be_written_to(failure, name):
    before = str(failure)
    with pytest.raises(
        AttributeError, match=rf"a Failure is frozen: failure\.replace\({name}=…\) makes a changed copy"
    ):
        setattr(failure, name, "changed")
    assert str(failure) == before


def test_a_result_a_diagnosis_and_a_call_cannot_be_written_to(failure):
    row = verify_op(load("manual"), OPS["relu"], 3, 0)
    for thing, name in ((row, "verdict"), (failure.diagnosis, "who_is_wrong"), (failure.call, "seed")):
        with pytest.raises(AttributeError):
            setattr(thing, name, "changed")


def test_replace_makes_a_copy_with_the_same_cause():
    cause = MemoryError("no more")
    failure = Failure("forward raises", CALL, verdict=Verdict.CRASHED, options=" --isolate")
    failure.__cause__ = cause
    copy = failure.replace(what="backward raises", subject_name="mine")
    assert (copy.what, copy.subject_name, copy.verdict, copy.options) == (
        "backward raises", "mine", Verdict.CRASHED, " --isolate",
    )  # fmt: skip
    assert copy.args == ("backward raises",)
    assert copy.__cause__ is cause
    assert (failure.what, failure.subject_name) == ("forward raises", "cnn_oracle.manual")
    with pytest.raises(TypeError, match="unexpected keyword argument 'output'"):
        failure.replace(output=None)


def test_a_pickled_failure_keeps_everything(failure):
    there = pickle.loads(pickle.dumps(failure))
    kept, had = vars(there), vars(failure)
    assert kept.keys() == had.keys()
    for name in had.keys() - {"case", "outputs", "diagnosis"}:
        assert kept[name] == had[name], name
    assert there.theorem == theorems.backward_is_autograds_gradient
    assert there.diagnosis.causes == failure.diagnosis.causes != ()
    for one, other in zip(there.diagnosis.maps, failure.diagnosis.maps, strict=True):
        assert (one.quantity, one.call) == (other.quantity, other.call)
        assert np.array_equal(one.error, other.error)
    assert all(np.array_equal(a, failure.outputs[quantity]) for quantity, a in there.outputs.items())
    assert all(np.array_equal(a, failure.case.expected[quantity]) for quantity, a in there.case.expected.items())
    assert str(there) == str(failure)
    with pytest.raises(AttributeError, match="frozen"):
        there.what = "changed"


def test_printing_a_failure_computes_nothing(monkeypatch):
    """The message is complete before: printing runs neither the subject, nor PyTorch, nor the known mistakes."""

    def halved(dy, x, w, b=None, **options):
        if gone:
            raise RuntimeError("the subject runs")
        return tuple(None if a is None else a / 2 for a in conv2d.backward(dy, x, w, b, **options))

    def forward(x, w, b=None, **options):
        if gone:
            raise RuntimeError("the subject runs")
        return conv2d.forward(x, w, b, **options)

    gone = []
    implementation = SimpleNamespace(forward=forward, backward=halved)
    failure = search(Subject("it", SimpleNamespace(conv2d=implementation)), CONV, 100, 0).failure
    other = search(load(WRONG), CONV, 100, 0).failure

    def raises(*_):
        raise RuntimeError("the known mistakes are looked up")

    gone.append(True)
    monkeypatch.setattr(mistakes, "of", raises)
    monkeypatch.setattr(CONV.reference, "forward", raises)
    assert "  arbiter   the subject is wrong: " in str(failure)
    assert "  likely cause: dx is 1/2 times what it should be\n" in str(failure)
    assert "  likely cause: dx is assigned (=) where windows overlap, not added (+=)\n" in str(other)
    assert failure.who_is_wrong
    assert failure.likely_causes
    assert failure.reproduce


def test_a_failure_that_is_not_shrunk_is_not_diagnosed():
    failure = search(load(WRONG), CONV, 100, 0, shrink=False).failure
    assert failure.diagnosis == Diagnosis()
    assert (failure.who_is_wrong, failure.likely_causes) == (None, [])
    assert "likely cause" not in str(failure)


def test_a_cause_in_json_says_what_kind_it_is():
    failure = Failure(
        "y[0] is wrong", CALL, diagnosis=Diagnosis(None, (Cause("known mistake", "one"), Cause("ratio", "two")))
    )
    row = Result("relu", Verdict.WRONG, 1, 0.0, 0.0, failure).to_json()
    causes = [{"kind": "known mistake", "text": "one"}, {"kind": "ratio", "text": "two"}]
    assert row["failure"]["causes"] == row["failures"][0]["causes"] == causes
    wrong = search(load(WRONG), CONV, 100, 0).failure
    row = Result("conv2d", Verdict.WRONG, 1, 0.0, 0.0, wrong).to_json()
    said = "dx is assigned (=) where windows overlap, not added (+=)"
    assert row["failure"]["causes"] == [{"kind": "known mistake", "text": said}]


def test_python_itself_may_write_to_a_failure_that_is_raised():
    """contextlib and pytest write its traceback, its context and its notes."""

    @contextlib.contextmanager
    def passing():
        yield

    def fails():
        with passing():
            try:
                raise ValueError("first")
            except ValueError:
                raise Failure("wrong", CALL)  # noqa: B904

    with pytest.raises(Failure) as caught:
        fails()
    caught.value.add_note("at night")
    assert caught.value.__notes__ == ["at night"]
    assert isinstance(caught.value.__context__, ValueError)
    assert str(caught.value).startswith("WRONG  wrong\n  call      relu(x=(2,))\n")


def test_a_result_says_which_pytorch_it_compared_with():
    row = verify_op(load("manual"), OPS["relu"], 3, 0)
    assert row.pytorch == environment.pytorch()
    assert row.pytorch.version == torch.__version__


@pytest.mark.parametrize(
    ("version", "in_ci", "text"),
    [
        (f"{RUNS}+cpu", True, f"PyTorch {RUNS}+cpu, which CI runs"),
        (RUNS, True, f"PyTorch {RUNS}, which CI runs"),
        ("2.10.0", False, f"PyTorch 2.10.0, which CI has not run: it runs {RUNS}"),
    ],
)
def test_results_failures_and_tables_say_whether_ci_runs_their_pytorch(monkeypatch, capsys, version, in_ci, text):
    monkeypatch.setattr(torch, "__version__", version)
    row = verify_op(load("manual"), OPS["relu"], 3, 0)
    assert (row.pytorch.version, row.pytorch.in_ci, str(row.pytorch)) == (version, in_ci, text)
    assert (row.to_json()["pytorch"], row.to_json()["pytorch_in_ci"]) == (version, in_ci)
    with pytest.raises(oracle.Failure) as failure:
        oracle.verify("conv2d", WRONG)
    assert [line for line in str(failure.value).splitlines() if line.startswith("  version")] == (
        [] if in_ci else [f"  version   {text}"]
    )
    monkeypatch.setattr(sys, "argv", ["cnn-oracle", "verify", "--op", "relu", "--examples", "3"])
    with pytest.raises(SystemExit):
        cli.main()
    assert f"\ncompared with {text}\n" in capsys.readouterr().out


def test_a_failure_of_all_calls_says_the_version_too(monkeypatch):
    """A vacuous verdict shows it, like a wrong one."""
    monkeypatch.setattr(torch, "__version__", "2.10.0")
    empty = Op("relu", lambda choose: {"x": (0, choose("size", (1, 2)))}, SELECTION)
    monkeypatch.setitem(OPS, "relu", empty)
    failure = verify_op(load("manual"), empty, 5, 0).failure
    assert failure.verdict is Verdict.VACUOUS
    assert f"  version   {environment.pytorch()}\n" in str(failure)


def test_ci_runs_the_version_that_the_constraints_pin():
    pins = dict(line.split("==") for line in PINNED.read_text().split() if "==" in line)
    assert pins["torch"].partition("+")[0] == RUNS
