"""SciPy: scipy.signal's correlate and convolve, scipy.special's functions. No gradients, no strides, no dilations.

correlate(x, w) of (C, H, W) with (C, R, S) in mode "valid" sums over the channels as a convolution layer does; mode
"full" pads by all but one cell of the kernel, along the channels too.
"""

from typing import Any

import numpy as np
import scipy.signal
import scipy.special

from field.known import Class, Known, Lacks
from oracle.subjects import Implementation

DISTRIBUTION = "scipy"


def _correlation(method: str) -> Any:
    def forward(x: Any, w: Any, b: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:
        if groups != 1:
            raise Lacks("groups")
        if {*_ints(stride)} - {1}:
            raise Lacks("stride")
        if {*_ints(dilation)} - {1}:
            raise Lacks("dilation")
        if padding not in ("valid",) and {*_ints(padding)} - {0}:
            raise Lacks("padding")
        y = np.stack([np.stack([scipy.signal.correlate(v, k, "valid", method)[0] for k in w]) for v in x])
        return y if b is None else y + b.reshape(-1, *[1] * (x.ndim - 2))

    return forward


def _ints(option: Any) -> tuple[Any, ...]:
    return option if isinstance(option, tuple) else (option,)


conv1d = conv2d = conv3d = Implementation(_correlation("direct"), None)
softmax = Implementation(lambda x, *, dim: scipy.special.softmax(x, axis=dim), None)
log_softmax = Implementation(lambda x, *, dim: scipy.special.log_softmax(x, axis=dim), None)
sigmoid = Implementation(lambda x: scipy.special.expit(x), None)
KNOWN: tuple[Known, ...] = ()
_ = Class
