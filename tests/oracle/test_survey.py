"""A call that ends its process, or does not end, has the verdict CRASHED, and the run continues."""

import shlex
import sys
from math import prod

import pytest

from cnn_oracle import cli, survey
from cnn_oracle.calls.sampling import DrawnCalls
from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS
from cnn_oracle.result import Verdict
from cnn_oracle.run.workers import FEW

SUBJECT = """
import ctypes, os, time
from types import SimpleNamespace
from cnn_oracle.manual import relu as good, sigmoid


def die(x):
    if x.size > 3:
        {death}
    return good.forward(x)


relu = SimpleNamespace(forward=die, backward=good.backward)
"""


EMPTY_WINDOWS = """
import os
from types import SimpleNamespace
from cnn_oracle.manual import max_pool1d as good


def die(x, **options):
    y = good.forward(x, **options)
    if (y < -1e300).any():
        os.abort()
    return y


max_pool1d = SimpleNamespace(forward=die, backward=good.backward)
"""


def isolated(subject, names, **options):
    """The rows of a run whose work is all done in other processes."""
    return list(survey.verify(subject, names, run=survey.here(subject, None, 2), **({"timeout": 60} | options)))


def exhausted(subject, names, size, **options):
    return list(survey.exhaust(subject, names, size, run=survey.here(subject, None, 2), **options))


@pytest.fixture
def deadly(tmp_path, monkeypatch):
    """Writes a module whose relu crashes on more than three numbers and whose sigmoid is right."""

    def write(death):
        name = f"deadly_{abs(hash(death))}"
        (tmp_path / f"{name}.py").write_text(SUBJECT.format(death=death))
        monkeypatch.syspath_prepend(tmp_path)
        return load(name)

    return write


@pytest.mark.parametrize(
    ("death", "how"),
    [
        ("os.abort()", "forward of relu ends the process by SIGABRT"),
        ("ctypes.string_at(0)", "forward of relu ends the process by SIGSEGV"),
        ("os._exit(3)", "forward of relu ends the process with status 3"),
        ("os.kill(os.getpid(), 9)", "forward of relu ends the process by SIGKILL"),
        ("time.sleep(1000)", "forward of relu returns no result within 1 seconds"),
    ],
)
def test_a_call_that_ends_its_process_is_crashed_and_the_run_continues(deadly, death, how):
    relu, sigmoid = isolated(deadly(death), ["relu", "sigmoid"], examples=5, timeout=1)
    assert (relu.verdict, relu.failure.what) == (Verdict.CRASHED, how)
    assert relu.failure.reproduce.endswith("--isolate --timeout 1" if "result" in how else "--isolate")
    assert (sigmoid.verdict, sigmoid.calls) == (Verdict.BOUNDED, 5)


