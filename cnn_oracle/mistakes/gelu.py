"""Wrong derivations of x Φ(x)."""

from typing import Any

import numpy as np

from cnn_oracle.manual import gelu, sigmoid
from cnn_oracle.manual._typing import Array


def the_other_form(x: Array, *, approximate: str = "none") -> Array:
    """the tanh form and the exact form are exchanged; they differ by up to 5e-4"""
    return gelu.forward(x, approximate="tanh" if approximate == "none" else "none")


def by_sigmoid(x: Array, **options: Any) -> Array:
    """y is x sigmoid(1.702 x), the paper's rough approximation, in place of both forms"""
    return x * sigmoid.forward(x * x.dtype.type(1.702))


def product_rule_lost(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx is dy Φ(x): the term x φ(x) is missing"""
    phi = np.divide(gelu.forward(x, **options), x, out=np.full_like(x, 0.5), where=x != 0)
    return (dy * phi,)
