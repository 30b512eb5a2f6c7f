"""The shape of the house: one op, one file, the same name everywhere; imports point one way."""

import ast
import sys
from pathlib import Path

import pytest

from oracle.ops import OPS

ROOT = Path(__file__).parents[1]
ROOMS = {"manual": "{}.py", "reference": "{}.py", "tests": "test_{}.py"}


@pytest.mark.parametrize("name", OPS)
def test_an_op_is_in_every_room(name):
    missing = [
        f"{room}/{file.format(name)}" for room, file in ROOMS.items() if not (ROOT / room / file.format(name)).is_file()
    ]
    assert not missing, f"{name} lacks {', '.join(missing)}"


@pytest.mark.parametrize("room", ["manual", "reference"])
def test_a_file_of_a_room_is_an_op_in_the_table(room):
    files = {p.stem for p in (ROOT / room).glob("*.py") if not p.stem.startswith("_")}
    assert files - {"convnet"} == set(OPS)


@pytest.mark.parametrize("name", OPS)
def test_a_mistake_is_of_an_op(name):
    assert {p.stem for p in (ROOT / "oracle/mistakes").glob("[!_]*.py")} <= set(OPS)


@pytest.mark.parametrize(
    ("room", "allowed"),
    [
        ("manual", {"manual", "numpy"}),
        ("reference", {"reference", "torch"}),
        ("data", {"data", "numpy", "rich", "sklearn", "torch", "torchvision"}),
    ],
)
def test_imports_point_one_way(room, allowed):
    for path in (ROOT / room).rglob("*.py"):
        assert _imported(path) - sys.stdlib_module_names <= allowed, path


def test_the_oracle_is_imported_by_no_room_below_it():
    for room in ("manual", "reference", "data"):
        for path in (ROOT / room).rglob("*.py"):
            assert not _imported(path) & {"oracle", "tests", "hypothesis", "pytest"}, path


def _imported(path: Path) -> set[str]:
    """The top-level names that a file imports, anywhere in it."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name.split(".")[0] for name in plain | {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}}
