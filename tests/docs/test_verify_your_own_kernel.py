"""docs/verify-your-own-kernel.md: its examples run and print what it shows."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cnn_oracle import cli

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/verify-your-own-kernel.md").read_text()
EXAMPLES = dict(re.findall(r"^## (An? .*?)\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_prints_what_is_shown(title, tmp_path, monkeypatch, capsys):
    if "JAX" in title:
        pytest.importorskip("jax")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    steps = re.findall(r"```(python|diff|console)\n(.*?)```", EXAMPLES[title], re.DOTALL)
    kinds = [kind for kind, _ in steps]
    assert kinds == ["python", "console", *["diff", "console"] * (len(steps) // 2 - 1)]
    code = ""
    for (_, change), (_, session) in zip(steps[::2], steps[1::2], strict=True):
        code = _changed(code, change) if code else change
        name = code.partition("\n")[0].removeprefix("# ")
        Path(name).write_text(code)
        sys.modules.pop(name.removesuffix(".py"), None)
        command, _, shown = session.partition("\n")
        output = _run(shlex.split(command.removeprefix("$ ")), monkeypatch, capsys)
        _contains(output, shown)


def _changed(code, diff):
    """Returns the code after a diff: hunks between @@, each of which must match one place."""
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        before, after = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
        assert code.count(before) == 1, before
        code = code.replace(before, after)
    return code


def test_a_diff_changes_one_place():
    assert _changed("a\nb\nc\n", " a\n-b\n+d\n") == "a\nd\nc\n"
    with pytest.raises(AssertionError):
        _changed("b\nb\n", "-b\n")


def _run(command, monkeypatch, capsys):
    """Runs a command and returns its output: cnn-oracle in this process, where torch is imported; pytest in another."""
    if command[0] == "pytest":
        command = [sys.executable, "-m", *command]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert command[0] == "cnn-oracle"
    monkeypatch.setattr(sys, "argv", command)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the file changes within a second
    with pytest.raises(SystemExit) as stop:
        cli.main()
    out = capsys.readouterr().out
    assert stop.value.code == (1 if "WRONG" in out else None)
    return out


def _contains(output, shown):
    """Asserts that the parts shown occur in the output in this order; … stands for any text."""
    rest = output
    for part in shown.split("…\n"):
        part = part.removesuffix(" …\n")
        assert part in rest, f"{part}\nis not in\n{rest}"
        rest = rest[rest.index(part) + len(part) :]


def test_the_page_has_its_examples():
    assert [*EXAMPLES] == [
        "A NumPy function", "A torch.autograd.Function", "A JAX function", "A partial implementation",
        "A loss without a gradient for the target", "A layer object", "A pair of functions with a cache",
        "An optimizer that steps in place",
    ]  # fmt: skip
