"""Wrong derivations of the mean absolute error."""

from typing import Any

import numpy as np

from cnn_oracle.manual import l1_loss
from cnn_oracle.manual._typing import Array


def one_at_the_kink(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """the sign of 0 is 1; it must be 0"""
    return l1_loss.backward(dy, np.where(x == target, x + 1, x), target, **options)
