"""What people have, as an implementation of an op: each function here makes one.

torch_function      a function of tensors, or a torch.autograd.Function; its gradient by its own autograd
module              an nn.Module, made anew for each call
jax_function        a function of JAX arrays; its gradient by vjp
onnx                a node or a model, by onnxruntime or by onnx's reference evaluator: forward alone
layer               an object with forward and backward, made anew for each call, that keeps what it has seen
nhwc                another implementation whose images have their channels last

An implementation stands under the op's name in a module that is verified, or is given to ``oracle.verify``:

    conv2d = adapt.torch_function(my_conv2d)                    # cnn-oracle verify mykernels
    oracle.verify("conv2d", adapt.torch_function(my_conv2d))

torch, JAX and ONNX are imported when they are used.
"""

from cnn_oracle.adapt.by_jax import jax_function
from cnn_oracle.adapt.by_onnx import onnx
from cnn_oracle.adapt.by_torch import module, torch_function
from cnn_oracle.adapt.layers import layer, nhwc

__all__ = ["jax_function", "layer", "module", "nhwc", "onnx", "torch_function"]
