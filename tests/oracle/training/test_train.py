"""The training comparison: two networks with the same weights and the same data differ only by rounding."""

import json
import re
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cnn_oracle import data
from cnn_oracle.data import Dataset
from cnn_oracle.environment import write_atomically
from cnn_oracle.manual import convnet, linear
from cnn_oracle.training import plots, train
from cnn_oracle.training.first_divergence import Difference, differences
from cnn_oracle.training.sides import Manual, Pair, Reference
from cnn_oracle.training.train import Report, Steps

EPOCH_KEYS = {"epoch", "loss", "accuracy", "max_weight_difference", "agreement", "seconds"}
KEYS = {"dataset", "dtype", "seed", "versions", "epochs", "split", "lr", "momentum", "batch_size", "hardware"}


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return data.load("digits")


@pytest.fixture(scope="session")
def learnt(digits: Dataset) -> Report:
    return train.compare(digits)


def test_float64_lockstep_differs_only_by_rounding(digits: Dataset, learnt: Report) -> None:
    bound = train.rounding(learnt, digits, len(learnt.steps))
    assert bound < 1e-12
    assert max(learnt.steps.max_weight_difference) <= bound
    assert np.abs(np.subtract(learnt.steps.loss.manual, learnt.steps.loss.reference)).max() <= 1e-12
    assert [epoch.agreement for epoch in learnt.epochs] == [1.0] * train.RECIPES["digits"].epochs
    assert learnt.first_divergence is None


def test_digits_are_learnt(learnt: Report) -> None:
    assert learnt.epochs[-1].accuracy.manual >= 0.95
    assert learnt.epochs[-1].accuracy.reference >= 0.95


def test_float64_lockstep_on_mnist_differs_only_by_rounding() -> None:
    if data.find_mnist() is None:
        pytest.skip("MNIST is not here: set MNIST_ROOT to a torchvision root that has it")
    mnist = data.load("mnist")
    mnist = mnist._replace(test_images=mnist.test_images[:2000], test_labels=mnist.test_labels[:2000])
    report = train.compare(mnist, steps=150)
    assert max(report.steps.max_weight_difference) <= train.rounding(report, mnist, 150) < 1e-12
    assert report.epochs[-1].agreement == 1
    assert report.epochs[-1].accuracy.manual >= 0.9
    assert report.dataset == "mnist"


def test_an_epochs_loss_is_the_mean_of_its_steps(learnt: Report) -> None:
    steps = len(learnt.steps) // len(learnt.epochs)
    for epoch in learnt.epochs:
        for side in ("manual", "reference"):
            losses = getattr(learnt.steps.loss, side)[(epoch.epoch - 1) * steps : epoch.epoch * steps]
            roundings = (steps + 1) * float(np.finfo(float).epsneg)  # NumPy's sum and quotient; fmean has one
            assert abs(getattr(epoch.loss, side) / np.mean(losses) - 1) <= 2 * roundings


def test_a_seed_reproduces_bit_for_bit(digits: Dataset) -> None:
    one, two, other = (train.compare(digits, seed=seed, steps=30) for seed in (3, 3, 4))
    assert one.steps == two.steps
    assert one.steps.loss.manual[0] != other.steps.loss.manual[0]


