"""Transposed convolution along one axis: x (N, C, L), w (C, O/groups, R).

Formula E9: it is conv1d's input gradient as an op. The derivation is in _transposed.py; arguments as in
torch's conv_transpose1d.
"""

from . import _transposed
from ._for_op import for_op

forward = for_op(_transposed.forward, "conv_transpose1d")
backward = for_op(_transposed.backward, "conv_transpose1d")
