"""Transposed convolution of images: x (N, C, H, W), w (C, O/groups, R, S).

Formula E9: it is conv2d's input gradient as an op. The derivation is in _transposed.py; arguments as in
torch's conv_transpose2d.
"""

from . import _transposed
from ._for_op import for_op

forward = for_op(_transposed.forward, "conv_transpose2d")
backward = for_op(_transposed.backward, "conv_transpose2d")
