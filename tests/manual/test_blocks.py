"""Computation in blocks: the size of a block changes no verdict of any op."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.checks import check_once
from cnn_oracle.manual import _correlation, _elementwise, _normalise, gelu
from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS

MANUAL = load("manual")
NORMS = ("layer_norm", "rms_norm", "group_norm", "instance_norm", "batch_norm")
BLOCKED = [
    *((name, _correlation, "BLOCK_BYTES") for name in OPS if name.startswith("conv")),
    *((name, _elementwise, "BLOCK_ELEMENTS") for name, op in OPS.items() if hasattr(op.manual, "elementwise")),
    *((name, _normalise, "BLOCK_BYTES") for name in NORMS),
]


@pytest.mark.parametrize(("name", "module", "size"), BLOCKED)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(data=st.data(), most=st.sampled_from([1, 100, 1000]))
def test_blocks_of_any_size_are_right(name, module, size, data, most, monkeypatch):
    """A size of 1 means one row of an image, one number or one sample: the largest number of blocks."""
    call = data.draw(calls(OPS[name]))
    with monkeypatch.context() as patch:
        patch.setattr(module, size, most)
        checked = check_once(MANUAL, OPS[name], call)
    assert checked.failures == ()
    assert checked.error_over_bound <= 1


def test_mixed_dtypes_are_rejected_with_the_whole_shape():
    """The message contains the shape of the array, not of a block."""
    x = np.zeros((2, _elementwise.BLOCK_ELEMENTS))
    with pytest.raises(ValueError, match=r"dy=\(2, 32768\).*mixed dtypes"):
        gelu.backward(x.astype("float32"), x)
