"""oracle.verify and oracle.covered, as called in a user's tests."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import cnn_oracle as oracle
from cnn_oracle import api, manual, result, theorems, verification
from cnn_oracle.manual import conv2d, layer_norm, relu, sgd
from cnn_oracle.ops import OPS
from cnn_oracle.subject import Implementation, Subject

KINK = "cnn_oracle.mistakes.relu.one_at_the_kink"


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x


def zeros(dy, x):
    return (np.zeros_like(x),)


@pytest.mark.parametrize("op", oracle.covered(KINK))
def test_a_parametrized_test_checks_each_op_of_a_package(op):
    """Under pytest, a pytest command reproduces the failure."""
    with pytest.raises(oracle.Failure) as failure:
        oracle.verify(op, KINK)
    theorem = failure.value.theorem.__name__
    assert failure.value.reproduce == f"pytest --oracle-subject {KINK} {KINK}::relu::{theorem}"


def test_outside_of_pytest_a_shell_command_reproduces_the_failure(monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    with pytest.raises(oracle.Failure) as failure:
        oracle.verify("relu", KINK)
    assert failure.value.reproduce == f"cnn-oracle verify {KINK} --call '{failure.value.call}' --seed 0"


@pytest.mark.parametrize("options", [{"call": "relu(x=(30,))"}, {"seed": 1}, {"examples": 99}])
def test_a_call_that_the_plugin_does_not_draw_is_reproduced_by_the_test_or_from_python(options, request):
    """The plugin draws its own calls. Only the test has another call, seed or number of examples."""
    with pytest.raises(oracle.Failure) as failure:
        oracle.verify("relu", KINK, **options)
    assert failure.value.reproduce == f"pytest '{request.node.nodeid}'"
    line = failure.value.message.splitlines()[-1].removeprefix("  in Python ")
    call, seed = failure.value.call, failure.value.call.seed
    assert line == f'oracle.verify("relu", "{KINK}", call="{call}", seed={seed})'
    with pytest.raises(oracle.Failure) as again:
        eval(line)
    assert str(again.value) == str(failure.value)


def test_covered_returns_the_names_of_the_ops():
    assert oracle.covered(manual) == oracle.covered("manual") == [*OPS]


@pytest.mark.parametrize(
    ("op", "given", "unchecked"),
    [
        ("relu", {"subject": "manual"}, ()),
        ("relu", {"subject": manual}, ()),
        ("relu", {"subject": relu}, ()),
        ("relu", {"forward": relu.forward, "backward": relu.backward}, ()),
        ("relu", {"forward": relu.forward}, ("backward",)),
        ("sgd", {"step": sgd.step}, ()),
        ("conv2d", {"subject": Implementation(conv2d.forward, dtypes=("float32",))}, ("backward", "float64")),
    ],
)
def test_a_result_shows_what_was_checked_and_what_was_not(op, given, unchecked):
    row = oracle.verify(op, **given, examples=20)
    assert (row.op, row.verdict, row.calls, row.unchecked) == (op, OPS[op].verdict, 20, unchecked)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"subject": SimpleNamespace(forward=relu.forward, backward=zeros)}, "…"),
        ({"forward": relu.forward, "backward": zeros}, "forward=forward, backward=zeros"),
        ({"forward": lambda x: np.zeros_like(x)}, "forward=…"),
    ],
)
def test_the_line_that_reproduces_is_the_line_that_was_run(given, written, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    with pytest.raises(oracle.Failure) as failure:
        oracle.verify("relu", **given)
    assert failure.value.reproduce == f'oracle.verify("relu", {written}, call="relu(x=())", seed=0)'


def test_under_pytest_the_test_reproduces_and_the_python_line_follows():
    here = "tests/oracle/test_api.py::test_under_pytest_the_test_reproduces_and_the_python_line_follows"
    with pytest.raises(oracle.Failure) as failure:
        oracle.verify("relu", forward=relu.forward, backward=zeros)
    assert failure.value.reproduce == f"pytest {here}"
    assert failure.value.message.splitlines()[-2:] == [
        f"  reproduce pytest {here}",
        '  in Python oracle.verify("relu", forward=forward, backward=zeros, call="relu(x=())", seed=0)',
    ]


def test_a_crash_keeps_its_cause():
    def crashes(x):
        raise OSError("disk")

    with pytest.raises(oracle.Failure, match="forward raises OSError: disk") as failure:
        oracle.verify("relu", forward=crashes)
    assert isinstance(failure.value.__cause__, OSError)


@pytest.mark.parametrize(
    ("op", "given", "message"),
    [
        ("rely", {"subject": "manual"}, "no op 'rely'; did you mean 'relu'"),
        ("relu", {}, "verify('relu'): give a subject, or forward and, if there is one, backward, or step"),
        ("relu", {"subject": "manual", "forward": relu.forward}, "verify('relu'): give a subject, or forward"),
        ("relu", {"backward": relu.backward}, "verify('relu'): give a subject, or forward"),
        ("relu", {"subject": "json"}, "subject 'json' has no relu"),
        (None, {"subject": "manual"}, "no op None: an op is given by its name"),
        ("relu", {"subject": "manual", "examples": 0}, "at least 1 example"),
        ("relu", {"subject": "manual", "seed": -1}, "a seed from 0 on"),
        ("relu", {"subject": "./mykernels"}, "give the name that it is imported by"),
        ("relu", {"subject": 42}, "int has neither forward nor step"),
        ("relu", {"subject": torch.nn.ReLU()}, "of a torch Module oracle.adapt.module makes a subject"),
        ("relu", {"subject": Doubled}, "of a torch Function oracle.adapt.torch_function makes a subject"),
        ("relu", {"subject": "manual", "call": "tanh(x=(1,))"}, "call='tanh(x=(1,))'): that is a call of tanh"),
        ("relu", {"subject": Implementation(relu.forward, dtypes="float32")}, "must be some of ('float64', 'float32')"),
    ],
)
def test_wrong_arguments_raise_a_message_of_one_line(op, given, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        oracle.verify(op, **given)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_callers_number_of_threads_is_restored():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        oracle.verify("relu", "manual", examples=3)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_importing_the_oracle_imports_nothing_heavy():
    heavy = "{'hypothesis', 'jax', 'onnx', 'torch'} & sys.modules.keys()"
    code = f"import sys, cnn_oracle as oracle, cnn_oracle.pytest_plugin; print(dir(oracle), {heavy})"
    output = python(code)
    assert all(f"'{name}'" in output for name in ("verify", "covered", "adapt", "Failure", "Result"))
    assert output.endswith(" set()\n")


@pytest.mark.parametrize("name", ["adapt", "adapt.torch_function", "Failure", "Result", "__version__"])
def test_these_names_import_nothing_heavy_either(name):
    heavy = "{'hypothesis', 'jax', 'onnx', 'torch'} & sys.modules.keys()"
    assert python(f"import sys, cnn_oracle as oracle; oracle.{name}; print({heavy})") == "set()\n"


def test_the_package_exports_the_objects_of_its_modules():
    assert oracle.verify is api.verify
    assert oracle.covered is api.covered
    assert (oracle.Failure, oracle.Result) == (result.Failure, result.Result)
    assert oracle.adapt.torch_function is not None
    assert oracle.__version__ == "0.2.0"
    with pytest.raises(AttributeError, match="module 'cnn_oracle' has no attribute 'nosuch'"):
        oracle.nosuch  # noqa: B018


def python(code):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def in_float32(op, **replaced):
    parts = {"forward": op.forward, "backward": op.backward} | replaced
    return Implementation(**parts, dtypes=("float32",))


@pytest.mark.parametrize(("op", "right"), [("conv2d", conv2d), ("layer_norm", layer_norm)])
def test_float32_only_is_checked_by_every_independent_check(op, right):
    """Bitwise on exact grids, elsewhere within bounds in units of float32; a small mistake is found without PyTorch."""
    assert oracle.verify(op, in_float32(right), examples=30).unchecked == ("float64",)

    def halved(*arrays, **options):
        return tuple(None if g is None else g / 2 for g in right.backward(*arrays, **options))

    subject = Subject("it", SimpleNamespace(**{op: in_float32(right, backward=halved)}))
    independent = [theorems.backward_is_the_derivative_of_forward]
    failure = verification.search(subject, OPS[op], 30, 0, which=independent).failure
    assert "the subject's own forward changes by" in failure.what
    assert failure.case.dtype == np.float32


def test_own_block_sizes_and_the_budget_are_arguments():
    from cnn_oracle.manual import linear

    result = oracle.verify("linear", linear, sizes=(48,), max_elements=3000)
    assert result.calls == 100 + 3 * 5  # 47, 48 and 49 for in, out, and three more axes
    assert result.longest_axis <= 3000
    with pytest.raises(ValueError, match=r"0 is no block size; they are whole numbers from 1 to 100,000"):
        oracle.verify("linear", linear, sizes=(48, 0))
    with pytest.raises(ValueError, match=r"max_elements=0: must be a whole number from 1 to 10,000,000"):
        oracle.verify("linear", linear, max_elements=0)
