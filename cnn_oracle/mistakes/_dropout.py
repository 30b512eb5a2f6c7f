"""Wrong derivations that dropout and dropout2d share."""

from importlib import import_module
from typing import Any

from cnn_oracle.manual._typing import Array


def masked_in_evaluation(op: str, x: Array, *, training: bool = True, **options: Any) -> Array:
    """evaluation drops and scales elements, as training does; y must be x"""
    y: Array = import_module(f"cnn_oracle.manual.{op}").forward(x, training=True, **options)
    return y


def scaled_in_evaluation(op: str, x: Array, *, training: bool = True, p: float = 0.5, **options: Any) -> Array:
    """evaluation multiplies x by 1 − p, although training scales it up already; y must be x"""
    y: Array = import_module(f"cnn_oracle.manual.{op}").forward(x, training=training, p=p, **options)
    return y if training else y * x.dtype.type(1 - p)


def masked_in_evaluation_in_dx(op: str, dy: Array, x: Array, *, training: bool = True, **options: Any) -> tuple[Array]:
    """dx in evaluation is masked and scaled, as in training; it must be dy"""
    gradients: tuple[Array] = import_module(f"cnn_oracle.manual.{op}").backward(dy, x, training=True, **options)
    return gradients


def scale_left_out_of_dx(
    op: str, dy: Array, x: Array, *, training: bool = True, p: float = 0.5, **options: Any
) -> tuple[Array]:
    """dx is dy times the mask: the factor 1/(1 − p) is missing"""
    (dx,) = import_module(f"cnn_oracle.manual.{op}").backward(dy, x, training=training, p=p, **options)
    return (dx * x.dtype.type(1 - p) if training else dx,)
