"""JAX functions; the gradient is vjp's.

Without its x64 mode JAX turns float64 into float32 without a word. So float64 arrays are handed over in that mode,
which ends with the call; for float32 arrays the mode is the user's own. The function runs as it is given: one that is
jitted is compiled once for each geometry, and is several times as fast.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from cnn_oracle.adapt.signatures import Function, signature_of, signed, written
from cnn_oracle.environment import require
from cnn_oracle.manual._typing import Array
from cnn_oracle.subject import DTYPES, Implementation

REFUSALS = (ValueError, TypeError, IndexError)  # what JAX raises for calls that it does not take


def jax_function(f: Function, *, dtypes: tuple[str, ...] = DTYPES) -> Implementation:
    """A function of JAX arrays with the op's arguments; options are not traced, but for arrays."""
    require("adapt.jax_function", "jax", "jax")

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
    said = f"adapt.jax_function({written(f)})"
    return Implementation(forward, backward, dtypes=dtypes, rejections=REFUSALS, said=said)


def _precision(*arrays: Array | None) -> AbstractContextManager[Any]:
    import jax

    return jax.enable_x64(True) if any(a is not None and a.dtype == np.float64 for a in arrays) else nullcontext()


def _jax(value: Any) -> Any:
    """A copy on JAX's side; what is no array stays as it is."""
    import jax.numpy as jnp

    return jnp.array(value) if isinstance(value, np.ndarray) else value
