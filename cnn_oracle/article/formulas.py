"""The table of the article's formulas. It is generated from the code:

chapters of manual.article    id, as printed, in general: the lines that their docstrings begin with
docstrings in manual          where it is implemented: a module's "Formulas E1, E3", a function's "E9: …"
@pytest.mark.formula("E9")    its tests, read from the source of the tests beside the package
cnn_oracle.article.claims     its status: the search for a counterexample runs while the table is made
"""

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import NamedTuple

from cnn_oracle import manual
from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import Claim, counterexample, status
from cnn_oracle.manual import article
from cnn_oracle.pages import render

TESTS = Path(__file__).parents[2] / "tests"
ID = r"[ES]\d+[a-c]?"
ROW = re.compile(rf"^({ID}) +printed +(.+?)\n +general +(.+?)(?=\n{ID} |\n\n|\Z)", re.MULTILINE | re.DOTALL)
PREDICATE = re.compile(rf"^{ID} holds when ")


class Formula(NamedTuple):
    """A row of the table. ``theorems`` is None in an installed package, which has no tests."""

    id: str
    chapter: str
    printed: str
    general: str
    implementations: list[str]
    references: list[str]
    theorems: list[str] | None
    status: str
    domain: str | None
    counterexample: dict[str, int] | None


def table() -> list[Formula]:
    """A row for each formula: first the article's in its order, then the series'."""
    implementations, theorems = _implementations(), _theorems()
    rows = []
    for module in _modules(article):
        chapter, _, formulas = (inspect.getdoc(module) or "").partition(".\n")
        for key, printed, general in ROW.findall(formulas):
            code, proofs = implementations[key], None if theorems is None else theorems[key]
            verdict = _verdict(CLAIMS.get(key))
            rows.append(
                Formula(key, chapter, _line(printed), _line(general), code, _references(code), proofs, *verdict)
            )
    return sorted(rows, key=lambda row: _order(row.id))


def text(rows: list[Formula]) -> str:
    """The table as text for a terminal, with a paragraph for each formula."""
    return "\n".join(
        f"{row.id:4} {row.printed}\n     general   {row.general}\n     code      {', '.join(row.implementations)}\n"
        f"     theorems  {_theorem_names(row)}\n     status    {row.status}\n"
        for row in rows
    )


def markdown(rows: list[Formula]) -> str:
    """The table as a page, with a section for each chapter."""
    return render(__file__, rows=rows, file=_file)


def _verdict(claim: Claim | None) -> tuple[str, str | None, dict[str, int] | None]:
    """Status, domain and counterexample of a formula. Without a claim, the printed form is fully general."""
    found = counterexample(claim) if claim else None
    if claim is None or found is None:
        return "holds", None, None
    return status(claim, found), claim.domain, found.geometry


def _implementations() -> dict[str, list[str]]:
    """The dotted names by key: first functions of the chapters, then ops and their private files."""
    found = defaultdict(list)
    for module in [*_modules(article), *_modules(manual)]:
        first = (inspect.getdoc(module) or "").partition("\n")[0]
        if "Formula" in first:
            for key in re.findall(rf"\b{ID}\b", first.split("Formula", 1)[1]):
                found[key].append(module.__name__)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            # a file that several ops share is listed once
            if inspect.unwrap(function).__module__ == module.__name__ and not name.startswith("_"):
                for key in _ids(inspect.getdoc(function) or ""):
                    found[key].append(f"{module.__name__}.{name}")
    return found


def _ids(doc: str) -> list[str]:
    """The ids of formulas at the start of a function's docstring, or in brackets; none if it states a domain."""
    if PREDICATE.match(doc):
        return []
    front = re.match(rf"(?:{ID}(?:, )?)+(?=:| )", doc)
    return re.findall(ID, front[0] if front else "") + re.findall(rf"\(({ID})\)", "" if front else doc)


def _references(implementations: list[str]) -> list[str]:
    """The modules of reference with the same names."""
    modules = dict.fromkeys(_module(name).replace(".manual.", ".reference.", 1) for name in implementations)
    return [name for name in modules if find_spec(name)]


def _theorems() -> dict[str, list[str]] | None:
    if not TESTS.is_dir():
        return None
    found = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for key in _marks(node):
                    found[key].append(f"{path.relative_to(TESTS.parent).as_posix()}::{node.name}")
    return found


def _marks(test: ast.FunctionDef) -> Iterator[str]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.formula":
            yield from (ast.literal_eval(argument) for argument in mark.args)


def _modules(package: ModuleType) -> list[ModuleType]:
    """The modules of a package, without its subpackages."""
    names = (m.name for m in walk_packages(package.__path__) if not m.ispkg)
    return [import_module(f"{package.__name__}.{name}") for name in names]


def _module(name: str) -> str:
    """The module of a dotted name, which names a module or something in it."""
    parent = name.rpartition(".")[0]
    spec = find_spec(parent)
    return name if spec and spec.submodule_search_locations else parent


def _file(name: str) -> str:
    """The file's path from the root of the checkout, which holds manual and reference."""
    return _module(name).removeprefix("cnn_oracle.").replace(".", "/") + ".py"


def _theorem_names(row: Formula) -> str:
    return "the tests are not beside this package" if row.theorems is None else "\n               ".join(row.theorems)


def _line(text: str) -> str:
    return " ".join(text.split())


def _order(key: str) -> tuple[str, int, str]:
    return key[0], int(re.sub(r"\D", "", key)), key[-1]
