"""onnxruntime, on the CPU: the nodes of studies/packages/_onnx_nodes.py. There are no gradients."""

from cnn_oracle.studies.packages import _onnx_nodes
from cnn_oracle.studies.packages._onnx_nodes import CANCELS, NEAR_MINUS_3
from cnn_oracle.studies.packages.known import Class, Known

SINGLE = (  # ops for which it has kernels of float32 alone
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "fold", "avg_pool1d",
    "avg_pool2d", "avg_pool3d", "lp_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "interpolate", "prelu",
    "gelu", "mish", "softplus", "softsign",
)  # fmt: skip
globals().update(_onnx_nodes.ops("onnxruntime", SINGLE))


def _lines(x: str, inputs: str, output: str, theirs: str) -> str:
    """Of a model with one array x."""
    return (
        f"import onnx, torch, onnxruntime.backend as ort; h = '<ir_version:9,opset_import:[\"\":21]>g({inputs})'\n"
        f"m = onnx.parser.parse_model(h + '=>({output}}}')\n"
        f"print(*ort.run(m, [(x := torch.{x}).numpy()]), {theirs})"
    )


KNOWN = (
    Known(
        ("lp_pool2d",), "y", Class.CONVENTION,
        "The specification's cells are those of a norm, powered without their signs: of −2 alone, p = 1, it is 2. "
        "PyTorch powers them as they stand, as its documentation says: −2.",
        _lines(
            "tensor([[[-2.0]]])", "float[1,1,1]x", "float[1,1,1]y){y=LpPool<kernel_shape=[1],p=1>(x)",
            "torch.nn.LPPool1d(1, 1)(x)",
        ),
        lambda call: call.arguments["norm_type"] % 2 == 1,
    ),
    Known(
        ("lp_pool2d",), "y", Class.CONVENTION,
        "A window that ceil_mode lets reach beyond the image is the norm of the cells that are there: of a single 1 it "
        "is 1. PyTorch takes the mean of the powers times the kernel's size, √2, as ONNX's reference evaluator does.",
        _lines(
            "ones(1, 1, 3)", "float[1,1,3]x", "float[1,1,2]y){y=LpPool<kernel_shape=[2],strides=[2],ceil_mode=1>(x)",
            "torch.nn.LPPool1d(2, 2, ceil_mode=True)(x)",
        ),
        lambda call: call.arguments.get("ceil_mode", False),
    ),
    Known(
        ("elu", "selu"), "y", Class.PRECISION,
        "It takes e^x − 1 as a difference, not as expm1(x): of −0.001 four digits are left in float32.",
        _lines("tensor([-0.001])", "float[1]x", "float[1]y){y=Elu(x)", "torch.nn.ELU()(x).numpy()"),
    ),
    Known(
        ("hardsigmoid", "hardswish"), "y", Class.PRECISION, NEAR_MINUS_3,
        _lines("tensor([-2.9999])", "float[1]x", "float[1]y){y=HardSwish(x)", "torch.nn.Hardswish()(x).numpy()"),
    ),
    Known(
        ("group_norm",), "y", Class.PRECISION, CANCELS,
        _lines(
            "eye(1, 2) + 1e6", "float[1,2]x", "float[1,2]y){y=GroupNormalization<num_groups=1>(x,x,x)",
            "torch.group_norm(x, 1, x[0], x[0])",
        ),
    ),
)  # fmt: skip
