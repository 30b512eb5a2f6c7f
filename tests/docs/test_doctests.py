"""Docstrings of the public interface: their examples run, and each has the required sections."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import cnn_oracle
from cnn_oracle import adapt

MODULES = ["cnn_oracle", "cnn_oracle.api", "cnn_oracle.result", "cnn_oracle.subject", "cnn_oracle.adapt"]
MODULES += [f"cnn_oracle.adapt.{module.name}" for module in pkgutil.iter_modules(adapt.__path__)]
NEEDS = {"cnn_oracle.adapt.by_jax": ["jax"], "cnn_oracle.adapt.by_onnx": ["onnx", "onnxruntime"]}

PUBLIC = {f"{p.__name__}.{name}": getattr(p, name) for p in (cnn_oracle, adapt) for name in p.__all__}
FUNCTIONS = [name for name, thing in PUBLIC.items() if inspect.isfunction(thing)]


def docstrings_with_examples():
    """An example sees only what it imports itself, as when a reader copies it."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    for name in MODULES:
        module = importlib.import_module(name)
        for test in finder.find(module, name, globs={"__name__": "__main__"}):
            if test.examples:
                yield pytest.param(name, test, id=test.name)


@pytest.mark.parametrize(("module", "test"), [*docstrings_with_examples()])
def test_an_example_prints_what_is_shown(module, test):
    for package in NEEDS.get(module, []):
        pytest.importorskip(package)
    if failed := report(test):
        pytest.fail(failed, pytrace=False)


def report(test):
    """What doctest writes about the examples of one docstring that fail; nothing if all pass."""
    lines = []
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(test, out=lines.append, clear_globs=False)
    return "".join(lines)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_a_docstring_with_an_example(name):
    doc = inspect.getdoc(PUBLIC[name])
    assert doc
    summary, *rest = doc.splitlines()
    assert summary.endswith((".", "?")), "the first line is a sentence"
    assert not rest[0], "an empty line follows it"
    assert "\nExample:\n" in doc
    assert doctest.DocTestParser().get_examples(doc)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_explains_its_parameters_what_it_returns_and_what_it_raises(name):
    doc, parameters = inspect.getdoc(PUBLIC[name]), inspect.signature(PUBLIC[name]).parameters
    sections = [*(["Args"] if parameters else []), "Returns", "Raises"]
    missing = [section for section in sections if f"\n{section}:\n" not in doc]
    assert not missing, f"{name} lacks {', '.join(missing)}"
    explained = doc.partition("\nArgs:")[2].partition("\n\n")[0]
    missing = [parameter for parameter in parameters if f"\n    {parameter}: " not in explained]
    assert not missing, f"{name} does not explain {', '.join(missing)}"


def test_a_wrong_example_is_reported():
    """The check itself: a docstring that shows another output than the code prints fails with doctest's report."""
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", "wrong.py", 0)
    assert "Expected:\n    3\nGot:\n    2\n" in report(wrong)
