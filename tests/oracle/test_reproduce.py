"""The line that reproduces a failure shows the same failure, to the last digit, in a new process."""

import re
import shlex
import subprocess
import sys

import pytest

import cnn_oracle as oracle
from cnn_oracle import survey, theorems, verification
from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS

KERNELS = """
from types import SimpleNamespace

import numpy as np
from cnn_oracle import manual
import cnn_oracle.manual.conv2d, cnn_oracle.manual.gelu, cnn_oracle.manual.relu
import cnn_oracle.manual.sgd, cnn_oracle.manual.softmax


def in_place(x):
    x[x < 0] = 0
    return x


def half_written(x):
    y = np.empty_like(x)
    y[x > 0] = x[x > 0]
    return y


def any_channels(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    x = np.repeat(x, w.shape[1] * groups, 1) if x.shape[1] == 1 else x
    return manual.conv2d.forward(x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups)


def backward_of_any_dy(dy, x, *, approximate="none"):
    return (manual.gelu.backward(np.broadcast_to(dy, x.shape), x, approximate=approximate)[0],)


def diagonal(dy, x, *, dim):
    y = manual.softmax.forward(x, dim=dim)
    return (dy * y * (1 - y),)


def decayed_twice(w, dw, state=None, *, weight_decay=0.0, **options):
    return manual.sgd.step(w, dw + weight_decay * w, state, weight_decay=weight_decay, **options)


def relu_backward(dy, x):
    return manual.relu.backward(dy, x)


def unnormalised(x, *, dim):
    return x.exp()


conv2d = SimpleNamespace(forward=any_channels, backward=manual.conv2d.backward)
gelu = SimpleNamespace(forward=manual.gelu.forward, backward=backward_of_any_dy)
relu = SimpleNamespace(forward=in_place, backward=manual.relu.backward)
sgd = SimpleNamespace(step=decayed_twice)
softmax = SimpleNamespace(forward=manual.softmax.forward, backward=diagonal)
"""
PRINT_ALL = """
import sys
from cnn_oracle import cli
for line in sys.argv[1:]:
    sys.argv[1:] = __import__("shlex").split(line)[1:]
    try:
        cli.main()
    except SystemExit as stop:
        assert stop.code == 1
"""
IMPORTS = """
import cnn_oracle as oracle
from cnn_oracle import adapt
from kernels import *
"""
PRINT_EACH = """
import sys
for line in sys.argv[1:]:
    try:
        eval(line)
    except oracle.Failure as failure:
        print(failure)
"""


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    (tmp_path / "kernels.py").write_text(KERNELS)
    monkeypatch.syspath_prepend(tmp_path)
    yield load("kernels")
    del sys.modules["kernels"]


def run(folder, *arguments):
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_failures_of_a_package(kernels, tmp_path):
    failures = [row.failure for row in survey.verify(kernels._replace(strict=True))]
    assert [failure.call.op for failure in failures] == ["conv2d", "relu", "gelu", "softmax", "sgd"]
    output = run(tmp_path, "-c", PRINT_ALL, *(failure.reproduce for failure in failures))
    assert re.findall(r"^(?:WRONG|CONTRACT)  .*?\n  reproduce .*?$", output, re.MULTILINE | re.DOTALL) == [
        failure.message for failure in failures
    ]


def test_a_failure_of_one_theorem_as_pytest_checks_it(kernels, tmp_path):
    """It is not the first theorem that fails there."""
    theorem = theorems.backward_is_the_transpose_of_forward_mode
    failure = verification.search(kernels, OPS["softmax"], 100, 0, which=[theorem]).failure
    assert shlex.split(failure.reproduce)[-2:] == ["--theorem", theorem.__name__]
    assert str(failure) in run(tmp_path, "-c", PRINT_ALL, failure.reproduce)


def test_failures_of_verify_in_python(kernels, tmp_path, monkeypatch):
    """The line is the one that was written, with the call and the seed added."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    given = {
        "relu": "forward=half_written, backward=relu_backward",
        "softmax": "adapt.torch_function(unnormalised)",
        "conv2d": "forward=any_channels",
    }
    failures = []
    for op, arguments in given.items():
        with pytest.raises(oracle.Failure) as error:
            exec(f'{IMPORTS}oracle.verify("{op}", {arguments}, strict=True)')
        written = re.escape(f'oracle.verify("{op}", {arguments}, call="{op}(')
        assert re.fullmatch(written + r'[^"]*\)", seed=\d+(, strict=True)?\)', error.value.reproduce)
        failures.append(error.value)
    assert run(tmp_path, "-c", IMPORTS + PRINT_EACH, *(f.reproduce for f in failures)) == "".join(
        f"{f}\n" for f in failures
    )
