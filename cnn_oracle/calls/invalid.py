"""Invalid variants: a valid call with one size or one option changed. PyTorch rejects some of them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.op import ARRAY_KEYWORDS, Op

PER_CALL = 4


def invalid_variants(op: Op, call: Call, rng: np.random.Generator) -> list[Call]:
    """At most ``PER_CALL`` random calls that differ from ``call`` in one argument. Not all of them are invalid."""
    changes = [*_changes(op, call)]
    return [_changed(call, *changes[i]) for i in rng.permutation(len(changes))[:PER_CALL]]


def all_invalid_variants(op: Op, call: Call) -> list[Call]:
    """All calls that differ from ``call`` in one argument.

    They include calls in which an array is a scalar, or is empty along an axis. Many kernels do not check for these.
    """
    shapes = {name: shape for name in op.positional if (shape := call.arguments.get(name))}
    numbers = [(name, ()) for name in shapes]
    empty = [(name, (*shape[:i], 0, *shape[i + 1 :])) for name, shape in shapes.items() for i, _ in enumerate(shape)]
    return [_changed(call, *change) for change in (*_changes(op, call), *numbers, *empty)]


def _changed(call: Call, name: str, value: Any) -> Call:
    return Call(call.op, {**call.arguments, name: value}, call.seed)


def _changes(op: Op, call: Call) -> Iterator[tuple[str, Any]]:
    for name, parameter in op.parameters.items():
        value = call.arguments.get(name, parameter.default)
        if name in op.positional or name in ARRAY_KEYWORDS:
            yield from ((name, shape) for shape in wrong_shapes(value) if isinstance(value, tuple))
            if parameter.default is None and value is not None:
                yield name, None
        else:
            yield from ((name, v) for v in _other_options(value, parameter.annotation is not int))
            if parameter.default is None:
                yield from ((name, v) for v in ((_absent(parameter.annotation),) if value is None else (None,)))
    if op.name == "pad":
        yield from (("pad", pads) for pads in _pads(call))
        yield "value", 2.5


def _absent(annotation: Any) -> Any:
    """A value for an option that may be absent."""
    return True if "bool" in str(annotation) else 0


def wrong_shapes(shape: Any) -> Iterator[tuple[int, ...]]:
    """The shapes with one axis longer by 1, shorter by 1, missing or added. No shapes if ``shape`` is no tuple."""
    if not isinstance(shape, tuple):
        return
    for i, n in enumerate(shape):
        yield (*shape[:i], n + 1, *shape[i + 1 :])
        yield (*shape[:i], *shape[i + 1 :])
        if n:
            yield (*shape[:i], n - 1, *shape[i + 1 :])
    yield (*shape, 1)


def _other_options(value: Any, per_axis: bool) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (0, -1, value + 1, *([(value,) * 3, (value, value + 1)] if per_axis else []))
    elif isinstance(value, tuple):
        yield from ((*value, 1), (-1, *value[1:]), (*value[:-1], 0), (-9, 9, *value[2:]))
        for i, n in enumerate(value):
            others = (n + 1,) if isinstance(n, int) else (-0.5, 1.0, 1.5) if isinstance(n, float) else ()
            yield from ((*value[:i], other, *value[i + 1 :]) for other in others)
    elif isinstance(value, float):
        yield from (-1.0, 0.0, value + 1.0)
    elif isinstance(value, str):
        yield "neither"


def _pads(call: Call) -> Iterator[Any]:
    """Values of ``pad``: no pair, one pair too many, and on one axis just too many elements to crop or to add."""
    x, pad = call.arguments["x"], call.arguments["pad"]
    yield ()
    yield (*pad, 0, 0)
    yield (0, 0) * (len(x) + 1)
    for i, n in zip(range(0, len(pad), 2), x[::-1], strict=False):
        crops = (-n, 0), (-n - 1, 0), (0, -n - 1), (-n - 1, 1), (2, -n - 1)
        for pair in (*crops, (n, 0), (0, n), (n + 1, 0), (0, n + 1)):
            yield (*pad[:i], *pair, *pad[i + 2 :])
    yield tuple(p for n in x[: -len(pad) // 2 - 1 : -1] for p in (-n, 0))
