"""``new`` writes a skeleton that imports, lints and fails as it says, or nothing if a part cannot be written."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnn_oracle.cli import checkout, new
from cnn_oracle.compare.bounds import elementwise
from cnn_oracle.ops import UNWRITTEN

ROOT = Path(__file__).parents[3]
FOLDERS = ("manual", "reference", "data", "studies")
WRITTEN = ("manual/swish.py", "reference/swish.py", "tests/ops/test_swish.py")
TABLE = "cnn_oracle/ops.py"


def _copy(top: Path) -> Path:
    for name in ("cnn_oracle", *FOLDERS, "tests"):
        shutil.copytree(ROOT / name, top / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, top)
    return top


@pytest.fixture
def small(tmp_path):
    """Only the parts of a checkout that the command needs."""
    for name in checkout.PARTS:
        path = tmp_path / "top" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.mkdir if (ROOT / name).is_dir() else lambda path=path, name=name: shutil.copy(ROOT / name, path))()
    return tmp_path / "top"


def _contents(top: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(top)): p.read_bytes() if p.is_file() else None for p in sorted(top.rglob("*"))}


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A copy of the checkout in which another process began the op, a function that runs commands, and the output."""
    folder = tmp_path_factory.mktemp("copy")
    top, links = _copy(folder / "top"), folder / "links/cnn_oracle"
    links.mkdir(parents=True)
    for path in [*(top / "cnn_oracle").iterdir(), *(top / name for name in FOLDERS)]:
        (links / path.name).symlink_to(path)  # the layout of .ci/mypy, so that the copy is imported
    environment = os.environ | {"PYTHONPATH": str(links.parent), "CI": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTEST_CURRENT_TEST", None)

    def run(*command):
        command = [sys.executable, "-m", *map(str, command)]
        ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stdout, ended.stderr

    status, out, err = run("cnn_oracle", "new", "swish", "--root", top)
    assert (status, err) == (0, "")
    return top, run, out


def test_the_files_and_the_line_are_there_and_nothing_else_changed(begun):
    top, _, out = begun
    for path in WRITTEN:
        assert (top / path).is_file()
        assert f"  {path} " in out
    added = set((top / TABLE).read_text().splitlines()) - set((ROOT / TABLE).read_text().splitlines())
    assert added == {new.row("swish")}
    lines = (top / TABLE).read_text().splitlines()
    assert f"{TABLE}:{lines.index(new.row('swish')) + 1} " in out
    assert lines[lines.index(new.row("swish")) - 1].startswith('    "softsign"')
    assert "pytest tests/test_layout.py tests/ops/test_swish.py\n  cnn-oracle verify --op swish\n" in out


def test_every_remaining_place_exists(begun):
    top, *_ = begun
    assert all((top / path.format("relu")).is_file() for path in new.REMAIN)


def test_the_skeleton_lints(begun):
    top, *_ = begun
    _lints(top, [*WRITTEN, TABLE])


def test_the_layout_passes_and_the_laws_say_what_to_write(begun):
    top, run, _ = begun
    pytest_ = ("pytest", "-q", "-p", "no:cacheprovider", "--rootdir", top, "-c", top / "pyproject.toml")
    status, out, _ = run(*pytest_, "-k", "not mixed", top / "tests/test_layout.py", top / "tests/ops/test_swish.py")
    assert status == 1
    failed = re.findall(r"^FAILED \S*?([^/]+)::(\w+)", out, re.MULTILINE)
    assert failed == [("test_swish.py", f"test_a_law_of_{name}") for name in ("forward", "backward")]
    assert re.search(r"^2 failed, \d+ passed", out, re.MULTILINE)
    assert "NotImplementedError: write PyTorch's y here, in reference/swish.py" in out


@pytest.mark.usefixtures("restored")
def test_the_layout_says_what_to_do_about_a_file_that_is_missing(begun):
    top, run, _ = begun
    (top / "reference/swish.py").unlink()
    options = ("-q", "-p", "no:cacheprovider", "--rootdir", top, "-c", top / "pyproject.toml", "-k", "swish")
    status, out, _ = run("pytest", *options, top / "tests/test_layout.py")
    assert status == 1
    assert "reference/swish.py is missing: write it (cnn-oracle new OP begins an op" in out


@pytest.fixture
def restored(begun):
    """Restores the skeleton after the test."""
    top, *_ = begun
    texts = {top / path: (top / path).read_text() for path in WRITTEN}
    yield
    for path, text in texts.items():
        path.write_text(text)


@pytest.mark.usefixtures("restored")
def test_nothing_passes_before_it_is_written(begun):
    """Step by step, one line each says to write the reference, forward and the bound."""
    top, run, _ = begun
    verify = ("cnn_oracle", "verify", "--op", "swish", "--examples", "3")
    reference, manual = top / "reference/swish.py", top / "manual/swish.py"
    assert run(*verify) == (2, "", "cnn-oracle: write PyTorch's y here, in reference/swish.py\n")
    unwritten = 'raise NotImplementedError("write PyTorch\'s y here, in reference/swish.py")'
    _replace(reference, unwritten, "return x * x.sigmoid()")
    status, out, _ = run(*verify)
    assert status == 1
    assert "forward raises NotImplementedError: write y = … here, in manual/swish.py" in out
    _replace(manual, 'raise NotImplementedError("write y = … here, in manual/swish.py")', "return x")
    status, out, err = run(*verify)
    assert (status, out) == (2, "")
    assert err.startswith("cnn-oracle: write the op's formula in cnn_oracle/compare/bounds/elementwise.py")


def test_the_other_commands_know_the_op(begun):
    _, run, _ = begun
    status, out, err = run("cnn_oracle", "ops", "swish")
    assert (status, err) == (0, "")
    assert out.startswith("swish(x)\n")


def test_a_second_run_is_rejected_and_changes_nothing(oracle, small):
    assert oracle("new", "swish", "--root", str(small))[0] == 0
    before = _contents(small)
    assert oracle("new", "swish", "--root", str(small)) == (
        2, "", f"cnn-oracle: op 'swish' is in the table of {TABLE} already\n",
    )  # fmt: skip
    assert _contents(small) == before


@pytest.mark.parametrize("name", ["x", "a" * 40, "relu9_"])
def test_a_name_of_any_length_lints(oracle, small, name):
    assert oracle("new", name, "--root", str(small))[0] == 0
    shutil.copy(ROOT / "pyproject.toml", small)
    _lints(small, [path.format(name) for path in new.TEMPLATES.values()] + [TABLE])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        *((name, "a name is lower-case letters") for name in ("", "Swish", "my-op", "2d", "_op", "a b", "if", "é")),
        *((name, "a name is lower-case letters") for name in ("a" * 41, "../x", "a/b", "swish\n")),
        *((name, "would hide another thing of that name") for name in ("abs", "copy", "pytest", "draw")),
        ("relu", "is in the table of cnn_oracle/ops.py already"),
        ("norms", "tests/ops/test_norms.py exists already"),
        ("convnet", "manual/convnet.py exists already"),
        ("article", "manual/article exists already"),
        ("broken", "reference/broken.py exists already"),
    ],
)
def test_a_bad_name_prints_one_line_and_writes_nothing(oracle, small, name, message):
    for path in ("tests/ops/test_norms.py", "manual/convnet.py"):
        shutil.copy(ROOT / path, small / path)
    (small / "manual/article").mkdir()
    (small / "reference/broken.py").symlink_to("nowhere")
    before = _contents(small)
    status, out, err = oracle("new", "--root", str(small), "--", name)
    assert (status, out) == (2, "")
    assert err.startswith(f"cnn-oracle: op {name!r}")
    assert message in err
    assert err.count("\n") == 1
    assert _contents(small) == before


