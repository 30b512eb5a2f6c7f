"""ONNX's reference evaluator, onnx.reference: the nodes of studies/packages/_onnx_nodes.py, and the training operators.

Those are ai.onnx.preview.training's Momentum, Adagrad and Adam: R is the rate, T the number of steps, before this one
for Momentum and Adagrad, with it for Adam, whose bias correction begins at T = 1. There are no gradients.
"""

from typing import Any

import numpy as np
from onnx import helper
from onnx.reference import ReferenceEvaluator

from cnn_oracle.call import Call
from cnn_oracle.studies.packages import _onnx_nodes
from cnn_oracle.studies.packages._onnx_nodes import CANCELS, EVEN_WINDOW, NEAR_MINUS_3
from cnn_oracle.studies.packages.known import Class, Known, Lacks
from cnn_oracle.subject import DTYPES, Implementation


def _stepping(
    kind: str, arrays: str, attributes: Any, first: int = 0, dtypes: tuple[str, ...] = _onnx_nodes.SINGLE
) -> Implementation:
    """Of an operator of ``arrays``, w, dw and a state; ``attributes(**options)`` are its own, ``first`` is its T."""

    def step(w: Any, dw: Any, state: Any = None, *, lr: float, maximize: bool = False, **options: Any) -> Any:
        if maximize:
            raise Lacks("maximize")
        start, own = attributes(**options)
        t, kept = state or (first, [np.full_like(w, start) for _ in arrays[2:]])
        outputs = [arrays[0].upper(), *arrays[2:].upper()]
        node = helper.make_node(kind, [*"rt", *arrays], outputs, domain="ai.onnx.preview.training", **own)
        given = dict(zip(arrays, (w, dw, *kept), strict=True))
        w, *kept = ReferenceEvaluator(node).run(None, {"r": np.array(lr, w.dtype), "t": np.array(t), **given})
        return w, (t + 1, kept)

    return Implementation(step=step, dtypes=dtypes)


def _momentum(*, momentum: float = 0, dampening: float = 0, weight_decay: float = 0, nesterov: bool = False) -> Any:
    """PyTorch damps nothing where there is no momentum."""
    mode, dampening = "nesterov" if nesterov else "standard", dampening if momentum else 0
    return 0, {"alpha": momentum, "beta": 1 - dampening, "norm_coefficient": weight_decay, "mode": mode}


def _adagrad(
    *, lr_decay: float = 0, weight_decay: float = 0, initial_accumulator_value: float = 0, eps: float = 1e-10
) -> Any:
    return initial_accumulator_value, {"decay_factor": lr_decay, "epsilon": eps, "norm_coefficient": weight_decay}


def _adam(*, betas: Any = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0, amsgrad: bool = False) -> Any:
    if amsgrad:
        raise Lacks("amsgrad")
    alpha, beta = betas
    return 0, {"alpha": alpha, "beta": beta, "epsilon": eps, "norm_coefficient": weight_decay}


globals().update(_onnx_nodes.ops("reference"))
sgd = _stepping("Momentum", "xgv", _momentum)
adagrad = _stepping("Adagrad", "xgh", _adagrad)
adam = _stepping("Adam", "xgvh", _adam, first=1, dtypes=DTYPES)  # in float64, too: of float32 it makes float64


def _dyadic(*numbers: float) -> bool:
    """Whether none is rounded by float32; 1e-8 makes no difference."""
    return all(n == float(np.float32(n)) for n in numbers)


def _shrinks(call: Call) -> bool:
    """Whether interpolate has a cell less with float32 scales."""
    scales, sizes = call.arguments.get("scale_factor"), call.arguments["x"][2:]
    pairs = zip(sizes, scales if isinstance(scales, tuple) else (scales,) * len(sizes), strict=True)
    return scales is not None and any(int(n * float(np.float32(s))) < int(n * s) for n, s in pairs)


def _lines(node: str, x: str, theirs: str) -> str:
    """Of a node with one array x."""
    return (
        f"import torch, torch.nn.functional as F; from onnx import parser, reference; x = torch.{x}\n"
        f"node = parser.parse_node('{node}')\n"
        f"print(*reference.ReferenceEvaluator(node).run(None, {{'x': x.numpy()}}), {theirs})"
    )


