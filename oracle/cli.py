"""The command line, ``python -m oracle``: 0 all right, 1 something is wrong, 2 the call cannot be used (one line).

torch, Hypothesis and rich are imported where they are used, so that ``--help`` answers at once.
"""

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from oracle.train import Report
    from oracle.verify import Row

app = typer.Typer(
    help="Is this gradient right? NumPy formulas of convolutional networks, and yours, against PyTorch.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip

Json = Annotated[Path | None, typer.Option(help="Also write the result as JSON to this file; - is standard output.")]
Seed = Annotated[int, typer.Option(help="Every random choice follows from it.", min=0)]


@app.command()
def ops(json: Json = None) -> None:
    """List the ops: what is compared, how, and which options are covered."""
    _check_folder(json)
    from oracle import theorems
    from oracle.left_out import left_out
    from oracle.ops import OPS

    rows: list[dict[str, Any]] = [
        {
            "op": op.name,
            "kind": op.kind,
            "comparison": op.verdict,
            "signature": op.signature,
            "options": list(op.options),
            "left_out": left_out(op),
            "theorems": [theorem.__name__ for theorem in theorems.of(op)],
        }
        for op in OPS.values()
    ]
    _write(json, rows)
    if json != STDOUT:
        cells = [
            (
                r["op"],
                r["kind"],
                r["comparison"],
                str(len(r["theorems"])),
                ", ".join(r["options"]),
                ", ".join(r["left_out"]),
            )
            for r in rows
        ]
        _table(("op", "kind", "comparison", "theorems", "options", "left out"), cells)


@app.command()
def verify(
    subject: Annotated[
        str, typer.Argument(help="An importable package or module that has some of the ops.")
    ] = "manual",
    op: Annotated[list[str] | None, typer.Option(help="Only this op; may be given again.")] = None,
    call: Annotated[str | None, typer.Option(help="Check this one call, as an 'again' line prints it.")] = None,
    seed: Seed = 0,
    examples: Annotated[int, typer.Option(help="Drawn calls per op.", min=1)] = 100,
    exhaustive: Annotated[
        int | None, typer.Option(help="Instead: once, every geometry with axes up to this size.", min=1)
    ] = None,
    part: Annotated[str, typer.Option(help="Of --exhaustive: i/n, one of n parts that cover it once.")] = "1/1",
    isolate: Annotated[
        bool,
        typer.Option(
            "--isolate", help="In worker processes: a call that ends its process is CRASHED, and all goes on."
        ),
    ] = False,
    timeout: Annotated[
        float,
        typer.Option(help="Of --isolate, --exhaustive: a call without an answer for so long is CRASHED.", min=0.1),
    ] = 60,
    json: Json = None,
) -> None:
    """Check every theorem on drawn calls of each op, and explain what fails by its smallest call."""
    import hypothesis.configuration

    from oracle import calls, subjects, verify
    from oracle import exhaustive as world
    from oracle import isolate as isolated

    _check_folder(json)
    if call is not None and (op or exhaustive is not None):
        raise ValueError(f"--call {call!r} is one call of one op: give neither --op nor --exhaustive beside it")
    if exhaustive is None and part != "1/1":
        raise ValueError("--part is of --exhaustive: give both")
    hypothesis.configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir(), "oracle-hypothesis"))
    asked: dict[str, Any] = {}
    with contextlib.redirect_stdout(sys.stderr if json == STDOUT else sys.stdout):  # what a subject prints is no JSON
        code = subjects.load(subject)
        if exhaustive is not None:
            asked = {"exhaustive": exhaustive, "part": part}
            with _progress("verify", 0) as advance:
                rows = list(
                    world.verify(
                        code, op or (), exhaustive, _part(part), timeout=timeout,
                        say=(lambda _: None) if json == STDOUT else print,
                        progress=lambda name, done, total: advance(name, total, done),
                    )
                )  # fmt: skip
        elif call is not None:
            one = calls.parse(call, seed)
            rows = [isolated.call(code, one, timeout) if isolate else verify.one_call(code, one)]
        else:
            if not (covered := verify.covered(code, op or ())):
                raise ValueError(f"subject {subject!r} has none of the ops; see python -m oracle ops")
            names, total = [o.name for o in covered], len(covered) * examples
            with _progress("verify", total) as advance:
                if isolate:
                    rows = isolated.verify(
                        code, names, examples=examples, seed=seed, timeout=timeout,
                        progress=lambda name, done: advance(name, total, done),
                    )  # fmt: skip
                else:
                    rows = list(verify.verify(code, names, examples=examples, seed=seed, progress=advance))
    _write(json, verify.to_json(code, rows, **asked))
    if json != STDOUT:
        _report(subject, rows, "drawn calls" if exhaustive is None else f"geometries with axes up to {exhaustive}")
    if any(row.failure for row in rows):
        raise typer.Exit(1)


@app.command()
def evidence(
    markdown: Annotated[Path, typer.Option(help="The page to write.")],
    exhaustive: Annotated[int, typer.Option(help="The small world's largest axis.", min=1)] = 5,
) -> None:
    """Write the page of evidence: per op the comparison, its small world, the time, what drawn calls reach."""
    from oracle import evidence, subjects

    _check_folder(markdown)
    with _progress("evidence", 0) as advance:
        rows = list(
            evidence.gather(
                subjects.load("manual"), exhaustive, lambda name, done, total: advance(name, total, done)
            )
        )  # fmt: skip
    _put(markdown, evidence.markdown(rows, exhaustive))
    checked = [e.row for e in rows if e.row]
    _report("manual", checked, f"geometries with axes up to {exhaustive}")
    if any(row.failure for row in checked):
        raise typer.Exit(1)


