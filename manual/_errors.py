"""Error messages: one line that repeats the call and says what is wrong with it."""

import numpy as np


def invalid(op: str, reason: str, **arguments: object) -> ValueError:
    """The error to raise when ``op`` rejects ``arguments``; arrays are shown by their shapes."""
    shown = ", ".join(f"{n}={a.shape if isinstance(a, np.ndarray) else a!r}" for n, a in arguments.items())
    return ValueError(f"{op}({shown}): {reason}")
