"""Plots of the results. matplotlib is imported late: the import takes a second, and most runs draw nothing."""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_oracle.environment import require, write_atomically

if TYPE_CHECKING:
    from cnn_oracle.training.train import Report

FORMATS = (".png", ".svg")
PALE, DARK, RED = "#f4b183", "#1f3864", "#c00000"


def check(path: Path) -> None:
    """Reject a path for which no plot can be written, before the computation starts.

    Raises:
        ValueError: the suffix is not one of ``FORMATS``, or matplotlib is not installed.
    """
    require(f"plot {path}", "train", "matplotlib")
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"plot {path}: the suffix must be {' or '.join(FORMATS)}")


def training(report: "Report", path: Path) -> None:
    """Plot both loss curves and the weight difference over the steps. ``path`` is written completely or not at all.

    Raises:
        ValueError: as for ``check``.
        OSError: as for ``write_atomically``.
    """
    check(path)
    from matplotlib.figure import Figure  # without pyplot: no window, no global state

    figure = Figure(figsize=(9, 7), dpi=150, layout="constrained")
    losses, differences = figure.subplots(2, sharex=True)
    versions = report.versions
    figure.suptitle(
        f"{report.dataset} in {report.dtype}, seed {report.seed}: NumPy {versions['numpy']} "
        f"and PyTorch {versions['torch']}"
    )
    _losses(losses, report)
    _differences(differences, report)
    picture = BytesIO()
    figure.savefig(picture, format=path.suffix[1:].lower())
    write_atomically(path, picture.getvalue())


def _losses(axes: Any, report: "Report") -> None:
    """The reference as a pale band under the thin line of manual: where only one is visible, they differ."""
    loss = report.steps.loss
    steps = np.arange(1, len(loss.manual) + 1)
    axes.plot(steps, loss.reference, color=PALE, linewidth=4, label="PyTorch")
    axes.plot(steps, loss.manual, color=DARK, linewidth=0.9, linestyle=(0, (4, 2)), label="NumPy")
    axes.set_ylabel("training loss of the batch")
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper right")
    axes.grid(alpha=0.3)


def _differences(axes: Any, report: "Report") -> None:
    difference = np.array(report.steps.max_weight_difference)
    steps = np.arange(1, len(difference) + 1)
    equal = difference == 0
    axes.set_yscale("log")
    if not equal.all():
        axes.plot(steps, np.where(equal, np.nan, difference), color=DARK, label="largest weight difference")
    if equal.any():  # a logarithmic axis cannot show 0, so these steps get a mark on its edge
        edge = np.zeros(equal.sum())
        axes.plot(steps[equal], edge, "|", color=DARK, transform=axes.get_xaxis_transform(), label="bitwise equal")
    if report.first_divergence:
        p = report.first_divergence
        label = f"first different choice: step {p.step}, {p.layer}[{', '.join(map(str, p.index))}]"
        axes.axvline(p.step, color=RED, linewidth=1, linestyle=":", label=label)
    axes.set_xlabel("step")
    axes.set_ylabel("largest |NumPy − PyTorch| of any weight")
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)
