"""The exit status comes from a process that runs no subject. A subject cannot make a run look right."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from cnn_oracle import cli, one_call, verification
from cnn_oracle.run import workers

RIGHT = "import numpy as np\nclass relu:\n    forward = lambda x: np.where(x <= 0, 0, x)\n    backward = None\n"
WRONG = RIGHT.replace("<=", ">")
ENDS = {
    "in a call, with status 0": ("import os\nclass relu:\n    forward = lambda x: os._exit(0)\n", "with status 0"),
    "at import, with status 0": (f"import os\n{RIGHT}os._exit(0)", "with status 0"),
    "at import, by a signal": (f"import ctypes\n{RIGHT}ctypes.string_at(0)", "by SIGSEGV"),
    "in a thread": (
        f"import os, threading, time\n{RIGHT}"
        "threading.Thread(target=lambda: (time.sleep(.2), os._exit(0))).start()\ntime.sleep(9)",
        "with status 0",
    ),
}  # fmt: skip
SLOW = "import time, pathlib\npathlib.Path('began').touch()\nclass relu:\n    forward = lambda x: time.sleep(99)\n"


@pytest.fixture
def run(tmp_path):
    """Write a subject, and run ``cnn-oracle`` on it in other processes: (status, standard output, standard error)."""

    def ended(source, *arguments, command="verify", **options):
        (tmp_path / "it.py").write_text(source)
        line = [sys.executable, "-m", "cnn_oracle", *command.split(), "it", *arguments]
        one = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False, **options)
        return one.returncode, one.stdout, one.stderr

    return ended


@pytest.mark.parametrize(("source", "how"), ENDS.values(), ids=ENDS)
def test_a_subject_that_ends_the_process_is_told_in_one_line_and_never_passes(run, source, how):
    status, out, err = run(source, "--op", "relu", "--examples", "5")
    assert (status, out) == (1, "")
    says = f"cnn-oracle: the process ended {how} before its verdict; the subject may have ended it: "
    assert err == f"{says}--isolate says at which call\n"


@pytest.mark.parametrize("command", ["exhaust 1", "probe"])
def test_so_for_each_command_that_runs_a_subject(run, command):
    source = "import os\nclass linear:\n    forward = lambda *_, **__: os._exit(0)\n    backward = forward\n"
    jobs = ["--jobs", "1"] if "exhaust" in command else []
    status, _, err = run(source, "--op", "linear", *jobs, command=command)
    assert status == 1
    assert "cnn-oracle: the process ended with status 0 before its verdict" in err


@pytest.mark.parametrize(
    ("source", "status"),
    [
        (RIGHT, 0),
        (f"import atexit, os\natexit.register(os._exit, 0)\n{WRONG}", 1),
        (f"import atexit, os\natexit.register(os._exit, 1)\n{RIGHT}", 0),
        (f"import os\nif os.fork() == 0:\n    raise SystemExit\n{RIGHT}", 0),
        ("class conv: 0", 2),
    ],
    ids=["right", "wrong, with a hook", "right, with a hook", "a copy of the process", "no ops"],
)
def test_the_status_is_that_of_the_verdict_whatever_runs_at_the_exit(run, source, status):
    found = run(source, "--examples", "20", "--jobs", "1")
    assert found[0] == status
    assert ("\nit: 1 op agrees with PyTorch on 20 drawn calls\n" in found[1]) == (status == 0)


def test_streams_arguments_and_folder_are_those_of_the_command(run):
    source = f"import sys\nassert input() == 'given' and sys.argv[1] == 'verify'\n{RIGHT}"
    status, out, err = run(source, "--examples", "5", "--json", input="given\n")
    assert (status, err, json.loads(out)["verdict"]) == (0, "", "right")


def test_other_processes_work_in_the_child(run):
    status, out, err = run(RIGHT, "--examples", "60", "--jobs", "2")
    assert (status, err) == (0, "")
    assert "it: 1 op agrees with PyTorch on 60 drawn calls" in out


def test_the_process_that_waits_imports_neither_torch_nor_numpy(tmp_path):
    (tmp_path / "it.py").write_text(RIGHT)
    code = (
        "import sys\nfrom cnn_oracle.__main__ import supervise\nprint(supervise(['verify', 'it', '--examples', '5']))\n"
    )
    heavy = "print(sorted({'torch', 'numpy', 'hypothesis', 'typer'} & sys.modules.keys()))"
    ended = subprocess.run(
        [sys.executable, "-c", code + heavy], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines()[-2:] == ["0", "[]"]


def begin(folder, **options):
    (folder / "it.py").write_text(SLOW)
    command = [sys.executable, "-m", "cnn_oracle", "verify", "it", "--op", "relu", "--examples", "5"]
    process = subprocess.Popen(command, cwd=folder, **options)
    while not (folder / "began").exists():
        time.sleep(0.05)
    return process


def children(process):
    with suppress(OSError), open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
        return [int(pid) for pid in file.read().split()]
    return []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_passed_on(tmp_path, number):
    process = begin(tmp_path, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGTERM)
    assert b"before its verdict" not in err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_child_ends_with_the_process_that_waits(tmp_path):
    process = begin(tmp_path, stderr=subprocess.DEVNULL)
    (child,) = children(process)
    process.kill()
    process.wait()
    until = time.monotonic() + 60
    while os.path.exists(f"/proc/{child}/exe") and time.monotonic() < until:
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{child}/exe")


def test_ctrl_c_in_a_terminal_ends_it_once(tmp_path):
    own, theirs = pty.openpty()
    terminal = {"stdin": theirs, "stdout": theirs, "stderr": theirs, "start_new_session": True}
    (tmp_path / "it.py").write_text(SLOW)
    code = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from cnn_oracle.__main__ import main; main()"
    command = [sys.executable, "-c", code, "verify", "it", "--op", "relu", "--examples", "5"]
    process = subprocess.Popen(command, cwd=tmp_path, **terminal)
    os.close(theirs)
    while not (tmp_path / "began").exists():
        time.sleep(0.05)
    os.write(own, b"\x03")
    assert process.wait(timeout=60) == 130
    os.close(own)


@pytest.fixture
def broken(monkeypatch):
    """A check of our own that raises."""

    def check(*_):
        raise TypeError("no len()\nof this")

    for module in (one_call, verification):
        monkeypatch.setattr(module, "check_all", check)


def test_an_internal_error_is_one_line_with_the_call_and_status_three(oracle, broken, monkeypatch):
    monkeypatch.delenv(cli.TRACEBACK, raising=False)
    line = "cnn-oracle: internal error: TypeError: no len() of this, at relu(x=(2,))"
    status, out, err = oracle("verify", "--call", "relu(x=(2,))")
    assert (status, out, err) == (3, "", f"{line} (CNN_ORACLE_TRACEBACK=1 shows the traceback)\n")
    status, _, err = oracle("verify", "--op", "relu", "--examples", "3")
    assert status == 3
    assert err.startswith("cnn-oracle: internal error: TypeError: no len() of this, at relu(x=(")
    assert err.count("\n") == 1


def test_the_traceback_of_an_internal_error_is_shown_on_request(oracle, broken, monkeypatch):
    monkeypatch.setenv(cli.TRACEBACK, "1")
    status, _, err = oracle("verify", "--call", "relu(x=(2,))")
    assert status == 3
    assert "Traceback (most recent call last):" in err
    assert err.splitlines()[-1] == "cnn-oracle: internal error: TypeError: no len() of this, at relu(x=(2,))"


def test_an_internal_error_outside_a_call_names_the_op(oracle, monkeypatch):
    monkeypatch.setattr(verification, "judge_values", lambda *_: [][0])
    status, _, err = oracle("verify", "--op", "relu", "--examples", "3")
    assert status == 3
    assert err.startswith("cnn-oracle: internal error: IndexError: list index out of range, at relu (")


def test_an_error_in_a_worker_keeps_its_name_and_place(tmp_path, monkeypatch):
    (tmp_path / "fails_there.py").write_text(
        "from cnn_oracle.run.workers import at\n"
        "def fails(job, heartbeat):\n    with at(f'relu(x=({job},))'):\n        return {}[job]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    from fails_there import fails

    with pytest.raises(workers.WorkerError, match=r"(?s)a worker failed:\nTraceback.*KeyError: 7") as caught:
        list(workers.run(fails, [7], count=1))
    assert (caught.value.what, caught.value.place) == ("KeyError: 7", "relu(x=(7,))")


SEGV = "import ctypes, os\nif os.path.exists('dies'):\n    ctypes.string_at(0)\n"


@pytest.mark.parametrize(
    ("arguments", "op"),
    [
        (["--isolate"], "import"),
        (["--isolate", "--op", "relu"], "relu"),
        (["--isolate", "--call", "relu(x=(2,))"], "relu"),
        (["--timeout", "9"], "import"),
    ],
)
def test_a_subject_that_dies_at_import_is_crashed_if_it_is_isolated(run, tmp_path, arguments, op):
    (tmp_path / "dies").touch()
    status, out, err = run(SEGV + RIGHT, *arguments, "--json", "v")
    assert (status, err) == (1, "")
    only = "" if op == "import" else f" --op {op}"
    assert "\nCRASHED  the import of it ends the process by SIGSEGV\n" in out
    assert f"\n  reproduce cnn-oracle verify it{only} --isolate\n" in out
    document = json.loads((tmp_path / "v").read_text())
    assert [(row["op"], row["verdict"], row["calls"]) for row in document["ops"]] == [(op, "CRASHED", 0)]


def test_so_in_an_exhaustive_run(run, tmp_path):
    (tmp_path / "dies").touch()
    status, out, _ = run(SEGV + RIGHT, "--isolate", command="exhaust 1")
    assert status == 1
    assert "CRASHED  the import of it ends the process by SIGSEGV" in out


def test_an_op_of_a_package_that_dies_at_import_does_not_hide_the_others(tmp_path):
    for name, source in (("__init__", ""), ("relu", "import os\nos.abort()"), ("tanh", MODULE)):
        (tmp_path / "pkg").mkdir(exist_ok=True)
        (tmp_path / f"pkg/{name}.py").write_text(source)
    line = [sys.executable, "-m", "cnn_oracle", "verify", "pkg", "--isolate", "--examples", "5", "--json"]
    ended = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    rows = [(row["op"], row["verdict"]) for row in json.loads(ended.stdout)["ops"]]
    assert (ended.returncode, rows) == (1, [("relu", "CRASHED"), ("tanh", "BOUNDED")])


MODULE = "from cnn_oracle.manual.tanh import backward, forward\n"


def test_an_isolated_subject_is_not_imported_where_the_verdict_is_made(run, tmp_path):
    """Its process is a child of another one than that of the command."""
    source = f"import os, pathlib\npathlib.Path('by').open('a').write(f'{{os.getppid()}} ')\n{RIGHT}"
    assert run(source, "--examples", "20", "--isolate")[0] == 0
    apart = (tmp_path / "by").read_text().split()
    (tmp_path / "by").unlink()
    assert run(source, "--examples", "20")[0] == 0
    (here,) = (tmp_path / "by").read_text().split()
    assert len({*apart}) == 1
    assert here not in apart


def test_what_an_isolated_subject_declares_is_read_in_the_other_process(run):
    limited = RIGHT + "    dtypes = ('float32',)\n    ranks = (2,)\n"
    found = [run(limited, "--examples", "20", "--json", *more) for more in ([], ["--isolate"])]
    documents = [json.loads(out) for _, out, _ in found]
    for one in documents:
        del one["ops"][0]["seconds"]
    assert documents[0] == documents[1]
    assert documents[0]["ops"][0]["unchecked"] == ["backward", "float64"]
    assert documents[0]["ops"][0]["calls"] >= 20


def test_an_error_at_import_is_the_same_one_line_if_it_is_isolated(run):
    line = "cnn-oracle: subject 'it': it.py:1: ZeroDivisionError: division by zero\n"
    assert run("1/0", "--isolate") == run("1/0") == (2, "", line)
    plain = run("def relu(x): pass", "--isolate")
    assert plain == run("def relu(x): pass")
    assert "relu is a plain function" in plain[2]


LOUD = """import os, sys
import numpy as np
print("imported")
class relu:
    def forward(x):
        print("called")
        os.write(1, b"written\\n")
        return np.where(x <= 0, 0, x)
    backward = None
