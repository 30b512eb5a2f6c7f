"""Where each output is wrong, as data for a map."""

from collections.abc import Sequence
from functools import partial
from statistics import median

import numpy as np

from cnn_oracle.diagnose.evidence import Observation, error
from cnn_oracle.diagnosis import ErrorMap

SMALLEST, LEGIBLE, LARGEST = 12, 300, 3000  # elements of an output that is shown as a map
THIN, UNUSUAL = 3, 0.25  # lengths of its last axes below this, and shares of wrong elements that far from the median


def error_maps(shown: Observation, more: Sequence[Observation]) -> tuple[ErrorMap, ...]:
    """Where each output is wrong, on the simplest failing call that shows a pattern, the wrong output first."""
    large = [one for one in more if one.is_comparable and SMALLEST <= one.size <= LARGEST]
    share = median(one.wrong.mean() for one in large) if large else 0.0
    one = min(large, key=partial(_simplicity, share=float(share)), default=shown)
    quantities = sorted(one.outputs, key=lambda quantity: quantity != one.quantity)
    found = (_map(one, quantity) for quantity in quantities)
    return tuple(map_ for map_ in found if map_ is not None)


def _simplicity(one: Observation, share: float) -> tuple[bool, int, bool, bool, bool]:
    """Calls with some right elements come first, then those with few options, long axes, a typical share, few elements.

    The share is that of wrong elements.
    """
    is_thin = min(one.expected.shape[-2:], default=1) < THIN
    is_unusual = abs(float(one.wrong.mean()) - share) > UNUSUAL
    return bool(one.wrong.all()), len(one.case.call.arguments), is_thin, is_unusual, one.size > LEGIBLE


def _map(one: Observation, quantity: str) -> ErrorMap | None:
    part = Observation(one.op, one.case, one.outputs, quantity)
    if not part.is_comparable:
        return None
    return ErrorMap(one.case.call, quantity, error(part.output, part.expected), np.array(part.bound))
