"""The training comparison: both losses, the weight difference, the first divergence, the predictions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.ticker import NullLocator

from cnn_oracle.manual import conv2d, relu
from cnn_oracle.manual._typing import Array
from cnn_oracle.report.figures.drawing import BLUE, INK, ORANGE, SMALL, Figure, chart, charted, finish, power_of_ten
from cnn_oracle.report.figures.panels import Panel, shade, signed
from cnn_oracle.report.figures.replay import replay

Report = Mapping[str, Any]  # what train --json writes


def curves(report: Report) -> Figure:
    return _curves(report, "training")


def curves_in_float32(report: Report) -> Figure:
    return _curves(report, "training_float32")


@charted
def _curves(report: Report, name: str) -> Figure:
    steps, first = report["steps"], report["first_divergence"]
    difference = np.array(steps["max_weight_difference"])
    count = np.arange(1, len(difference) + 1)
    canvas = chart(4.2)
    losses, differences = canvas.subplots(2, sharex=True)
    losses.plot(count, steps["loss"]["reference"], color=ORANGE, linewidth=4, alpha=0.6, label="PyTorch")
    losses.plot(count, steps["loss"]["manual"], color=INK, linewidth=0.8, label="NumPy")
    losses.set(ylabel="loss of the batch", ylim=(0, None), xlim=(0, len(count) + 1))
    losses.legend()
    differences.set_yscale("log")
    differences.yaxis.set_major_formatter(power_of_ten)
    differences.yaxis.set_minor_locator(NullLocator())
    differences.plot(count, np.where(difference, difference, np.nan), color=BLUE, linewidth=1.2)
    if first:
        for axes in (losses, differences):
            axes.axvline(first["step"], color=ORANGE, linewidth=1, linestyle=":")
        differences.annotate(
            f"first different choice,\nstep {first['step']}", (first["step"], difference.max()), (6, -2),
            textcoords="offset points", va="top", color=ORANGE, fontsize=SMALL,
        )  # fmt: skip
    differences.set(xlabel="step", ylabel="largest difference\nof any weight")
    last = report["epochs"][-1]
    choices = (
        f"Their first different choice is at step {first['step']} (dotted). A different choice can change the "
        "weights more than any rounding."
        if first
        else f"In all {len(count):,} steps, every relu and every maximum made the same choice."
    )
    return finish(
        canvas, name,
        f"The network is trained twice on {report['dataset']} in {report['dtype']}, in NumPy and in PyTorch, from the "
        f"same weights and batches. {choices}",
        f"Above, two loss curves that coincide, from {steps['loss']['manual'][0]:.2g} to "
        f"{last['loss']['manual']:.1g}. Below, on a logarithmic axis, the largest difference of any weight. It ends "
        f"at {difference[-1]:.1e}.",
    )  # fmt: skip


def first_divergence(report: Report) -> Figure | None:
    """The first different choice, of a relu or a pooling window, if there is one: its image and its feature map."""
    if not (p := report["first_divergence"]):
        return None
    run = replay(report, p["step"])
    n, c, i, j = p["index"]
    layer = p["layer"]
    x, z = run.images[n, 0], run.sides.manual.values[f"z{layer[-1]}"][n, c]
    size = 2 if layer.startswith("pool") else 1
    top = float(np.abs(z).max())
    scale, step = 7 / x.shape[0], 7 / z.shape[0]
    panel = Panel(16.4, 11.2)
    panel.write(f"image {n} of the batch, a {run.labels[n]}", (3.7, 0.6))
    panel.grid(x, (0.2, 1.2), scale, fill=shade(1), text=None)
    panel.write(f"{layer[:-1]} {layer[-1]}, channel {c}", (12.7, 0.6))
    panel.grid(z, (9.2, 1.2), step, fill=signed(top), text=None)
    panel.frame((9.2 + j * size * step, 1.2 + i * size * step), (size * step, size * step), INK)
    panel.arrow((7.5, 4.7), (8.9, 4.7))
    ours, theirs = p["values"]["manual"], p["values"]["reference"]
    if size == 1:
        verdicts = ["is positive and passes" if v > 0 else "is not positive and becomes 0" for v in (ours, theirs)]
        texts = [f"{v:.2e} {verdict}".replace("-", "−") for v, verdict in zip((ours, theirs), verdicts, strict=True)]
    else:
        texts = [f"element {int(v)} is the largest" for v in (ours, theirs)]
    panel.write(f"NumPy: {texts[0]}", (8.2, 9.2), SMALL)
    panel.write(f"PyTorch: {texts[1]}", (8.2, 10.3), SMALL)
    return finish(
        panel.canvas, "first_divergence",
        f"The first divergence in {report['dtype']}: at step {p['step']}, one element (framed) of the map before "
        f"{layer} is so close to the limit of a choice that rounding makes the two sides choose differently.",
        f"A training image and the map before layer {layer}, in blue and orange, with one element framed. "
        f"NumPy: {texts[0]}. PyTorch: {texts[1]}.",
    )  # fmt: skip


def digits(report: Report) -> Figure:
    """Test images with both predictions: up to twelve that either network gets wrong, then correct ones."""
    run = replay(report, len(report["steps"]["max_weight_difference"]))
    images, labels = run.dataset.test_images, run.dataset.test_labels
    ours, theirs = (side.predict(images.astype(report["dtype"])) for side in run.sides)
    right = (ours == labels) & (theirs == labels)
    shown = [*np.flatnonzero(~right)[:12], *np.flatnonzero(right)][:24]
    panel = Panel(18.4, 15.4)
    for place, k in enumerate(shown):
        row, column = divmod(place, 6)
        x, y = 0.4 + 3.05 * column, 0.3 + 3.75 * row
        panel.grid(images[k, 0], (x, y), 2.4 / images.shape[2], fill=shade(1), text=None)
        text = f"{ours[k]}  {theirs[k]}"
        if right[k]:
            panel.write(text, (x + 1.2, y + 2.85), SMALL)
        else:
            panel.write(f"{text}, not {labels[k]}", (x + 1.2, y + 2.85), SMALL, colour=ORANGE)
            panel.frame((x, y), (2.4, 2.4), ORANGE)
    agree = int((ours == theirs).sum())
    return finish(
        panel.canvas, "digits",
        "Test images. Below each is the prediction of the network in NumPy, then PyTorch's. A frame means that one of "
        f"them is wrong. The two agree on {agree:,} of {len(labels):,} test images.",
        f"Twenty-four handwritten digits of the test set with two predictions each. Wrong ones come first, in orange. "
        f"{int((ours == labels).sum()):,} of {len(labels):,} are right in NumPy, "
        f"{int((theirs == labels).sum()):,} in PyTorch.",
    )  # fmt: skip


def filters(report: Report) -> Figure:
    """The filters that the first layer has learnt, and their outputs for a test image."""
    run = replay(report, len(report["steps"]["max_weight_difference"]))
    x, w, b = run.dataset.test_images[12:13], run.sides.manual.weights["w1"], run.sides.manual.weights["b1"]
    a: Array = relu.forward(conv2d.forward(x.astype(w.dtype), w, b, padding=1))[0]
    panel = Panel(18.4, 12.1)
    for k, (kernel, plane) in enumerate(zip(w[:, 0], a, strict=True)):
        row, column = divmod(k, 4)
        left, top = 0.4 + 4.6 * column, 0.4 + 5.9 * row
        panel.grid(kernel, (left + 1.1, top), 0.5, fill=signed(float(np.abs(w).max())), text=None)
        panel.grid(plane, (left, top + 1.8), 3.7 / len(plane), fill=shade(float(a.max())), text=None)
    return finish(
        panel.canvas, "learnt_filters",
        "The eight 3 × 3 kernels of the first layer after training in NumPy, and the output of each, after bias and "
        "relu, for one test image.",
        "Eight small kernels in blue and orange, and below each its output for a handwritten digit. Some outputs show "
        "edges of one direction, others the strokes.",
    )  # fmt: skip
