"""The first divergence of two runs: the first different choice of a ReLU or of a pooling window.

Before it, both runs compute the same smooth function and differ only by rounding. After it, they compute different
functions.

Ties in a pooling window are a special case: two elements may see the same pixels, as on a blank background. In exact
arithmetic they tie, rounding breaks the tie, and the gradient is the same for either element. Such a tie is reported
too, but it is not a divergence.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from cnn_oracle.manual import max_pool2d
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import gather, pad
from cnn_oracle.training.sides import Pair


@dataclass(frozen=True)
class Difference:
    """The different choices of a layer at one step: how many, and the ``index`` of the first (image, c, h, w).

    The values belong to the first one: the input of a ReLU, or the place i·W + j of a pooling window's maximum.
    """

    step: int
    epoch: int
    layer: str
    index: tuple[int, ...]
    values: Pair[float]
    elements: int


def differences(
    x: Array, manual: dict[str, Array], reference: dict[str, Tensor], *, step: int, epoch: int
) -> Iterator[tuple[bool, Difference]]:  # fmt: skip
    """Each difference, from the first layer to the last, and whether it is only a tie.

    ``x`` is the batch; ``manual`` and ``reference`` are the arrays that each side's convnet.forward computes from it.
    """
    theirs = {name: v.detach().numpy() for name, v in reference.items()}
    for layer, values, different, tied in _layers(x, manual, theirs):
        for tie, found in ((False, different & ~tied), (True, different & tied)):
            if found.any():
                index = tuple(int(i[0]) for i in found.nonzero())
                at = Pair(values.manual[index].item(), values.reference[index].item())
                yield tie, Difference(step, epoch, layer, index, at, int(found.sum()))


def _layers(
    x: Array, manual: dict[str, Array], reference: dict[str, Array]
) -> Iterator[tuple[str, Pair[Array], Array, Array]]:  # fmt: skip
    """For each layer: its name, the values, where the choices differ, and where the difference is only a tie."""
    for i, seen in (("1", x), ("2", reference["p1"])):
        z = Pair(manual[f"z{i}"], reference[f"z{i}"])
        different = (z.manual > 0) != (z.reference > 0)
        yield f"relu{i}", z, different, np.zeros_like(different)
        place = Pair(_places(manual[f"a{i}"]), reference[f"m{i}"])
        different = place.manual != place.reference
        yield f"pool{i}", place, different, _ties(seen, place, different)


def _places(a: Array) -> Array:
    """The place i·W + j of each 2×2 window's maximum in its map, as PyTorch counts it."""
    m = max_pool2d.argmax(a, kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
    r, s = divmod(m, 2)
    p, q = np.ogrid[: r.shape[2], : r.shape[3]]
    places: Array = (2 * p + r) * a.shape[3] + 2 * q + s
    return places


def _ties(x: Array, place: Pair[Array], different: Array) -> Array:
    """Where both elements have bitwise equal 3×3 patches of x, the input of the convolution before the pooling."""
    patches = gather(pad(x, [(1, 1), (1, 1)]), (3, 3), (1, 1), (1, 1))
    n = different.nonzero()[0]

    def seen(places: Array) -> Array:
        i, j = divmod(places[different], x.shape[3])
        patch: Array = patches[n, :, :, :, i, j]
        return patch

    tied = np.zeros_like(different)
    tied[different] = (seen(place.manual) == seen(place.reference)).all((1, 2, 3))
    return tied
