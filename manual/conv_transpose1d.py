"""Transposed convolution along one axis: x (N, C, L), w (C, O/groups, R).

Formula E9: it is conv1d's input gradient, read forwards. The derivation stands in _transposed.py; arguments as in
torch's conv_transpose1d.
"""

from functools import partial

from manual import _transposed

forward = partial(_transposed.forward, "conv_transpose1d")
backward = partial(_transposed.backward, "conv_transpose1d")
