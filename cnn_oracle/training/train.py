"""The training comparison: one network, trained in NumPy and in PyTorch, each step on the same batch.

draw weights → (draw a batch → step both sides → compare weights and choices) … → test both sides → report
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import ceil, isfinite, prod, sqrt
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
    """The training settings of a data set; momentum as in torch.optim.SGD."""

    lr: float
    momentum: float
    epochs: int


RECIPES = {"digits": Recipe(lr=0.05, momentum=0.9, epochs=20), "mnist": Recipe(lr=0.05, momentum=0.9, epochs=1)}
DTYPES = ("float64", "float32")
CLASSES = 10
TEST_CHUNK = 250  # images tested at a time: all their windows are in memory at once


class DivergedError(ArithmeticError):
    """A loss or a weight is no longer finite."""


@dataclass(frozen=True)
class Epoch:
    """After ``epoch`` epochs: the epoch's mean training losses, the test accuracies, the share of equal predictions."""

    epoch: int
    loss: Pair[float]
    accuracy: Pair[float]
    max_weight_difference: float
    agreement: float
    seconds: Pair[float]


@dataclass(frozen=True)
class Steps:
    """One number per step: the losses before the step, the largest absolute weight difference after it."""

    loss: Pair[list[float]] = field(default_factory=lambda: Pair([], []))
    max_weight_difference: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.max_weight_difference)


@dataclass
class Report:
    """The contents of the JSON, under the same names.

    Seconds count each side's own work: training and testing, not comparing. ``first_divergence`` is the first step in
    which the runs choose otherwise, and ``tie`` the first tie before it, which changes nothing (first_divergence.py).
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
    first_divergence: Difference | None = None
    tie: Difference | None = None
    steps: Steps = field(default_factory=Steps)


def to_json(report: Report) -> str:
    """The report as JSON with one line per key, so that thousands of steps stay on a few lines."""
    lines = (f'"{key}": {json.dumps(value, allow_nan=False)}' for key, value in asdict(report).items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def compare(
    dataset: Dataset, *,
    epochs: int | None = None, batch_size: int = 64, dtype: str = "float64", seed: int = 0, steps: int | None = None,
    on_step: Callable[[int, int], None] | None = None, on_epoch: Callable[[Epoch], None] | None = None,
) -> Report:  # fmt: skip
    """Train both sides on ``dataset`` with its recipe, for its epochs unless given, and at most ``steps`` steps in all.

    An epoch is a seeded permutation of the training images, in batches. A partial batch at the end is dropped.
    ``on_step(done, total)`` is called after every step, ``on_epoch`` after the test of every epoch.

    Raises:
        ValueError: an argument is out of range, or there is no recipe for the data set.
        DivergedError: a loss or a weight is not finite. The message says on which side and at which step.
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
    torch.set_num_threads(1)  # waiting threads spin, so other load on the cores would stop them
    with threadpool_limits(1, "blas"):  # and NumPy's threads would compete with PyTorch's for the cores
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
    """The recipe that ``compare`` would use. Raises its ValueError before the computation starts."""
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


def rounding(report: Report, dataset: Dataset, steps: int) -> float:
    """A bound on the difference of the weights from rounding after some steps, if errors add up like a random walk.

    A weight's gradient sums at most K = N·H·W products, with an error of about √K u |g|. A step moves the weight by lr
    of that, momentum repeats it for 1/(1 − μ) steps, and storing the weight adds u |w|. T steps multiply this by √T,
    two sides by 2. In these runs |g| ≤ 1 and |w| ≤ 2. The growth of earlier differences by the loss's curvature is
    neglected. There is room for it, since few gradients are sums of K. One MNIST epoch, 937 steps of 64, in float64:
    8e-13.
    """
    k = report.batch_size * prod(dataset.train_images.shape[2:])
    u = float(np.finfo(report.dtype).eps) / 2
    return 2 * sqrt(steps) * (2 + sqrt(k) * report.lr / (1 - report.momentum)) * u


def outcome(report: Report, dataset: Dataset) -> str:
    """One sentence: whether the weights differ as expected. Until the first divergence, rounding must explain it."""
    steps = len(report.steps)
    same = (
        steps if report.first_divergence is None else report.first_divergence.step - 1
    )  # steps in which both runs chose the same
    for step, difference in enumerate(report.steps.max_weight_difference[:same], 1):
        if difference > (bound := rounding(report, dataset, step)):
            return (
                f"not as expected: at step {step:,} a weight differs by {difference:.1e}, "
                f"and the rounding of {report.dtype} explains at most {bound:.1e}"
            )
    if report.first_divergence is None:
        most = max(report.steps.max_weight_difference)
        bound = rounding(report, dataset, steps)
        return f"as expected: no weight ever differs by more than {most:.1e}, and rounding explains {bound:.1e}"
    if report.first_divergence.step == 1:
        return "not as expected: the two runs begin with the same weights, and the first step chooses differently"
    before = max(report.steps.max_weight_difference[:same])
    return (
        f"as expected in {report.dtype}: rounding alone differs by up to {before:.1e} until step {same:,}, "
        f"then it tips one choice, and the weights drift apart, to {report.steps.max_weight_difference[-1]:.1e}"
    )


def _step(report: Report, sides: Sides, epoch: int, x: Array, labels: Array) -> None:
    """Train both sides on one batch, and add the results to the report."""
    steps = report.steps
    loss = Pair(sides.manual.step(x, labels), sides.reference.step(x, labels))
    difference = sides.weight_difference()
    steps.loss.manual.append(loss.manual)
    steps.loss.reference.append(loss.reference)
    steps.max_weight_difference.append(difference)
    if not isfinite(loss.manual + loss.reference + difference):
        raise DivergedError(
            f"step {len(steps)}: the loss is {loss.manual} in NumPy and {loss.reference} in PyTorch, "
            f"and the largest weight difference is {difference}"
        )
    if report.first_divergence is None:
        _find_first_divergence(report, sides, epoch, x)


def _find_first_divergence(report: Report, sides: Sides, epoch: int, x: Array) -> None:
    values = sides.manual.values, sides.reference.values
    for tie, difference in differences(x, *values, step=len(report.steps), epoch=epoch):
        if not tie:
            report.first_divergence = difference
            return
        report.tie = report.tie or difference


def _test(report: Report, sides: Sides, epoch: int, count: int, dataset: Dataset) -> Epoch:
    """Test both sides, and summarise the last ``count`` steps, which are the epoch's."""
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
