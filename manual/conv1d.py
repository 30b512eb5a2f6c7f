"""Cross-correlation along one axis: x (N, C, L), w (O, C/groups, R).

y[n,o,p] = b[o] + Σ_cr w[o,c,r] x̄[n,c,p·t+r·d]

x̄ is x padded with zeros; the derivation, with the gradients, stands in _convolution.py. Arguments as in torch's conv1d;
input_gradient and weight_gradient are backward's parts, named after torch.nn.grad.
"""

from functools import partial

from manual import _convolution

forward = partial(_convolution.forward, "conv1d")
backward = partial(_convolution.backward, "conv1d")
input_gradient = partial(_convolution.input_gradient, "conv1d")
weight_gradient = partial(_convolution.weight_gradient, "conv1d")
