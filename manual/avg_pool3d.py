"""Average pooling of volumes: x (N, C, D, H, W).   y[n,c,p] = the mean over the window at p; dy is shared out evenly.

Formula E14; the derivation stands in _avg_pool.py. Arguments as in torch's avg_pool3d.
"""

from functools import partial

from manual import _avg_pool

forward = partial(_avg_pool.forward, "avg_pool3d")
backward = partial(_avg_pool.backward, "avg_pool3d")
