"""Which code a subject's name refers to: a project's own folders come before ours."""

import subprocess
import sys

import pytest

from cnn_oracle import manual
from cnn_oracle.mistakes import load
from cnn_oracle.subject import OURS

# relu is wrong and ours is right, so that the result shows which one was run
THEIRS = {
    "manual": "class relu:\n    forward = staticmethod(lambda x: 2 * x)\n    backward = None\n",
    "reference": "",
    "data": "",
    "oracle": "",
    "field": "",
    "studies": "",
    "tests": "",
}


@pytest.fixture
def project(tmp_path):
    """A project with folders named like those of this checkout."""
    for name, source in THEIRS.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(source)
    return tmp_path


def verify(folder, *arguments):
    command = [sys.executable, "-m", "cnn_oracle", "verify", *arguments, "--op", "relu", "--examples", "20"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    return ended.returncode, ended.stdout


def test_manual_is_short_for_ours():
    subject = load("manual")
    assert (subject.name, subject.root, subject.strict) == (OURS, manual, True) == tuple(load(OURS))[:3]


def test_a_manual_elsewhere_on_the_path_wins(project, monkeypatch):
    monkeypatch.syspath_prepend(project)
    try:
        subject = load("manual")
        assert (subject.name, subject.strict) == ("manual", False)
        assert subject.implementation("relu").forward(3) == 6
        assert subject.implementation("conv2d") is None
        assert load(OURS).root is manual
    finally:
        sys.modules.pop("manual", None)


def test_a_manual_that_is_our_own_folder_is_ours(monkeypatch):
    """As in a checkout of this project, where it can be imported by both names."""
    (folder,) = manual.__path__
    monkeypatch.syspath_prepend(folder.removesuffix("/manual"))
    assert load("manual").name == OURS


def test_from_any_folder_manual_is_ours(tmp_path):
    status, output = verify(tmp_path, "manual")
    assert status == 0
    assert "\ncnn_oracle.manual: 1 op agrees with PyTorch on 20 drawn calls\n" in output


def test_a_project_with_its_own_manual_verifies_its_own(project):
    status, output = verify(project, "manual")
    assert status == 1
    assert "\nmanual: 1 of 1 ops do not agree with PyTorch on " in output
    assert "\n  reproduce cnn-oracle verify manual --call " in output


@pytest.mark.parametrize("arguments", [[], [OURS]])
def test_ours_is_used_beside_folders_of_all_our_names(project, arguments):
    status, output = verify(project, *arguments)
    assert status == 0
    assert "\ncnn_oracle.manual: 1 op agrees with PyTorch" in output
