"""The table of formulas: every row has code and a theorem, and everything that it names exists."""

import ast
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from cnn_oracle.article import formulas
from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import Claim, Sides, counterexample, differs, holds_exactly_on_its_domain

ROOT = Path(__file__).parents[3]
IDS = (
    "E0", "E1", "E1a", "E1b", "E2", "E2a", "E2b", "E2c", "E3", "E3a", "E4", "E5", "E6", "E6a", "E7", "E8", "E9", "E9a",
    "E10", "E11", "E12", "E13", "E14", "E15", "S1", "S2", "S3", "S4", "S5", "S6",
)  # fmt: skip


@pytest.fixture(scope="module")
def table():
    return formulas.table()


def test_every_formula_has_one_row(table):
    assert tuple(row.id for row in table) == IDS


@pytest.mark.parametrize("key", IDS)
def test_a_formula_has_code_a_counterpart_and_a_theorem(table, key):
    (row,) = (row for row in table if row.id == key)
    assert row.printed
    assert row.general
    assert row.implementations
    assert row.references
    assert row.theorems
    assert all((ROOT / theorem.split("::")[0]).is_file() for theorem in row.theorems)


def test_code_and_counterparts_can_be_imported(table):
    for name in {name for row in table for name in row.implementations + row.references}:
        module = formulas._module(name)
        assert name == module or callable(getattr(import_module(module), name.rpartition(".")[2])), name


def test_the_theorems_are_the_tests_that_pytest_collects(table):
    """The table reads the marks from the source. pytest imports it and must find the same tests marked."""
    marked = [str(path) for path in (ROOT / "tests").rglob("test_*.py") if "formula" in path.read_text()]
    arguments = [*marked, "--collect-only", "-q", "-m", "formula", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    collected = {line.split("[")[0] for line in run.stdout.splitlines() if "::" in line}
    assert collected == {theorem for row in table for theorem in row.theorems}


def test_every_test_of_a_chapter_proves_a_formula_of_that_chapter(table):
    chapters = {path.stem: path for path in (ROOT / "manual/article").glob("[!_]*.py")}
    for path in (ROOT / "tests/article").glob("test_*.py"):
        own = {
            key for key, *_ in formulas.ROW.findall(ast.get_docstring(ast.parse(chapters[path.stem[5:]].read_text())))
        }
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                marks = set(formulas._marks(node))
                assert marks, f"{path.name}: {node.name} proves nothing"
                assert marks <= own, f"{path.name}: {node.name} proves {marks - own}"


def test_a_chapter_is_in_every_folder():
    chapters = {
        folder: {path.stem.removeprefix("test_") for path in (ROOT / folder / "article").glob("[!_]*.py")}
        for folder in ("manual", "reference", "tests")
    }
    assert chapters["manual"] == chapters["reference"] == chapters["tests"]


def test_a_narrower_row_states_its_domain_and_a_counterexample(table):
    narrower = [row for row in table if row.status != "holds"]
    assert {row.id for row in narrower} == set(CLAIMS)
    assert len(narrower) >= 8
    for row in narrower:
        assert row.status.startswith(("holds when ", "wrong as printed: smallest counterexample "))
        assert row.domain in row.status
        assert "smallest counterexample" in row.status
        assert not CLAIMS[row.id].holds_when(**row.counterexample)


@pytest.mark.parametrize("key", CLAIMS)
def test_no_smaller_geometry_contradicts_a_printed_form(key):
    claim = CLAIMS[key]
    found = counterexample(claim)
    for geometry in claim.geometries():
        if sum(geometry.values()) >= sum(found.geometry.values()):
            break
        try:
            assert differs(claim, geometry) is None
        except ValueError:
            continue


@pytest.mark.parametrize("key", CLAIMS)
def test_a_domain_says_which_formula_it_is_of(key):
    assert CLAIMS[key].holds_when.__doc__.startswith(f"{key} holds when ")


def claim(right, domain):
    """A claim about n: printed 1, in general 1 where ``right`` and 2 elsewhere. Its predicate is ``domain``."""

    def holds_when(n: int = 1) -> bool:
        """E0 holds when it does."""
        return domain(n)

    return Claim(holds_when, lambda rng, n: Sides(lambda: 1, 1 if right(n) else 2))


@pytest.mark.parametrize(
    ("right", "domain", "message"),
    [
        (lambda n: n < 3, lambda n: n < 4, "holds when it does; but n = 3: it is 1, not 2"),
        (lambda n: n < 3, lambda n: n < 2, "holds when it does; but n = 2: it holds"),
        (lambda n: True, lambda n: True, "holds when it does: 6 geometries inside, 0 outside"),
        (lambda n: False, lambda n: False, "holds when it does: 0 geometries inside, 6 outside"),
    ],
)
def test_a_domain_too_wide_too_narrow_or_without_a_boundary_is_rejected(right, domain, message):
    with pytest.raises(AssertionError, match=message):
        holds_exactly_on_its_domain(claim(right, domain))


def test_a_printed_form_without_a_counterexample_has_none():
    assert counterexample(claim(lambda n: True, lambda n: True)) is None


def test_without_the_tests_the_table_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(formulas, "TESTS", tmp_path / "tests")
    rows = formulas.table()
    assert {row.theorems for row in rows} == {None}
    assert "the tests are not beside this package" in formulas.text(rows)


def test_the_command_prints_json_for_machines(table):
    run = subprocess.run(
        [sys.executable, "-m", "cnn_oracle", "formulas", "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(run.stdout) == [row._asdict() for row in table]


def test_the_page_of_formulas_is_up_to_date(table):
    page = (ROOT / "docs/generated/formulas.md").read_text(encoding="utf-8")
    assert page == formulas.markdown(table), "cnn-oracle formulas --markdown docs/generated/formulas.md"
