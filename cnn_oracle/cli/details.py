"""``ops conv2d``: the options of an op, its comparison, theorems, known mistakes, and files."""

import inspect
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from cnn_oracle.cli import checkout
from cnn_oracle.cli.checkout import path_of

if TYPE_CHECKING:
    from cnn_oracle.op import Op

UNSUPPORTED = re.compile(r"\b(left out|not taken|unsupported)\b")  # the words that an op's docs use for it


def of(op: "Op") -> dict[str, Any]:
    """The keys that ``ops --json`` adds for a named op."""
    from cnn_oracle import mistakes, theorems

    defaults = {name: op.parameters[name].default for name in op.options}
    return {
        "summary": first_sentence(op.manual.__doc__),
        "defaults": {name: value for name, value in defaults.items() if value is not inspect.Parameter.empty},
        "unsupported_calls": _unsupported(op),
        "rejects": _rejects(op),
        "grids": {grid.__name__: first_sentence(grid.__doc__) for grid in op.comparison.grids},
        "normwise": op.normwise is not None,
        "theorem_summaries": {t.__name__: first_sentence(t.__doc__) for t in theorems.of(op)},
        "mistakes": [
            {"name": m.name, "replaces": m.replaces, "description": _plain(m.description)} for m in mistakes.of(op.name)
        ],
        "files": _files(op),
    }


def text(row: dict[str, Any]) -> str:
    """The same as text, in sections of one line per item."""
    options = [(name, _default(row, name)) for name in row["options"]]
    sections = [
        _section("options", options),
        _section("unsupported", [(u["what"], u["call"] or u["why"]) for u in row["unsupported_calls"]]),
        _section("rejects", [(row["rejects"], "")] if row["rejects"] else []),
        _section("comparison", _comparison(row)),
        _section("theorems", row["theorem_summaries"].items()),
        _section("known mistakes", [(m["name"], f"{m['replaces']}: {m['description']}") for m in row["mistakes"]]),
        _section("files", [(what, ", ".join(paths) or "none") for what, paths in row["files"].items()]),
    ]
    return "\n\n".join([f"{row['signature']}\n{_wrapped('  ' + row['summary'], '  ')}", *sections])


def first_sentence(doc: str | None) -> str:
    """The first sentence of a docstring, on one line; the whole first paragraph if no sentence ends in it."""
    paragraph = " ".join(_plain(inspect.cleandoc(doc or "")).partition("\n\n")[0].split())
    return re.split(r"(?<=\.) (?=[A-Z])", paragraph)[0]


def _plain(doc: str) -> str:
    """The text without the double backquotes of reST."""
    return doc.replace("``", "")


def _unsupported(op: "Op") -> list[dict[str, str | None]]:
    """The parts of PyTorch's op that are unsupported, each with an example call if any, and the docs' reason if any."""
    from cnn_oracle.calls.unsupported import VALUES, unsupported

    calls, docs = VALUES.get(op.name, {}), _sentences(op)
    return [
        {
            "what": what,
            "call": calls.get(what),
            "why": " ".join(s for s in docs if re.search(rf"\b{re.escape(what)}\b", s)),
        }
        for what in unsupported(op)
    ]


def _sentences(op: "Op") -> list[str]:
    """The sentences of the op's docs about what is unsupported."""
    docs = " ".join(_plain(f"{op.manual.__doc__} {_main(op).__doc__}").split())
    return [sentence for sentence in re.split(r"(?<=\.) (?=[A-Z])", docs) if UNSUPPORTED.search(sentence)]


def _rejects(op: "Op") -> str:
    """The text under Raises in the docstring."""
    doc = _plain(inspect.getdoc(_main(op)) or "")
    return " ".join(doc.partition("Raises:\n")[2].partition("\n\n")[0].split())


def _main(op: "Op") -> Any:
    return getattr(op.manual, "step" if op.kind == "step" else "forward")


def _files(op: "Op") -> dict[str, list[str]]:
    """The op's files, by their content; tests only in a checkout."""
    from cnn_oracle import mistakes

    names = ("forward", "backward", "step")
    written = [inspect.unwrap(getattr(op.manual, name)).__module__ for name in names if hasattr(op.manual, name)]
    modules = {
        "manual": [op.manual.__name__, *written],
        "reference": [op.reference.__name__],
        "mistakes": mistakes.files(op.name),
        "bound": [_module(op.comparison.bound), *([_module(op.comparison.normwise)] if op.comparison.normwise else [])],
        "calls": [_module(op.geometry)],
    }
    files = {what: [path_of(module) for module in dict.fromkeys(found)] for what, found in modules.items()}
    return {"manual": files.pop("manual"), "reference": files.pop("reference"), "tests": _tests(op.name), **files}


def _module(function: Any) -> str:
    while isinstance(function, partial):
        function = function.func
    return str(function.__module__)


def _tests(name: str) -> list[str]:
    """The files of the op's laws: its own file, the file of all ranks, or both."""
    top = checkout.own()
    names = dict.fromkeys((name, re.sub("[123]d$", "", name)))
    paths = [f"tests/ops/test_{name}.py" for name in names]
    return [path for path in paths if top and (top / path).is_file()]


def _default(row: dict[str, Any], name: str) -> str:
    return repr(row["defaults"][name]) if name in row["defaults"] else "required"


def _comparison(row: dict[str, Any]) -> list[tuple[str, str]]:
    grids = [(f"EXACT on {name}", what) for name, what in row["grids"].items()]
    normwise = [("NORMWISE", "fast algorithms may round more: all elements of an output share one bound")]
    here = "on real numbers, each element" if grids else "on real numbers only: this op has no exact grid. Each element"
    return [*grids, ("BOUNDED", f"{here} lies within its rounding bound"), *normwise * row["normwise"]]


def _section(title: str, rows: Iterable[tuple[str, str]]) -> str:
    rows = list(rows) or [("none", "")]
    width = max((len(name) for name, what in rows if what), default=0)
    lines = [_wrapped(f"  {name:{width}}  {what}".rstrip(), " " * (width + 4 if what else 2)) for name, what in rows]
    return "\n".join([title, *lines])


def _wrapped(line: str, indent: str) -> str:
    """The text, wrapped to the width of the terminal; not wrapped elsewhere."""
    if not sys.stdout.isatty():
        return line
    width = max(shutil.get_terminal_size().columns, len(indent) + 20)
    return textwrap.fill(line, width, subsequent_indent=indent, break_on_hyphens=False)
