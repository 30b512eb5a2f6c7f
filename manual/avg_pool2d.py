"""Average pooling of images: x (N, C, H, W).   y[n,c,p] = the mean over the window at p; dy is shared out evenly.

Formula E14; the derivation is in _avg_pool.py. Arguments as in torch's avg_pool2d.
"""

from . import _avg_pool
from ._for_op import for_op

forward = for_op(_avg_pool.forward, "avg_pool2d")
backward = for_op(_avg_pool.backward, "avg_pool2d")
