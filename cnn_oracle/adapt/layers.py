"""Layer objects with a state, pairs of an output and a cache, and images whose channels are last."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Literal, Unpack

import numpy as np

from cnn_oracle.adapt.declarations import arguments_of, declared_by, split
from cnn_oracle.adapt.signatures import Function, names_of, signature_of, signed, written
from cnn_oracle.manual._typing import Array
from cnn_oracle.subject import Declared, Implementation

Place = str | Callable[..., Any]  # an attribute or a method by its name, or a function of the object
Turn = Callable[[Array], Array]
Kernels = Literal["HWIO", "OHWI", "OIHW"]
IMAGES: tuple[Turn, Turn] = (lambda x: np.moveaxis(x, 1, -1), lambda x: np.moveaxis(x, -1, 1))  # there and back
KERNELS: Mapping[str, tuple[Turn, Turn]] = {
    "HWIO": (lambda w: np.moveaxis(w, (1, 0), (-2, -1)), lambda w: np.moveaxis(w, (-1, -2), (0, 1))),
    "OHWI": IMAGES,
    "OIHW": (lambda w: w, lambda w: w),
}


def layer(
    make: Function, *, forward: Place = "forward", backward: Place | None = "backward",
    training: Place | tuple[str, str] | None = None, cache: bool = False, **named: Any,
) -> Implementation:  # fmt: skip
    """Make an implementation from a layer object, as in networks that are written from scratch.

    ``make`` builds the layer for each call. Its ``forward`` takes the arrays that ``named`` does not name. Its
    ``backward(dy)``, called after ``forward``, returns their gradients; the others are read from the layer.

    Args:
        make: ``make(x, w, b, *, …)`` returns the layer. It takes NumPy arrays, in PyTorch's shapes, and options by
            PyTorch's names. An absent array is None.
        forward: The name of the layer's forward: ``"forward"``, the default, ``"__call__"``, ``"forward_pass"``. Or a
            function ``forward(layer, x)``.
        backward: The name of the layer's backward, ``"backward"`` by default, or a function ``backward(layer, dy)``:
            ``lambda layer, dy: layer.backward(dy, learning_rate=0)``. None if the layer has none.
        training: How the layer is told whether it is in training mode, for ops with the option ``training``; ``make``
            must have it. The name of a parameter of ``forward``, of a method that takes a bool, or of an attribute:
            ``"training"``. Or the names of two methods: ``("train", "eval")``. Or a function of the layer and a bool.
            None, the default: only ``make`` is told.
        cache: True if ``forward`` returns a pair (y, cache), and ``backward(dy, cache)`` takes the cache. False by
            default.
        named: Array → the attribute of the layer that has its gradient: ``w="dw", b="db"``. The attribute may have
            dots: ``w="weight.grad"``. Or a function of the layer: ``w=lambda layer: layer.grads["W"]``. None if there
            is no gradient. And what the layer supports, as in ``adapt.only``: ``options``, ``ranks``, ``gradients``,
            ``unsupported``, ``when``, ``dtypes``.

    Returns:
        An implementation with ``forward`` and ``backward``. A ValueError counts as a rejection of an invalid call.

    Raises:
        ValueError: The signature of ``make`` cannot be read, or it has no option ``training`` although that is given.
            During a call: the layer has nothing of the name ``training``.
        TypeError: ``named`` has a name that is neither an array nor a declaration. During a call: ``forward`` returns
            no pair, or ``backward`` another number of gradients.

    Example:
        >>> import cnn_oracle as oracle
        >>> from cnn_oracle.manual import linear
        >>> class Dense:
        ...     def __init__(self, w, b):
        ...         self.w, self.b = w, b
        ...     def __call__(self, x):
        ...         self.x = x
        ...         return linear.forward(x, self.w, self.b)
        ...     def backward(self, dy):
        ...         dx, dw, db = linear.backward(dy, self.x, self.w, self.b)
        ...         self.grads = {"W": dw, "b": db}
        ...         return dx
        >>> def make(x, w, b=None):
        ...     return Dense(w, b)
        >>> dense = oracle.adapt.layer(
        ...     make, forward="__call__", w=lambda layer: layer.grads["W"], b=lambda layer: layer.grads["b"]
        ... )
        >>> result = oracle.verify("linear", dense, examples=5)
        >>> print(result.verdict, result.unchecked)
        EXACT ()
    """
    names, signature = names_of(make), signature_of(make)
    places, declared = split("layer", names, named)
    if training is not None and (signature is None or "training" not in signature.parameters):
        raise ValueError(f"layer(training=…): {written(make)} has no option training")
    checked = [n for n in names if places.get(n, n) is not None and n in (declared.get("gradients") or names)]

    def begun(arrays: Sequence[Array | None], options: Mapping[str, Any]) -> tuple[Any, tuple[Any, ...]]:
        made = make(*arrays, **options)
        run, more = _method(made, forward), dict[str, Any]()
        if training is not None and signature is not None:
            more = _training_set(made, run, training, options.get("training", signature.parameters["training"].default))
        y = run(*(a for n, a in zip(names, arrays, strict=False) if n not in places), **more)
        return made, _pair(y) if cache else (y,)

    def run_forward(*arrays: Array | None, **options: Any) -> Any:
        return begun(arrays, options)[1][0]

    def run_backward(dy: Array, *arrays: Array | None, **options: Any) -> tuple[Any, ...]:
        assert backward is not None
        made, (_, *kept) = begun(arrays, options)
        returned = _method(made, backward)(dy, *kept)
        given = dict(zip(names, arrays, strict=False))
        inputs = _gradients(returned, {n: given[n] for n in checked if n in given and n not in places})
        return tuple(
            next(inputs) if n not in places else None if given[n] is None else _read(made, places[n])
            for n in checked if n in given
        )  # fmt: skip

    signed(run_forward, signature)
    signed(run_backward, signature, "dy")
    shown = {"forward": forward, "backward": backward, "training": training, "cache": cache}
    usual = {"forward": "forward", "backward": "backward", "training": None, "cache": False}
    unusual = {n: value for n, value in shown.items() if value != usual[n]}
    source = f"adapt.layer({arguments_of(written(make), unusual | named)})"
    if checked != names:
        declared["gradients"] = tuple(checked)
    return Implementation(run_forward, None if backward is None else run_backward, source=source, **declared)


def _method(made: Any, name: Place) -> Function:
    return getattr(made, name) if isinstance(name, str) else partial(name, made)


def _read(made: Any, place: Place) -> Any:
    return attrgetter(place)(made) if isinstance(place, str) else place(made)


def _training_set(made: Any, forward: Function, how: Place | tuple[str, str], on: bool) -> dict[str, Any]:
    """Tell a layer its mode. Returns what forward takes for it."""
    if isinstance(how, tuple):
        getattr(made, how[not on])()
    elif callable(how):
        how(made, on)
    elif (signature := signature_of(forward)) and how in signature.parameters:
        return {how: on}
    elif callable(method := getattr(made, how, None)):
        method(on)
    elif hasattr(made, how):
        setattr(made, how, on)
    else:
        what = f"{type(made).__name__} has no such method or attribute, its forward no such parameter"
        raise ValueError(f"layer(training={how!r}): {what}")
    return {}


def _pair(returned: Any) -> tuple[Any, Any]:
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise TypeError(f"forward returns a {type(returned).__name__}, not a pair (y, cache)")
    y, kept = returned
    return y, kept


def _gradients(returned: Any, arrays: Mapping[str, Array | None]) -> Iterator[Any]:
    """The gradients that backward returns: one for each array, or for each that is present."""
    given = list(returned) if isinstance(returned, tuple | list) else [returned] if arrays else []
    present = [n for n, a in arrays.items() if a is not None]
    if len(given) == len(arrays):
        return iter(given)
    if len(given) != len(present):
        raise TypeError(f"backward returns {len(given)} gradients, not one for each of {', '.join(arrays)}")
    found = iter(given)
    return (next(found) if n in present else None for n in arrays)


def cached(forward: Function, backward: Function | None = None, **declared: Unpack[Declared]) -> Implementation:
    """Make an implementation from functions that hand a cache from forward to backward.

    Args:
        forward: ``forward(x, w, b, *, …)`` returns a pair (y, cache). It takes NumPy arrays, in PyTorch's shapes, and
            options by PyTorch's names. An absent array is None.
        backward: ``backward(dy, cache)`` returns a tuple with one gradient per array. None, the default, if there is
            none.
        declared: What the functions support, as in ``adapt.only``: ``options``, ``ranks``, ``gradients``,
            ``unsupported``, ``when``, ``dtypes``.

    Returns:
        An implementation. A ValueError counts as a rejection of an invalid call.

    Raises:
        TypeError: During a call: ``forward`` returns no pair. This function itself raises nothing.

    Example:
        >>> import numpy as np
        >>> import cnn_oracle as oracle
        >>> def relu_forward(x):
        ...     return np.maximum(x, 0), x
        >>> def relu_backward(dout, cache):
        ...     return (np.where(cache <= 0, 0, dout),)
        >>> result = oracle.verify("relu", oracle.adapt.cached(relu_forward, relu_backward), examples=5)
        >>> print(result.verdict, result.unchecked)
        EXACT ()
    """
    _, declared = split("cached", (), declared)
    signature = signature_of(forward)

    def run_forward(*arrays: Array | None, **options: Any) -> Any:
        return _pair(forward(*arrays, **options))[0]

    def run_backward(dy: Array, *arrays: Array | None, **options: Any) -> Any:
        assert backward is not None
        return backward(dy, _pair(forward(*arrays, **options))[1])

    signed(run_forward, signature)
    signed(run_backward, signature, "dy")
    first = written(forward) if backward is None else f"{written(forward)}, {written(backward)}"
    source = f"adapt.cached({arguments_of(first, declared)})"
    return Implementation(run_forward, None if backward is None else run_backward, source=source, **declared)


def optimizer(
    make: Function, *, step: Place = "step", w: Place | None = None, **declared: Unpack[Declared]
) -> Implementation:
    """Make an implementation from an optimiser object that changes its parameters in place.

    ``make`` builds the optimiser for the first step of a parameter. It receives the parameter and its gradient: copies,
    which the optimiser may keep. Before each step the gradient is written into its array.

    Args:
        make: ``make(w, dw, *, lr=…, …)`` returns the optimiser, and gives it the two arrays as it wants them:
            ``SGD([w], [dw], lr)``. It takes options by PyTorch's names, by keyword only. ``make(w, *, …)`` is enough
            if the step takes the gradient.
        step: The name of the method that makes a step, without arguments: ``"step"`` by default. Or a function
            ``step(optimizer, w, dw)``: ``lambda optimizer, w, dw: optimizer.update([w], [dw])``.
        w: The attribute of the optimiser that has the parameter after a step, or a function of the optimiser, such as
            ``lambda optimizer: optimizer.params[0]``. None, the default, if the step writes to the array ``w``.
        declared: What the optimiser supports, as in ``adapt.only``: ``options``, ``ranks``, ``unsupported``, ``when``,
            ``dtypes``.

    Returns:
        An implementation with ``step(w, dw, state, *, …)``, whose state is the optimiser. A ValueError counts as a
        rejection of an invalid call.

    Raises:
        ValueError: The signature of ``make`` cannot be read, or it takes no array. During a call: the gradient of a
            later step has another shape.

    Example:
        >>> import numpy as np
        >>> import cnn_oracle as oracle
        >>> class Momentum:
        ...     def __init__(self, params, grads, lr, momentum):
        ...         self.params, self.grads, self.lr, self.momentum = params, grads, lr, momentum
        ...         self.moves = [np.zeros_like(p) for p in params]
        ...     def step(self):
        ...         for p, g, v in zip(self.params, self.grads, self.moves):
        ...             v *= self.momentum
        ...             v += g
        ...             p -= self.lr * v
        >>> def make(w, dw, *, lr=1e-3, momentum=0.0):
        ...     return Momentum([w], [dw], lr, momentum)
        >>> result = oracle.verify("sgd", oracle.adapt.optimizer(make), examples=5)
        >>> print(result.verdict, sorted(result.unsupported))
        BOUNDED ['dampening', 'weight_decay']
    """
    _, declared = split("optimizer", (), declared)
    signature = signature_of(make)
    if signature is None:
        raise ValueError(f"{written(make)}: its signature cannot be read; wrap it in a function that has one")
    parameters = signature.parameters.values()
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    arrays = [p for p in parameters if p.kind in by_position and p.default is p.empty][:2]
    if not arrays:
        raise ValueError(f"optimizer({written(make)}): it must take the parameter, and perhaps its gradient")

    def run(weights: Array, gradient: Array, state: Any = None, **options: Any) -> tuple[Array, Any]:
        if state is None:
            own = np.array(weights), np.array(gradient)
            state = make(*own[: len(arrays)], **options), *own
        made, kept, kept_gradient = state
        if gradient.shape != kept_gradient.shape:
            raise ValueError(f"dw has shape {gradient.shape}, it had {kept_gradient.shape}")
        kept[...], kept_gradient[...] = weights, gradient
        getattr(made, step)() if isinstance(step, str) else step(made, kept, kept_gradient)
        return np.array(kept if w is None else _read(made, w)), state

    before = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in ("w", "dw")]
    state = inspect.Parameter("state", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)
    rest = [p if p.kind is p.VAR_KEYWORD else p.replace(kind=p.KEYWORD_ONLY) for p in parameters if p not in arrays]
    signed(run, inspect.Signature([*before, state, *rest]))
    usual = {"step": "step", "w": None}
    unusual = {n: value for n, value in {"step": step, "w": w}.items() if value != usual[n]}
    source = f"adapt.optimizer({arguments_of(written(make), {**unusual, **declared})})"
    return Implementation(step=run, source=source, **declared)


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
        An implementation with the same functions and declarations, which rejects calls by the same exceptions.

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
    rejections, declared = getattr(implementation, "rejections", (ValueError,)), declared_by(implementation)
    source = f'adapt.nhwc({written(implementation)}, kernels="{kernels}")'
    if getattr(implementation, "backward", None) is None:
        return Implementation(forward, rejections=rejections, source=source, **declared)
    signed(backward, signature_of(implementation.backward))
    return Implementation(forward, backward, rejections=rejections, source=source, **declared)


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
