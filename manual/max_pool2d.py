"""Max pooling of images: x (N, C, H, W).   y[n,c,p] = the maximum of the window at p; dy goes to its first maximum.

Formulas E12, E13; the derivation stands in _max_pool.py. Arguments as in torch's max_pool2d; argmax tells which
cell each window takes.
"""

from functools import partial

from manual import _max_pool

forward = partial(_max_pool.forward, "max_pool2d")
backward = partial(_max_pool.backward, "max_pool2d")
argmax = partial(_max_pool.argmax, "max_pool2d")
