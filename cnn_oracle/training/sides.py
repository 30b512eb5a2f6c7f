"""The two sides of the training comparison: one network, trained in NumPy and in PyTorch.

Both take NumPy arrays. Both keep ``weights``, the intermediate ``values`` of the last step, and a ``clock`` that runs
while they work. PyTorch gets copies; neither clock counts the time to make them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor

from cnn_oracle.manual import convnet, sgd
from cnn_oracle.manual._typing import Array
from cnn_oracle.reference import convnet as reference_convnet

T = TypeVar("T")


@dataclass(frozen=True)
class Pair(Generic[T]):
    """The same value on both sides."""

    manual: T
    reference: T


class Clock:
    """Adds up the seconds spent inside ``with clock:``."""

    def __init__(self) -> None:
        self._seconds = self._start = 0.0

    def __enter__(self) -> None:
        self._start = perf_counter()

    def __exit__(self, *_: object) -> None:
        self._seconds += perf_counter() - self._start

    def lap(self) -> float:
        """The seconds since the last lap."""
        seconds, self._seconds = self._seconds, 0.0
        return seconds


class Manual:
    """manual/convnet.py, with steps by manual/sgd.py."""

    def __init__(self, weights: Mapping[str, Array], *, lr: float, momentum: float) -> None:
        self.weights = {name: w.copy() for name, w in weights.items()}
        self.values: dict[str, Array] = {}
        self.clock = Clock()
        self._lr, self._momentum = lr, momentum
        self._states: dict[str, Array | None] = dict.fromkeys(weights)

    def step(self, x: Array, labels: Array) -> float:
        """Images (N, C, H, W), labels (N,) → the mean loss before the step."""
        with self.clock:
            self.values = convnet.forward(x, self.weights)
            loss, gradients = convnet.backward(x, self.weights, self.values, labels)
            for name, dw in gradients.items():
                w, state = self.weights[name], self._states[name]
                self.weights[name], self._states[name] = sgd.step(w, dw, state, lr=self._lr, momentum=self._momentum)
        return loss

    def predict(self, x: Array) -> Array:
        """Images (N, C, H, W) → classes (N,)."""
        with self.clock:
            classes: Array = convnet.forward(x, self.weights)["z3"].argmax(1)
        return classes


class Reference:
    """reference/convnet.py, with gradients by autograd and steps by torch.optim.SGD."""

    def __init__(self, weights: Mapping[str, Array], *, lr: float, momentum: float) -> None:
        self._parameters = {name: torch.tensor(w, requires_grad=True) for name, w in weights.items()}
        self._optimizer = torch.optim.SGD(self._parameters.values(), lr=lr, momentum=momentum)
        self.values: dict[str, Tensor] = {}
        self.clock = Clock()

    @property
    def weights(self) -> dict[str, Array]:
        return {name: w.detach().numpy() for name, w in self._parameters.items()}

    def step(self, x: Array, labels: Array) -> float:
        """Images (N, C, H, W), labels (N,) → the mean loss before the step."""
        images, target = torch.tensor(x), torch.tensor(labels)
        with self.clock:
            self.values = reference_convnet.forward(images, self._parameters)
            loss = reference_convnet.loss(self.values, target)
            self._optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
        return loss.item()

    def predict(self, x: Array) -> Array:
        """Images (N, C, H, W) → classes (N,)."""
        images = torch.tensor(x)
        with self.clock, torch.no_grad():
            classes = reference_convnet.forward(images, self._parameters)["z3"].argmax(1)
        return np.asarray(classes)


class Sides(NamedTuple):
    manual: Manual
    reference: Reference

    def weight_difference(self) -> float:
        """The largest absolute difference of any weight or bias; NaN if any is NaN."""
        theirs = self.reference.weights
        return float(np.max([np.abs(w - theirs[name]).max() for name, w in self.manual.weights.items()]))
