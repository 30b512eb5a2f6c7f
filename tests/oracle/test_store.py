"""Failing calls are kept from one run to the next. A damaged or unusable cache is no error."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnn_oracle.call import Call
from cnn_oracle.store import MOST, Store


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/cnn-oracle/failures"


@pytest.fixture
def folder(tmp_path):
    (folder := tmp_path / "project").mkdir()
    return folder


def call(seed=0, op="relu", **arguments):
    return Call(op, {"x": (2, 3), **arguments}, seed)


def kept(folder, *calls, subject="mykernels"):
    """Keeps these calls, the last one newest, and returns the path of the project's file."""
    store = Store(folder)
    for one in calls:
        store.keep(subject, one)
    store.save()
    return store.path


def found(folder, subject="mykernels", op="relu"):
    return Store(folder).calls(subject, op)


def test_kept_calls_are_found_by_the_next_run_newest_first(folder):
    one = call(op="conv2d", w=(1, 1, 2, 2), stride=(1, 2), padding="same", b=None, eps=1e-5)
    kept(folder, call(1), one, call(2))
    assert found(folder) == [call(2), call(1)]
    assert found(folder, op="conv2d") == [one]
    assert found(folder, op="gelu") == found(folder, subject="others") == []


def test_a_call_is_found_before_it_is_saved(folder):
    store = Store(folder)
    store.keep("mykernels", call())
    assert store.calls("mykernels", "relu") == [call()]
    assert not store.path.exists()


def test_a_dropped_call_is_not_found_again(folder):
    kept(folder, call(1), call(2), call(3))
    store = Store(folder)
    store.drop("mykernels", call(2))
    assert store.calls("mykernels", "relu") == [call(3), call(1)]
    store.save()
    assert found(folder) == [call(3), call(1)]


def test_a_call_that_fails_again_is_the_newest_and_kept_once(folder):
    kept(folder, call(1), call(2))
    kept(folder, call(1))
    assert found(folder) == [call(1), call(2)]


def test_the_newest_ten_of_a_subject_and_op_are_kept(folder):
    kept(folder, *(call(seed) for seed in range(2 * MOST)), call(op="gelu"))
    assert [one.seed for one in found(folder)] == [*range(2 * MOST - 1, MOST - 1, -1)]
    assert len(found(folder)) == MOST == 10
    assert len(found(folder, op="gelu")) == 1


def test_a_file_with_nothing_left_is_removed(folder):
    path = kept(folder, call())
    assert path.is_file()
    store = Store(folder)
    store.drop("mykernels", call())
    store.save()
    assert not path.exists()
    assert path.parent.is_dir()


def test_nothing_is_written_if_nothing_changed(folder):
    path = kept(folder, call(1), call(2))
    os.utime(path, (0, 0))
    store = Store(folder)
    store.keep("mykernels", call(2))
    store.drop("mykernels", call(3))
    store.keep("mykernels", call(4))
    store.drop("mykernels", call(4))
    store.save()
    assert path.stat().st_mtime == 0


def test_making_a_store_reads_and_writes_nothing(tmp_path, cache):
    Store(tmp_path / "nowhere").save()
    assert not cache.exists()


def test_a_project_has_one_file_named_after_its_folder(folder, tmp_path, monkeypatch, cache):
    path = Store(folder).path
    assert path.parent == cache
    assert path.name.startswith("project-")
    monkeypatch.chdir(folder)
    (tmp_path / "link").symlink_to(folder)
    assert Store(Path()).path == Store(tmp_path / "link").path == path
    (tmp_path / "other/project").mkdir(parents=True)
    assert Store(tmp_path / "other/project").path != path


@pytest.mark.parametrize("name", ["ö" * 120, "…" * 80, os.fsdecode(b"\xff"), "a\nb"])
def test_a_folder_may_have_any_name(name, tmp_path):
    (folder := tmp_path / name).mkdir()
    kept(folder, call())
    assert found(folder) == [call()]


