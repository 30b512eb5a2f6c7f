"""Calls on which versions of PyTorch disagree: some compute them, others reject them.

On a version that CI has not run nothing is asked of a subject there: its verdict would speak of PyTorch's version, not
of the subject. Seen with torch 2.9.1, 2.13.0 and 2.14.1 on CPU; the differences that each entry names are theirs.
"""

from collections.abc import Callable, Mapping
from math import prod

from cnn_oracle.call import Call
from cnn_oracle.environment import pytorch


def _padded_to_nothing(call: Call) -> bool:
    """An axis of no cells: 2.9.1 rejects some that 2.13.0 pads with a constant, 2.14.1 some that it replicates."""
    size, pads = [*reversed(call.arguments["x"])], call.arguments["pad"]
    made = [n + low + high for n, low, high in zip(size, pads[::2], pads[1::2], strict=False)]
    return not all(n > 0 for n in (*size, *made))


def _group_of_nothing(call: Call) -> bool:
    """2.14.1 rejects an x of no elements, which 2.13.0 takes if there is a sample, or a cell, more."""
    return not prod(call.arguments["x"])


DISPUTED: Mapping[str, Callable[[Call], bool]] = {"group_norm": _group_of_nothing, "pad": _padded_to_nothing}


def disputed(call: Call) -> bool:
    """Whether this PyTorch is one that CI has not run, and versions are known to disagree about this call."""
    try:
        return call.op in DISPUTED and not pytorch().in_ci and DISPUTED[call.op](call)
    except (KeyError, TypeError):  # no geometry at all: every version rejects it
        return False