KNOWN = (
    Known(
        ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), "y", Class.DEFECT,
        "Each group is given the whole bias and reads it from its first number on: with two groups of one channel and "
        "the bias (1, 2) both channels have 1 added. The specification's B has a number for each output channel.",
        "import torch; from onnx import parser, reference; n = parser.parse_node('y = ConvTranspose<group=2>(x,w,b)')\n"
        "e, a = reference.ReferenceEvaluator(n), (torch.ones(1, 2, 1), torch.ones(2, 1, 1), torch.tensor([1.0, 2]))\n"
        "print(*e.run(None, {n: t.numpy() for n, t in zip('xwb', a)}), torch.conv_transpose1d(*a, groups=2))",
        lambda call: call.arguments.get("groups", 1) > 1,
    ),
    Known(
        ("lp_pool2d",), "y", Class.CONVENTION,
        "The specification's cells are those of a norm, powered without their signs: of −2 alone, p = 1, it is 2. "
        "PyTorch powers them as they stand, as its documentation says: −2.",
        _lines("y = LpPool<kernel_shape=[1], p=1>(x)", "tensor([[[-2.0]]])", "F.lp_pool1d(x, 1, 1)"),
        lambda call: call.arguments["norm_type"] % 2 == 1,
    ),
    Known(
        ("avg_pool1d", "avg_pool2d", "avg_pool3d", "lp_pool2d"), "y", Class.DEFECT,
        "Where ceil_mode takes two cells or more from beyond the image, half of them are added in front of it "
        "(get_output_shape_explicit_padding), so that every window moves: a kernel of 3 sees cells −1 … 1 of 4 first. "
        "The specification's pads are those that are given.",
        _lines(
            "y = AveragePool<kernel_shape=[3], strides=[3], ceil_mode=1>(x)", "eye(1, 4)[None]",
            "F.avg_pool1d(x, 3, ceil_mode=True)",
        ),
        lambda call: call.arguments.get("ceil_mode", False),
    ),
    Known(
        ("max_pool1d", "max_pool2d", "max_pool3d"), "y", Class.DEFECT,
        "With a stride of 1 and no dilation MaxPool takes another way (_op_common_pool). It reads an image's pads as "
        "top, bottom, left, right and adds a line's once: y has another shape, or, without ceil_mode, it raises. The "
        "specification's pads are all beginnings, then all ends.",
        _lines(
            "y = MaxPool<kernel_shape=[2], pads=[1, 1], ceil_mode=1>(x)", "ones(1, 1, 1)",
            "F.max_pool1d(x, 2, 1, 1, 1, True)",
        ),
        lambda call: call.arguments.get("ceil_mode", False) and call.arguments.get("stride") == 1,
    ),
    Known(
        ("interpolate",), "y", Class.PRECISION,
        "Scales are float32 by the format, and their product with a size is not rounded to float32 before its floor is "
        "taken: of 5 cells at a scale of 2.6, which is 2.5999999, 12 are made instead of 13.",
        "import torch, onnx.reference as r; from onnx.parser import parse_node; x = torch.ones(1, 1, 5)\n"
        "e = r.ReferenceEvaluator(parse_node('y = Resize(x,,s)')); s = torch.tensor([1, 1, 2.6]).numpy()\n"
        "print(e.run(None, dict(x=x.numpy(), s=s))[0].shape, torch.nn.Upsample(None, 2.6)(x).shape)",
        _shrinks,
    ),
    Known(
        ("interpolate",), "y", Class.DEFECT,
        "With align_corners and a scale it divides by scale · input − 1, not by the specification's length_resized "
        "− 1: of two cells, at a scale of 2.6, the last of five is read at 4/4.2 instead of 1.",
        "import torch, onnx.reference as r; from onnx.parser import parse_node as p; x = torch.eye(1, 2)[None]\n"
        "e = r.ReferenceEvaluator(p("
        "'y=Resize<mode=\"linear\",coordinate_transformation_mode=\"align_corners\">(x,,s)'))\n"
        "print(*e.run(None, dict(x=x.numpy(), s=[1, 1, 2.6])), torch.nn.Upsample(None, 2.6, 'linear', True)(x))",
        lambda call: call.arguments.get("align_corners", False),
    ),
    Known(
        ("interpolate",), "y", Class.CONVENTION,
        "PyTorch copies an image whose size a scale does not change; the specification's cell j lies at "
        "(j + ½)/scale − ½, which is 0.93 for the last of two at a scale of 1.05.",
        "import torch, onnx.reference as r; from onnx.parser import parse_node; x = torch.eye(1, 2)[None, None]\n"
        "e = r.ReferenceEvaluator(parse_node('y = Resize<mode=\"linear\">(x,,s)'))\n"
        "print(*e.run(None, dict(x=x.numpy(), s=[1, 1, 1.05, 1.05])), torch.nn.Upsample(None, 1.05, 'bilinear')(x))",
        lambda call: call.arguments.get("mode") == "bilinear" and "scale_factor" in call.arguments,
    ),
    Known(
        ("scaled_dot_product_attention",), "y", Class.DEFECT,
        "Q and K are both multiplied by √scale, which is NaN where scale is negative; by the specification scale is a "
        "factor of Q Kᵀ, and none is excluded. Of a single key the answer is its value, 1.",
        "import torch, torch.nn.functional as F; from onnx import parser, reference; x = torch.ones(1, 1, 1, 1)\n"
        "run = reference.ReferenceEvaluator(parser.parse_node('y = Attention<scale=-1.0>(x, x, x)')).run\n"
        "print(*run(None, {'x': x.numpy()}), F.scaled_dot_product_attention(x, x, x, scale=-1))",
        lambda call: (call.arguments.get("scale") or 0) < 0,
    ),
    Known(
        ("nll_loss",), "y", Class.DEFECT,
        "With ignore_index −1 and no weight the mean divides by all samples, the ignored ones included: 2 and an "
        "ignored one give 1. With any other index, and in SoftmaxCrossEntropyLoss, it divides by those that count.",
        "import numpy as np, torch; from onnx import parser, reference; x, t = -2 * np.eye(2), np.array([0, -1])\n"
        "n, a = parser.parse_node('y = NegativeLogLikelihoodLoss<ignore_index=-1>(x, t)'), map(torch.tensor, (x, t))\n"
        "print(*reference.ReferenceEvaluator(n).run(None, {'x': x, 't': t}), torch.nn.NLLLoss(ignore_index=-1)(*a))",
        lambda call: call.arguments.get("ignore_index") == -1,
    ),
    Known(
        ("cross_entropy",), "y", Class.PRECISION,
        "It is the logarithm of a softmax that was rounded: e^−1000 is 0, so that the loss of the logits (0, 1000) is "
        "infinite where it is 1000.",
        "import numpy as np, torch; from onnx import parser, reference; x, t = np.array([[0, 1e3]]), np.array([0])\n"
        "n, a = parser.parse_node('y = SoftmaxCrossEntropyLoss(x, t)'), map(torch.tensor, (x, t))\n"
        "print(*reference.ReferenceEvaluator(n).run(None, {'x': x, 't': t}), torch.nn.CrossEntropyLoss()(*a))",
    ),
    Known(
        ("gelu",), "y", Class.PRECISION,
        "Of float64 it is right to 8 digits: Erf rounds its answers to float32 (np.vectorize with otypes 'f').",
        "import torch; from onnx import helper, parser, reference; x = torch.tensor(0.5).double()\n"
        "m = helper.make_model(parser.parse_graph('g (double x) => (double y) {y = Gelu(x)}'))\n"
        "print(*reference.ReferenceEvaluator(m).run(None, {'x': x.numpy()}), torch.nn.functional.gelu(x).numpy())",
        lambda call: call.arguments.get("approximate", "none") == "none",
    ),
    Known(
        ("gelu",), "y", Class.PRECISION,
        "Of float64 it is right to 8 digits: in the node's function 2/π and 0.044715 are float32 constants, which are "
        "cast to float64 afterwards.",
        "import torch; from onnx import helper, parser, reference; x = torch.tensor(0.5).double()\n"
        "m = helper.make_model(parser.parse_graph('g (double x) => (double y) {y = Gelu<approximate=\"tanh\">(x)}'))\n"
        "print(*reference.ReferenceEvaluator(m).run(None, {'x': x.numpy()}), torch.nn.GELU('tanh')(x).numpy())",
        lambda call: call.arguments.get("approximate") == "tanh",
    ),
    Known(
        ("group_norm",), "y", Class.PRECISION, CANCELS,
        "import torch; from onnx import helper, parser, reference; x = 1e6 + torch.eye(1, 2)\n"
        "m = helper.make_model(parser.parse_graph('g(float x)=>(float y){y=GroupNormalization<num_groups=1>(x,x,x)}'))\n"  # noqa: E501
        "print(*reference.ReferenceEvaluator(m).run(None, {'x': x.numpy()}), torch.group_norm(x, 1, x[0], x[0]))",
    ),
    Known(
        ("local_response_norm",), "y", Class.DEFECT,
        "The loop over the channels runs over the batch, range(x.shape[0]): with one sample of two channels the sum of "
        "the second is 0, so that it is not normalised. With more samples than channels it raises.",
        _lines("y = LRN<size=1, alpha=1.0>(x)", "ones(1, 2, 1, 1)", "F.local_response_norm(x, 1, 1.0)"),
        lambda call: call.arguments["x"][0] < call.arguments["x"][1],
    ),
    Known(
        ("local_response_norm",), "y", Class.CONVENTION, EVEN_WINDOW,
        _lines("y = LRN<size=2, alpha=1.0>(x)", "ones(2, 2, 1, 1)", "F.local_response_norm(x, 2, 1.0)"),
        lambda call: call.arguments["size"] % 2 == 0,
    ),
    Known(
        ("hardsigmoid", "hardswish"), "y", Class.PRECISION, NEAR_MINUS_3,
        _lines("y = HardSwish(x)", "tensor(-2.9999)", "F.hardswish(x).numpy()"),
    ),
    Known(
        ("adam",), "", Class.CONVENTION,
        "The specification corrects the rate by √(1 − beta^T)/(1 − alpha^T) and adds epsilon to √H; PyTorch corrects H "
        "before it adds epsilon, as the paper's algorithm does. After one step they are the same where epsilon is 1 in "
        "PyTorch and √(1 − beta) here.",
        "import torch; from onnx import parser; from onnx.reference import ReferenceEvaluator as R; w = torch.ones(1)\n"
        "n = parser.parse_node('X,V,H = ai.onnx.preview.training.Adam<epsilon=1.0>(t,t,t,t,v,v)'); w.grad = w + 0\n"
        "print(R(n).run(None, dict(t=1.0, v=0.0))[0], torch.optim.Adam([w], 1, eps=1).step() or w)",
        lambda call: call.arguments.get("betas", (0.9, 0.999))[1] > 0,
    ),
    Known(
        ("adam",), "", Class.DEFECT,
        "Of one float32 tensor the new one is float64: T is an int64, and what it takes part in is not cast back, as "
        "it is where the operator has several tensors. The specification has one type for both.",
        "import numpy as np, torch; from onnx import parser; from onnx.reference import ReferenceEvaluator\n"
        "node, v = parser.parse_node('X, V, H = ai.onnx.preview.training.Adam(v, t, v, v, v, v)'), np.ones(1, 'f')\n"
        "print(ReferenceEvaluator(node).run(None, {'v': v, 't': np.array(1)})[0].dtype, torch.tensor(v).dtype)",
        lambda call: _dyadic(*call.arguments["betas"], *(call.arguments.get(n, 0) for n in ("eps", "weight_decay"))),
    ),
    Known(
        ("adam",), "", Class.PRECISION,
        "An attribute is a float32 by the format: of a beta of 0.9 eight digits are left, as of LeakyRelu's alpha.",
        _lines("y = LeakyRelu<alpha=0.9>(x)", "tensor(-1.0).double()", "F.leaky_relu(x, 0.9).numpy()"),
    ),
)  # fmt: skip
