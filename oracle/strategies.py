"""Hypothesis as a chooser of geometry: it searches, and shrinks a failure towards the simplest choices."""

from collections.abc import Sequence
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from oracle.calls import Call
from oracle.ops import Op
from oracle.unsafe import unsafe


@st.composite
def calls(draw: Any, op: Op) -> Call:
    """Calls of an op that are safe to hand to PyTorch in this process."""

    def choose(name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any:
        if rare and draw(st.integers(0, 9)) >= 10 - len(rare):  # each rare value once in ten
            values = rare
        return values[draw(st.integers(0, len(values) - 1), label=name)]

    call = op.call(choose, draw(st.integers(0, 2**32 - 1), label="seed"))
    assume(not unsafe(call))
    return call
