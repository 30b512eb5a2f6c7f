"""Run PyTorch's kernels on a case, in a dtype and a layout. Only worker processes do it: a kernel may end its process.

A kernel is the function that ``reference`` calls. The functions here are those that ``reference`` avoids because of
their defects.
"""

import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.studies.torch_defects.layouts import arranged, differs, of_arguments_and_dy

Laid = Callable[[Array], Tensor]

KERNELS = "cnn_oracle.studies.torch_defects.kernels"  # or a module with other functions under the names of some ops


def hardsigmoid(x: Tensor) -> Tensor:
    return F.hardsigmoid(x)


def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, **options: Any) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, **options)


def group_norm(x: Tensor, weight: Tensor | None, bias: Tensor | None, *, num_groups: int, eps: float = 1e-5) -> Tensor:
    return F.group_norm(x, num_groups, weight, bias, eps)


def kernel(op: Op, module: str) -> Callable[..., Tensor]:
    """The function under test for the op."""
    found: Callable[..., Tensor] = getattr(import_module(module), op.name, None) or op.reference.forward
    return found


def outputs(op: Op, case: Case, module: str = KERNELS) -> Outputs:
    """y and the gradients, or w after each step, in the case's dtype and layout.

    Raises:
        Exception: PyTorch rejects the call.
        AnotherDtypeError: a result has another dtype.
    """
    dtype, (one, other) = case.form.name, of_arguments_and_dy(case.layout, case.call.seed)
    argument, dy = (partial(_tensor, dtype=dtype, layout=name) for name in (one, other))
    option = partial(_tensor, dtype=dtype, layout="contiguous" if one == "expanded" else one)  # labels must differ
    options = {n: option(v) if isinstance(v, np.ndarray) else v for n, v in case.keywords.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice for users of PyTorch
        if op.kind == "step":
            tensors = _stepped(op, case, argument, dy, options)
        else:
            tensors = _differentiated(kernel(op, module), case, argument, dy, options)
    return {q: None if a is None else _array(q, a, case, dtype) for q, a in tensors.items()}


def has_layout(case: Case, layout: str) -> bool:
    """Whether the layout differs from the contiguous one for any array of the case."""
    arguments, dy = of_arguments_and_dy(layout, case.call.seed)
    laid_out = [(case.dy, dy), *((a, arguments) for a in case.arrays.values() if a is not None)]
    return any(a.size and differs(a.shape, name) for a, name in laid_out)


def _differentiated(
    forward: Callable[..., Tensor], case: Case, argument: Laid, cotangent: Laid, options: dict[str, Any]
) -> dict[str, Tensor | None]:
    tensors = {n: None if a is None else argument(a).requires_grad_() for n, a in case.arrays.items()}
    present = {n: t for n, t in tensors.items() if t is not None}
    y = forward(*tensors.values(), **options)
    if y.shape != case.dy.shape:  # already wrong; no gradient can be computed
        return {"y": y}
    gradients = torch.autograd.grad(y, list(present.values()), cotangent(case.dy))
    absent: dict[str, Tensor | None] = dict.fromkeys((f"d{n}" for n in tensors), None)
    return {"y": y} | absent | {f"d{n}": g for n, g in zip(present, gradients, strict=True)}


def _stepped(op: Op, case: Case, argument: Laid, cotangent: Laid, options: dict[str, Any]) -> dict[str, Tensor | None]:
    (w,) = (argument(a) for a in case.arrays.values() if a is not None)
    state, found = None, dict[str, Tensor | None]()
    for i, dw in enumerate(case.dy, 1):
        w, state = op.reference.step(w, cotangent(dw), state, **options)
        found[f"w{i}"] = w
    return found


def _tensor(a: Array, dtype: str, layout: str) -> Tensor:
    wide = a.astype(np.int64) if a.dtype == np.int32 else a  # PyTorch's losses take labels in int64 only
    tensor = torch.from_numpy(np.array(wide, order="C"))
    return arranged(tensor.to(getattr(torch, dtype)) if a.dtype.kind == "f" else tensor, layout)


def _array(quantity: str, a: Tensor, case: Case, dtype: str) -> Array:
    if a.dtype != getattr(torch, dtype):
        raise AnotherDtypeError(f"{quantity} is {a.dtype}, the inputs are torch.{dtype}")
    array: Array = a.detach().to(torch.float64).clone().numpy().astype(case.dtype)
    return array


class AnotherDtypeError(Exception):
    """A result has another dtype than the arguments."""
