"""``train``: one network by hand and in PyTorch, step for step."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from oracle.cli.terminal import STDOUT, Json, Seed, check_folder, progress, put

if TYPE_CHECKING:
    from oracle.training.train import Report


def train(
    dataset: Annotated[
        Literal["digits", "mnist"] | None, typer.Option(help="digits or mnist; MNIST where it can be had, else digits.")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Where MNIST lies or goes; else MNIST_ROOT, else data/.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs; each data set has its own default.", min=1)] = None,
    batch_size: Annotated[int, typer.Option(help="Images in a batch.", min=1)] = 64,
    dtype: Annotated[Literal["float64", "float32"], typer.Option(help="Of weights and images.")] = "float64",
    seed: Seed = 0,
    json: Json = None,
    plot: Annotated[Path | None, typer.Option(help="Draw losses and weight difference to this .png or .svg.")] = None,
) -> None:
    """Train one network twice, by hand in NumPy and in PyTorch, step for step, and compare."""
    import data
    from oracle.training import plots, train

    check_folder(json)
    if plot:
        plots.check(plot)
        check_folder(plot)
    try:
        images = data.load(dataset, root)
        train.check(images, epochs, batch_size, dtype)
        say = (lambda *_: None) if json == STDOUT else _heading(images, epochs, batch_size, dtype, seed)
        with progress("train", 0) as advance:
            report = train.compare(
                images, epochs=epochs, batch_size=batch_size, dtype=dtype, seed=seed,
                on_step=lambda _, total: advance("train", total), on_epoch=say,
            )  # fmt: skip
    except data.DataError as error:
        raise ValueError(str(error)) from None
    if json:
        put(json, train.to_json(report))
    if plot:
        plots.training(report, plot)
    if json != STDOUT:
        print(_parting(report))


def _heading(images: Any, epochs: int | None, batch_size: int, dtype: str, seed: int) -> Any:
    """Print what is trained, and return what prints an epoch."""
    from oracle.training.train import RECIPES

    recipe = RECIPES[images.name]
    print(f"{images.name}: {images.split}")
    print(
        f"{dtype}, seed {seed}, batches of {batch_size}, SGD with lr {recipe.lr} and momentum {recipe.momentum}, "
        f"{epochs or recipe.epochs} epochs; every pair of columns: by hand, PyTorch\n"
    )
    print("epoch  loss               accuracy          weights differ by  same predictions  seconds")

    def say(e: Any) -> None:
        print(
            f"{e.epoch:5}  {e.loss.manual:8.5f} {e.loss.reference:8.5f}  {e.accuracy.manual:8.2%} "
            f"{e.accuracy.reference:7.2%}  {e.max_weight_difference:17.1e}  {e.agreement:16.2%}  "
            f"{e.seconds.manual:.1f} {e.seconds.reference:.1f}"
        )

    return say


def _parting(report: "Report") -> str:
    """The last line of a training: where the two runs first chose differently, if they did."""
    steps = len(report.steps)
    if (p := report.parting) is None:
        return f"\nthe two runs made the same choices, every relu and every maximum, in all {steps:,} steps"
    values = f"{p.values.manual:.3g} by hand, {p.values.reference:.3g} in PyTorch"
    return (
        f"\nthe two runs part at step {p.step:,} of {steps:,}: {p.layer}{list(p.index)} is {values} ({p.elements} so)"
    )
