"""The expected outputs: PyTorch runs in float64, on fresh contiguous copies of the arrays of a case."""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch.autograd import forward_ad

from cnn_oracle.call import Call
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.manual._typing import Array

Arrays = Mapping[str, Array | None]
Outputs = dict[str, Array | None]  # "y", "dx", "dw", …; for a step "w1", "w2", …

ARRAYS = ("x", "x1", "x2", "w", "b")  # positional arguments of the multilinear ops

# What PyTorch raises if it rejects a call; group_norm divides by num_groups = 0 before it checks it
Rejection = (RuntimeError, ValueError, IndexError, TypeError, AssertionError, ZeroDivisionError)


def _module(call: Call) -> ModuleType:
    return import_module(f"cnn_oracle.reference.{call.op}")


def reference_forward(call: Call, arrays: Arrays, keywords: Mapping[str, Any]) -> Array:
    """PyTorch's y.

    Raises:
        Rejection: PyTorch rejects the call, or the call is unsafe for it. This also holds for the functions below.
    """
    with torch.no_grad():
        y: Array = _forward(call, {n: _tensor(a) for n, a in arrays.items()}, keywords).numpy()
    return y


def reference_gradients(call: Call, arrays: Arrays, keywords: Mapping[str, Any], dy: Array) -> Outputs:
    """Autograd's gradients of ⟨dy, y⟩, named dx, dw, …: one for each positional argument, None if that is None."""
    outputs = reference_outputs(call, arrays, keywords, lambda _: dy)[1]
    return {quantity: a for quantity, a in outputs.items() if quantity != "y"}


def reference_outputs(
    call: Call, arrays: Arrays, keywords: Mapping[str, Any], cotangent: Callable[[tuple[int, ...]], Array],
    function: Callable[..., Any] | None = None,
) -> tuple[Array, Outputs]:  # fmt: skip
    """y and the gradients, from a single forward. ``cotangent`` makes dy from the shape of y.

    Returns:
        dy, and the outputs y, dx, dw, …: a gradient has the shape of its argument, or is None if that is None.
    """
    tensors = {n: _tensor(a, requires_grad=True) for n, a in arrays.items()}
    y = _forward(call, tensors, keywords, function)
    dy = cotangent(tuple(y.shape))
    present = {n: t for n, t in tensors.items() if t is not None}
    gradients = torch.autograd.grad((y * _tensor(dy)).sum(), list(present.values()))  # faster than grad(y, …, dy)
    outputs: Outputs = {"y": y.detach().numpy(), **dict.fromkeys((f"d{n}" for n in arrays), None)}
    return dy, outputs | {f"d{n}": g.numpy() for n, g in zip(present, gradients, strict=True)}


def public_outputs(call: Call, arrays: Arrays, keywords: Mapping[str, Any], dy: Array) -> Outputs:
    """As ``reference_outputs``, by PyTorch's public function where the reference is another one."""
    module = _module(call)
    return reference_outputs(call, arrays, keywords, lambda _: dy, getattr(module, "public", module.forward))[1]


def reference_tangent(call: Call, arrays: Arrays, keywords: Mapping[str, Any], directions: Arrays) -> Array:
    """J v by forward mode: the derivative of y in the given directions, one for each positional argument.

    It has the shape of y.
    """
    try:
        with _without_decompositions():
            return _tangent(call, arrays, keywords, directions)
    except NotImplementedError:  # a kernel that needs the decompositions
        return _tangent(call, arrays, keywords, directions)


def _tangent(call: Call, arrays: Arrays, keywords: Mapping[str, Any], directions: Arrays) -> Array:
    with warnings.catch_warnings(), forward_ad.dual_level():
        warnings.filterwarnings("ignore", "`torch.jit")  # PyTorch warns about itself, at the first use of forward mode
        pairs = {n: None if a is None else (_tensor(a), _tensor(directions[n])) for n, a in arrays.items()}
        make: Any = forward_ad  # it has no types
        y = _forward(call, {n: pair and make.make_dual(*pair) for n, pair in pairs.items()}, keywords)
        tangent = make.unpack_dual(y).tangent
    return np.zeros(y.shape) if tangent is None else _numpy(tangent)


@contextmanager
def _without_decompositions() -> Iterator[None]:
    """Turn PyTorch's compiler off. Else make_dual imports the decompositions of all kernels, a third of a second."""
    before = os.environ.get("PYTORCH_JIT")
    os.environ["PYTORCH_JIT"] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTORCH_JIT"]
        else:
            os.environ["PYTORCH_JIT"] = before