@pytest.mark.parametrize("arguments", [{"eps": math.nan}, {"eps": math.inf}, {"f": len}])
def test_a_call_that_its_text_does_not_reproduce_is_not_kept(arguments, folder):
    assert not kept(folder, call(**arguments)).exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"{",
        b"[" * 100_000,
        b"[]",
        b"null",
        b'{"schema": 2, "failures": [{"subject": "mykernels", "call": "relu(x=(2, 3))", "seed": 0}]}',
        b'{"failures": [{"subject": "mykernels", "call": "relu(x=(2, 3))", "seed": 0}]}',
        b'{"schema": 1}',
        b'{"schema": 1, "failures": {"subject": "mykernels"}}',
        b'{"schema": 1, "failures": [1, null, {}, {"subject": 1}, {"subject": "mykernels"}]}',
        b'{"schema": 1, "failures": [{"subject": "mykernels", "call": "relu(", "seed": 0}]}',
        b'{"schema": 1, "failures": [{"subject": "mykernels", "call": "relu(x={[]: 1})", "seed": 0}]}',
        b'{"schema": 1, "failures": [{"subject": "mykernels", "call": "relu(x=2)", "seed": true}]}',
        b'{"schema": 1, "failures": [{"subject": "mykernels", "call": "relu(x=2)", "seed": -1}]}',
        b'{"schema": 1, "failures": [{"subject": "mykernels", "call": "relu(x=2)", "seed": "0"}]}',
        b'{"schema": 1, "failures": [{"subject": "mykernels", "call": "relu(x=' + b"(" * 9999 + b')", "seed": 0}]}',
    ],
)
def test_a_damaged_file_is_an_empty_store(content, folder):
    path = kept(folder, call())
    path.write_bytes(content)
    assert found(folder) == []
    kept(folder, call(1))
    assert found(folder) == [call(1)]


def test_valid_entries_of_a_damaged_file_are_kept(folder):
    path = kept(folder, call(1), call(2))
    content = json.loads(path.read_text())
    content["failures"].insert(1, {"subject": "mykernels", "call": "relu(x=import)", "seed": 0})
    path.write_text(json.dumps(content))
    assert found(folder) == [call(2), call(1)]


def test_a_folder_in_the_place_of_the_file_is_an_empty_store(folder):
    path = Store(folder).path
    path.mkdir(parents=True)
    kept(folder, call())
    assert found(folder) == []


def test_a_cache_that_cannot_be_written_is_no_error_and_tried_again(folder, cache):
    cache.parent.parent.mkdir(parents=True)
    cache.parent.write_text("a file in the place of the folder")
    store = Store(folder)
    store.keep("mykernels", call())
    store.save()
    assert store.calls("mykernels", "relu") == [call()]
    assert found(folder) == []
    cache.parent.unlink()
    store.save()
    assert found(folder) == [call()]


def test_without_a_home_folder_nothing_is_kept(folder, monkeypatch):
    def unknown(self):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", unknown)
    assert kept(folder, call()) is None
    assert found(folder) == []


def test_what_another_process_saved_meanwhile_is_kept(folder):
    kept(folder, call(1), call(2))
    ours, theirs = Store(folder), Store(folder)
    ours.drop("mykernels", call(1))
    theirs.keep("mykernels", call(3))
    ours.keep("mykernels", call(4))
    theirs.save()
    ours.save()
    assert found(folder) == ours.calls("mykernels", "relu") == [call(4), call(3), call(2)]


def test_two_processes_that_write_at_once_leave_a_whole_file(folder):
    script = (
        "import sys; from pathlib import Path; from cnn_oracle.call import Call; from cnn_oracle.store import Store\n"
        "for seed in range(100):\n"
        "    store = Store(Path()); store.keep(sys.argv[1], Call('relu', {'x': (2,)}, seed)); store.save()\n"
        "    assert Store(Path()).path.read_text().endswith('}\\n')"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, name], cwd=folder) for name in ("a", "b")]
    assert [process.wait() for process in running] == [0, 0]
    path = Store(folder).path
    assert json.loads(path.read_text())["schema"] == 1
    assert [*path.parent.iterdir()] == [path]
    assert found(folder, subject="a") or found(folder, subject="b")


def test_torch_and_numpy_are_not_imported():
    script = "import sys, cnn_oracle.store; print(sorted({'hypothesis', 'numpy', 'torch'} & {*sys.modules}))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == ("[]\n", "")
