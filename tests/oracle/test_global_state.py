"""Global state that a user or a subject sets is ours around our own code, and as it was after it."""

import json
import sys
import warnings

import numpy as np
import pytest
import torch

import cnn_oracle as oracle
from cnn_oracle.global_state import Warned, ours, theirs
from cnn_oracle.run import workers
from cnn_oracle.subject import load
from cnn_oracle.survey import verify

RELU = """
import warnings
import numpy as np
class relu:
    def forward(x):
        if x.size:
            warnings.warn("slow path\\nsee the manual")
        np.float64(1e200) * np.float64(1e200) if x.ndim == 2 else 0
        return np.where(x <= 0, 0, x)
    backward = None
"""
SETTINGS = {
    "np.seterr(all='raise')": lambda: np.geterr()["over"] == "raise",
    "np.seterr(all='ignore')": lambda: np.geterr()["over"] == "ignore",
    "torch.set_grad_enabled(False)": lambda: not torch.is_grad_enabled(),
    "torch.set_default_dtype(torch.float64)": lambda: torch.get_default_dtype() == torch.float64,
    "torch.set_num_threads(3)": lambda: torch.get_num_threads() == 3,
}


@pytest.fixture
def state():
    """Restores all that a test sets."""
    errors, gradients, dtype = np.geterr(), torch.is_grad_enabled(), torch.get_default_dtype()
    threads, modules = torch.get_num_threads(), {*sys.modules}
    yield
    np.seterr(**errors)
    torch.set_grad_enabled(gradients)
    torch.set_default_dtype(dtype)
    torch.set_num_threads(threads)
    for name in {*sys.modules} - modules:
        if name.startswith("state_"):
            del sys.modules[name]


@pytest.fixture
def module(tmp_path, monkeypatch, state):
    """Write a module with some source, and return its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def written(source):
        name = f"state_{abs(hash(source))}"
        (tmp_path / f"{name}.py").write_text(source)
        return name

    return written


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("op", ["conv2d", "log_softmax"])
def test_a_subject_that_sets_global_state_has_the_same_verdict(module, setting, op):
    expected = oracle.verify(op, load("manual").implementation(op), examples=10)
    name = module(f"import numpy as np, torch\nfrom cnn_oracle.manual import {op}\n{setting}\n")
    row = oracle.verify(op, name, examples=10)
    assert (row.verdict, row.calls, row.error_over_bound) == (expected.verdict, 10, expected.error_over_bound)
    assert SETTINGS[setting]()


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_wrong_subject_stays_wrong_whatever_it_sets(module, setting):
    source = f"""
import numpy as np, torch
{setting}
class relu:
    forward = lambda x: np.maximum(x, 0)
    backward = lambda dy, x: (dy,)
"""
    with pytest.raises(oracle.Failure, match=r"dx.* is wrong"):
        oracle.verify("relu", module(source), examples=20)


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_a_user_sets_is_restored(state, setting):
    exec(setting, {"np": np, "torch": torch})
    assert oracle.verify("softplus", load("manual").implementation("softplus"), examples=10).verdict == "BOUNDED"
    assert SETTINGS[setting]()


def test_a_user_may_call_it_without_gradients():
    for context in (torch.no_grad, torch.inference_mode):
        with context():
            assert oracle.verify("conv1d", load("manual").implementation("conv1d"), examples=5).verdict == "EXACT"
            assert not torch.is_grad_enabled()


def test_a_subject_has_its_own_default_dtype_also_in_later_calls(module):
    source = """
import numpy as np, torch
torch.set_default_dtype(torch.float64)
class sigmoid:
    @staticmethod
    def forward(x):
        one = torch.ones(())
        assert one.dtype == torch.float64
        torch.set_num_threads(2)
        torch.set_grad_enabled(False)
        return (one / (one + torch.exp(-torch.tensor(x)))).numpy().astype(x.dtype)
    backward = None
