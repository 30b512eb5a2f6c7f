"""Every path and every name in ``cnn_oracle`` that a docstring, a comment or a page mentions exists."""

import ast
import io
import pkgutil
import re
import tokenize
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from cnn_oracle.mistakes import load

ROOT = Path(__file__).parents[2]
PLACES = ("README.md", "docs", "cnn_oracle", "data", "manual", "reference", "studies", "tests")
SUFFIXES = "css|html|js|json|md|npz|png|py|toml|txt"
# A file, or a folder that ends in /; not a fraction such as mask/(1−p), an address, or a path after ~/ or $HOME/
PATH = re.compile(
    rf"(?<![\w/.:~$*<>-])((?:\.\./)*(?:[\w<>*.-]+/)*[\w<>*-][\w<>*.-]*\.(?:{SUFFIXES})\b(?![/(])"
    r"|(?:\.\./)*(?:[a-z_]{2,}/)+(?=$|[\s`.,;:)\]]))"
)
NAME = re.compile(r"(?<![\w.])cnn_oracle(?:\.\w+)+")

PROSE = ("#", "reason = ")  # the lines of a table that are prose

# Files that the pages' examples create in the reader's own project
THEIRS = {
    "mykernels/conv2d.py", "mykernels/softmax.py", "mykernels.py", "jaxkernels.py", "src/mykernels.py",
    "test_leaky_relu.py", "result.json", "result.html",
    "out.json", "myconvs.py", "mylosses.py", "mylayers.py", "mycaches.py", "myoptimizers.py",
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_every_path_and_name_exists(place):
    assert [line for file in files(ROOT / place) for line in stale(file)] == []


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("see calls/unsafe.py, cases/exact_grids.py.", ["calls/unsafe.py", "cases/exact_grids.py"]),
        ("``manual/<op>.py`` and (docs/*.md)", ["manual/<op>.py", "docs/*.md"]),
        ("the files of `studies/packages/`", ["studies/packages/"]),
        ("[cluster](../docs/cluster.md), tests/ops/", ["../docs/cluster.md", "tests/ops/"]),
        ("y = x · mask/(1−p), dy / N, 1/2 and https://a.org/b.md", []),
    ],
)
def test_a_path_is_distinguished_from_a_fraction_and_an_address(text, paths):
    assert PATH.findall(text) == paths


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("manual/conv2d.py", True),
        ("calls/unsafe.py", True),
        ("test_paths.py", True),
        ("manual/<op>.py", True),
        ("reports/<op>.py", False),
        ("oracle/judge.py", False),
        ("docs/nothing.md", False),
    ],
)
def test_a_path_is_looked_for_in_the_checkout_in_the_package_and_beside_the_file(name, there):
    assert is_there(name, Path(__file__)) is there


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("cnn_oracle.api.verify", True),
        ("cnn_oracle.adapt", True),
        ("cnn_oracle.mistakes.conv2d.scatter_overwrites", True),
        ("cnn_oracle.mistakes.conv2d.none_such", False),
        ("cnn_oracle.api.row_of", False),
        ("cnn_oracle.judge", False),
    ],
)
def test_a_name_is_a_module_a_member_of_one_or_a_mistake(name, there):
    assert can_be_imported(name) is there


def files(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(p for s in ("md", "py", "toml") for p in place.rglob(f"*.{s}"))


def stale(file: Path) -> Iterator[str]:
    """The paths and names in the file that do not exist, each with its file and line."""
    for first, text in prose(file):
        named = [(m, m[1] in THEIRS or is_there(m[1], file)) for m in PATH.finditer(text)]
        named += [(m, can_be_imported(m[0])) for m in NAME.finditer(text)]
        for found, exists in named:
            if not exists:
                yield f"{file.relative_to(ROOT)}:{first + text[: found.start()].count(chr(10))}: {found[0]}"


def prose(file: Path) -> Iterator[tuple[int, str]]:
    """A page; comments and reasons of a table; docstrings and comments of code; each with its first line number."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        yield 1, text
    elif file.suffix == ".toml":
        yield from ((n, line) for n, line in enumerate(text.splitlines(), 1) if line.startswith(PROSE))
    else:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
                yield node.body[0].lineno, ast.get_docstring(node, clean=False)
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def is_there(name: str, file: Path) -> bool:
    """Whether it exists in the checkout, in ``cnn_oracle/`` or in the file's own folder; <op> and * match any name."""
    pattern = re.sub(r"<\w+>", "*", name)
    folders = (ROOT, ROOT / "cnn_oracle", file.parent)
    return any((folder / name).exists() or ("*" in pattern and any(folder.glob(pattern))) for folder in folders)


def can_be_imported(name: str) -> bool:
    """Whether it is a module (found without an import: dependencies may be missing), a member of one, or a mistake."""
    with suppress(ModuleNotFoundError):  # its parent is not a package
        if find_spec(name):
            return True
    with suppress(AttributeError, ImportError):
        pkgutil.resolve_name(name)
        return True
    with suppress(ValueError):
        return "mistakes" in name and bool(load(name))
    return False
