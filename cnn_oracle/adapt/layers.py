"""Other shapes of the same thing: layer objects that remember, and images whose channels are last."""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Literal

import numpy as np

from cnn_oracle.adapt.signatures import Function, names_of, signature_of, signed, written
from cnn_oracle.manual._typing import Array
from cnn_oracle.subject import DTYPES, Implementation

Turn = Callable[[Array], Array]
Kernels = Literal["HWIO", "OHWI", "OIHW"]
IMAGES: tuple[Turn, Turn] = (lambda x: np.moveaxis(x, 1, -1), lambda x: np.moveaxis(x, -1, 1))  # there and back
KERNELS: Mapping[str, tuple[Turn, Turn]] = {
    "HWIO": (lambda w: np.moveaxis(w, (1, 0), (-2, -1)), lambda w: np.moveaxis(w, (-1, -2), (0, 1))),
    "OHWI": IMAGES,
    "OIHW": (lambda w: w, lambda w: w),
}


def layer(make: Function, *, dtypes: tuple[str, ...] = DTYPES, **gradients: str) -> Implementation:
    """``make(x, w, b, *, …)`` gives the layer for a call, ``layer(make, w="dw", b="db")`` where it puts its gradients.

    Its ``forward`` takes those arrays that are not named so; its ``backward(dy)``, after a forward, returns their
    gradients: one, or a tuple. A gradient may lie deeper, as in ``w="weight.grad"``.
    """
    names = names_of(make)

    def begun(*arrays: Array | None, **options: Any) -> tuple[Any, Any]:
        made = make(*arrays, **options)
        return made, made.forward(*(a for n, a in zip(names, arrays, strict=False) if n not in gradients))

    def forward(*arrays: Array | None, **options: Any) -> Any:
        return begun(*arrays, **options)[1]

    def backward(dy: Array, *arrays: Array | None, **options: Any) -> tuple[Any, ...]:
        made, _ = begun(*arrays, **options)
        returned = made.backward(dy)
        inputs = iter(returned if isinstance(returned, tuple) else (returned,))
        given = zip(names, arrays, strict=False)
        return tuple(
            next(inputs) if n not in gradients else None if a is None else attrgetter(gradients[n])(made)
            for n, a in given
        )

    signed(forward, signature_of(make))
    signed(backward, signature_of(make), "dy")
    said = ", ".join([written(make), *(f'{n}="{g}"' for n, g in gradients.items())])
    return Implementation(forward, backward, dtypes=dtypes, said=f"adapt.layer({said})")


def nhwc(implementation: Any, *, kernels: Kernels = "HWIO") -> Implementation:
    """Of an implementation whose images are (N, …, C): the first array, y and their gradients.

    A further array of three axes or more is a kernel, whose axes ``kernels`` tells, for one, two or three of them in
    space. What is contiguous here is contiguous there.

    Raises:
        ValueError: ``kernels`` is none of these.
    """
    if kernels not in KERNELS:
        raise ValueError(f"nhwc(kernels={kernels!r}): must be one of {', '.join(KERNELS)}")

    def of(place: int) -> tuple[Turn, Turn]:
        return KERNELS[kernels] if place else IMAGES

    def forward(*arrays: Array | None, **options: Any) -> Any:
        return _turned(IMAGES[1], _called(implementation.forward, arrays, [*map(of, range(len(arrays)))], options))

    def backward(*arrays: Array | None, **options: Any) -> Any:
        turns = [IMAGES, *map(of, range(len(arrays) - 1))]
        gradients = _called(implementation.backward, arrays, turns, options)
        if not isinstance(gradients, tuple):
            return gradients
        return tuple(_turned(back, g) for (_, back), g in zip(turns[1:], gradients, strict=False))

    signed(forward, signature_of(implementation.forward))
    dtypes, rejections = getattr(implementation, "dtypes", DTYPES), getattr(implementation, "rejections", (ValueError,))
    said = f'adapt.nhwc({written(implementation)}, kernels="{kernels}")'
    if getattr(implementation, "backward", None) is None:
        return Implementation(forward, dtypes=dtypes, rejections=rejections, said=said)
    signed(backward, signature_of(implementation.backward))
    return Implementation(forward, backward, dtypes=dtypes, rejections=rejections, said=said)


def _called(
    f: Function, arrays: Sequence[Array | None], turns: list[tuple[Turn, Turn]], options: dict[str, Any]
) -> Any:
    """f of the turned arrays; what it writes to them is written to ours, so that it is seen."""
    views = [_turned(there, a) for (there, _), a in zip(turns, arrays, strict=True)]
    handed = [_plain(view, a) for view, a in zip(views, arrays, strict=True)]
    answer = f(*handed, **options)
    for view, h in zip(views, handed, strict=True):
        if view is not None and h is not None and h is not view and h.flags.writeable:
            view[...] = h
    return answer


def _plain(view: Array | None, a: Array | None) -> Array | None:
    if view is None or a is None or not a.flags.c_contiguous or view.flags.c_contiguous:
        return view
    copy = np.array(view, order="C")
    copy.flags.writeable = view.flags.writeable
    return copy


def _turned(turn: Turn, a: Any) -> Any:
    """A view; None, and what has no axes to turn, as it is."""
    return a if a is None or np.ndim(a) < 3 else turn(np.asarray(a))
