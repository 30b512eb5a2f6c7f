"""Cross-correlation along one axis: x (N, C, L), w (O, C/groups, R).

y[n,o,p] = b[o] + Σ_cr w[o,c,r] x̄[n,c,p·t+r·d]

x̄ is x padded with zeros; the derivation, with the gradients, is in _convolution.py. Arguments as in torch's conv1d;
input_gradient and weight_gradient are parts of backward, named after torch.nn.grad.
"""

from . import _convolution
from ._for_op import for_op

forward = for_op(_convolution.forward, "conv1d")
backward = for_op(_convolution.backward, "conv1d")
input_gradient = for_op(_convolution.input_gradient, "conv1d")
weight_gradient = for_op(_convolution.weight_gradient, "conv1d")
