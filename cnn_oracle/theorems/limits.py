"""Limits of PyTorch: calls and layouts for which its own public function raises an error, although they are valid."""

import warnings

import torch

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Rejection
from cnn_oracle.ops import look_up
from cnn_oracle.run.tensors import tensor_of


def pytorch_raises(case: Case) -> bool:
    """Whether PyTorch's public function, or its gradient, raises an error on a case, whose layout it keeps.

    The reference may avoid the error: ``public`` in its module is then the function without this.

    Args:
        case: a case of a differentiable op. An optimiser has no public function of its own.

    Returns:
        True if a subject that raises here only has the limits of PyTorch.

    Raises:
        ValueError: no op has the name of the call's op.

    Example:
        >>> from cnn_oracle.call import parse
        >>> from cnn_oracle.cases.case import draw
        >>> from cnn_oracle.theorems.limits import pytorch_raises
        >>> from cnn_oracle.ops import OPS
        >>> call = parse("group_norm(x=(2, 2), bias=(2,), num_groups=1)", 0)  # a bias without a weight
        >>> pytorch_raises(draw(OPS["group_norm"], call))
        True
    """
    op = look_up(case.call.op)
    if op.kind == "step":
        return False
    function = getattr(op.reference, "public", op.reference.forward)
    tensors = [None if a is None else tensor_of(a).requires_grad_() for a in case.arrays.values()]
    options = {n: tensor_of(v) if hasattr(v, "strides") else v for n, v in case.keywords.items()}
    with warnings.catch_warnings(action="ignore"):
        try:
            y = function(*tensors, **options)
            torch.autograd.grad(y, [t for t in tensors if t is not None], tensor_of(case.dy), allow_unused=True)
        except (*Rejection, NotImplementedError):
            return True
    return False
