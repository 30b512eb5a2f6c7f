"""Repeat the training comparison up to a step: its JSON holds numbers, but the figures need the networks."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from cnn_oracle import data
from cnn_oracle.data import Dataset
from cnn_oracle.manual import convnet
from cnn_oracle.manual._typing import Array
from cnn_oracle.training.sides import Manual, Reference, Sides
from cnn_oracle.training.train import CLASSES


class Replay(NamedTuple):
    """Both sides after their last step, and the batch of that step."""

    dataset: Dataset
    sides: Sides
    images: Array
    labels: Array


def replay(report: Mapping[str, Any], steps: int) -> Replay:
    """Repeat the first ``steps`` steps of a run from its ``train --json``: the same weights, the same batches."""
    return _replay(*(report[name] for name in ("dataset", "dtype", "batch_size", "seed", "lr", "momentum")), steps)


@cache
def _replay(name: str, dtype: str, size: int, seed: int, lr: float, momentum: float, steps: int) -> Replay:
    dataset, rng = data.load(name), np.random.default_rng(seed)
    initial = convnet.initial(dataset.train_images.shape[1:], CLASSES, rng)
    weights = {name: w.astype(dtype) for name, w in initial.items()}
    options = {"lr": lr, "momentum": momentum}
    sides = Sides(Manual(weights, **options), Reference(weights, **options))
    per_epoch = len(dataset.train_images) // size
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1, "blas"):
        for step in range(steps):
            if step % per_epoch == 0:
                order = rng.permutation(len(dataset.train_images))
            batch = order[step % per_epoch * size :][:size]
            images, labels = dataset.train_images[batch].astype(dtype), dataset.train_labels[batch]
            for side in sides:
                side.step(images, labels)
    torch.set_num_threads(before)
    return Replay(dataset, sides, images, labels)
