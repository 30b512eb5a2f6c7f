"""Transposed convolution of volumes: x (N, C, D, H, W), w (C, O/groups, R, S, K).

Formula E9: it is conv3d's input gradient as an op. The derivation is in _transposed.py; arguments as in
torch's conv_transpose3d.
"""

from . import _transposed
from ._for_op import for_op

forward = for_op(_transposed.forward, "conv_transpose3d")
backward = for_op(_transposed.backward, "conv_transpose3d")
