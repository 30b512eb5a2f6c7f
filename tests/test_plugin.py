"""``pytest --subject PKG`` in a project of one's own, outside of the checkout."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KERNELS = """
from types import SimpleNamespace

import numpy as np

from manual import relu as right, softmax as right_softmax, tanh

relu = SimpleNamespace(forward=lambda x: right.forward(x), backward=lambda dy, x: (np.zeros_like(x),))
softmax = SimpleNamespace(forward=right_softmax.forward, backward=None)
"""
OWN = """
import sys


def test_own():
    assert not {"torch", "oracle.judge"} & sys.modules.keys()
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "mykernels.py").write_text(KERNELS)
    (folder / "tests").mkdir()
    (folder / "tests/test_own.py").write_text(OWN)
    (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\nfilterwarnings = ["error"]\n')
    return folder


def run(project, *options):
    """Its status and what it says; as installed, where pytest finds the plugin by itself, ``-p`` changes nothing."""
    command = [sys.executable, "-m", "pytest", "-p", "oracle.plugin", "-p", "no:cacheprovider", "-rs", *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    told = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    return told.returncode, told.stdout


@pytest.fixture(scope="module")
def told(project):
    return run(project, "--subject", "mykernels", "-v")


def test_without_subject_a_project_has_its_own_tests_and_imports_nothing(project):
    status, said = run(project, "-q")
    assert status == 0
    assert "1 passed" in said


def test_each_theorem_of_each_op_is_a_test_beside_the_projects_own(told):
    status, said = told
    assert status == 1
    assert re.search(r"tests/test_own.py::test_own \w+", said)
    assert "mykernels::relu::forward_is_pytorchs PASSED" in said
    assert "mykernels::relu::backward_is_autograds_gradient FAILED" in said
    assert "mykernels::softmax::memory_layout_does_not_matter PASSED" in said
    assert "mykernels::tanh::what_pytorch_refuses_is_refused PASSED" in said
    assert "mykernels::softmax::backward_is_autograds_gradient" not in said


def test_what_is_not_checked_is_skipped_not_passed(told):
    assert "mykernels::softmax::backward SKIPPED (not checked)" in told[1]


def test_a_failure_is_the_whole_message_and_no_more(told):
    """The line ``again`` reproduces this very theorem's failure: tests/test_again.py."""
    again = "python -m oracle verify mykernels --call 'relu(x=())' --seed 0 --theorem backward_is_autograds_gradient"
    block = re.search(r"__ mykernels::relu::backward_is_autograds_gradient __+\n(.*?)\n__", told[1], re.DOTALL)
    assert block[1] == (
        "WRONG  dx = 0, PyTorch says 7   (1 of 1 elements)\n"
        "  call      relu(x=())\n"
        "  referee   the subject is wrong: both forwards say 7\n"
        "  consistent with: every gradient is zero\n"
        f"  again     {again}"
    )


def test_a_subject_that_cannot_be_used_is_told_in_one_line(project):
    status, said = run(project, "--subject", "json", "-q")
    assert status == 2
    assert "\nsubject 'json' has none of the ops; see python -m oracle ops\n" in said


def test_the_plugin_has_its_place_in_the_installed_package():
    assert '[project.entry-points.pytest11]\n"oracle.plugin" = "oracle.plugin"' in (ROOT / "pyproject.toml").read_text()
