"""A call that ends its process, or never ends, is a verdict, and everything else goes on."""

import shlex
import sys

import pytest

from cnn_oracle import cli
from cnn_oracle.mistakes import load
from cnn_oracle.result import Verdict
from cnn_oracle.survey import exhaustive, isolate

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


@pytest.fixture
def deadly(tmp_path, monkeypatch):
    """A module whose relu dies on more than three numbers, and whose sigmoid is right."""

    def write(death):
        name = f"deadly_{abs(hash(death))}"
        (tmp_path / f"{name}.py").write_text(SUBJECT.format(death=death))
        monkeypatch.syspath_prepend(tmp_path)
        return load(name)

    return write


@pytest.mark.parametrize(
    ("death", "how"),
    [
        ("os.abort()", "relu ends the process by SIGABRT"),
        ("ctypes.string_at(0)", "relu ends the process by SIGSEGV"),
        ("os._exit(3)", "relu ends the process with status 3"),
        ("os.kill(os.getpid(), 9)", "relu ends the process by SIGKILL"),
        ("time.sleep(1000)", "relu gives no answer within 1 seconds"),
    ],
)
def test_a_call_that_ends_its_process_is_crashed_and_the_run_goes_on(deadly, death, how):
    relu, sigmoid = isolate.verify(deadly(death), ["relu", "sigmoid"], examples=5, timeout=1)
    assert (relu.verdict, relu.failure.what) == (Verdict.CRASHED, how)
    assert relu.failure.again.endswith("--isolate")
    assert (sigmoid.verdict, sigmoid.calls) == (Verdict.BOUNDED, 5)


def test_a_convolution_that_crashes_on_some_geometry_is_told_by_it(tmp_path, monkeypatch):
    code = "import ctypes; from cnn_oracle.manual.conv2d import *; right = forward\n"
    code += "def forward(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):\n"
    code += "    y = right(x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups)\n"
    code += "    return ctypes.string_at(0) if groups > 1 else y\n"
    (tmp_path / "crashing").mkdir()
    (tmp_path / "crashing/__init__.py").touch()
    (tmp_path / "crashing/conv2d.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    (row,) = isolate.verify(load("crashing"), ["conv2d"], timeout=60)
    assert (row.verdict, row.failure.what) == (Verdict.CRASHED, "conv2d ends the process by SIGSEGV")
    assert row.failure.call.arguments["groups"] > 1


def test_a_worker_that_is_ended_from_outside_costs_nothing(deadly, tmp_path):
    """As by a system without memory: the same job ends well the second time."""
    mark = tmp_path / "mark"
    once = f"os.path.exists({str(mark)!r}) or os.mkdir({str(mark)!r}) or os.kill(os.getpid(), 15)"
    (row,) = isolate.verify(deadly(once), ["relu"], examples=5, timeout=60)
    assert mark.exists()
    assert (row.verdict, row.calls, row.failure) == (Verdict.EXACT, 5, None)


def test_the_call_that_is_told_is_the_one_that_died(deadly):
    """Calls before it are sound; alone it dies again, by the line that reproduces it."""
    subject = deadly("os.abort()")
    (row,) = isolate.verify(subject, ["relu"], examples=50, timeout=60)
    assert isolate.call(subject, row.failure.call, 60).verdict is Verdict.CRASHED
    job = isolate.Drawn(subject.name, "relu", 50, 0)
    assert job.call(row.calls - 1) == row.failure.call
    assert all(isolate.call(subject, job.call(i), 60).failure is None for i in range(row.calls - 1))


def test_a_death_in_the_small_world_is_told_by_its_call(deadly):
    (row,) = exhaustive.verify(deadly("os.abort()"), ["relu"], 5, timeout=60)
    assert (row.verdict, str(row.failure.call)) == (Verdict.CRASHED, "relu(x=(5,))")


def test_a_failure_in_isolation_is_made_small_like_any_other():
    (row,) = isolate.verify(load("cnn_oracle.mistakes.conv2d.scatter_overwrites"), ["conv2d"], timeout=60)
    assert (row.verdict, str(row.failure.call)) == (Verdict.WRONG, "conv2d(x=(1, 1, 3, 1), w=(1, 1, 2, 1), b=(1,))")
    assert row.failure.mistakes == ["dx is assigned (=) where windows overlap, not added (+=)"]


def test_a_subject_must_survive_what_pytorch_must_not_be_handed(tmp_path, monkeypatch):
    """In isolation alone, and on its own: where a window holds nothing, there is nothing to compare with."""
    (tmp_path / "drowns.py").write_text(EMPTY_WINDOWS)
    monkeypatch.syspath_prepend(tmp_path)
    drowns, manual = load("drowns"), load("manual")
    (row,) = exhaustive.verify(drowns, [], 2)
    assert (row.verdict, row.withheld > 0) == (Verdict.EXACT, True)
    assert [r._replace(seconds=0) for r in exhaustive.verify(manual, ["max_pool1d"], 2, isolate=True)] == [
        row._replace(seconds=0)
    ]
    (row,) = exhaustive.verify(drowns, [], 2, isolate=True)
    assert (row.verdict, row.failure.what) == (Verdict.CRASHED, "max_pool1d ends the process by SIGABRT")
    assert isolate.call(drowns, row.failure.call).verdict is Verdict.CRASHED
    with pytest.raises(ValueError, match="a window lies wholly in the padding, where PyTorch itself writes outside"):
        isolate.call(manual, row.failure.call)


def test_the_command_line_says_crashed_and_exits_with_one(deadly, monkeypatch, capsys):
    name = deadly("os.abort()").name
    line = ["verify", name, "--call", "relu(x=(2, 2))", "--seed", "0", "--isolate"]
    monkeypatch.setattr(sys, "argv", ["cnn-oracle", *line])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    out = capsys.readouterr().out
    assert stop.value.code == 1
    assert "CRASHED  relu ends the process by SIGABRT\n  call      relu(x=(2, 2))\n" in out
    assert f"  reproduce cnn-oracle {shlex.join(line)}\n" in out
