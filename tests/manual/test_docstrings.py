"""help() of every function of an op describes that op: its own docstring, name and module."""

import ast
import functools
import inspect
import pickle
from importlib import import_module
from pathlib import Path

import pytest

from cnn_oracle.ops import OPS

FAMILIES = {
    "conv1d": ("x (N, C, L), w (O, C/groups, R)", "y (N, O, P)."),
    "conv2d": ("x (N, C, H, W), w (O, C/groups, R, S)", "y (N, O, P, Q)."),
    "conv3d": ("x (N, C, D, H, W), w (O, C/groups, R, S, K)", "y (N, O, P, Q, V)."),
    "conv_transpose1d": ("x (N, C, L), w (C, O/groups, R)", "y (N, O, P)."),
    "conv_transpose2d": ("x (N, C, H, W), w (C, O/groups, R, S)", "y (N, O, P, Q)."),
    "conv_transpose3d": ("x (N, C, D, H, W), w (C, O/groups, R, S, K)", "y (N, O, P, Q, V)."),
    "max_pool1d": ("x (N, C, L)", "y (N, C, P)."),
    "max_pool2d": ("x (N, C, H, W)", "y (N, C, P, Q)."),
    "max_pool3d": ("x (N, C, D, H, W)", "y (N, C, P, Q, V)."),
    "avg_pool1d": ("x (N, C, L)", "y (N, C, P)."),
    "avg_pool2d": ("x (N, C, H, W)", "y (N, C, P, Q)."),
    "avg_pool3d": ("x (N, C, D, H, W)", "y (N, C, P, Q, V)."),
}


def _public(op):
    """The public functions that an op's file defines at its top level by ``def`` or ``=``, without imported ones."""
    module = import_module(f"cnn_oracle.manual.{op}")
    names = []
    for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    public = {name: getattr(module, name) for name in names if not name.startswith("_")}
    return {name: thing for name, thing in public.items() if callable(thing) and not inspect.isclass(thing)}


FUNCTIONS = [pytest.param(op, name, f, id=f"{op}.{name}") for op in OPS for name, f in _public(op).items()]


@pytest.mark.parametrize("op", OPS)
def test_an_op_has_the_functions_of_its_kind(op):
    found = set(_public(op))
    assert "step" in found or {"forward", "backward"} <= found


@pytest.mark.parametrize(("op", "name", "function"), FUNCTIONS)
def test_a_function_has_its_own_docstring_name_and_module(op, name, function):
    doc = inspect.getdoc(function)
    assert inspect.isfunction(function)
    assert doc
    assert doc != inspect.getdoc(functools.partial)
    assert "{" not in doc
    assert function.__name__ == function.__qualname__ == name
    assert function.__module__ == f"cnn_oracle.manual.{op}"


@pytest.mark.parametrize(("op", "name", "function"), FUNCTIONS)
def test_a_function_can_be_pickled(op, name, function):
    assert pickle.loads(pickle.dumps(function)) is function


@pytest.mark.parametrize(("op", "name", "function"), FUNCTIONS)
def test_the_signature_has_no_name_of_an_op_in_it(op, name, function):
    """The file of an op fixes its name. Only two helpers that ops share have a parameter ``op``."""
    parameters = inspect.signature(function).parameters
    assert ("op" in parameters) == (f"{op}.{name}" in {"nll_loss.labels", "dropout.scale"})


@pytest.mark.parametrize("op", FAMILIES)
def test_an_op_of_a_family_documents_its_own_shapes_and_its_name_in_pytorch(op):
    module = import_module(f"cnn_oracle.manual.{op}")
    first, last = FAMILIES[op]
    doc = inspect.getdoc(module.forward)
    assert doc.startswith(first)
    assert doc.partition("\n")[0].endswith(last)
    for function in (module.forward, module.backward):
        assert f"torch.nn.functional.{op}." in inspect.getdoc(function)
        assert "Raises:\n    ValueError:" in inspect.getdoc(function)
