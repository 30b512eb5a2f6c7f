"""The layout: each op has a file of its name in every folder; a module imports only modules before it in ORDER."""

import ast
import importlib
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from cnn_oracle.ops import OPS

ROOT = Path(__file__).parents[1]
PLACES = ("manual", "reference")
FOLDERS = ("manual", "reference", "data", "studies")  # of the package, at the top of the checkout

# The order in which a call passes through the package. A module imports from its own step and those before it.
ORDER = (
    "manual reference data call environment global_state latest pages",
    "diagnosis",
    "maps",
    "result",
    "op subject",
    "calls",
    "cases",
    "run",
    "compare",
    "ops",
    "theorems",
    "settings store",
    "mistakes",
    "diagnose",
    "partial vacuity",
    "checks",
    "one_call",
    "verification",
    "survey huge",
    "adapt",
    "api",
    "pytest_plugin",
    "training",
    "article",
    "studies",
    "report",
    "cli",
)
STEP = {name: i for i, names in enumerate(ORDER) for name in names.split()}


@pytest.mark.parametrize("name", OPS)
def test_an_op_has_a_file_in_every_place(name):
    """Its laws are in its own file, or in one file for all ranks, like tests/ops/test_max_pool.py."""
    missing = [path for folder in PLACES if not (ROOT / (path := f"{folder}/{name}.py")).is_file()]
    laws = [f"tests/ops/test_{name}.py", f"tests/ops/test_{re.sub('[123]d$', '', name)}.py"]
    missing += [] if any((ROOT / path).is_file() for path in laws) else laws[:1]
    assert not missing, _absent(missing)


@pytest.mark.parametrize("folder", ["manual", "reference"])
def test_a_file_of_a_folder_is_an_op_in_the_table(folder):
    files = {p.stem for p in (ROOT / folder).glob("*.py") if not p.stem.startswith("_")}
    no_ops = files - {"convnet"} - set(OPS)
    assert not no_ops, (
        f"{', '.join(sorted(no_ops))} of {folder}/ must have a line in the table of cnn_oracle/ops.py: add it; "
        "cnn-oracle new OP adds it, and all files, of an op that is nowhere yet"
    )
    no_files = [f"{folder}/{name}.py" for name in OPS if name not in files]
    assert not no_files, _absent(no_files)


def test_a_file_of_mistakes_is_of_an_op():
    of_none = {p.stem for p in (ROOT / "cnn_oracle/mistakes").glob("[!_]*.py")} - set(OPS)
    assert not of_none, (
        f"cnn_oracle/mistakes has {', '.join(sorted(of_none))}, and the table of ops does not: name it after its op, "
        "let a file that several ops share begin with _, or begin the op: cnn-oracle new OP"
    )


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("manual", {"numpy"}),
        ("reference", {"torch"}),
        ("data", {"numpy", "platformdirs", "rich", "sklearn", "torch", "torchvision"}),
    ],
)
def test_the_formulas_and_the_data_import_only_what_is_allowed(folder, allowed):
    for path in (ROOT / folder).rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
        assert {name.partition(".")[0] for name in names} - sys.stdlib_module_names <= allowed, (
            f"{path}: import nothing but {', '.join(sorted(allowed))}"
        )


def test_every_module_has_a_step_in_the_order():
    there = {name.split(".")[1] for name in modules() if name.count(".")} - {"__main__"}
    assert there == {*STEP}, (
        f"give {sorted(there - {*STEP})} a place in ORDER of tests/test_layout.py, before all that imports it; take "
        f"{sorted({*STEP} - there)} out of it"
    )


def test_no_module_imports_a_later_one():
    """Imports inside functions and imports for types only count, too."""
    backward = [
        f"{name} imports {other}"
        for name, others in imports().items()
        for other in others
        if _step(other) > _step(name)
    ]
    assert not backward, f"{'; '.join(backward)}: move what is shared to a module before both, see ORDER"


def test_imports_have_no_cycle():
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as error:
        pytest.fail(f"these import each other: {' → '.join(error.args[1])}")


def test_the_package_list_of_the_project_is_complete():
    """setuptools finds no packages by itself where folders are mapped."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent for path, _ in _files()} | {ROOT / "studies/mutation/reasons"}
    expected = sorted(_dotted(folder) for folder in folders)
    assert listed == expected, "write packages in [tool.setuptools] of pyproject.toml so, in this order"


def test_two_checkouts_are_not_mixed(tmp_path):
    """The working folder is imported from first: with another checkout's cnn_oracle/ there, half of each would run."""
    shutil.copytree(ROOT / "cnn_oracle", tmp_path / "cnn_oracle", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "cnn_oracle", "verify", "--op", "relu"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert f"ImportError: cnn_oracle is in {tmp_path / 'cnn_oracle'}, and cnn_oracle.manual " in ended.stderr


def test_every_package_has_a_docstring():
    for path, _ in _files():
        package = path.parent / "__init__.py"
        assert package.is_file(), f"{package} is missing: write it, with a docstring that says what the folder holds"
        doc = ast.get_docstring(ast.parse(package.read_text(encoding="utf-8")))
        assert doc, f"{package} has no docstring: write in it what the folder holds"


def _absent(paths):
    """What to do: write the missing files, since ``cnn-oracle new`` does not change an op that is in the table."""
    are, them = ("are", "them") if paths[1:] else ("is", "it")
    begins = "cnn-oracle new OP begins an op, with all its files, that is not in the table yet"
    return f"{', '.join(paths)} {are} missing: write {them} ({begins})"


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its name; a package by its ``__init__``."""
    return {_dotted(path.parent if path.stem == "__init__" else path.with_suffix("")): path for path, _ in _files()}


@cache
def imports() -> dict[str, set[str]]:
    """The modules of the package that each imports anywhere in its file."""
    return {name: {*_imported(name, path)} - {name} for name, path in modules().items() if name.count(".")}


def _imported(name: str, path: Path):
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules())
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                if f"{base}.{alias.name}" in modules():
                    yield f"{base}.{alias.name}"
                elif base in modules():
                    yield base


def _files():
    for folder in ("cnn_oracle", *FOLDERS):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, folder


def _dotted(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).parts)
    return f"cnn_oracle.{name}" if name.partition(".")[0] in FOLDERS else name


def _step(name: str) -> int:
    return STEP.get(name.split(".")[1], len(ORDER)) if "." in name else -1


EXPORTING = [path for path in sorted((ROOT / "cnn_oracle").rglob("*.py")) if "\n__all__ = " in path.read_text()]


@pytest.mark.parametrize("path", EXPORTING, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_has_every_name_that_it_exports(path):
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    module = importlib.import_module(name)
    missing = [exported for exported in module.__all__ if not hasattr(module, exported)]
    assert not missing, f"{name}.__all__ names {', '.join(missing)}, which the module does not have"
