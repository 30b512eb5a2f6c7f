"""The command line, ``python -m oracle``: 0 all right, 1 something is wrong, 2 the call cannot be used (one line).

torch, Hypothesis and rich are imported where they are used, so that ``--help`` answers at once.
"""

import sys

import typer

from oracle.cli import mutants, pages, report, train, trial, verify

app = typer.Typer(
    help="Is this gradient right? NumPy formulas of convolutional networks, and yours, against PyTorch.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip
for command in (
    pages.ops, verify.verify, train.train, pages.formulas, pages.evidence, pages.mistakes, pages.alarms,
    mutants.mutants, trial.defects, report.report,
):  # fmt: skip
    app.command()(command)


def main(app: typer.Typer = app, name: str = "oracle") -> None:
    """Run a command line; a call that cannot be used ends with one line on standard error and status 2."""
    arguments = sys.argv[1:] or ["--help"]
    for i, argument in enumerate(arguments):  # --json alone means standard output
        if argument == "--json" and (i + 1 == len(arguments) or arguments[i + 1].startswith("--")):
            arguments[i] = "--json=-"
    try:
        status = app(arguments, standalone_mode=False, prog_name=f"python -m {name}")
    except (typer.exceptions.TyperException, ValueError, OSError) as error:
        message = error.format_message() if isinstance(error, typer.exceptions.TyperException) else str(error)
        print(f"{name}: {' '.join(message.split())}", file=sys.stderr)
        status = 2
    except typer.Abort:
        status = 130
    sys.exit(status)