"""
    assert oracle.verify("sigmoid", module(source), examples=20).verdict == "BOUNDED"


def test_around_our_own_code_the_state_is_ours(state):
    np.seterr(over="raise")
    torch.set_default_dtype(torch.float64)
    with ours():
        assert (np.geterr()["over"], torch.get_default_dtype()) == ("warn", torch.float32)
        with theirs():
            assert (np.geterr()["over"], torch.get_default_dtype()) == ("warn", torch.float64)
            torch.set_default_dtype(torch.float16)
        with ours():
            assert (torch.get_default_dtype(), torch.get_num_threads()) == (torch.float32, 1)
        with theirs():
            assert torch.get_default_dtype() == torch.float16
    assert (np.geterr()["over"], torch.get_default_dtype()) == ("raise", torch.float16)


@pytest.mark.parametrize("run", [None, workers.run], ids=["here", "workers"])
def test_warnings_of_the_subject_are_counted_by_their_place(module, tmp_path, capfd, run):
    name = module(RELU)
    (row,) = verify(load(name), ["relu"], examples=30, run=run)
    text = {(w.category, w.message, w.line): n for w, n in row.subject_warnings.items()}
    assert text.keys() == {
        ("UserWarning", "slow path", 7), ("RuntimeWarning", "overflow encountered in scalar multiply", 8),
    }  # fmt: skip
    assert (
        text["UserWarning", "slow path", 7] > text["RuntimeWarning", "overflow encountered in scalar multiply", 8] > 9
    )
    assert {w.file for w in row.subject_warnings} == {str(tmp_path / f"{name}.py")}
    assert capfd.readouterr().err == ""


def test_the_report_shows_each_warning_once_with_its_count(oracle, module, tmp_path):
    name = module(RELU)
    status, out, err = oracle("verify", name, "--examples", "30", "--json", str(tmp_path / "v"))
    (row,) = json.loads((tmp_path / "v").read_text())["ops"]
    (slow, n), (overflow, m) = sorted(row["subject_warnings"].items(), key=lambda one: -one[1])
    assert (status, err) == (0, "")
    assert slow == f"UserWarning: slow path ({name}.py:7)"
    assert f"\nwarnings of the subject: {slow}, {n} times\nwarnings of the subject: {overflow}, {m} times\n" in out
    assert out.count("slow path") == 1


def test_from_python_each_warning_is_shown_once(module, recwarn):
    warnings.simplefilter("default")
    oracle.verify("relu", module(RELU), examples=20)
    assert [(w.category, str(w.message), w.lineno) for w in recwarn] == [
        (UserWarning, "slow path", 7), (RuntimeWarning, "overflow encountered in scalar multiply", 8),
    ]  # fmt: skip


def test_a_warning_never_decides_where_warnings_are_errors(module, recwarn):
    warnings.simplefilter("error")
    assert oracle.verify("relu", module(RELU), examples=20).verdict == "EXACT"
    assert len(recwarn) == 2


def test_a_warning_that_the_subject_ignores_is_not_counted(module):
    name = module(f"import warnings\nwarnings.filterwarnings('ignore', 'slow')\n{RELU}")
    with warnings.catch_warnings():
        row = oracle.verify("relu", name, call="relu(x=(3,))")
    assert row.subject_warnings == {}


def test_our_own_warnings_are_not_the_subjects(recwarn):
    warnings.simplefilter("default")
    with ours() as counted:
        for _ in range(2):
            warnings.warn("ours", stacklevel=1)
        with theirs():
            warnings.warn("theirs", stacklevel=1)
    assert [w.message for w in counted] == ["theirs"]
    assert [str(w.message) for w in recwarn] == ["ours"]


def test_a_warning_names_a_file_below_the_working_folder_by_its_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(Warned("UserWarning", "slow", str(tmp_path / "a" / "b.py"), 3)) == "UserWarning: slow (a/b.py:3)"
    assert str(Warned("UserWarning", "slow", "/elsewhere/b.py", 3)) == "UserWarning: slow (b.py:3)"
