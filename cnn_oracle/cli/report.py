"""``report``: formulas, code, figures and verdicts as one page."""

from pathlib import Path
from typing import Annotated

import typer

from cnn_oracle.cli.terminal import check_folder, progress
from cnn_oracle.environment import require

FOLDER = ".oracle-report"


def report(
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path("report.html"),
    results: Annotated[
        Path | None,
        typer.Option(
            help=f"Folder for the results as JSON; it is created if missing. Default: {FOLDER} beside the page."
        ),
    ] = None,
) -> None:
    """Write one HTML page that explains every formula and shows the evidence. The page needs no network."""
    require("report", "report", "latex2mathml", "matplotlib", "pygments")
    check_folder(output)
    folder = results or output.absolute().parent / FOLDER
    check_folder(folder / "verify.json" if folder.is_dir() else folder)
    from cnn_oracle.environment import write_atomically
    from cnn_oracle.report import results as kept

    found = kept.load(folder)
    with progress("results", 0) as advance:
        kept.complete(folder, found, advance)
        from cnn_oracle.report import page
        from cnn_oracle.report.chapters import CHAPTERS

        advance("figures", done=0)
        text = page.html(found, folder)
    write_atomically(output, text)
    for name in kept.LONG:
        if name not in found:
            print(f"not run: {kept.command(name, folder)}")
    for name in kept.outdated(folder):
        print(f"older than the code: {kept.command(name, folder)}")
    ops = len(found["verify"]["ops"])
    print(f"{output}: {len(CHAPTERS)} chapters, {ops} ops, {len(text.encode()) / 1e6:.1f} MB")
