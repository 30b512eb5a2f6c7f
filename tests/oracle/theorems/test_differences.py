"""The theorems on derivatives report an output of another shape as wrong."""

import pytest

from cnn_oracle import theorems
from cnn_oracle.call import parse
from cnn_oracle.manual import glu
from cnn_oracle.ops import OPS
from cnn_oracle.result import Failure
from cnn_oracle.subject import Implementation, Subject

CALL = parse("glu(x=(4, 6))", seed=0)
DERIVATIVES = (
    theorems.backward_is_the_derivative_of_forward,
    theorems.backward_is_linear_in_dy,
    theorems.backward_is_the_transpose_of_forward_mode,
    theorems.gradient_of_backward_is_pytorchs_double_backward,
)


def cut(function):
    """The function with a result whose last axis has two elements."""

    def changed(*arrays, **options):
        result = function(*arrays, **options)
        return (result[0][..., :2],) if isinstance(result, tuple) else result[..., :2]

    return changed


@pytest.mark.parametrize("theorem", DERIVATIVES, ids=lambda theorem: theorem.__name__)
def test_a_gradient_of_another_shape_is_wrong(theorem):
    subject = Subject("it", type("it", (), {"glu": Implementation(glu.forward, cut(glu.backward))}))
    with pytest.raises(Failure, match=r"dx has shape \(4, 2\), PyTorch says \(4, 6\)"):
        theorem(subject, OPS["glu"], CALL)


def test_a_y_of_another_shape_is_wrong():
    subject = Subject("it", type("it", (), {"glu": Implementation(cut(glu.forward), glu.backward)}))
    with pytest.raises(Failure, match=r"y has shape \(4, 2\), PyTorch says \(4, 3\)"):
        theorems.backward_is_the_derivative_of_forward(subject, OPS["glu"], CALL)
