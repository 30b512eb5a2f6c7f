"""Cross-correlation of images, which deep learning calls convolution.   Formulas E1, E3, E4, E9, E9a, E10, E11.

x (N, C, H, W), w (O, C/groups, R, S), b (O,) or None → y (N, O, P, Q)

y[n,o,p,q]   = b[o] + Σ_crs w[o,c,r,s] x̄[n,c,p·t+r·d,q·t+s·d]

x̄ is x padded with zeros; the derivation, with the gradients, is in _convolution.py. Arguments as in torch's conv2d;
input_gradient and weight_gradient are parts of backward, named after torch.nn.grad.
"""

from . import _convolution
from ._for_op import for_op

forward = for_op(_convolution.forward, "conv2d")
backward = for_op(_convolution.backward, "conv2d")
input_gradient = for_op(_convolution.input_gradient, "conv2d")
weight_gradient = for_op(_convolution.weight_gradient, "conv2d")
