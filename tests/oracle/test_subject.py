"""Which code a subject's name refers to: a project's own folders come before ours."""

import pickle
import re
import shlex
import subprocess
import sys
import textwrap

import pytest

from cnn_oracle import manual
from cnn_oracle.mistakes import load
from cnn_oracle.one_call import covered
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


RELU = """class relu:
    forward = lambda x: np.where(x <= 0, 0, x)
    backward = lambda dy, x: (np.where(x <= 0, 0, dy),)
"""
FILE = f"""import numpy as np
import beside
{RELU}
class fast:
{textwrap.indent(RELU.replace("0, dy", "1, dy"), "    ")}
def tanh(x):
    return np.tanh(x)
"""


@pytest.fixture
def file(tmp_path):
    """The file of a module, which no import name reaches: a package beside its folder has the same name."""
    folder = tmp_path / "my code"
    folder.mkdir()
    (folder / "json.py").write_text(FILE)
    (folder / "beside.py").write_text("")
    return folder / "json.py"


def run(folder, *arguments):
    command = [sys.executable, "-m", "cnn_oracle", "verify", *arguments]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_file_is_verified_by_its_path(file, jobs):
    status, out, err = run(file.parents[1], "my code/json.py", "--examples", "30", "--jobs", jobs)
    assert (status, err) == (0, "")
    assert "\nmy code/json.py: 1 op agrees with PyTorch on 30 drawn calls\n" in out


@pytest.mark.parametrize("name", ["fast", "fast.relu"])
def test_an_object_of_a_file_is_verified_by_its_name_and_the_line_that_reproduces_works(file, name):
    status, out, _ = run(file.parents[1], f"my code/json.py:{name}", "--examples", "30")
    assert status == 1
    line = shlex.split(out.partition("  reproduce ")[2].splitlines()[0])
    assert line[:3] == ["cnn-oracle", "verify", f"my code/json.py:{name}"]
    again = run(file.parents[1], *line[2:])
    assert again[0] == 1
    failure = out[out.index("\nWRONG ") :].partition("  reproduce ")[0]
    assert failure in again[1]


def test_one_op_of_a_file_is_a_subject(file):
    subject = load(f"{file}:relu")
    assert [op.name for op in covered(subject)] == ["relu"]
    assert pickle.loads(pickle.dumps(subject)).name == f"{file}:relu"
    assert load(str(file)).root is load(str(file)).root


def test_a_file_in_a_package_is_imported_as_a_part_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "a_package").mkdir()
    (tmp_path / "a_package" / "__init__.py").write_text("")
    (tmp_path / "a_package" / "relu.py").write_text("from .other import forward\nbackward = None\n")
    (tmp_path / "a_package" / "other.py").write_text("forward = abs\n")
    (tmp_path / "a_package" / "code.py").write_text("from . import relu\n")
    assert load(str(tmp_path / "a_package/code.py")).implementation("relu").__name__ == "a_package.relu"
    assert load(str(tmp_path / "a_package/__init__.py")).implementation("relu").forward is abs


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("my code/json.py:slow", "the file has no slow"),
        ("my code/nosuch.py", "there is no such file"),
        (
            "my code/nosuch",
            "give the name that it is imported by, like mykernels, or the path of a file, like src/mykernels.py",
        ),
    ],
)
def test_a_path_that_leads_nowhere_is_one_line(file, monkeypatch, name, says):
    monkeypatch.chdir(file.parents[1])
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises(ValueError, match=re.escape(f"subject {name!r}: {says}")):
        load(name)


IN_CLASS = "must be a class, module or object with"


@pytest.mark.parametrize(
    ("source", "names", "says"),
    [
        (
            "def relu(x): pass",
            [],
            f" has none of the ops; relu is a plain function; it {IN_CLASS} forward(x) and backward(dy, x)",
        ),
        ("def relu(x): pass", ["relu"], f": relu is a plain function; it {IN_CLASS} forward(x) and backward(dy, x)"),
        ("adam = lambda w: w", ["adam"], f": adam is a plain function; it {IN_CLASS} step(w, dw, state)"),
        ("relu = 3", ["relu"], " has no relu"),
        ("", ["relu"], " has no relu"),
    ],
)
def test_a_plain_function_is_told_what_is_expected(oracle, tmp_path, monkeypatch, source, names, says):
    name = f"plain_{abs(hash(source))}"
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    ops = [argument for op in names for argument in ("--op", op)]
    assert oracle("verify", name, *ops) == (2, "", f"cnn-oracle: subject {name!r}{says}\n")


def test_a_helper_with_the_name_of_an_op_does_no_harm(tmp_path, monkeypatch):
    (tmp_path / "helped.py").write_text(f"import numpy as np\n{RELU}\ndef tanh(x): return x\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert [op.name for op in covered(load("helped"))] == ["relu"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"it": "import json\n\nnosuchname\n"}, "it.py:3: NameError: name 'nosuchname' is not defined"),
        ({"it": "import json\njson.loads('{')\n"}, "it.py:2: JSONDecodeError: Expecting property name"),
        ({"it": "import it_helper\n", "it_helper": "\n\n1/0"}, "it_helper.py:3: ZeroDivisionError: division by zero"),
        ({"it": "\nimport nosuchmodule"}, "it.py:2: ModuleNotFoundError: No module named 'nosuchmodule'"),
        ({"it": "import json\nx = = 1\n"}, "it.py:2: SyntaxError: invalid syntax"),
        ({"it": "import it_helper\n", "it_helper": "\ndef f(:"}, "it_helper.py:2: SyntaxError: invalid syntax"),
    ],
)
def test_an_error_at_import_names_the_line_of_the_subjects_own_code(tmp_path, monkeypatch, files, says):
    for name, source in files.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("it", "it.py"):
        with pytest.raises(ValueError, match=re.escape(f"subject {name!r}: {says}")):
            load(name)
        for module in files:
            sys.modules.pop(module, None)