def test_a_convolution_that_crashes_on_some_geometry_is_reported_with_it(tmp_path, monkeypatch):
    code = "import ctypes; from cnn_oracle.manual.conv2d import *; right = forward\n"
    code += "def forward(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):\n"
    code += "    y = right(x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups)\n"
    code += "    return ctypes.string_at(0) if groups > 1 else y\n"
    (tmp_path / "crashing").mkdir()
    (tmp_path / "crashing/__init__.py").touch()
    (tmp_path / "crashing/conv2d.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    (row,) = isolated(load("crashing"), ["conv2d"], timeout=60)
    assert (row.verdict, row.failure.what) == (Verdict.CRASHED, "forward of conv2d ends the process by SIGSEGV")
    n = row.failure.call.arguments["groups"]
    assert str(row.failure.call) == f"conv2d(x=(1, {n}, 1, 1), w=({n}, 1, 1, 1), groups={n})"


def test_the_job_of_a_worker_that_is_killed_externally_is_run_again(deadly, tmp_path):
    """As by a system without memory. The same job passes the second time."""
    mark = tmp_path / "mark"
    once = f"os.path.exists({str(mark)!r}) or os.mkdir({str(mark)!r}) or os.kill(os.getpid(), 15)"
    (row,) = isolated(deadly(once), ["relu"], examples=5, timeout=60)
    assert mark.exists()
    assert (row.verdict, row.calls, row.failure) == (Verdict.EXACT, 5, None)


def test_the_reported_call_is_a_small_one_that_crashes(deadly):
    """Run on its own, it crashes again."""
    subject = deadly("os.abort()")
    (row,) = isolated(subject, ["relu"], examples=50, timeout=60)
    (shape,) = row.failure.call.arguments.values()
    assert prod(shape) == 4
    assert survey.call(subject, row.failure.call, isolate=True).verdict is Verdict.CRASHED
    drawn = [sample.call for sample in DrawnCalls(50, 0).samples(OPS["relu"])]
    assert row.failure.call not in drawn


def test_a_crash_on_special_values_only_keeps_its_call(deadly):
    """No simple call has a NaN."""
    (row,) = isolated(deadly("(x != x).any() and os.abort()"), ["relu"], examples=5, timeout=60)
    first = next(iter(DrawnCalls(5, 0).samples(OPS["relu"])))
    assert (row.verdict, row.failure.call) == (Verdict.CRASHED, first.call)


@pytest.mark.parametrize("function", ["forward", "backward"])
def test_a_crash_says_in_which_function(tmp_path, monkeypatch, function):
    code = "import os; from cnn_oracle.manual import relu as right\n"
    code += "class relu:\n    forward, backward = right.forward, right.backward\n"
    code += f"    {function} = lambda *arrays: os._exit(0) if arrays[0].size > 3 else right.{function}(*arrays)\n"
    (tmp_path / f"dies_in_{function}.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    (row,) = isolated(load(f"dies_in_{function}"), ["relu"], examples=20, timeout=60)
    assert (row.verdict, row.failure.what) == (
        Verdict.CRASHED,
        f"{function} of relu ends the process with status 0",
    )


def test_a_crash_in_an_enumeration_is_reported_with_its_call(deadly):
    (row,) = exhausted(deadly("os.abort()"), ["relu"], 5)
    assert (row.verdict, str(row.failure.call)) == (Verdict.CRASHED, "relu(x=(5,))")


def test_a_failure_in_isolation_is_shrunk_like_any_other():
    (row,) = isolated(load("cnn_oracle.mistakes.conv2d.scatter_overwrites"), ["conv2d"], timeout=60)
    assert (row.verdict, str(row.failure.call)) == (Verdict.WRONG, "conv2d(x=(1, 1, 1, 3), w=(1, 1, 1, 2), b=(1,))")
    assert row.failure.likely_causes == ["dx is assigned (=) where windows overlap, not added (+=)"]


def test_a_subject_must_survive_calls_on_which_pytorch_is_unsafe(tmp_path, monkeypatch):
    """Only in isolation, and without a comparison: a window wholly in the padding has no expected value."""
    (tmp_path / "drowns.py").write_text(EMPTY_WINDOWS)
    monkeypatch.syspath_prepend(tmp_path)
    drowns, manual = load("drowns"), load("manual")
    (row,) = exhausted(drowns, [], 2)
    assert (row.verdict, row.skipped > 0) == (Verdict.EXACT, True)
    assert [r._replace(seconds=0) for r in exhausted(manual, ["max_pool1d"], 2, isolate=True)] == [
        row._replace(seconds=0)
    ]
    (row,) = exhausted(drowns, [], 2, isolate=True)
    assert (row.verdict, row.failure.what) == (Verdict.CRASHED, "forward of max_pool1d ends the process by SIGABRT")
    assert survey.call(drowns, row.failure.call, isolate=True).verdict is Verdict.CRASHED
    with pytest.raises(ValueError, match="a window lies wholly in the padding, where PyTorch itself writes outside"):
        survey.call(manual, row.failure.call, isolate=True)


def test_the_command_line_prints_crashed_and_exits_with_one(deadly, monkeypatch, capsys):
    name = deadly("os.abort()").name
    line = ["verify", name, "--call", "relu(x=(2, 2))", "--seed", "0", "--isolate"]
    monkeypatch.setattr(sys, "argv", ["cnn-oracle", *line])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    out = capsys.readouterr().out
    assert stop.value.code == 1
    assert "CRASHED  forward of relu ends the process by SIGABRT\n  call      relu(x=(2, 2))\n" in out
    assert f"  reproduce cnn-oracle {shlex.join(line)}\n" in out


MIXED = """
from types import SimpleNamespace
import numpy as np
from cnn_oracle.manual import conv1d, linear, relu as right, softmax, tanh as good
from cnn_oracle.mistakes import load


def any_channels(dy, x):
    (dx,) = right.backward(dy, x)
    return (np.where(x == 0, dy, dx),)


def kept(x):
    y = good.forward(x)
    x[...] = 0
    return y


relu = SimpleNamespace(forward=right.forward, backward=any_channels)
tanh = SimpleNamespace(forward=kept, backward=good.backward)
conv2d = load("cnn_oracle.mistakes.conv2d.scatter_overwrites").root.conv2d
silu = SimpleNamespace(forward=lambda x: x, backward=None)
"""


@pytest.fixture
def mixed(tmp_path, monkeypatch):
    """A subject with right ops, and others with wrong numbers, a contract violation or a missing backward."""
    (tmp_path / "mixed.py").write_text(MIXED)
    monkeypatch.syspath_prepend(tmp_path)
    return load("mixed")._replace(strict=True)


def without_seconds(rows):
    """The rows as JSON, with the text of the failure and without the seconds."""
    return [{k: v for k, v in row.to_json().items() if k != "seconds"} | {"text": str(row.failure)} for row in rows]


@pytest.mark.parametrize("seed", [0, 7])
def test_several_processes_report_what_one_reports(mixed, seed):
    """To the last digit, for right and wrong ops, in any order in which the jobs end."""
    one, two, five = (list(survey.verify(mixed, seed=seed, run=survey.here(mixed, None, jobs))) for jobs in (1, 2, 5))
    assert len([row for row in one if row.failure]) == 4
    assert without_seconds(one) == without_seconds(two) == without_seconds(five)


def test_several_processes_exhaust_what_one_exhausts(mixed):
    one, two = (
        list(survey.exhaust(mixed, ["conv1d", "relu", "conv2d"], 2, run=survey.here(mixed, None, jobs)))
        for jobs in (1, 2)
    )
    assert without_seconds(one) == without_seconds(two)


def test_few_calls_and_python_objects_stay_in_this_process(mixed):
    assert survey.here(mixed, FEW) is None
    assert survey.here(mixed, FEW + 1) is not None
    assert survey.here(mixed, FEW, jobs=2) is not None
    assert survey.here(mixed, None, jobs=1) is None
    assert survey.here(mixed, None, jobs=1, isolate=True) is not None
    assert survey.here(mixed._replace(loader=None), None, jobs=2) is None


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_time_budget_draws_until_it_ends_and_reports_the_calls(mixed, jobs):
    rows = list(survey.verify(mixed, ["linear", "softmax"], seconds=6, run=survey.here(mixed, None, jobs)))
    assert {row.op for row in rows} <= {"linear", "softmax"}
    assert rows
    assert all(row.failure is None and row.calls % 25 == 0 for row in rows)


def test_the_calls_of_a_time_budget_are_those_of_one_seed_after_the_other(mixed):
    few, many = (survey.verify(mixed, ["linear"], examples=5, seed=seed) for seed in (0, 1))
    (first,), (second,) = few, many
    (both,) = survey.verify(mixed, ["linear"], examples=5, seconds=5)
    assert both.calls % 5 == 0
    assert both.error_over_bound >= max(first.error_over_bound, second.error_over_bound)


LATE = """
import os
from types import SimpleNamespace
from cnn_oracle.manual import relu as good

CALLS = []


def writes(x):
    CALLS.append(x)
    if len(CALLS) > 100:
        os.abort()
    y = good.forward(x)
    x[...] = 0
    return y


relu = SimpleNamespace(forward=writes, backward=good.backward)
"""


def test_a_crash_after_another_failure_is_reported_with_its_own_call(tmp_path, monkeypatch):
    """A contract violation does not end the search. No smaller call crashes on its own, in a new process."""
    (tmp_path / "late.py").write_text(LATE)
    monkeypatch.syspath_prepend(tmp_path)
    (row,) = isolated(load("late"), ["relu"], examples=25)
    assert row.verdict is Verdict.CRASHED
    assert row.failure.what == "forward of relu ends the process by SIGABRT"
    calls = [sample.call for sample in DrawnCalls(25, 0).samples(OPS["relu"])]
    assert row.failure.call in calls


def test_an_exhaustive_run_reports_no_theorem_as_accepted_or_stale(mixed):
    accepting = mixed._replace(limits=mixed.limits._replace(accepted={"conv1d": ("dtype_is_kept",)}))
    (row,) = survey.exhaust(accepting, ["conv1d"], 1)
    assert (row.verdict, row.accepted, row.stale) == (Verdict.EXACT, (), ())
