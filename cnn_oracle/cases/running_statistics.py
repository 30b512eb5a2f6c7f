"""Cases of the running statistics of norms: x and the statistics before it, with a momentum chosen at random."""

from typing import Any

import numpy as np
import torch

from cnn_oracle.call import Call
from cnn_oracle.cases.case import Case, Numbers, replace
from cnn_oracle.cases.exact_grids import REAL
from cnn_oracle.op import Op

QUANTITIES = ("running_mean", "running_var")
MOMENTA = (0.1, 0.25, 1.0, 0.0)
BATCHES = (0, 1, 3)  # numbers of earlier batches


def drawn(op: Op, call: Call, dtype: str = "float64") -> Case:
    """The case of a norm's call, drawn from its seed, without expected outputs."""
    rng, channels = np.random.default_rng(call.seed), call.arguments["x"][1]
    x, mean = rng.standard_normal(call.arguments["x"]), rng.standard_normal(channels)
    arrays = {"x": x, "running_mean": mean, "running_var": rng.uniform(0.5, 2, channels)}
    given = {name: a.astype(dtype) for name, a in arrays.items()}
    return Case(
        call, np.dtype(dtype), given, _options(op, rng), np.zeros(()), {}, (REAL, REAL), Numbers({}),
    )  # fmt: skip


def by_pytorch(op: Op, case: Case) -> Case:
    """The case with the statistics of PyTorch's layer after x.

    Raises:
        RuntimeError, ValueError: PyTorch rejects the case.
    """
    arrays = (torch.from_numpy(case.as_float64(name)) for name in case.arrays)
    updated = op.reference.running_statistics(*arrays, **case.keywords)
    return replace(case, expected=dict(zip(QUANTITIES, (a.numpy() for a in updated), strict=True)))


def _options(op: Op, rng: np.random.Generator) -> dict[str, Any]:
    """Random options. Sometimes the default momentum, or None (the cumulative average) where the op supports it."""
    options: dict[str, Any] = {}
    counted = op.name == "batch_norm"
    if (i := rng.integers(len(MOMENTA) + 1 + counted)) < len(MOMENTA):
        options["momentum"] = MOMENTA[i]
    elif i > len(MOMENTA):
        options["momentum"] = None
        if rng.random() < 0.75:
            options["num_batches_tracked"] = int(rng.choice(BATCHES))
    return options
