"""Unlisted mistakes: wrong derivations that are not among the known mistakes of ``cnn_oracle.mistakes``.

They measure what the oracle calls a mistake that it does not know. So they were written without its symptoms. The files
have the form of those of ``cnn_oracle.mistakes``: one per op, with one function for each mistake.
"""

import functools
from importlib.util import find_spec

from cnn_oracle.mistakes import Mistake, in_file


@functools.cache
def of(op: str) -> tuple[Mistake, ...]:
    """The unlisted mistakes of an op, in the order of its file."""
    file = f"{__name__}.{op}"
    return tuple(m._replace(package=__name__) for m in in_file(op, file)) if find_spec(file) else ()
