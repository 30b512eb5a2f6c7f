"""Layer objects with a state, and images whose channels are last."""

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
    """Make an implementation from a layer object, as in networks that are written from scratch.

    ``make`` builds the layer for each call. ``layer.forward`` takes the arrays that ``gradients`` does not name.
    ``layer.backward(dy)``, called after ``forward``, returns their gradients and stores the others as attributes.

    Args:
        make: ``make(x, w, b, *, …)`` returns the layer. It takes NumPy arrays, in PyTorch's shapes, and options by
            PyTorch's names. An absent array is None.
        dtypes: The dtypes to check. Default: float64 and float32.
        gradients: Array → the attribute of the layer that has its gradient: ``w="dw", b="db"``. The attribute may have
            dots: ``w="weight.grad"``.

    Returns:
        An implementation with ``forward`` and ``backward``. A ValueError counts as a rejection of an invalid call.

    Raises:
        ValueError: The signature of ``make`` cannot be read.

    Example:
        >>> import cnn_oracle as oracle
        >>> from cnn_oracle.manual import linear
        >>> class Dense:
        ...     def __init__(self, w, b):
        ...         self.w, self.b = w, b
        ...     def forward(self, x):
        ...         self.x = x
        ...         return linear.forward(x, self.w, self.b)
        ...     def backward(self, dy):
        ...         dx, self.dw, self.db = linear.backward(dy, self.x, self.w, self.b)
        ...         return dx
        >>> def make(x, w, b=None):
        ...     return Dense(w, b)
        >>> result = oracle.verify("linear", oracle.adapt.layer(make, w="dw", b="db"), examples=5)
        >>> print(result.verdict, result.unchecked)
        EXACT ()
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
    source = ", ".join([written(make), *(f'{n}="{g}"' for n, g in gradients.items())])
    return Implementation(forward, backward, dtypes=dtypes, source=f"adapt.layer({source})")


def nhwc(implementation: Any, *, kernels: Kernels = "HWIO") -> Implementation:
    """Make an implementation in PyTorch's layout from one whose images have their channels last.

    The first array, y and their gradients have the shape (N, …, C) in the given implementation, and (N, C, …) outside.
    Every other array with three or more axes is a kernel; ``kernels`` says the order of its axes. Arrays with fewer
    axes stay as they are. An array that is C-contiguous outside is C-contiguous inside.

    Args:
        implementation: An object with ``forward`` and perhaps ``backward``: a module, or what another adapter returns.
        kernels: The axes of kernels: ``"HWIO"``, the default, ``"OHWI"``, or ``"OIHW"`` as in PyTorch. HW stands for
            one, two or three spatial axes; I and O are the input and output channels.

    Returns:
        An implementation with the same functions and dtypes, which rejects calls by the same exceptions.

    Raises:
        ValueError: ``kernels`` is not one of the three.

    Example:
        >>> import torch.nn.functional as F
        >>> import cnn_oracle as oracle
        >>> def conv2d(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
        ...     x, w = x.movedim(-1, 1), w.permute(3, 2, 0, 1)
        ...     return F.conv2d(x, w, b, stride, padding, dilation, groups).movedim(1, -1)
        >>> channels_last = oracle.adapt.nhwc(oracle.adapt.torch_function(conv2d), kernels="HWIO")
        >>> print(oracle.verify("conv2d", channels_last, examples=5).verdict)
        EXACT
    """
    if kernels not in KERNELS:
        raise ValueError(f"nhwc(kernels={kernels!r}): must be one of {', '.join(KERNELS)}")

    def of(place: int) -> tuple[Turn, Turn]:
        return KERNELS[kernels] if place else IMAGES

    def forward(*arrays: Array | None, **options: Any) -> Any:
        return _permuted(IMAGES[1], _called(implementation.forward, arrays, [*map(of, range(len(arrays)))], options))

    def backward(*arrays: Array | None, **options: Any) -> Any:
        turns = [IMAGES, *map(of, range(len(arrays) - 1))]
        gradients = _called(implementation.backward, arrays, turns, options)
        if not isinstance(gradients, tuple):
            return gradients
        return tuple(_permuted(back, g) for (_, back), g in zip(turns[1:], gradients, strict=False))

    signed(forward, signature_of(implementation.forward))
    dtypes, rejections = getattr(implementation, "dtypes", DTYPES), getattr(implementation, "rejections", (ValueError,))
    source = f'adapt.nhwc({written(implementation)}, kernels="{kernels}")'
    if getattr(implementation, "backward", None) is None:
        return Implementation(forward, dtypes=dtypes, rejections=rejections, source=source)
    signed(backward, signature_of(implementation.backward))
    return Implementation(forward, backward, dtypes=dtypes, rejections=rejections, source=source)


def _called(
    f: Function, arrays: Sequence[Array | None], turns: list[tuple[Turn, Turn]], options: dict[str, Any]
) -> Any:
    """Call f with the arrays in its layout. What f writes to them is copied back, so that the oracle sees it."""
    views = [_permuted(there, a) for (there, _), a in zip(turns, arrays, strict=True)]
    plain = [_plain(view, a) for view, a in zip(views, arrays, strict=True)]
    output = f(*plain, **options)
    for view, h in zip(views, plain, strict=True):
        if view is not None and h is not None and h is not view and h.flags.writeable:
            view[...] = h
    return output


def _plain(view: Array | None, a: Array | None) -> Array | None:
    if view is None or a is None or not a.flags.c_contiguous or view.flags.c_contiguous:
        return view
    copy = np.array(view, order="C")
    copy.flags.writeable = view.flags.writeable
    return copy


def _permuted(turn: Turn, a: Any) -> Any:
    """A view with the axes in the other order; None, and an array with fewer than three axes, unchanged."""
    return a if a is None or np.ndim(a) < 3 else turn(np.asarray(a))
