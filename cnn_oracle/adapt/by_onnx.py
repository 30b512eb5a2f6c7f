"""ONNX nodes and models, run by onnxruntime or by onnx's own reference evaluator. They have no backward."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, Unpack

import numpy as np

from cnn_oracle.adapt.declarations import arguments_of, split
from cnn_oracle.adapt.signatures import Function, names_of, signature_of, signed, written
from cnn_oracle.environment import require
from cnn_oracle.manual._typing import Array
from cnn_oracle.subject import Declared, Implementation

Engine = Literal["onnxruntime", "reference"]
OPSET = 21  # of nodes; a model has its own


def onnx(
    make: Function, *, engine: Engine = "onnxruntime", opset: int = OPSET, **declared: Unpack[Declared]
) -> Implementation:
    """Make an implementation from an ONNX node or model. It has no ``backward``.

    ``make`` builds the node or model for each call; its inputs have the names of the parameters of ``make``. A node
    is put into a model of its own, whose output has the dtype of the first input. The first output of the model is y.

    Args:
        make: ``make(x, w, b, *, …)`` returns a NodeProto or ModelProto. It takes NumPy arrays, in PyTorch's shapes,
            and options by PyTorch's names. An absent array is None and not an input.
        engine: ``"onnxruntime"``, the default, or ``"reference"``, onnx's own evaluator.
        opset: The opset version of a node. The default is 21. A model has its own.
        declared: What it supports, as in ``adapt.only``: ``options``, ``ranks``, ``unsupported``, ``when``, ``dtypes``.
            onnxruntime has many kernels only in float32; then give ``dtypes=("float32",)``.

    Returns:
        An implementation with ``forward`` only. Every exception counts as a rejection of an invalid call.

    Raises:
        ValueError: ``engine`` is neither of the two, or is not installed, or the signature of ``make`` cannot be read.
            During a call: an input of the model is not an array of the call.

    Example:
        >>> import cnn_oracle as oracle
        >>> from onnx import helper
        >>> def relu(x):
        ...     return helper.make_node("Relu", ["x"], ["y"])
        >>> result = oracle.verify("relu", oracle.adapt.onnx(relu, dtypes=("float32",)), examples=5)
        >>> print(result.verdict, result.unchecked)
        EXACT ('backward', 'float64')
    """
    if engine not in ("onnxruntime", "reference"):
        raise ValueError(f"onnx(engine={engine!r}): must be 'onnxruntime' or 'reference'")
    require(f"adapt.onnx(engine={engine!r})", "onnx", "onnx", *(["onnxruntime"] if engine == "onnxruntime" else []))
    _, declared = split("onnx", (), declared)
    names = names_of(make)

    def forward(*arrays: Array | None, **options: Any) -> Any:
        arguments = dict(zip(names, arrays, strict=False)) | options
        given = {n: np.array(a, order="C") for n, a in arguments.items() if isinstance(a, np.ndarray)}
        model = _model(make(*arrays, **options), given, opset)
        if strange := {i.name for i in model.graph.input} - given.keys():
            raise ValueError(
                f"the model's input {min(strange)!r} is no array of the call; those are {', '.join(given)}"
            )
        inputs = {i.name: _as_declared(given[i.name], i) for i in model.graph.input}
        return _session(engine, model.SerializeToString()).run(None, inputs)[0]

    signed(forward, signature_of(make))
    source = f"adapt.onnx({arguments_of(written(make), {'engine': engine, **declared})})"
    return Implementation(forward, rejections=(Exception,), source=source, **declared)


def _as_declared(a: Array, value: Any) -> Array:
    """Labels and indices in the integer type that the model declares; all other arrays unchanged."""
    from onnx import helper

    declared = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
    return a.astype(declared) if a.dtype.kind == declared.kind == "i" else a


def _model(made: Any, given: Mapping[str, Array], opset: int) -> Any:
    """A model unchanged; a node in a model of its own, whose output has the dtype of the first input."""
    from onnx import ModelProto, helper

    if isinstance(made, ModelProto):
        return made
    types = {n: helper.np_dtype_to_tensor_dtype(a.dtype) for n, a in given.items()}
    inputs = [helper.make_tensor_value_info(n, types[n], given[n].shape) for n in made.input if n in given]
    outputs = [helper.make_tensor_value_info(n, next(iter(types.values())), None) for n in made.output if n]
    graph = helper.make_graph([made], "call", inputs, outputs)
    imports = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=imports, ir_version=helper.find_min_ir_version_for(imports))


@lru_cache(64)
def _session(engine: Engine, model: bytes) -> Any:
    if engine == "reference":
        from onnx import load_from_string
        from onnx.reference import ReferenceEvaluator

        return ReferenceEvaluator(load_from_string(model))
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what it rejects it also raises
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