def test_a_dropped_bias_gradient_is_found_at_the_first_step(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    right = linear.backward

    def without_db(*arguments: Any) -> Any:
        dx, dw, db = right(*arguments)
        return dx, dw, np.zeros_like(db)

    monkeypatch.setattr(linear, "backward", without_db)
    for dtype in train.DTYPES:
        report = train.compare(digits, steps=1, dtype=dtype)
        assert report.steps.max_weight_difference[0] > 1e-4
        assert train.outcome(report, digits).startswith("not as expected: at step 1 a weight differs by ")


def test_float32_diverges_by_its_own_rounding(digits: Dataset) -> None:
    report = train.compare(digits, dtype="float32", epochs=5)
    jump = report.steps.max_weight_difference
    assert jump[0] < 1e-6
    if report.first_divergence is None:
        assert max(jump) < 1e-4
    else:
        assert 1 <= report.first_divergence.step <= len(jump)
        assert report.first_divergence.layer in ("relu1", "pool1", "relu2", "pool2")
        assert all(difference < 1e-4 for difference in jump[: report.first_divergence.step - 1])


def test_the_outcome_of_a_training_is_told_in_one_sentence(digits: Dataset, learnt: Report) -> None:
    assert re.fullmatch(
        r"as expected: no weight ever differs by more than \S+e-1[56], and rounding explains \S+e-13",
        train.outcome(learnt, digits),
    )
    step = len(learnt.steps) // 2
    first = Difference(step, 1, "relu1", (0, 0, 0, 0), Pair(-1e-8, 1e-8), 1)
    differences = [1e-7] * (step - 1) + [1e-3] * (len(learnt.steps) - step + 1)
    apart = replace(learnt, dtype="float32", first_divergence=first, steps=Steps(learnt.steps.loss, differences))
    assert train.outcome(apart, digits) == (
        f"as expected in float32: rounding alone differs by up to 1.0e-07 until step {step - 1}, "
        "then it tips one choice, and the weights drift apart, to 1.0e-03"
    )
    assert "not as expected: at step 220 a weight differs by 1.0e-03" in train.outcome(
        replace(apart, first_divergence=None), digits
    )
    at_once = replace(apart, first_divergence=replace(first, step=1))
    assert train.outcome(at_once, digits).startswith("not as expected: the two runs begin with the same weights")


def networks(x: np.ndarray[Any, Any]) -> tuple[Manual, Reference]:
    """Both sides after a step on x, from weights that are 1 in the middle of each kernel and 0 elsewhere."""
    weights = {name: np.zeros_like(w) for name, w in convnet.initial(x.shape[1:], 10, np.random.default_rng(0)).items()}
    weights["w1"][:, :, 1, 1] = weights["w2"][:, :, 1, 1] = 1
    sides = Manual(weights, lr=0.1, momentum=0), Reference(weights, lr=0.1, momentum=0)
    for side in sides:
        side.step(x, np.zeros(len(x), int))
    return sides


def test_a_flipped_relu_is_a_divergence() -> None:
    x = np.ones((2, 1, 8, 8))
    manual, reference = networks(x)
    manual.values["z1"] = manual.values["z1"].copy()
    manual.values["z1"][1, 3, 2, 5] = -1e-9
    tie, found = next(differences(x, manual.values, reference.values, step=7, epoch=2))
    assert (tie, found.layer, found.index, found.elements, found.step) == (False, "relu1", (1, 3, 2, 5), 1, 7)
    assert (found.values.manual, found.values.reference) == (-1e-9, 1)


@pytest.mark.parametrize("blank", [True, False])
def test_another_maximum_is_a_tie_only_where_the_elements_read_the_same(blank: bool) -> None:
    x = np.ones((2, 1, 8, 8))
    x[1, 0, 3, 1] = 1 if blank else 0.5  # a pixel that (3, 2) reads and (3, 3) does not
    manual, reference = networks(x)
    manual.values["a1"] = manual.values["a1"].copy()
    manual.values["a1"][1, 0, 3, 3] += 1e-9
    reference.values["m1"][1, 0, 1, 1] = 3 * 8 + 2
    tie, found = next(differences(x, manual.values, reference.values, step=1, epoch=1))
    assert (tie, found.layer, found.index, found.elements) == (blank, "pool1", (1, 0, 1, 1), 1)
    assert (found.values.manual, found.values.reference) == (3 * 8 + 3, 3 * 8 + 2)


def test_the_json_has_everything(learnt: Report) -> None:
    result = json.loads(train.to_json(learnt), parse_constant=pytest.fail)
    assert set(result) == KEYS | {"first_divergence", "tie", "steps"}
    assert {"python", "numpy", "torch"} <= set(result["versions"])
    for epoch in result["epochs"]:
        assert set(epoch) == EPOCH_KEYS
        assert all(set(epoch[key]) == {"manual", "reference"} for key in ("loss", "accuracy", "seconds"))
    assert len(result["steps"]["max_weight_difference"]) == len(learnt.steps)
    assert result["epochs"][-1]["max_weight_difference"] == result["steps"]["max_weight_difference"][-1]


def test_a_divergence_is_an_error_that_names_it(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    message = r"^step 2: the loss is \S+ in NumPy and \S+ in PyTorch, and the largest weight difference is \S+$"
    monkeypatch.setitem(train.RECIPES, "digits", train.Recipe(lr=1e200, momentum=0.9, epochs=1))
    with warnings.catch_warnings(action="ignore"), pytest.raises(train.DivergedError, match=message):
        train.compare(digits)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dtype": "float16"}, "dtype 'float16': must be float64 or float32"),
        ({"batch_size": 0}, "batch size 0: must be 1 to {images}, the number of training images"),
        ({"epochs": 0}, "epochs 0: must be at least 1"),
        ({"steps": -1}, "steps -1: must be at least 1"),
    ],
)
def test_what_cannot_be_trained_is_rejected(digits: Dataset, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message.format(images=len(digits.train_images)))}$"):
        train.compare(digits, **arguments)


def test_progress_counts_every_step_and_epoch(digits: Dataset) -> None:
    reported: list[Any] = []
    report = train.compare(
        digits, steps=25, on_step=lambda *of: reported.append(of), on_epoch=lambda epoch: reported.append(epoch.epoch)
    )
    assert [of for of in reported if isinstance(of, tuple)] == [(i, 25) for i in range(1, 26)]
    assert [epoch for epoch in reported if isinstance(epoch, int)] == [epoch.epoch for epoch in report.epochs] == [1, 2]


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml")])
def test_the_plot_is_drawn(learnt: Report, tmp_path: Path, suffix: str, start: bytes) -> None:
    path = tmp_path / f"plot{suffix}"
    plots.training(learnt, path)
    assert path.read_bytes().startswith(start)


def test_a_plot_of_no_difference_at_all_is_drawn(learnt: Report, tmp_path: Path) -> None:
    equal = SimpleNamespace(**(vars(learnt) | {"steps": train.Steps(learnt.steps.loss, [0.0] * len(learnt.steps))}))
    plots.training(equal, tmp_path / "plot.png")  # type: ignore[arg-type]


def test_an_unknown_picture_format_is_rejected(learnt: Report, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"plot\.jpeg: the suffix must be \.png or \.svg"):
        plots.training(learnt, tmp_path / "plot.jpeg")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "result.json"
    write_atomically(path, "old")

    def half(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:1])
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(OSError, match="no space"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_to_a_result_stays_a_link(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    write_atomically(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "target").read_text() == "new"
