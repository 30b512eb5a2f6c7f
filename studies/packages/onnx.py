"""ONNX's reference evaluator, onnx.reference: the nodes of studies/packages/_onnx_nodes.py, and the training operators.

The training operators are Momentum, Adagrad and Adam of ai.onnx.preview.training. R is the learning rate. T is the
number of steps: without the current one for Momentum and Adagrad, and including it for Adam, whose bias correction
begins at T = 1. There are no gradients.
"""

from typing import Any

import numpy as np
from onnx import helper
from onnx.reference import ReferenceEvaluator

from cnn_oracle.studies.packages import _onnx_nodes
from cnn_oracle.studies.packages.options import Lacks
from cnn_oracle.subject import DTYPES, Implementation


def _stepping(
    kind: str, arrays: str, attributes: Any, first: int = 0, dtypes: tuple[str, ...] = _onnx_nodes.SINGLE
) -> Implementation:
    """An operator of ``arrays``: w, dw, a state. ``attributes(**options)``: its attributes. ``first``: its first T."""

    def step(w: Any, dw: Any, state: Any = None, *, lr: float, maximize: bool = False, **options: Any) -> Any:
        if maximize:
            raise Lacks("maximize")
        start, named = attributes(**options)
        t, kept = state or (first, [np.full_like(w, start) for _ in arrays[2:]])
        outputs = [arrays[0].upper(), *arrays[2:].upper()]
        node = helper.make_node(kind, [*"rt", *arrays], outputs, domain="ai.onnx.preview.training", **named)
        given = dict(zip(arrays, (w, dw, *kept), strict=True))
        w, *kept = ReferenceEvaluator(node).run(None, {"r": np.array(lr, w.dtype), "t": np.array(t), **given})
        return w, (t + 1, kept)

    return Implementation(step=step, dtypes=dtypes)


def _momentum(*, momentum: float = 0, dampening: float = 0, weight_decay: float = 0, nesterov: bool = False) -> Any:
    """PyTorch ignores dampening where there is no momentum."""
    mode, dampening = "nesterov" if nesterov else "standard", dampening if momentum else 0
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
sgd = _stepping("Momentum", "xgv", _momentum)
adagrad = _stepping("Adagrad", "xgh", _adagrad)
adam = _stepping("Adam", "xgvh", _adam, first=1, dtypes=DTYPES)  # in float64, too: it returns float64 for float32
