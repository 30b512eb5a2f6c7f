"""Wrong derivations of the negative log-likelihood."""

from typing import Any

from cnn_oracle.manual import nll_loss
from cnn_oracle.manual._typing import Array


def mean_over_all_samples(x: Array, *, target: Array, **options: Any) -> Array:
    """the mean divides by the number of samples, not by the total weight of those not ignored"""
    if options.get("reduction", "mean") != "mean":
        return nll_loss.forward(x, target=target, **options)
    y: Array = nll_loss.forward(x, target=target, **(options | {"reduction": "sum"})) / x.dtype.type(target.size or 1)
    return y


def sign_lost(dy: Array, x: Array, *, target: Array, **options: Any) -> tuple[Array]:
    """the minus sign of the loss is missing in dx"""
    return (-nll_loss.backward(dy, x, target=target, **options)[0],)
