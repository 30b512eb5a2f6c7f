"""Max pooling of volumes: x (N, C, D, H, W).   y[n,c,p] = the maximum of the window at p; dy goes to its first maximum.

Formulas E12, E13; the derivation is in _max_pool.py. Arguments as in torch's max_pool3d; argmax returns the
index of each window's maximum.
"""

from . import _max_pool
from ._for_op import for_op

forward = for_op(_max_pool.forward, "max_pool3d")
backward = for_op(_max_pool.backward, "max_pool3d")
argmax = for_op(_max_pool.argmax, "max_pool3d")
