"""``train``: train one network in NumPy and in PyTorch, step by step."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cnn_oracle.cli.terminal import STDOUT, Json, Seed, check_folder, progress, put, seed_of

if TYPE_CHECKING:
    from cnn_oracle.training.train import Report

ROW = "{:>5}  {:>8} {:>8}  {:>8} {:>8}  {:>9}  {:>11}  {:>8} {:>8}"
SIDES = ("NumPy", "PyTorch")


def train(
    dataset: Annotated[
        Literal["digits", "mnist"] | None,
        typer.Option(help="digits or mnist; default: mnist if it is available, else digits."),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="The folder of MNIST; default: MNIST_ROOT, else the user's cache folder.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs; each data set has its own default.", min=1)] = None,
    batch_size: Annotated[int, typer.Option(help="Images in a batch.", min=1)] = 64,
    dtype: Annotated[Literal["float64", "float32"], typer.Option(help="The dtype of weights and images.")] = "float64",
    seed: Seed = "0",
    json: Json = None,
    plot: Annotated[Path | None, typer.Option(help="Plot losses and weight difference to this .png or .svg.")] = None,
) -> None:
    """Train one network twice, in NumPy and in PyTorch, step by step, and compare."""
    from cnn_oracle import data
    from cnn_oracle.training import plots, train

    check_folder(json)
    number = seed_of(seed)
    if plot:
        plots.check(plot)
        check_folder(plot)
    try:
        images = data.load(dataset, root)
        train.check(images, epochs, batch_size, dtype)
        on_epoch = (lambda *_: None) if json == STDOUT else _heading(images, epochs, batch_size, dtype, number)
        with progress("train", 0) as advance:
            report = train.compare(
                images, epochs=epochs, batch_size=batch_size, dtype=dtype, seed=number,
                on_step=lambda _, total: advance("train", total), on_epoch=on_epoch,
            )  # fmt: skip
    except data.DataError as error:
        raise ValueError(str(error)) from None
    if json != STDOUT:
        print(_first_divergence(report))
        print(_shown(report))
        print(train.outcome(report, images))
    if json:
        put(json, train.to_json(report))
    if plot:
        plots.training(report, plot)


def _heading(images: Any, epochs: int | None, batch_size: int, dtype: str, seed: int) -> Any:
    """Print what is trained, and return the function that prints an epoch."""
    from cnn_oracle.training.train import RECIPES

    recipe = RECIPES[images.name]
    print(f"{images.name}: {images.split}")
    print(
        f"{dtype}, seed {seed}, batches of {batch_size}, SGD with lr {recipe.lr} and momentum {recipe.momentum}, "
        f"{epochs or recipe.epochs} epochs\n"
    )
    print(ROW.format("", "loss", "", "accuracy", "", "weights", "same", "seconds", "").rstrip())
    print(ROW.format("epoch", *SIDES, *SIDES, "differ by", "predictions", *SIDES))

    def print_epoch(e: Any) -> None:
        loss, accuracy, seconds = e.loss, e.accuracy, e.seconds
        print(
            ROW.format(
                e.epoch, f"{loss.manual:.5f}", f"{loss.reference:.5f}",
                f"{accuracy.manual:.2%}", f"{accuracy.reference:.2%}",
                f"{e.max_weight_difference:.1e}", f"{e.agreement:.2%}",
                f"{seconds.manual:.1f}", f"{seconds.reference:.1f}",
            )
        )  # fmt: skip

    return print_epoch


def _shown(report: "Report") -> str:
    """The result of a training, in one line."""
    last = report.epochs[-1]
    manual, reference, most = last.accuracy.manual, last.accuracy.reference, last.max_weight_difference
    return (
        f"{report.dataset}: {manual:.2%} of the test images are classified right in NumPy, {reference:.2%} in PyTorch; "
        f"they agree on {last.agreement:.2%}, and at the end no weight differs by more than {most:.1e}"
    )


def _first_divergence(report: "Report") -> str:
    """The first divergence of the two runs, if any."""
    steps = len(report.steps)
    if (p := report.first_divergence) is None:
        return f"\nthe two runs made the same choices, every relu and every maximum, in all {steps:,} steps"
    values = f"{p.values.manual:.3g} in NumPy, {p.values.reference:.3g} in PyTorch"
    return (
        f"\nthe two runs first differ at step {p.step:,} of {steps:,}: "
        f"{p.layer}{list(p.index)} is {values} ({p.elements} elements differ)"
    )
