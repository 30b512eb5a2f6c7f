"""The wheel contains one package and works in a project whose folders have the same names as ours."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cnn_oracle.mistakes import load
from cnn_oracle.run.cluster import identity

ROOT = Path(__file__).parents[1]
OURS = ("cnn_oracle", "manual", "reference", "data", "studies")
THEIRS = ("reference", "manual", "data", "oracle", "field", "studies", "tests")
KERNELS = """
from types import SimpleNamespace

from cnn_oracle.manual import relu as right
import data, field, manual, oracle, reference, studies

assert {m.MINE for m in (data, field, manual, oracle, reference, studies)} == {True}
relu = SimpleNamespace(forward=lambda x: right.forward(x), backward=right.backward)
"""
TEST = """
import cnn_oracle as oracle
import mykernels
import reference


def test_own():
    assert reference.MINE


def test_relu():
    assert oracle.verify("relu", mykernels, examples=5).verdict == "EXACT"
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, since setuptools leaves its own files beside the sources."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in OURS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", built, source]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def run(wheel, tmp_path_factory):
    """Runs a command in such a project, with the wheel installed beside it, and returns its standard output."""
    site, project = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("project")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site, wheel]
    subprocess.run(pip, check=True, capture_output=True)
    for name in THEIRS:
        (project / name).mkdir()
        (project / name / "__init__.py").write_text("MINE = True\n")
    (project / "mykernels.py").write_text(KERNELS)
    (project / "tests/test_own.py").write_text(TEST)

    def run(*command, status=0):
        # a project's own folder first, then the wheel, before what else is installed here
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(project), str(site)])}
        environment.pop("PYTEST_CURRENT_TEST", None)
        command = [str(site / "bin" / command[0]) if command[0] == "cnn-oracle" else command[0], *command[1:]]
        ended = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == status, ended.stdout + ended.stderr
        return ended.stdout

    return run


def test_the_wheel_installs_one_top_level_name(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"cnn_oracle"}
    for name in ("py.typed", "data/digits.npz", "manual/conv2d.py", "reference/conv2d.py", "studies/coverage.py"):
        assert f"cnn_oracle/{name}" in names


def test_the_wheel_has_every_file_of_the_checkout(wheel):
    """Modules, and the templates, tables and data that they read."""
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    for folder in OURS:
        top = folder if folder == "cnn_oracle" else f"cnn_oracle/{folder}"
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"{top}/{path.relative_to(ROOT / folder).as_posix()}" in names


def test_the_wheel_is_what_is_imported(run):
    code = "import cnn_oracle, cnn_oracle.manual.relu as m; print(m.__file__.startswith(cnn_oracle.__path__[0]))"
    assert run(sys.executable, "-c", code) == "True\n"


def test_a_cluster_identifies_the_wheel_and_the_checkout_as_the_same_code(run):
    code = (
        "from cnn_oracle.run.cluster import identity; from cnn_oracle.mistakes import load; "
        "print(identity(load('cnn_oracle.manual'))['code'])"
    )
    assert run(sys.executable, "-c", code).strip() == identity(load("cnn_oracle.manual"))["code"]


@pytest.mark.parametrize("command", [("cnn-oracle",), (sys.executable, "-m", "cnn_oracle")])
def test_the_command_line_works(run, command):
    assert "mykernels: 1 op agrees with PyTorch on 5 drawn calls" in run(
        *command, "verify", "mykernels", "--examples", "5"
    )
    assert "cnn_oracle.manual: 1 op agrees" in run(*command, "verify", "--op", "relu", "--examples", "5")


def test_a_mistake_is_rejected(run):
    output = run("cnn-oracle", "verify", "cnn_oracle.mistakes.relu.one_at_the_kink", status=1)
    assert "likely cause: " in output


def test_python_works(run):
    code = "import cnn_oracle as oracle; print(oracle.verify('relu', 'mykernels', examples=5).verdict)"
    assert run(sys.executable, "-c", code) == "EXACT\n"


def test_pytest_works(run):
    """The plugin works, too: pytest finds it by itself."""
    output = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--oracle-subject", "mykernels")
    assert "passed" in output
    assert "failed" not in output
    own = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "2 passed" in own


def test_training_works(run):
    output = run("cnn-oracle", "train", "--dataset", "digits", "--epochs", "1")
    assert "they agree on 100.00%" in output
