"""Wrong derivations of the scaled exponential linear unit."""

import numpy as np

from cnn_oracle.manual import elu, selu
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual.selu import ALPHA, SCALE
from cnn_oracle.mistakes import elu as of_elu


def one_subtracted_from_exp(x: Array) -> Array:
    """below zero y is λ α (exp(x) − 1), which loses its digits near 0; expm1 keeps them"""
    return SCALE * of_elu.one_subtracted_from_exp(x, alpha=ALPHA)


def scale_left_out(dy: Array, x: Array) -> tuple[Array]:
    """dx is elu's: the factor λ is missing"""
    return elu.backward(dy, x, alpha=ALPHA)


def scale_at_the_kink(dy: Array, x: Array) -> tuple[Array]:
    """the derivative at 0 is λ; PyTorch's convention is λ α"""
    return (np.where(x == 0, SCALE * dy, selu.backward(dy, x)[0]),)
