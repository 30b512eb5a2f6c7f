"""The command line, ``cnn-oracle``. Exit code: 0 all right, 1 something is wrong, 2 invalid usage (one line).

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
    mutation.mutation, study.mistakes, study.false_positives, study.evidence, pytorch.torch_defects,
    benchmarks.benchmarks,
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
    """Run a command line. Invalid usage ends with one line on standard error and exit code 2."""
    if (here := os.getcwd()) not in sys.path:
        sys.path.insert(0, here)  # as python -m does: the subject may be in the working folder
    arguments = sys.argv[1:] or ["--help"]
    for i, argument in enumerate(arguments):  # --json without a path means standard output
        if argument == "--json" and (i + 1 == len(arguments) or arguments[i + 1].startswith("--")):
            arguments[i] = "--json=-"
    try:
        status = app(arguments, standalone_mode=False, prog_name=NAME)
    except (typer.exceptions.TyperException, ValueError, OSError) as error:
        message = error.format_message() if isinstance(error, typer.exceptions.TyperException) else str(error)
        print(f"{NAME}: {' '.join(message.split())}", file=sys.stderr)
        status = 2
    except NotImplementedError as error:
        if not str(error).startswith("write "):  # the message of an op that ``new`` has created
            raise
        print(f"{NAME}: {error}", file=sys.stderr)
        status = 2
    except typer.Abort:
        status = 130
    sys.exit(status)
