"""Adapters: each function here makes an implementation of an op from code of another form.

torch_function      a function of tensors, or a torch.autograd.Function; autograd computes its gradient
module              an nn.Module, made anew for each call; autograd computes its gradient
jax_function        a function of JAX arrays; jax.vjp computes its gradient
onnx                an ONNX node or model, run by onnxruntime or by onnx's reference evaluator; forward only
layer               a layer object with forward and backward, made anew for each call
cached              functions that hand a cache from forward to backward
optimizer           an optimiser object that changes its parameters in place
nhwc                another implementation whose images have their channels last
only                another implementation that supports only some calls, gradients or dtypes

An implementation is a subject for ``oracle.verify``. Or assign it to the op's name in a module, and verify the module:

    conv2d = adapt.torch_function(my_conv2d)                    # in mykernels.py; then: cnn-oracle verify mykernels

torch, JAX and ONNX are imported only when they are used.

Example:
    >>> import cnn_oracle as oracle
    >>> def softmax(x, *, dim):
    ...     return x.softmax(dim)
    >>> print(oracle.verify("softmax", oracle.adapt.torch_function(softmax), examples=5).verdict)
    BOUNDED
"""

from cnn_oracle.adapt.by_jax import jax_function
from cnn_oracle.adapt.by_onnx import onnx
from cnn_oracle.adapt.by_torch import module, torch_function
from cnn_oracle.adapt.declarations import only
from cnn_oracle.adapt.layers import cached, layer, nhwc, optimizer

__all__ = ["cached", "jax_function", "layer", "module", "nhwc", "only", "onnx", "optimizer", "torch_function"]
