"""One step of the training comparison's network, in NumPy and in PyTorch: loss, all gradients, new weights."""

import numpy as np

from cnn_oracle.manual import convnet
from cnn_oracle.studies.benchmarks.layers import Sides
from cnn_oracle.training.sides import Manual, Reference

IMAGE, CLASSES, BATCH = (1, 28, 28), 10, 64
TARGETS = {"float64": 1.0, "float32": 1.6}


def sides(dtype: str) -> Sides:
    """A step on one batch of noise, of the size of MNIST's images."""
    rng = np.random.default_rng(0)
    weights = {name: w.astype(dtype) for name, w in convnet.initial(IMAGE, CLASSES, rng).items()}
    x, labels = rng.standard_normal((BATCH, *IMAGE)).astype(dtype), rng.integers(0, CLASSES, BATCH)
    options = {"lr": 1e-6, "momentum": 0.9}  # so small that the network stays the same, and so does the cost of a step
    manual, reference = Manual(weights, **options), Reference(weights, **options)
    return lambda: manual.step(x, labels), lambda: reference.step(x, labels)
