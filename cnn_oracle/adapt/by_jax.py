"""JAX functions; jax.vjp computes the gradient.

Without its x64 mode, JAX silently converts float64 to float32. So the adapter enables that mode for float64 arrays, and
only during the call. For float32 arrays the mode is the user's.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Unpack

import numpy as np

from cnn_oracle.adapt.declarations import arguments_of, split
from cnn_oracle.adapt.signatures import Function, signature_of, signed, written
from cnn_oracle.environment import require
from cnn_oracle.manual._typing import Array
from cnn_oracle.subject import Declared, Implementation

REJECTIONS = (ValueError, TypeError, IndexError)  # what JAX raises for invalid calls


def jax_function(f: Function, **declared: Unpack[Declared]) -> Implementation:
    """Make an implementation from a function of JAX arrays.

    ``jax.vjp`` computes the gradient, by the function's own rule if it has a ``custom_vjp``. Options are not traced,
    unless they are arrays. JAX compiles a jitted function once for each geometry; that is slow at first, but several
    times as fast afterwards. Absent arrays stay None.

    Args:
        f: ``f(x, w, b, *, …)`` returns y. It takes JAX arrays, in PyTorch's shapes, and options by PyTorch's names.
        declared: What it supports, as in ``adapt.only``: ``options``, ``ranks``, ``gradients``, ``unsupported``,
            ``when``, ``dtypes``.

    Returns:
        An implementation with ``forward`` and ``backward``. A ValueError, TypeError or IndexError of ``f`` counts as a
        rejection of an invalid call.

    Raises:
        ValueError: JAX is not installed.

    Example:
        >>> import jax
        >>> import cnn_oracle as oracle
        >>> @jax.jit
        ... def silu(x):
        ...     return x * jax.nn.sigmoid(x)
        >>> result = oracle.verify("silu", oracle.adapt.jax_function(silu), examples=5)
        >>> print(result.verdict, result.unchecked)
        BOUNDED ()
    """
    require("adapt.jax_function", "jax", "jax")
    _, declared = split("jax_function", (), declared)

    def forward(*arrays: Array | None, **options: Any) -> Any:
        with _precision(*arrays):
            return np.array(f(*map(_jax, arrays), **{n: _jax(v) for n, v in options.items()}))

    def backward(dy: Array, *arrays: Array | None, **options: Any) -> tuple[Any, ...]:
        import jax

        def of_present(*values: Any) -> Any:
            rest = iter(values)
            return f(*(None if a is None else next(rest) for a in arrays), **given)

        with _precision(dy, *arrays):
            given = {n: _jax(v) for n, v in options.items()}
            _, pull = jax.vjp(of_present, *(_jax(a) for a in arrays if a is not None))
            gradients = iter(pull(_jax(dy)))
            return tuple(None if a is None else np.array(next(gradients)) for a in arrays)

    signed(forward, signature_of(f))
    signed(backward, signature_of(f), "dy")
    source = f"adapt.jax_function({arguments_of(written(f), declared)})"
    return Implementation(forward, backward, rejections=REJECTIONS, source=source, **declared)


def _precision(*arrays: Array | None) -> AbstractContextManager[Any]:
    import jax

    return jax.enable_x64(True) if any(a is not None and a.dtype == np.float64 for a in arrays) else nullcontext()


def _jax(value: Any) -> Any:
    """A copy as a JAX array; anything but an array stays as it is."""
    import jax.numpy as jnp

    return jnp.array(value) if isinstance(value, np.ndarray) else value
