"""``pytest --oracle-subject PKG`` in a user's project, outside of the checkout."""

import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from cnn_oracle.environment import pytorch

ROOT = Path(__file__).parents[2]
KERNELS = """
from types import SimpleNamespace

import numpy as np

from cnn_oracle.manual import relu as right, softmax as right_softmax, tanh

relu = SimpleNamespace(forward=lambda x: right.forward(x), backward=lambda dy, x: (np.zeros_like(x),))
softmax = SimpleNamespace(forward=right_softmax.forward, backward=None)
"""
OWN = """
import sys


def test_own():
    assert not {"torch", "cnn_oracle.verification"} & sys.modules.keys()
"""
VERIFIES = """
import cnn_oracle as oracle


def test_relu():
    oracle.verify("relu", "mykernels")


def test_one_call():
    oracle.verify("relu", "mykernels", call="relu(x=(3,))")
"""
SETTINGS = '[tool.pytest.ini_options]\nfilterwarnings = ["error"]\n'
RELU = "mykernels::relu::"
FAILS = f"{RELU}backward_is_autograds_gradient"
HOLDS = f"{RELU}forward_is_pytorchs"


def make(folder, files):
    """Writes these files to the folder, as a project, and returns it."""
    for name, text in {"pyproject.toml": SETTINGS, **files}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make(tmp_path_factory.mktemp("project"), {"mykernels.py": KERNELS, "tests/test_own.py": OWN})


@pytest.fixture(scope="module")
def src_project(tmp_path_factory):
    """Its code is found only by pytest, through ``pythonpath``."""
    files = {"src/mykernels.py": KERNELS, "tests/test_kernels.py": VERIFIES}
    return make(
        tmp_path_factory.mktemp("src_project"), {"pyproject.toml": SETTINGS + 'pythonpath = ["src"]\n', **files}
    )


def run(project, *options):
    """Runs pytest and returns its status and output. It finds the plugin by itself, since that is installed."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", *options]
    ended = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def run_line(project, line):
    """Runs a pytest command line, as it was printed, by the pytest of this Python."""
    program, *options = shlex.split(line)
    assert program == "pytest"
    return run(project, *options)


def outcomes(output):
    """The outcome of each test of a verbose run, with or without workers."""
    serial = re.findall(r"^(\S+::\S+(?: signature)?) (PASSED|FAILED|SKIPPED)", output, re.MULTILINE)
    parallel = re.findall(
        r"^\[gw\d\] \[[ \d]+%\] (PASSED|FAILED|SKIPPED) (\S+::\S+(?: signature)?)", output, re.MULTILINE
    )
    return dict(serial) | {test: outcome for outcome, test in parallel}


def messages(output):
    """The message of each failure, from its verdict to its reproduce line. pytest may have indented the lines."""
    found = re.findall(
        r"^(?:E +cnn_oracle\.result\.Failure: )?(WRONG  .*?\n(?:E *)?  reproduce .*?)$",
        output,
        re.MULTILINE | re.DOTALL,
    )
    return [re.sub(r"^E +", "  ", text, flags=re.MULTILINE) for text in found]


@pytest.fixture(scope="module")
def verbose_run(project):
    return run(project, "--oracle-subject", "mykernels", "-v")


def test_without_a_subject_a_project_has_its_own_tests_and_imports_nothing(project):
    status, output = run(project, "-q")
    assert status == 0
    assert "1 passed" in output


def test_each_theorem_of_each_op_is_a_test_beside_the_projects_own(verbose_run):
    status, output = verbose_run
    assert status == 1
    assert re.search(r"tests/test_own.py::test_own \w+", output)
    assert "mykernels::relu::forward_is_pytorchs PASSED" in output
    assert "mykernels::relu::backward_is_autograds_gradient FAILED" in output
    assert "mykernels::softmax::memory_layout_does_not_matter PASSED" in output
    assert "mykernels::tanh::what_pytorch_rejects_is_rejected PASSED" in output
    assert "mykernels::softmax::backward_is_autograds_gradient" not in output


def test_what_is_not_checked_is_skipped_not_passed(verbose_run):
    assert "mykernels::softmax::backward SKIPPED (not checked)" in verbose_run[1]


def test_the_header_says_which_pytorch_it_is_compared_with(verbose_run):
    assert f"\noracle: mykernels is compared with {pytorch()}\n" in verbose_run[1]


def test_a_failure_shows_the_message_and_nothing_else(verbose_run):
    block = re.search(r"__ mykernels::relu::backward_is_autograds_gradient __+\n(.*?)\n__", verbose_run[1], re.DOTALL)
    message, separator, picture = block[1].partition("\n  map of dx on relu(x=(")
    assert separator
    assert "elements are wrong" in picture.partition("\n")[0]
    assert message == (
        "WRONG  dx is wrong   (1 of 1 elements)\n"
        "  subject   0\n"
        "  pytorch   7\n"
        "  call      relu(x=())\n"
        "  arbiter   the subject is wrong: both forwards say 7\n"
        "  likely cause: every gradient is zero\n"
        "  reproduce pytest --oracle-subject mykernels mykernels::relu::backward_is_autograds_gradient"
    )


def test_the_printed_reproduce_line_runs_only_that_test_with_the_same_message(verbose_run, project):
    failure = messages(verbose_run[1])[0]
    status, output = run_line(project, failure.partition("reproduce ")[2])
    assert status == 1
    assert messages(output) == [failure]
    assert "= 1 failed in " in output


def test_a_subject_without_ops_is_reported_in_one_line(project):
    status, output = run(project, "--oracle-subject", "json", "-q")
    assert status == 2
    assert "\nsubject 'json' has none of the ops; see cnn-oracle ops\n" in output


@pytest.mark.parametrize("subject", [[], ["--oracle-subject", "mykernels"]], ids=["without", "with"])
def test_a_node_id_that_pytest_prints_can_be_passed_to_it(project, verbose_run, subject):
    """One, all of an op, or one with a test of the project's own. Nothing else is run."""
    of_relu = {test: outcome for test, outcome in outcomes(verbose_run[1]).items() if test.startswith(RELU)}
    assert len(of_relu) > 10
    for nodes, expected in (
        ([HOLDS], {HOLDS: "PASSED"}),
        (["mykernels::relu"], of_relu),
        ([FAILS, HOLDS], {FAILS: "FAILED", HOLDS: "PASSED"}),
        ([HOLDS, "tests/test_own.py"], {HOLDS: "PASSED", "tests/test_own.py::test_own": "FAILED"}),  # torch is imported
    ):
        status, output = run(project, "-v", *subject, *nodes)
        assert outcomes(output) == expected
        assert status == ("FAILED" in expected.values())


