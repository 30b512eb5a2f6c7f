"""Two choosers of geometry: a uniform one, which searches, and Hypothesis, which also shrinks."""

from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from cnn_oracle.call import Call
from cnn_oracle.calls.disputed import disputed
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.op import Op

SEEDS = 2**32


def random_call(op: Op, rng: Random) -> Call:
    """A call of an op, each choice uniform but for rare ones, one in ten each; safe to hand to PyTorch in-process."""

    def choose(_: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any:
        return rng.choice(rare if rng.random() < len(rare) / 10 else values)

    while unsafe(call := op.call(choose, rng.randrange(SEEDS))) or disputed(call):
        pass
    return call


@st.composite
def calls(draw: Any, op: Op) -> Call:
    """The same calls as a Hypothesis strategy, which shrinks towards the simplest choices and seed 0."""

    def choose(name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any:
        if rare and draw(st.integers(0, 9)) >= 10 - len(rare):
            values = rare
        return values[draw(st.integers(0, len(values) - 1), label=name)]

    call = op.call(choose, draw(st.integers(0, SEEDS - 1), label="seed"))
    assume(not unsafe(call) and not disputed(call))
    return call
