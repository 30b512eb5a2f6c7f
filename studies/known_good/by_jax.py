"""JAX: a convolution of XLA, and JAX's own activations.

Not jax.nn.relu: its gradient at NaN is 0, PyTorch's is dy. Which of the two is right is a convention.
"""

from typing import Any

import jax
from jax import lax
from jax import numpy as jnp

from cnn_oracle import adapt
from cnn_oracle.manual._geometry import conv


def _conv2d(
    x: Any, w: Any, b: Any = None, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    t, d, pads = conv("conv2d", x.shape, w.shape, b, stride, padding, dilation, groups)
    y = lax.conv_general_dilated(
        x, w, t, pads, rhs_dilation=d, feature_group_count=groups, precision=lax.Precision.HIGHEST
    )
    return y if b is None else y + b[:, None, None]


conv2d = adapt.jax_function(_conv2d)
tanh = adapt.jax_function(lambda x: jnp.tanh(x))
silu = adapt.jax_function(lambda x: jax.nn.silu(x))
