"""The geometry of initialisers."""

from typing import Any

from cnn_oracle.op import Choose

NONLINEARITIES = (
    "leaky_relu", "relu", "tanh", "selu", "sigmoid", "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
    "conv_transpose2d", "conv_transpose3d",
)  # fmt: skip


def xavier_uniform(choose: Choose) -> dict[str, Any]:
    return {"u": _weight(choose), "gain": choose("gain", (1.0, 2.0, 5 / 3))}


def xavier_normal(choose: Choose) -> dict[str, Any]:
    return {"z": _weight(choose), "gain": choose("gain", (1.0, 2.0, 5 / 3))}


def kaiming_uniform(choose: Choose) -> dict[str, Any]:
    return {"u": _weight(choose, (0,)), **_gain(choose)}


def kaiming_normal(choose: Choose) -> dict[str, Any]:
    return {"z": _weight(choose, (0,)), **_gain(choose)}


def _weight(choose: Choose, empty: tuple[int, ...] = ()) -> tuple[int, ...]:
    """The shape of a weight. For xavier it has no empty axis: with fan_in + fan_out = 0, PyTorch divides by zero."""
    return tuple(choose("size", (1, 2, 3, 5), empty) for _ in range(choose("rank", (2, 3, 4, 5))))


def _gain(choose: Choose) -> dict[str, Any]:
    return {
        "a": choose("a", (0.0, 0.01, 1.0)),
        "mode": choose("mode", ("fan_in", "fan_out")),
        "nonlinearity": choose("nonlinearity", NONLINEARITIES),
    }