@pytest.mark.parametrize("part", checkout.PARTS)
def test_a_folder_that_is_no_checkout_is_rejected(oracle, small, part):
    path = small / part
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    before = _contents(small)
    message = f"cnn-oracle: --root {str(small)!r} is not a checkout of cnn-oracle: it has no {part}\n"
    assert oracle("new", "swish", "--root", str(small)) == (2, "", message)
    assert _contents(small) == before


def test_an_installed_package_has_no_checkout(oracle, monkeypatch, tmp_path):
    monkeypatch.setattr(checkout, "__file__", str(tmp_path / "site-packages/cnn_oracle/cli/checkout.py"))
    status, out, err = oracle("new", "swish")
    assert (status, out) == (2, "")
    assert err == (
        "cnn-oracle: cnn-oracle is installed here without its checkout: clone it, and pass its folder as --root\n"
    )


def test_the_checkout_of_the_package_is_its_own():
    assert checkout.find(None) == checkout.own() == ROOT


@pytest.mark.parametrize("closed", ["manual", "tests/ops", "cnn_oracle", TABLE])
def test_what_cannot_be_written_is_found_before_the_first_file(oracle, small, monkeypatch, closed):
    """os.access returns what it would for a user who is not root."""
    access = os.access
    monkeypatch.setattr(new.os, "access", lambda path, mode: Path(path) != small / closed and access(path, mode))
    before = _contents(small)
    status, out, err = oracle("new", "swish", "--root", str(small))
    assert (status, out) == (2, "")
    assert "cannot be written to" in err
    assert _contents(small) == before


