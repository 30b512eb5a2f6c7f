"""onnxruntime, on the CPU: the nodes of studies/packages/_onnx_nodes.py. There are no gradients."""

from cnn_oracle.studies.packages import _onnx_nodes

SINGLE = (  # ops for which it has kernels of float32 only
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "fold", "avg_pool1d",
    "avg_pool2d", "avg_pool3d", "lp_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "interpolate", "prelu",
    "gelu", "mish", "softplus", "softsign",
)  # fmt: skip
globals().update(_onnx_nodes.ops("onnxruntime", SINGLE))
