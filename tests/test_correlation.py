"""Block by block or all at once: how much of an image is in memory changes no bit of a sum that does not round."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manual import _correlation, conv2d
from oracle.campaign.once import check_once
from oracle.ops import OPS
from oracle.strategies import calls
from oracle.subjects import load

CONVOLUTIONS = [name for name in OPS if name.startswith("conv")]
MANUAL = load("manual")


@pytest.mark.parametrize("name", CONVOLUTIONS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(data=st.data(), most=st.sampled_from([1, 100, 1000]))
def test_blocks_of_any_size_give_the_same_bits(name, data, most, monkeypatch):
    """1 byte is one row of one image at a time: more blocks than any drawn call is otherwise cut into."""
    call = data.draw(calls(OPS[name]))
    with monkeypatch.context() as patch:
        patch.setattr(_correlation, "MOST", most)
        worst, _ = check_once(MANUAL, OPS[name], call)
    assert worst == 0


@pytest.mark.parametrize("images", [4, 64])
def test_memory_does_not_grow_with_the_batch(images):
    """Besides its results, conv2d takes less than 64 MiB; all windows of 64 of these images would be 226 MiB."""
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((images, 64, 28, 28)), rng.standard_normal((64, 64, 3, 3)), np.zeros(64)
    dy = rng.standard_normal((images, 64, 28, 28))
    tracemalloc.start()
    try:
        y = conv2d.forward(x, w, b, padding=1)
        gradients = conv2d.backward(dy, x, w, b, padding=1)
        extra = tracemalloc.get_traced_memory()[1] - sum(a.nbytes for a in (y, *gradients))
    finally:
        tracemalloc.stop()
    assert extra < 64 * 2**20