def reference_second_gradients(
    call: Call, arrays: Arrays, keywords: Mapping[str, Any], dy: Array, directions: Arrays
) -> Outputs:
    """Double backward: the gradients of Σ ⟨da, v_a⟩, where da is autograd's gradient and v_a the direction of a.

    There is one for each positional argument, of its shape, or None if that is None.
    """
    tensors = {n: _tensor(a, requires_grad=True) for n, a in arrays.items()}
    present = {n: t for n, t in tensors.items() if t is not None}
    y = _forward(call, tensors, keywords)
    gradients = torch.autograd.grad((y * _tensor(dy)).sum(), list(present.values()), create_graph=True)
    total = sum((g * _tensor(directions[n])).sum() for n, g in zip(present, gradients, strict=True))
    if not isinstance(total, torch.Tensor) or not total.requires_grad:  # y is linear, its gradient constant
        return {n: None if t is None else np.zeros(t.shape) for n, t in tensors.items()}
    second = torch.autograd.grad(total, list(present.values()), allow_unused=True, materialize_grads=True)
    return dict.fromkeys(tensors, None) | {n: _numpy(g) for n, g in zip(present, second, strict=True)}


def lacks_double_backward(call: Call) -> bool:
    """Whether torch 2.13.0 has no correct double backward for this call.

    Norms raise if there is a bias and no weight. binary_cross_entropy adds 1e−12 to x (1 − x), so it is inexact.
    tests/oracle/theorems/test_higher_order.py shows each.
    """
    a = call.arguments
    if call.op in ("batch_norm", "instance_norm", "layer_norm"):
        return not a.get("weight") and bool(a.get("bias"))
    return call.op == "binary_cross_entropy"


def reference_steps(call: Call, w: Array, dws: Array, keywords: Mapping[str, Any]) -> Outputs:
    """w after each of several consecutive steps of torch.optim, named w1, w2, …

    ``dws`` holds the gradients of the steps along its first axis.
    """
    step, state, outputs = _module(call).step, None, Outputs()
    tensor = _tensor(w)
    for i, dw in enumerate(dws, 1):
        tensor, state = step(tensor, _tensor(dw), state, **keywords)
        outputs[f"w{i}"] = tensor.numpy()
    return outputs


@lru_cache(4096)
def _ones(op: str, arguments: tuple[tuple[str, Any], ...]) -> float:
    call = Call(op, dict(arguments), 0)
    arrays = {n: np.ones(v) for n, v in arguments if n in ARRAYS and v is not None}
    keywords = {n: v for n, v in arguments if n not in ARRAYS}
    y = reference_forward(call, arrays, keywords)
    sums = [y, *reference_gradients(call, arrays, keywords, np.ones(y.shape)).values()]
    return max((float(a.max()) for a in sums if a is not None and a.size), default=1.0)


def longest_sum(call: Call) -> int:
    """K: the length of the longest sum, in y or in a gradient of a multilinear op.

    It is the largest output if all inputs are 1.
    """
    return max(1, int(_ones(call.op, tuple(call.arguments.items()))))


def window_counts(call: Call) -> Array:
    """The divisor of each window of an average pooling, in the shape of the windows; or a scalar divisor_override."""
    options = {n: v for n, v in call.arguments.items() if n != "x"}
    if override := options.get("divisor_override"):
        return np.array(override)
    positions = reference_forward(call, {"x": np.zeros((1, 1, *call.arguments["x"][2:]))}, options).shape[2:]
    rank = len(positions)
    kernel, padding = options["kernel_size"], options.get("padding", 0)
    stride = options.get("stride") or kernel
    k, t, p = (v if isinstance(v, tuple) else (v,) * rank for v in (kernel, stride, padding))
    counts = np.ones((), int)
    for n, k1, t1, p1, count in zip(call.arguments["x"][2:], k, t, p, positions, strict=True):
        first = np.arange(count) * t1 - p1
        behind = np.minimum(first + k1, n + p1)
        taps = (
            behind - first if options.get("count_include_pad", True) else np.minimum(behind, n) - np.maximum(first, 0)
        )
        counts = counts[..., None] * taps
    return counts


def _forward(
    call: Call, tensors: Mapping[str, torch.Tensor | None], keywords: Mapping[str, Any],
    function: Callable[..., Any] | None = None,
) -> torch.Tensor:  # fmt: skip
    if reason := unsafe(call):
        raise RuntimeError(f"skipped as unsafe: {reason}")
    options = {n: _tensor(v) if isinstance(v, np.ndarray) else v for n, v in keywords.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # advice to users of PyTorch
        y: torch.Tensor = (function or _module(call).forward)(*tensors.values(), **options)
    return y


def _numpy(tensor: torch.Tensor) -> Array:
    """A copy as an array. Without it, torch 2.9.1 returns uninitialised memory for a zero that it never stored."""
    array: Array = tensor.detach().clone().numpy()
    return array


def _tensor(a: Array | None, requires_grad: bool = False) -> Any:
    if a is None:
        return None
    kinds: dict[str, Any] = {"i": np.int64, "u": np.int64, "b": np.bool_}
    wide = np.array(a, dtype=kinds.get(a.dtype.kind, np.float64), order="C")
    tensor = torch.from_numpy(wide)
    return tensor.requires_grad_() if requires_grad else tensor