def test_a_single_test_of_the_project_is_run_without_theorems(project):
    status, output = run(project, "-q", "--oracle-subject", "mykernels", "tests/test_own.py::test_own")
    assert status == 0
    assert "1 passed" in output
    assert "mykernels" not in output


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([f"{RELU}nosuch"], 2, f"no test '{RELU}nosuch'; pytest --collect-only --oracle-subject mykernels lists them"),
        (["mykernels::conv2d"], 2, "no test 'mykernels::conv2d'; pytest --collect-only --oracle-subject mykernels"),
        (["--oracle-subject", "mykernels", "mykernels::rely"], 2, "no test 'mykernels::rely'"),
        (["--oracle-subject", "mykernels", "yours::relu"], 2, "no test 'yours::relu'"),
        ([HOLDS, f"{RELU}nosuch"], 2, f"no test '{RELU}nosuch'"),
        (["nosuch::relu"], 2, "subject 'nosuch': ModuleNotFoundError: No module named 'nosuch'"),
        (["mykernels::rely"], 4, "file or directory not found: mykernels::rely"),
        (["tests/test_nosuch.py::relu"], 4, "file or directory not found: tests/test_nosuch.py::relu"),
        (["test_nosuch.py::relu"], 4, "file or directory not found: test_nosuch.py::relu"),
    ],
)
def test_an_unknown_node_id_is_an_error(project, arguments, status, message):
    found, output = run(project, "-q", *arguments)
    assert found == status
    assert message in output
    assert " passed" not in output


def test_a_package_in_the_working_folder_is_named_like_a_module(tmp_path):
    """pytest could take the name for the folder's."""
    make(tmp_path, {"mykernels/__init__.py": KERNELS})
    status, output = run(tmp_path, "-v", HOLDS)
    assert (status, outcomes(output)) == (0, {HOLDS: "PASSED"})


