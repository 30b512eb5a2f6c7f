"""The page that ``--html`` writes: the table, each failure with heat maps of its outputs, warnings and the summary."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cnn_oracle.cli.terminal import put

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnn_oracle.result import Result


def write_page(path: Path | None, rows: "Sequence[Result]", last: "Sequence[str]") -> None:
    """Write the results as one page without scripts and links to other files.

    Args:
        path: The file; ``-`` is standard output. None writes nothing.
        rows: The results.
        last: The last lines that the terminal shows.
    """
    if path is None:
        return
    from cnn_oracle.pages import fill
    from cnn_oracle.result import as_html, exit_code

    verdict = ("right", "wrong", "not covered")[exit_code(rows)]
    command = shlex.join(["cnn-oracle", *sys.argv[1:]])
    template = Path(__file__).with_name("page.html.jinja")
    put(path, fill(template, command=command, verdict=verdict, last=[*filter(None, last)], results=as_html(rows)))
