"""ONNX nodes and models as subjects, run by onnxruntime and by onnx's reference evaluator."""

import numpy as np
import pytest

import cnn_oracle as oracle
from cnn_oracle import adapt

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
helper = onnx.helper

ENGINES = ["onnxruntime", "reference"]
SINGLE = ("float32",)


def relu(x):
    return helper.make_node("Relu", ["x"], ["y"])


def conv2d(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    both = lambda v: v if isinstance(v, tuple) else (v, v)  # noqa: E731
    if padding == "same" and max(both(stride)) > 1:
        raise ValueError("padding='same' has stride 1")
    spans = [d * (k - 1) for d, k in zip(both(dilation), w.shape[2:], strict=True)]
    pads = [s // 2 for s in spans] + [s - s // 2 for s in spans] if padding == "same" else [*both(padding)] * 2
    options = {"strides": both(stride), "pads": [0] * 4 if padding == "valid" else pads, "dilations": both(dilation)}
    return helper.make_node("Conv", ["x", "w"] + ["b"] * (b is not None), ["y"], group=groups, **options)


def softplus_model(x, *, beta=1.0, threshold=20.0):
    """A model of one node. The node has only the default options."""
    kind = helper.np_dtype_to_tensor_dtype(x.dtype)
    inputs, outputs = ([helper.make_tensor_value_info(name, kind, x.shape)] for name in "xy")
    nodes = [helper.make_node("Softplus", ["x"], ["y"])]
    graph = helper.make_graph(nodes, "softplus", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_node_is_right_and_has_no_backward(engine):
    row = oracle.verify("relu", adapt.onnx(relu, engine=engine))
    assert (row.verdict, row.unchecked) == ("EXACT", ("backward",))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_is_run_as_it_is(engine):
    subject = adapt.onnx(softplus_model, engine=engine, dtypes=SINGLE)
    row = oracle.verify("softplus", subject, call="softplus(x=(2, 3))")
    assert (row.verdict, row.unchecked) == ("BOUNDED", ("backward", "float64"))


def test_a_convolution_in_float32_only():
    row = oracle.verify("conv2d", adapt.onnx(conv2d, dtypes=SINGLE), examples=50)
    assert (row.verdict, row.unchecked) == ("EXACT", ("backward", "float64"))


def test_a_dtype_that_the_engine_lacks_is_reported():
    with pytest.raises(oracle.Failure, match=r"^CRASHED  forward raises NotImplemented: .* implementation for Conv"):
        oracle.verify("conv2d", adapt.onnx(conv2d), examples=1)


def test_a_wrong_node_is_reported_with_the_line_that_reproduces_it(monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")

    def wrong(x):
        return helper.make_node("Relu" if x.size < 3 else "Neg", ["x"], ["y"])

    with pytest.raises(oracle.Failure) as failure:
        oracle.verify("relu", adapt.onnx(wrong, engine="reference"))
    assert failure.value.quantity == "y"
    assert failure.value.reproduce.startswith('oracle.verify("relu", adapt.onnx(…, engine="reference"), call="relu(x=(')


def softplus_of_a(a):
    return softplus_model(a)


def test_wrong_arguments_raise():
    with pytest.raises(ValueError, match="engine='tensorrt'"):
        adapt.onnx(relu, engine="tensorrt")
    strange = adapt.onnx(softplus_of_a)
    with pytest.raises(ValueError, match="the model's input 'x' is no array of the call; those are a"):
        strange.forward(np.ones(1))