@app.command()
def formulas(
    json: Json = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the table as a page to this file.")] = None,
) -> None:
    """List the article's formulas: as printed and in general, their code, their theorems, and whether they hold."""
    from oracle import formulas

    for path in (json, markdown):
        _check_folder(path)
    rows = formulas.table()
    _write(json, [row._asdict() for row in rows])
    if markdown:
        _put(markdown, formulas.markdown(rows))
    if json != STDOUT:
        print(formulas.text(rows))


@app.command()
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
    from oracle import plots, train

    _check_folder(json)
    if plot:
        plots.check(plot)
        _check_folder(plot)
    try:
        images = data.load(dataset, root)
        train.check(images, epochs, batch_size, dtype)
        say = (lambda *_: None) if json == STDOUT else _heading(images, epochs, batch_size, dtype, seed)
        with _progress("train", 0) as advance:
            report = train.compare(
                images, epochs=epochs, batch_size=batch_size, dtype=dtype, seed=seed,
                on_step=lambda _, total: advance("train", total), on_epoch=say,
            )  # fmt: skip
    except data.DataError as error:
        raise ValueError(str(error)) from None
    if json:
        _put(json, train.to_json(report))
    if plot:
        plots.training(report, plot)
    if json != STDOUT:
        print(_parting(report))


def main() -> None:
    """Run the command line; a call that cannot be used ends with one line on standard error and status 2."""
    arguments = sys.argv[1:] or ["--help"]
    for i, argument in enumerate(arguments):  # --json alone means standard output
        if argument == "--json" and (i + 1 == len(arguments) or arguments[i + 1].startswith("--")):
            arguments[i] = "--json=-"
    try:
        status = app(arguments, standalone_mode=False, prog_name="python -m oracle")
    except (typer.exceptions.TyperException, ValueError, OSError) as error:
        message = error.format_message() if isinstance(error, typer.exceptions.TyperException) else str(error)
        print(f"oracle: {' '.join(message.split())}", file=sys.stderr)
        status = 2
    except typer.Abort:
        status = 130
    sys.exit(status)


STDOUT = Path("-")
BAD = {"WRONG", "CRASHED", "NONDETERMINISTIC", "MISTRUSTED"}


def _part(text: str) -> tuple[int, int]:
    i, _, n = text.partition("/")
    if not (i.isdecimal() and n.isdecimal() and 1 <= int(i) <= int(n)):
        raise ValueError(f"part {text!r}: must be i/n with 1 ≤ i ≤ n, like 3/8")
    return int(i), int(n)


def _report(subject: str, rows: "list[Row]", calls: str) -> None:
    cells = [
        (r.op, r.verdict, f"{r.calls:,}", f"{r.worst:.2g}", f"{r.miss:.0e}" if r.miss else "", f"{r.seconds:.1f}")
        for r in rows
    ]
    _table(("op", "verdict", "calls", "worst", "miss ≤", "seconds"), cells)
    failures = [row.failure for row in rows if row.failure]
    for failure in failures:
        print(f"\n{failure}")
    wrong = f"{len(failures)} of {len(rows)} ops are not" if failures else f"{len(rows)} ops are"
    print(f"\n{subject}: {wrong} what PyTorch computes, by {sum(r.calls for r in rows):,} {calls}")
    if withheld := sum(r.withheld for r in rows):
        print(f"not handed to PyTorch: {withheld:,}, on which it would write outside its arrays")


def _heading(images: Any, epochs: int | None, batch_size: int, dtype: str, seed: int) -> Any:
    """Print what is trained, and return what prints an epoch."""
    from oracle.train import RECIPES

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


def _table(header: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*header, box=box.SIMPLE_HEAD, pad_edge=False)
    for cells in rows:
        table.add_row(*cells, style="red" if BAD & {*cells} else None)
    Console(width=None if sys.stdout.isatty() else 200).print(table)


@contextlib.contextmanager
def _progress(what: str, total: int) -> Iterator[Any]:
    """A bar with the remaining time on a terminal's standard error; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as progress:
        task = progress.add_task(what, total=total or None)

        def advance(what: str, total: float | None = total, done: int = 1) -> None:
            progress.update(task, description=what, advance=done, total=total)

        yield advance


def _check_folder(path: Path | None) -> None:
    """Refuse, before anything is computed, a file that could not be written."""
    if path is None or path == STDOUT:
        return
    if path.is_dir():
        raise ValueError(f"file {str(path)!r}: it is a folder")
    if not path.absolute().parent.is_dir():
        raise ValueError(f"file {str(path)!r}: there is no folder {str(path.parent)!r}")


def _write(path: Path | None, result: Any) -> None:
    if path is not None:
        _put(path, json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _put(path: Path, text: str) -> None:
    if path == STDOUT:
        sys.stdout.write(text)
    else:
        from oracle.files import write_atomically

        write_atomically(path, text)
