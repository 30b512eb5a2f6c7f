"""Pages in Markdown or HTML: ``render`` fills the template beside a module.

The text is in the template. The numbers come from the caller. A template may call ``hardware()`` and ``versions()``,
and may use ``thousands``, ``percent``, ``cell``, ``row`` and ``zip`` as filters.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cnn_oracle.environment import hardware, versions

if TYPE_CHECKING:
    from jinja2 import Environment


def render(module: str, **values: object) -> str:
    """Fill the template that has the name of the module, ``….md.jinja``. Use it as ``render(__file__, …)``.

    Raises:
        jinja2.UndefinedError: a value that the template uses is missing.
    """
    return fill(Path(module).with_suffix(".md.jinja"), **values)


def fill(template: Path, **values: object) -> str:
    """Fill a template, as ``render``. In ``….html.jinja``, values are escaped."""
    environment = _environment(template.name.endswith(".html.jinja"))
    return environment.from_string(template.read_text(encoding="utf-8")).render(values)


def thousands(count: int) -> str:
    """7104 as 7,104."""
    return f"{count:,}"


def percent(share: float, digits: int = 0) -> str:
    """0.5 as 50%."""
    return f"{share:.{digits}%}"


def cell(text: str) -> str:
    r"""Escape what would end the cell of a table: a | b becomes a \| b."""
    return text.replace("|", "\\|")


def row(cells: Iterable[str]) -> str:
    """One line of a Markdown table, for tables whose columns the template does not know."""
    return f"| {' | '.join(cells)} |"


@cache
def _environment(escaped: bool) -> "Environment":
    from jinja2 import Environment, StrictUndefined  # imported here: the command line starts without it

    made = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=escaped
    )  # fmt: skip
    made.filters |= {"thousands": thousands, "percent": percent, "cell": cell, "row": row, "zip": zip}
    made.globals |= {"hardware": hardware, "versions": versions}
    return made
