"""The command line, ``cnn-oracle``.

Exit code: 0 all right, 1 something is wrong, 2 invalid usage (one line), 3 an error of the oracle itself (one line).

torch, Hypothesis and rich are imported where they are used, so ``--help`` responds at once.
"""

import os
import sys
from typing import Annotated

import typer

from cnn_oracle.cli import (
    benchmarks,
    exhaust,
    mutation,
    new,
    pages,
    probe,
    pytorch,
    report,
    study,
    survey,
    train,
    verify,
)

NAME = "cnn-oracle"

app = typer.Typer(
    help="Check the outputs and gradients of neural-network layers against PyTorch: your own code, or the NumPy "
    "formulas of this project.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip
studies = typer.Typer(
    help="How good is the oracle, and what does it find? Each study prints a table; with --markdown, it also writes a "
    "page.",
    no_args_is_help=True, rich_markup_mode=None,
)  # fmt: skip
for command in (
    pages.ops, verify.verify, exhaust.exhaust, probe.probe, pytorch.torch, survey.survey, train.train, pages.formulas,
    report.report, new.new,
):  # fmt: skip
    app.command()(command)
for study_command in (
    mutation.mutation, study.mistakes, study.sizes, study.causes, study.false_positives, study.sums, study.evidence,
    pytorch.torch_defects, benchmarks.benchmarks,
):  # fmt: skip
    studies.command()(study_command)
app.add_typer(studies, name="study")


def _print_version(wanted: bool) -> None:
    if wanted:
        from cnn_oracle import __version__

        print(f"{NAME} {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Options of the command line itself."""


def main() -> None:
    """Run a command line in this process. An error ends it with one line on standard error, and exit code 2 or 3."""
    if (here := os.getcwd()) not in sys.path:
        sys.path.insert(0, here)  # as python -m does: the subject may be in the working folder
    arguments = sys.argv[1:] or ["--help"]
    for i, argument in enumerate(arguments):  # without a path, they mean standard output
        if argument in ("--json", "--html") and (i + 1 == len(arguments) or arguments[i + 1].startswith("--")):
            arguments[i] = f"{argument}=-"
    try:
        status = app(arguments, standalone_mode=False, prog_name=NAME)
    except (typer.exceptions.TyperException, ValueError, OSError) as error:
        message = error.format_message() if isinstance(error, typer.exceptions.TyperException) else str(error)
        print(f"{NAME}: {' '.join(message.split())}", file=sys.stderr)
        status = 2
    except typer.Abort:
        status = 130
    except Exception as error:
        unwritten = isinstance(error, NotImplementedError) and str(error).startswith("write ")  # of an op by ``new``
        print(f"{NAME}: {error if unwritten else _internal(error)}", file=sys.stderr)
        status = 2 if unwritten else 3
    sys.exit(status)


TRACEBACK = "CNN_ORACLE_TRACEBACK"  # if this environment variable is set, an internal error shows its traceback


def _internal(error: Exception) -> str:
    """An error of the oracle itself in one line, with the call or the op that was checked."""
    from cnn_oracle.run.workers import WorkerError, place_of

    if os.environ.get(TRACEBACK):
        import traceback

        traceback.print_exception(error)
    what = error.what if isinstance(error, WorkerError) else f"{type(error).__name__}: {error}"
    where = f", at {place}" if (place := place_of(error)) else ""
    hint = "" if os.environ.get(TRACEBACK) else f" ({TRACEBACK}=1 shows the traceback)"
    return f"internal error: {' '.join(what.split())}{where}{hint}"
