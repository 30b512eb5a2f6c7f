"""ONNX's reference evaluator, onnx.reference: the nodes of field/_onnx_nodes.py, and the training operators.

Those are ai.onnx.preview.training's Momentum, Adagrad and Adam: R is the rate, T the number of steps, before this one
for Momentum and Adagrad, with it for Adam, whose bias correction begins at T = 1. There are no gradients.
"""

from typing import Any

import numpy as np
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from field import _onnx_nodes
from field.known import Class, Known, Lacks
from oracle.subjects import Implementation


def _stepping(kind: str, slots: int, attributes: Any) -> Implementation:
    """Of an operator whose state is some arrays like w; ``attributes(**options)`` are its own."""

    def step(w: Any, dw: Any, state: Any = None, *, lr: float, maximize: bool = False, **options: Any) -> Any:
        if maximize:
            raise Lacks("maximize")
        start, own = attributes(**options)
        t, kept = state or (0, [np.full_like(w, start)] * slots)
        x, *kept = _evaluator(kind, slots, own, w.dtype).run(
            None, {"r": np.array(lr, w.dtype), "t": np.array(t + (kind == "Adam"))} | dict(zip("xgvh", (w, dw, *kept)))
        )
        return x, (t + 1, kept)

    return Implementation(step=step, dtypes=_onnx_nodes.SINGLE)


def _evaluator(kind: str, slots: int, attributes: dict[str, Any], dtype: Any) -> ReferenceEvaluator:
    domain, real = "ai.onnx.preview.training", helper.np_dtype_to_tensor_dtype(dtype)
    arrays = "xgvh"[: 2 + slots]
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64 if n == "t" else real, None) for n in "rt" + arrays]
    outputs = [helper.make_tensor_value_info(n, real, None) for n in "XVH"[: 1 + slots]]
    node = helper.make_node(kind, [*"rt", *arrays], [o.name for o in outputs], domain=domain, **attributes)
    imports = [helper.make_opsetid("", _onnx_nodes.OPSET), helper.make_opsetid(domain, 1)]
    return ReferenceEvaluator(helper.make_model(helper.make_graph([node], "step", inputs, outputs), opset_imports=imports))


def _momentum(*, momentum: float = 0, dampening: float = 0, weight_decay: float = 0, nesterov: bool = False) -> Any:
    mode = "nesterov" if nesterov else "standard"
    return 0, {"alpha": momentum, "beta": 1 - dampening, "norm_coefficient": weight_decay, "mode": mode}


def _adagrad(
    *, lr_decay: float = 0, weight_decay: float = 0, initial_accumulator_value: float = 0, eps: float = 1e-10
) -> Any:
    return initial_accumulator_value, {"decay_factor": lr_decay, "epsilon": eps, "norm_coefficient": weight_decay}


def _adam(*, betas: Any = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0, amsgrad: bool = False) -> Any:
    if amsgrad:
        raise Lacks("amsgrad")
    alpha, beta = betas
    return 0, {"alpha": alpha, "beta": beta, "epsilon": eps, "norm_coefficient": weight_decay}


globals().update(_onnx_nodes.ops("reference"))
sgd = _stepping("Momentum", 1, _momentum)
adagrad = _stepping("Adagrad", 1, _adagrad)
adam = _stepping("Adam", 2, _adam)

KNOWN: tuple[Known, ...] = ()
