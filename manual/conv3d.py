"""Cross-correlation of volumes: x (N, C, D, H, W), w (O, C/groups, R, S, K).

y[n,o,p,q,v] = b[o] + Σ_crsk w[o,c,r,s,k] x̄[n,c,p·t+r·d,q·t+s·d,v·t+k·d]

x̄ is x padded with zeros; the derivation, with the gradients, is in _convolution.py. Arguments as in torch's conv3d;
input_gradient and weight_gradient are parts of backward, named after torch.nn.grad.
"""

from . import _convolution
from ._for_op import for_op

forward = for_op(_convolution.forward, "conv3d")
backward = for_op(_convolution.backward, "conv3d")
input_gradient = for_op(_convolution.input_gradient, "conv3d")
weight_gradient = for_op(_convolution.weight_gradient, "conv3d")
