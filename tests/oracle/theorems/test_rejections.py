"""An error names the op that was called, even if another op computes its formula."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_oracle.calls.invalid import all_invalid_variants, wrong_shapes
from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import arrays_of, draw, keywords_of
from cnn_oracle.checks import check
from cnn_oracle.manual import adamw, log_softmax, smooth_l1_loss
from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS
from cnn_oracle.theorems.rejections import every_invalid_variant_is_rejected


@pytest.mark.parametrize("name", OPS)
@settings(max_examples=10)
@given(data=st.data())
def test_an_error_begins_with_the_name_of_its_op(name, data):
    """For all invalid variants of a drawn call, and with the cotangent or an array of another shape or dtype."""
    op = OPS[name]
    call = data.draw(calls(op))
    case, rng = draw(op, call), np.random.default_rng(call.seed)
    for function, arguments, options in chain(changed_calls(op, call, case, rng), changed_arrays(op, case)):
        message = error_of(getattr(op.manual, function), arguments, options)
        assert message is None or message.startswith(f"{name}("), message


@pytest.mark.parametrize("name", OPS)
@settings(max_examples=10)
@given(data=st.data())
def test_every_invalid_variant_is_rejected(name, data):
    call = data.draw(calls(OPS[name]))
    check(load("manual"), OPS[name], call, [every_invalid_variant_is_rejected])


def error_of(function, arguments, options):
    try:
        function(*arguments, **options)
    except ValueError as error:
        return str(error)
    except TypeError:  # not a number at all
        pass
    return None


def changed_calls(op, call, case, rng):
    for variant in all_invalid_variants(op, call):
        options = keywords_of(op, variant, rng, case.dtype)
        arrays = [*arrays_of(op, variant, rng, case.dtype).values()]
        if op.kind == "step":
            yield "step", arrays * 2, options
        else:
            yield "forward", arrays, options
            yield "backward", [case.dy, *arrays], options


def changed_arrays(op, case):
    step, arrays = op.kind == "step", [*case.arrays.values()]
    dy = case.dy[0] if step else case.dy
    for other in (*map(np.ones, wrong_shapes(dy.shape)), dy.astype("float32")):
        yield ("step", [*arrays, other], case.keywords) if step else ("backward", [other, *arrays], case.keywords)
    for i, a in enumerate([] if step else arrays):
        if a is not None:
            mixed = [*arrays[:i], a.astype("float32"), *arrays[i + 1 :]]
            yield "forward", mixed, case.keywords
            yield "backward", [dy, *mixed], case.keywords


def test_an_op_that_is_computed_by_another_raises_in_its_own_name():
    x = np.ones(2)
    with pytest.raises(ValueError, match=r"^adamw\(w=\(2,\), betas=\(0.9, 1.0\)\): betas must be two floats"):
        adamw.step(x, x, betas=(0.9, 1.0))
    with pytest.raises(ValueError, match=r"^smooth_l1_loss\(loss=\(2,\), reduction='all'\): reduction must be"):
        smooth_l1_loss.forward(x, x, reduction="all", beta=0.0)
    with pytest.raises(ValueError, match=r"^log_softmax\(x=\(2,\), dim=1\): dim must lie in"):
        log_softmax.backward(x, x, dim=1)
