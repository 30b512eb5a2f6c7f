"""The training comparison: one network, learnt by hand and by PyTorch in lockstep, step for step on the same batch.

draw weights → (draw a batch → step both sides → compare weights and choices) … → test both sides → report
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import ceil, isfinite
from statistics import fmean as mean
from typing import NamedTuple

import numpy as np
import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from cnn_oracle import environment
from cnn_oracle.data import Dataset
from cnn_oracle.manual import convnet
from cnn_oracle.manual._typing import Array
from cnn_oracle.training.first_divergence import Difference, differences
from cnn_oracle.training.sides import Manual, Pair, Reference, Sides


class Recipe(NamedTuple):
    """How a data set is learnt; momentum as in torch.optim.SGD."""

    lr: float
    momentum: float
    epochs: int


RECIPES = {"digits": Recipe(lr=0.05, momentum=0.9, epochs=20), "mnist": Recipe(lr=0.05, momentum=0.9, epochs=1)}
DTYPES = ("float64", "float32")
CLASSES = 10
TEST_CHUNK = 250  # images tested at a time, because every window of them is in memory at once


class DivergedError(ArithmeticError):
    """A loss or a weight stopped being a finite number."""


@dataclass(frozen=True)
class Epoch:
    """After ``epoch`` epochs: mean training losses of the epoch, test accuracies, share of equal test predictions."""

    epoch: int
    loss: Pair[float]
    accuracy: Pair[float]
    max_weight_difference: float
    agreement: float
    seconds: Pair[float]


@dataclass(frozen=True)
class Steps:
    """One number per step: the losses before it, the largest absolute weight difference after it."""

    loss: Pair[list[float]] = field(default_factory=lambda: Pair([], []))
    max_weight_difference: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.max_weight_difference)


@dataclass
class Report:
    """What the JSON holds, under the same names.

    Seconds are each side's own work: training and testing, not comparing. ``parting`` is the first choice that the two
    sides make differently, ``tie`` the first one before it that changes nothing (first_divergence.py tells them apart).
    """

    dataset: str
    split: str
    dtype: str
    seed: int
    lr: float
    momentum: float
    batch_size: int
    versions: dict[str, str]
    hardware: dict[str, str | int]
    epochs: list[Epoch] = field(default_factory=list)
    parting: Difference | None = None
    tie: Difference | None = None
    steps: Steps = field(default_factory=Steps)


def to_json(report: Report) -> str:
    """One line per key of the report, so that the thousands of steps stay out of a reader's way."""
    lines = (f'"{key}": {json.dumps(value, allow_nan=False)}' for key, value in asdict(report).items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def compare(
    dataset: Dataset, *,
    epochs: int | None = None, batch_size: int = 64, dtype: str = "float64", seed: int = 0, steps: int | None = None,
    on_step: Callable[[int, int], None] | None = None, on_epoch: Callable[[Epoch], None] | None = None,
) -> Report:  # fmt: skip
    """Train both sides on ``dataset`` by its recipe, for its epochs unless told, and at most ``steps`` steps in all.

    An epoch is a seeded permutation of the training images in batches; a partial batch at its end is left out.
    ``on_step(done, total)`` hears of every step, ``on_epoch`` of every epoch that was tested.

    Raises:
        ValueError: an argument is out of range, or there is no recipe for the data set.
        DivergedError: a loss or a weight is not finite; it says on which side and at which step.
    """
    recipe = check(dataset, epochs, batch_size, dtype, steps)
    report = Report(
        dataset.name, dataset.split, dtype, seed, recipe.lr, recipe.momentum, batch_size,
        environment.versions(), environment.hardware(),
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    initial = convnet.initial(dataset.train_images.shape[1:], CLASSES, rng)
    weights = {name: w.astype(dtype) for name, w in initial.items()}
    hyper_parameters = {"lr": recipe.lr, "momentum": recipe.momentum}
    sides = Sides(Manual(weights, **hyper_parameters), Reference(weights, **hyper_parameters))

    per_epoch = len(dataset.train_images) // batch_size
    total = min(recipe.epochs * per_epoch, steps or recipe.epochs * per_epoch)
    torch.set_num_threads(1)  # threads that wait by spinning stand still when anything else runs
    with threadpool_limits(1, "blas"):  # and NumPy's would fight with PyTorch's for the same cores
        for epoch in range(1, ceil(total / per_epoch) + 1):
            todo = min(per_epoch, total - len(report.steps))
            for batch in rng.permutation(len(dataset.train_images))[: todo * batch_size].reshape(todo, batch_size):
                _step(report, sides, epoch, dataset.train_images[batch].astype(dtype), dataset.train_labels[batch])
                if on_step:
                    on_step(len(report.steps), total)
            report.epochs.append(_test(report, sides, epoch, todo, dataset))
            if on_epoch:
                on_epoch(report.epochs[-1])
    return report


def check(dataset: Dataset, epochs: int | None, batch_size: int, dtype: str, steps: int | None = None) -> Recipe:
    """The recipe that ``compare`` would follow; raises its ValueError before anything is computed."""
    if dataset.name not in RECIPES:
        raise ValueError(f"dataset {dataset.name!r}: there are recipes for {' and '.join(RECIPES)}")
    if dtype not in DTYPES:
        raise ValueError(f"dtype {dtype!r}: must be {' or '.join(DTYPES)}")
    most = len(dataset.train_images)
    if not 1 <= batch_size <= most:
        raise ValueError(f"batch size {batch_size}: must be 1 to {most}, the number of training images")
    for name, count in (("epochs", epochs), ("steps", steps)):
        if count is not None and count < 1:
            raise ValueError(f"{name} {count}: must be at least 1")
    recipe = RECIPES[dataset.name]
    return recipe if epochs is None else recipe._replace(epochs=epochs)


def _step(report: Report, sides: Sides, epoch: int, x: Array, labels: Array) -> None:
    """One batch through both sides, and what it shows written into the report."""
    steps = report.steps
    loss = Pair(sides.manual.step(x, labels), sides.reference.step(x, labels))
    difference = sides.weight_difference()
    steps.loss.manual.append(loss.manual)
    steps.loss.reference.append(loss.reference)
    steps.max_weight_difference.append(difference)
    if not isfinite(loss.manual + loss.reference + difference):
        raise DivergedError(
            f"step {len(steps)}: the loss is {loss.manual} by hand and {loss.reference} by PyTorch, "
            f"and the largest weight difference {difference}"
        )
    if report.parting is None:
        _look_for_a_parting(report, sides, epoch, x)


def _look_for_a_parting(report: Report, sides: Sides, epoch: int, x: Array) -> None:
    values = sides.manual.values, sides.reference.values
    for tie, difference in differences(x, *values, step=len(report.steps), epoch=epoch):
        if not tie:
            report.parting = difference
            return
        report.tie = report.tie or difference


def _test(report: Report, sides: Sides, epoch: int, count: int, dataset: Dataset) -> Epoch:
    """Both sides on the test images, and the epoch's last ``count`` steps summed up."""
    starts = range(0, len(dataset.test_images), TEST_CHUNK)
    chunks = [dataset.test_images[i : i + TEST_CHUNK].astype(report.dtype) for i in starts]
    manual = np.concatenate([sides.manual.predict(x) for x in chunks])
    reference = np.concatenate([sides.reference.predict(x) for x in chunks])
    steps, labels = report.steps, dataset.test_labels
    return Epoch(
        epoch=epoch,
        loss=Pair(mean(steps.loss.manual[-count:]), mean(steps.loss.reference[-count:])),
        accuracy=Pair(float((manual == labels).mean()), float((reference == labels).mean())),
        max_weight_difference=steps.max_weight_difference[-1],
        agreement=float((manual == reference).mean()),
        seconds=Pair(sides.manual.clock.lap(), sides.reference.clock.lap()),
    )