def test_workers_of_xdist_run_what_one_process_runs(project, verbose_run):
    pytest.importorskip("xdist")
    status, output = run(project, "-n", "2", "--oracle-subject", "mykernels", "-v")
    serial, parallel = outcomes(verbose_run[1]), outcomes(output)
    own = "tests/test_own.py::test_own"  # depends on what its worker has imported before
    assert (status, parallel.pop(own) in ("PASSED", "FAILED")) == (1, True)
    assert parallel == {test: outcome for test, outcome in serial.items() if test != own}
    assert sorted(messages(output)) == sorted(messages(verbose_run[1]))
    assert len(messages(output)) > 1


def test_workers_of_xdist_take_node_ids(project):
    pytest.importorskip("xdist")
    status, output = run(project, "-n", "2", "-v", FAILS, HOLDS)
    assert (status, outcomes(output)) == (1, {FAILS: "FAILED", HOLDS: "PASSED"})
    status, output = run(project, "-n", "2", "-v", f"{RELU}nosuch")
    assert status != 0
    assert f"no test '{RELU}nosuch'" in output


def test_in_a_src_layout_the_printed_line_reproduces_the_failure(src_project):
    """A cnn-oracle command could not import the subject there."""
    status, output = run(src_project, "tests/test_kernels.py::test_relu")
    assert status == 1
    (failure,) = messages(output)
    line = failure.partition("reproduce ")[2]
    assert line == f"pytest --oracle-subject mykernels {FAILS}"
    status, output = run_line(src_project, line)
    assert (status, messages(output)) == (1, [failure])


def test_in_a_src_layout_a_failure_of_one_call_is_reproduced_by_its_test(src_project):
    _, output = run(src_project, "tests/test_kernels.py::test_one_call")
    (failure,) = messages(output)
    assert failure.endswith("reproduce pytest tests/test_kernels.py::test_one_call")
    assert 'in Python oracle.verify("relu", "mykernels", call="relu(x=(3,))", seed=0)\n' in output


def test_in_a_src_layout_workers_find_the_subject(src_project):
    pytest.importorskip("xdist")
    status, output = run(src_project, "-n", "2", "-v", "--oracle-subject", "mykernels", FAILS, HOLDS)
    assert (status, outcomes(output)) == (1, {FAILS: "FAILED", HOLDS: "PASSED"})


def test_a_project_may_have_its_own_option_subject(tmp_path):
    conftest = "def pytest_addoption(parser):\n    parser.addoption('--subject')\n"
    own = "def test_own(request):\n    assert request.config.getoption('--subject') == 'theirs'\n"
    make(tmp_path, {"mykernels.py": KERNELS, "conftest.py": conftest, "test_own.py": own})
    status, output = run(tmp_path, "-v", "--subject", "theirs", "--oracle-subject", "mykernels", "test_own.py", HOLDS)
    assert (status, outcomes(output)) == (0, {"test_own.py::test_own": "PASSED", HOLDS: "PASSED"})


def test_a_node_id_printed_in_a_folder_below_the_root_can_be_passed_there(src_project):
    folder = src_project / "tests"
    status, output = run(folder, "-v", f"../{HOLDS}")
    assert status == 0
    assert "1 passed" in output


def test_a_file_of_the_subject_that_cannot_be_imported_is_reported_in_one_line(tmp_path):
    make(tmp_path, {"half/__init__.py": "", "half/relu.py": "import nope\n"})
    status, output = run(tmp_path, "-q", "--oracle-subject", "half")
    assert status == 2
    assert "subject 'half': half/relu.py:1: ModuleNotFoundError: No module named 'nope'\n" in output
    assert "Traceback" not in output


def test_the_plugin_can_be_disabled(project):
    status, output = run(project, "-q", "-p", "no:cnn_oracle")
    assert (status, "1 passed" in output) == (0, True)
    status, output = run(project, "-q", "-p", "no:cnn_oracle", "--oracle-subject", "mykernels")
    assert (status, "unrecognized arguments: --oracle-subject" in output) == (4, True)


def test_the_plugin_is_an_entry_point_of_the_installed_package():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    assert declared == {"cnn_oracle": "cnn_oracle.pytest_plugin"}
    assert [found.value for found in entry_points(group="pytest11", name="cnn_oracle")] == ["cnn_oracle.pytest_plugin"]
