"""Functions of tensors, ``torch.autograd.Function``, ``nn.Module``; their own autograd computes the gradient.

Tensors share the memory and the strides of the arrays, if PyTorch supports such strides. So the oracle sees a mutated
input and a dependence on the layout. Outputs are copies, because PyTorch allows an output to be a view of an input.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Unpack

import numpy as np

from cnn_oracle.adapt.declarations import arguments_of, split
from cnn_oracle.adapt.signatures import Function, signature_of, signed, written
from cnn_oracle.manual._typing import Array
from cnn_oracle.run.tensors import tensor_of
from cnn_oracle.subject import Declared, Implementation

# What PyTorch raises for invalid calls
REJECTIONS = (RuntimeError, ValueError, IndexError, TypeError, ZeroDivisionError, AssertionError)


def torch_function(f: Function, **declared: Unpack[Declared]) -> Implementation:
    """Make an implementation from a function of tensors, or from a ``torch.autograd.Function``.

    Autograd computes the gradient, by the Function's own ``backward`` if there is one. The tensors share the memory of
    the arrays, so a mutated input is seen. Absent arrays stay None.

    Args:
        f: ``f(x, w, b, *, …)`` returns y. It takes tensors on the CPU, in PyTorch's shapes, and options by PyTorch's
            names. Or a subclass of ``torch.autograd.Function`` whose ``forward`` takes these arguments, after ``ctx``
            if it has one.
        declared: What it supports, as in ``adapt.only``: ``options``, ``ranks``, ``gradients``, ``unsupported``,
            ``when``, ``dtypes``.

    Returns:
        An implementation with ``forward`` and ``backward``. The exceptions that PyTorch raises for invalid calls
        (RuntimeError, ValueError, IndexError, TypeError and others) count as a rejection.

    Raises:
        TypeError: During a call: the options do not fit the ``forward`` of a Function. This function itself raises
            nothing.

    Example:
        >>> import torch
        >>> import cnn_oracle as oracle
        >>> class LeakyReLU(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x, negative_slope=0.01):
        ...         ctx.save_for_backward(x)
        ...         ctx.slope = negative_slope
        ...         return torch.where(x > 0, x, negative_slope * x)
        ...     @staticmethod
        ...     def backward(ctx, dy):
        ...         (x,) = ctx.saved_tensors
        ...         return torch.where(x > 0, dy, ctx.slope * dy), None
        >>> result = oracle.verify("leaky_relu", oracle.adapt.torch_function(LeakyReLU), examples=5)
        >>> print(result.verdict, result.unchecked)
        EXACT ()
    """
    import torch

    _, declared = split("torch_function", (), declared)
    is_function = isinstance(f, type) and issubclass(f, torch.autograd.Function)
    signature = _behind_ctx(f) if is_function else signature_of(f)
    run = _applied(f, signature) if is_function and signature else f
    return _implementation(run, signature, declared, f"adapt.torch_function({arguments_of(written(f), declared)})")


def module(make: Function, **named: Any) -> Implementation:
    """Make an implementation from an ``nn.Module``.

    ``make`` builds the module for each call. The arrays of the call replace its parameters; its initial values are
    never used. The other arrays are the inputs of the module. Autograd computes all gradients.

    Args:
        make: ``make(x, w, b, *, …)`` returns the module. It takes tensors, to read their shapes, and options by
            PyTorch's names. An absent array is None.
        named: Array → parameter of the module: ``w="weight", b="bias"``. A parameter of a submodule has a dotted name,
            as in ``module.named_parameters()``. And what the module supports, as in ``adapt.only``: ``options``,
            ``ranks``, ``gradients``, ``unsupported``, ``when``, ``dtypes``.

    Returns:
        An implementation with ``forward`` and ``backward``. The exceptions that PyTorch raises for invalid calls
        (RuntimeError, ValueError, IndexError, TypeError and others) count as a rejection.

    Raises:
        TypeError: ``named`` has a name that is neither an array nor a declaration.
        ValueError: During a call: the parameters of the module are not those that the call gives.

    Example:
        >>> import torch
        >>> import cnn_oracle as oracle
        >>> def make(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
        ...     options = (stride, padding, dilation, groups, b is not None)
        ...     return torch.nn.Conv2d(x.shape[1], w.shape[0], w.shape[2:], *options, device="meta")
        >>> conv2d = oracle.adapt.module(make, w="weight", b="bias")
        >>> result = oracle.verify("conv2d", conv2d, examples=5)
        >>> print(result.verdict, result.unchecked)
        EXACT ()
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
    parameters, declared = split("module", names, named)
    return _implementation(run, signature, declared, f"adapt.module({arguments_of(written(make), named)})")


def _implementation(
    run: Function, signature: inspect.Signature | None, declared: Declared, source: str
) -> Implementation:
    def forward(*arrays: Array | None, **options: Any) -> Any:
        return _array(run(*map(tensor_of, arrays), **_tensors(options)))

    def backward(dy: Array, *arrays: Array | None, **options: Any) -> tuple[Array | None, ...]:
        import torch

        tensors = [None if a is None else tensor_of(a).requires_grad_() for a in arrays]
        present = [t for t in tensors if t is not None]
        y = run(*tensors, **_tensors(options))
        found = iter(torch.autograd.grad(y, present, tensor_of(dy), allow_unused=True))
        gradients = (None if t is None else next(found) for t in tensors)
        return tuple(None if g is None else _array(g) for g in gradients)

    signed(forward, signature)
    signed(backward, signature, "dy")
    return Implementation(forward, backward, rejections=REJECTIONS, source=source, **declared)


def _behind_ctx(f: Any) -> inspect.Signature:
    """The signature of forward without ``ctx``. With a separate ``setup_context``, forward has no ``ctx``."""
    import torch

    signature = inspect.signature(f.forward)
    if f.setup_context is not torch.autograd.Function.setup_context:
        return signature
    return signature.replace(parameters=[*signature.parameters.values()][1:])


def _applied(f: Any, signature: inspect.Signature) -> Callable[..., Any]:
    """``apply``, which takes all arguments by position, as a function of arrays and options."""

    def run(*tensors: Any, **options: Any) -> Any:
        bound = signature.bind(*tensors, **options)
        bound.apply_defaults()
        return f.apply(*bound.arguments.values())

    return run


def _tensors(options: Mapping[str, Any]) -> dict[str, Any]:
    return {n: tensor_of(v) if isinstance(v, np.ndarray) else v for n, v in options.items()}


def _array(tensor: Any) -> Any:
    """A NumPy array on memory of its own; the oracle reports anything that is not a tensor."""
    return tensor.detach().cpu().clone().numpy() if hasattr(tensor, "detach") else tensor