@pytest.mark.parametrize("failing", [*WRITTEN, TABLE])
def test_a_full_disk_leaves_no_file(oracle, small, monkeypatch, failing):
    opened, before = Path.open, _contents(small)

    def full(path, mode="r", *arguments, **options):
        if mode == "x" and path == small / failing:
            opened(path, mode).close()
            path.unlink()
            raise OSError("No space left on device")
        return opened(path, mode, *arguments, **options)

    def no_table(path, content):
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "open", full)
    if failing == TABLE:
        monkeypatch.setattr("cnn_oracle.environment.write_atomically", no_table)
    assert oracle("new", "swish", "--root", str(small)) == (2, "", "cnn-oracle: No space left on device\n")
    monkeypatch.undo()
    assert _contents(small) == before


def test_a_table_of_another_form_is_unchanged_and_the_line_is_printed(oracle, small):
    table = (ROOT / TABLE).read_text().replace("UNWRITTEN = ", "BEGUN = ")
    (small / TABLE).write_text(table)
    status, out, _ = oracle("new", "swish", "--root", str(small))
    assert status == 0
    assert (small / TABLE).read_text() == table
    assert f"add it after the last row of its kind: {new.row('swish').strip()}\n" in out
    assert all((small / path).is_file() for path in WRITTEN)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("OPS = {", "cnn_oracle/ops.py is not valid Python: line 1: "),
        ("OPS = {}\n", "has no table of ops, in which relu is"),
    ],
)
def test_a_table_that_cannot_be_read_is_rejected(oracle, small, table, message):
    (small / TABLE).write_text(table)
    before = _contents(small)
    status, _, err = oracle("new", "swish", "--root", str(small))
    assert (status, err.count("\n")) == (2, 1)
    assert message in err
    assert _contents(small) == before


def test_line_endings_are_kept(oracle, small):
    before = (small / TABLE).read_bytes().replace(b"\n", b"\r\n")
    (small / TABLE).write_bytes(before)
    status, out, _ = oracle("new", "swish", "--root", str(small))
    assert status == 0
    assert f"{TABLE}:" in out
    after = (small / TABLE).read_bytes()
    assert after.replace(new.row("swish").encode() + b"\r\n", b"") == before


def test_a_row_on_one_line_with_another_is_not_cut():
    table = 'UNWRITTEN = 1\nT = {"relu": (pointwise.elementwise, A), "tanh": (b, C)}\n'
    assert new.with_row(table, "swish") is None


def test_a_bound_that_is_not_written_lets_nothing_pass():
    assert UNWRITTEN.grids == ()
    with pytest.raises(
        NotImplementedError, match=r"^write the op's formula in cnn_oracle/compare/bounds/elementwise\.py"
    ):
        elementwise.unwritten(None)


def _replace(path: Path, old: str, text: str) -> None:
    before = path.read_text()
    assert before.count(old) == 1
    path.write_text(before.replace(old, text))


def _lints(top: Path, paths: list[str]) -> None:
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        ended = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *paths], cwd=top, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
