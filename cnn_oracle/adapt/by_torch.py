"""Functions of tensors, ``torch.autograd.Function``, ``nn.Module``. Their gradient is what their own autograd says.

Tensors share the memory and the strides of the arrays where PyTorch has such strides, so that what is written to and
what depends on the layout is seen. Answers are copies: in PyTorch a view of an input is an answer like any other.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnn_oracle.adapt.signatures import Function, signature_of, signed, written
from cnn_oracle.manual._typing import Array
from cnn_oracle.subject import DTYPES, Implementation

# What PyTorch raises for calls that it does not take
REFUSALS = (RuntimeError, ValueError, IndexError, TypeError, ZeroDivisionError, AssertionError)


def torch_function(f: Function, *, dtypes: tuple[str, ...] = DTYPES) -> Implementation:
    """A function of tensors, or a ``torch.autograd.Function``, whose forward has the op's arguments behind ``ctx``."""
    import torch

    is_function = isinstance(f, type) and issubclass(f, torch.autograd.Function)
    signature = _behind_ctx(f) if is_function else signature_of(f)
    run = _applied(f, signature) if is_function and signature else f
    return _implementation(run, signature, dtypes, f"adapt.torch_function({written(f)})")


def module(make: Function, *, dtypes: tuple[str, ...] = DTYPES, **parameters: str) -> Implementation:
    """``make(x, w, b, *, …)`` gives the nn.Module for a call; ``w="weight", b="bias"`` says where the arrays belong.

    It is called with tensors, and the rest of the positional arguments. Its own initial values are never used.

    Raises:
        ValueError: at the call: the module has not the parameters that it is said to have, or has others.
    """

    def run(*tensors: Any, **options: Any) -> Any:
        import torch

        made, given, inputs = make(*tensors, **options), {}, []
        for name, tensor in zip(names, tensors, strict=False):
            if name not in parameters:
                inputs.append(tensor)
            elif tensor is not None:
                given[parameters[name]] = tensor
        if given.keys() != (own := dict(made.named_parameters()).keys()):
            raise ValueError(f"{type(made).__name__} has the parameters {sorted(own)}, the call gives {sorted(given)}")
        return torch.func.functional_call(made, given, tuple(inputs))

    signature = signature_of(make)
    names = list(signature.parameters) if signature else []
    said = ", ".join([written(make), *(f'{n}="{p}"' for n, p in parameters.items())])
    return _implementation(run, signature, dtypes, f"adapt.module({said})")


def _implementation(
    run: Function, signature: inspect.Signature | None, dtypes: tuple[str, ...], said: str
) -> Implementation:
    def forward(*arrays: Array | None, **options: Any) -> Any:
        return _array(run(*map(_tensor, arrays), **_tensors(options)))

    def backward(dy: Array, *arrays: Array | None, **options: Any) -> tuple[Array | None, ...]:
        import torch

        tensors = [None if a is None else _tensor(a).requires_grad_() for a in arrays]
        present = [t for t in tensors if t is not None]
        y = run(*tensors, **_tensors(options))
        found = iter(torch.autograd.grad(y, present, _tensor(dy), allow_unused=True))
        gradients = (None if t is None else next(found) for t in tensors)
        return tuple(None if g is None else _array(g) for g in gradients)

    signed(forward, signature)
    signed(backward, signature, "dy")
    return Implementation(forward, backward, dtypes=dtypes, rejections=REFUSALS, said=said)


def _behind_ctx(f: Any) -> inspect.Signature:
    """Of forward, without ``ctx``, which it has not where ``setup_context`` is separate."""
    import torch

    signature = inspect.signature(f.forward)
    if f.setup_context is not torch.autograd.Function.setup_context:
        return signature
    return signature.replace(parameters=[*signature.parameters.values()][1:])


def _applied(f: Any, signature: inspect.Signature) -> Callable[..., Any]:
    """``apply`` takes everything by position."""

    def run(*tensors: Any, **options: Any) -> Any:
        bound = signature.bind(*tensors, **options)
        bound.apply_defaults()
        return f.apply(*bound.arguments.values())

    return run


def _tensor(a: Array | None) -> Any:
    """On the same memory; a copy of what is read-only, or runs backwards, which PyTorch has not."""
    import torch

    if a is None:
        return None
    if a.flags.writeable and all(s >= 0 for s in a.strides):
        return torch.from_numpy(a)
    once = a[tuple(slice(0, 1) if s == 0 else slice(None) for s in a.strides)]
    return torch.from_numpy(np.array(once, order="K")).expand(a.shape)


def _tensors(options: Mapping[str, Any]) -> dict[str, Any]:
    return {n: _tensor(v) if isinstance(v, np.ndarray) else v for n, v in options.items()}


def _array(tensor: Any) -> Any:
    """NumPy's, on memory of its own; what is no tensor is for the oracle to tell."""
    return tensor.detach().cpu().clone().numpy() if hasattr(tensor, "detach") else tensor
