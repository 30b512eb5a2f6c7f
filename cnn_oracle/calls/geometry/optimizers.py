"""The geometry of optimiser steps."""

from typing import Any

from cnn_oracle.calls.geometry.common import any_shape
from cnn_oracle.op import Choose


def sgd(choose: Choose) -> dict[str, Any]:
    momentum = choose("momentum", (0.0, 0.5, 0.9, 0.99))
    nesterov = bool(momentum) and choose("nesterov", (False, True))
    return {
        "w": any_shape(choose, 2),
        "lr": choose("lr", (1.0, 0.1, 0.003)),
        "momentum": momentum,
        "dampening": 0.0 if nesterov else choose("dampening", (0.0, 0.5, 0.9)),
        "weight_decay": choose("weight_decay", (0.0, 0.5, 0.01)),
        "nesterov": nesterov,
        "maximize": choose("maximize", (False, True)),
    }


def adagrad(choose: Choose) -> dict[str, Any]:
    return {
        **_step(choose),
        "lr_decay": choose("lr_decay", (0.0, 0.5, 0.01)),
        "initial_accumulator_value": choose("initial_accumulator_value", (0.0, 1.0, 0.1)),
        "eps": choose("eps", (1e-10, 1.0, 0.01)),
    }


def rmsprop(choose: Choose) -> dict[str, Any]:
    return {
        **_step(choose),
        "alpha": choose("alpha", (0.99, 0.5, 0.9)),
        "eps": choose("eps", (1e-8, 1.0, 0.01)),
        "momentum": choose("momentum", (0.0, 0.5, 0.9)),
        "centered": choose("centered", (False, True)),
    }


def adam(choose: Choose) -> dict[str, Any]:
    return {
        **_step(choose),
        "betas": (choose("beta1", (0.9, 0.5, 0.0)), choose("beta2", (0.999, 0.5, 0.9, 0.0))),
        "eps": choose("eps", (1e-8, 1.0, 0.01)),
        "amsgrad": choose("amsgrad", (False, True)),
    }


def _step(choose: Choose) -> dict[str, Any]:
    """The arguments that these optimisers share."""
    return {
        "w": any_shape(choose, 2),
        "lr": choose("lr", (1.0, 0.1, 0.003)),
        "weight_decay": choose("weight_decay", (0.0, 0.5, 0.01)),
        "maximize": choose("maximize", (False, True)),
    }
