"""Highlighted code from its file: a module, or a function of it."""

import ast
import inspect
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import BashLexer, PythonLexer  # type: ignore[import-untyped]

STYLES = {"light": "friendly", "dark": "github-dark"}  # of Pygments


class Source(NamedTuple):
    """The path of the code (``manual/conv2d.py``), and its text as HTML."""

    file: str
    html: Markup


def module(name: str) -> Source:
    """The whole file of a module."""
    return Source(file_of(name), _html(_text(name)))


def functions(names: list[str]) -> list[Source]:
    """The functions of these dotted names, grouped by file. Names of modules are ignored."""
    found: dict[str, list[str]] = {}
    for name in names:
        parent, _, attribute = name.rpartition(".")
        if find_spec(parent) and not _is_module(name):
            found.setdefault(parent, []).append(inspect.getsource(getattr(import_module(parent), attribute)))
    return [Source(file_of(parent), _html("\n\n".join(sources))) for parent, sources in found.items()]


def private_parts(name: str) -> list[str]:
    """The private modules that a module imports whole (``from . import _convolution``): they hold its formulas.

    >>> private_parts("cnn_oracle.manual.conv2d")
    ['cnn_oracle.manual._convolution']
    """
    imports = (node for node in ast.parse(_text(name)).body if isinstance(node, ast.ImportFrom))
    return [
        f"cnn_oracle.manual.{alias.name}"
        for node in imports
        if node.level == 1 and node.module is None
        for alias in node.names
        if alias.name.startswith("_")
    ]


def shell(line: str) -> Markup:
    """A command line, highlighted."""
    return Markup(highlight(line, BashLexer(), HtmlFormatter(cssclass="code", nowrap=True)))


def css() -> str:
    """The colours of code, for both themes."""
    light, dark = (HtmlFormatter(style=STYLES[theme]).get_token_style_defs(".code") for theme in ("light", "dark"))
    return "\n".join([*light, "@media (prefers-color-scheme: dark) {", *dark, "}"])


def file_of(name: str) -> str:
    """The path of a module's file from the root of the checkout, which holds four folders of the package."""
    return re.sub(r"^cnn_oracle\.(?=(?:data|manual|reference|studies)\.)", "", name).replace(".", "/") + ".py"


def _is_module(name: str) -> bool:
    parent = find_spec(name.rpartition(".")[0])
    return bool(parent and parent.submodule_search_locations and find_spec(name))


def _text(name: str) -> str:
    spec = find_spec(name)
    assert spec is not None
    return Path(str(spec.origin)).read_text(encoding="utf-8")


def _html(text: str) -> Markup:
    return Markup(highlight(text.strip("\n"), PythonLexer(), HtmlFormatter(nowrap=True)))
