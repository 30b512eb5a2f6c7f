"""Pages in Markdown: ``render`` fills the template that lies beside a module. Its text is there, figures are given.

A template may call ``hardware()`` and ``versions()``; the functions below are its filters.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cnn_oracle.environment import hardware, versions

if TYPE_CHECKING:
    from jinja2 import Environment


def render(module: str, **values: object) -> str:
    """``render(__file__, …)``: the text of the template of the module's name, ``….md.jinja``."""
    return fill(Path(module).with_suffix(".md.jinja"), **values)


def fill(template: Path, **values: object) -> str:
    """The text of a template; a value that is missing is an error."""
    return _environment().from_string(template.read_text(encoding="utf-8")).render(values)


def thousands(count: int) -> str:
    """7104 as 7,104."""
    return f"{count:,}"


def percent(share: float, digits: int = 0) -> str:
    """0.5 as 50%."""
    return f"{share:.{digits}%}"


def cell(text: str) -> str:
    r"""What would end the cell of a table, escaped: a | b as a \| b."""
    return text.replace("|", "\\|")


def row(cells: Iterable[str]) -> str:
    """A line of a table whose columns the template does not know."""
    return f"| {' | '.join(cells)} |"


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, StrictUndefined  # here, since the command line starts without it

    made = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    made.filters |= {"thousands": thousands, "percent": percent, "cell": cell, "row": row}
    made.globals |= {"hardware": hardware, "versions": versions}
    return made
