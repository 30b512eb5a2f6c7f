"""The cards of the page: one for each formula of the article and for each op, from the code and the results."""

import inspect
import re
from typing import Any, NamedTuple

from markupsafe import Markup

from cnn_oracle import mistakes, theorems
from cnn_oracle.article.formulas import Formula
from cnn_oracle.ops import OPS
from cnn_oracle.report import code, formulas
from cnn_oracle.report.code import Source
from cnn_oracle.report.results import Results


class Theorem(NamedTuple):
    """The name of a theorem, and its statement in one sentence."""

    name: str
    statement: str


class Mistake(NamedTuple):
    """A known mistake. ``calls`` is the number of calls until it was found, or None if that was not run."""

    op: str
    name: str
    description: str
    calls: int | None


class PrintedFormula(NamedTuple):
    """A formula of the article: as printed, in general, and the domain on which the printed form is right.

    ``verdict`` is holds, narrower or wrong. ``counterexample`` is the smallest, with the printed form's result.
    """

    id: str
    printed: Markup
    general: Markup
    verdict: str
    domain: Markup | None
    counterexample: Markup | None
    sources: list[Source]
    theorems: list[str]


class Op(NamedTuple):
    """An op: its verdict (if there are results), formulas, code, theorems and mistakes."""

    name: str
    verdict: str | None
    calls: int
    error_over_bound: float
    failure: str | None
    comparison: str
    lines: list[formulas.Line]
    sources: list[Source]
    theorems: list[str]
    mistakes: list[Mistake]


def printed(row: Formula) -> PrintedFormula:
    """The card of a row of the article's table."""
    verdict = "wrong" if row.status.startswith("wrong") else "narrower" if row.domain else "holds"
    found = re.search(r"smallest counterexample (.*?): (.*?)(?:; holds when|$)", row.status)
    return PrintedFormula(
        row.id, typeset(row.printed), typeset(row.general), verdict, typeset(row.domain) if row.domain else None,
        typeset(found[1]) + ": " + found[2] if found else None,
        code.functions(row.implementations), [theorem.rpartition("::")[2] for theorem in row.theorems or ()],
    )  # fmt: skip


def theorem(function: theorems.Theorem) -> Theorem:
    """The name and the statement of a theorem."""
    return Theorem(function.__name__, (inspect.getdoc(function) or "").partition("\n")[0])


def op(name: str, results: Results) -> Op:
    """The card of an op."""
    modules = [f"cnn_oracle.manual.{name}", *code.private_parts(f"cnn_oracle.manual.{name}")]
    row = verdicts(results).get(name, {})
    failure = row.get("failure") or {}
    return Op(
        name, row.get("verdict"), row.get("calls", 0), row.get("error_over_bound", 0.0), failure.get("what"),
        OPS[name].verdict,
        [line for module in modules for line in formulas.lines_of(module)],
        [code.module(module) for module in modules],
        [t.__name__ for t in theorems.of(OPS[name])],
        [mistake(f"{name}.{m.name}", results) for m in mistakes.of(name)],
    )  # fmt: skip


def mistake(dotted: str, results: Results) -> Mistake:
    """The card of a known mistake, such as "conv2d.kernel_rotated".

    Raises:
        StopIteration: the op has no mistake of that name.
    """
    op, _, name = dotted.partition(".")
    description = next(m.description for m in mistakes.of(op) if m.name == name)
    calls = (entry["calls"] for entry in results.get("mistakes", ()) if (entry["op"], entry["name"]) == (op, name))
    return Mistake(op, name, description, next(calls, None))


def verdicts(results: Results) -> dict[str, dict[str, Any]]:
    """The rows of verify by op; empty if it was not run."""
    return {row["op"]: row for row in results.get("verify", {}).get("ops", ())}


def typeset(text: str) -> Markup:
    """A sentence with its formulas typeset."""
    return Markup(formulas.typeset(text))
