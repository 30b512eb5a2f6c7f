"""Hypothesis as a chooser of geometry: it searches, and shrinks a failure towards the simplest choices."""

from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from oracle.calls import Call
from oracle.ops import Op
from oracle.unsafe import unsafe


@st.composite
def calls(draw: Any, op: Op) -> Call:
    """Calls of an op that are safe to hand to PyTorch in this process."""
    call = op.call(
        lambda name, values: values[draw(st.integers(0, len(values) - 1), label=name)],
        draw(st.integers(0, 2**32 - 1), label="seed"),
    )
    assume(not unsafe(call))
    return call