"""


@pytest.mark.parametrize("more", [["--jobs", "1"], ["--isolate"], ["--call", "relu(x=(2,))"]])
def test_what_a_subject_prints_is_no_json(run, more):
    examples = [] if "--call" in more else ["--examples", "3"]
    status, out, err = run(LOUD, *examples, *more, "--json", "-")
    assert (status, json.loads(out)["verdict"]) == (0, "right")
    assert {"imported", "called", "written"} == {*err.split()}


@pytest.mark.parametrize("command", ["verify", "exhaust 1"])
def test_the_table_is_printed_before_a_file_cannot_be_written(run, command):
    """The file is a folder only when the run is over."""
    source = f"import pathlib\npathlib.Path('v').mkdir(exist_ok=True)\n{RIGHT}"
    examples = ["--examples", "3"] if command == "verify" else ["--jobs", "1"]
    status, out, err = run(source, *examples, "--json", "v", command=command)
    assert status == 2
    assert "it: 1 op agrees with PyTorch on" in out
    assert err == "cnn-oracle: [Errno 21] Is a directory: 'v'\n"


def test_the_probe_prints_its_table_first_too(run):
    source = "import pathlib\nfrom cnn_oracle.manual import linear\npathlib.Path('v').mkdir(exist_ok=True)\n"
    status, out, err = run(source, "--json", "v", command="probe")
    assert (status, err) == (2, "cnn-oracle: [Errno 21] Is a directory: 'v'\n")
    assert " linear " in out
