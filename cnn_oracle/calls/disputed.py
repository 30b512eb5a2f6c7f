"""Calls on which versions of PyTorch disagree: some versions compute them, others reject them.

With a version of PyTorch that CI does not run, a subject is not checked on these calls. Its verdict would depend on
the version of PyTorch. The differences below were seen with torch 2.9.1, 2.13.0 and 2.14.1 on CPU.
"""

from collections.abc import Callable, Mapping
from math import prod

from cnn_oracle.call import Call
from cnn_oracle.environment import pytorch


def _padded_to_nothing(call: Call) -> bool:
    """An empty axis, before or after padding.

    2.9.1 rejects some calls that 2.13.0 pads with a constant. 2.14.1 rejects some calls that 2.13.0 replicates.
    """
    size, pads = [*reversed(call.arguments["x"])], call.arguments["pad"]
    made = [n + low + high for n, low, high in zip(size, pads[::2], pads[1::2], strict=False)]
    return not all(n > 0 for n in (*size, *made))


def _group_of_nothing(call: Call) -> bool:
    """An empty x. 2.14.1 rejects it. 2.13.0 accepts it in some shapes."""
    return not prod(call.arguments["x"])


DISPUTED: Mapping[str, Callable[[Call], bool]] = {"group_norm": _group_of_nothing, "pad": _padded_to_nothing}


def disputed(call: Call) -> bool:
    """Whether versions of PyTorch disagree on this call, and CI does not run the version of this process."""
    try:
        return call.op in DISPUTED and not pytorch().in_ci and DISPUTED[call.op](call)
    except (KeyError, TypeError):  # not a valid geometry: every version rejects it
        return False
