"""The page: chapters, cards and figures in page.html, with style.css and widget.js, as one file. No network."""

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from cnn_oracle import theorems
from cnn_oracle.article import formulas
from cnn_oracle.environment import versions
from cnn_oracle.ops import OPS
from cnn_oracle.report import cards, code, results
from cnn_oracle.report.chapters import CHAPTERS, Chapter
from cnn_oracle.report.figures import all_figures
from cnn_oracle.report.results import Results

ARTICLE = "Gentle Dive into Math Behind Convolutional Neural Networks"
TOGETHER = ("avg_pool", "conv_transpose", "max_pool")  # one file of tests/ops for all ranks
MARK = re.compile(r"\[(?:figure (?P<figure>\w+)|(?P<part>widget|verdicts|theorems))\]")


class Block(NamedTuple):
    """A piece of a chapter's text: a paragraph, a figure by its name, or a part of the page."""

    kind: str
    content: Markup | str


class Section(NamedTuple):
    """A chapter with all its content. ``elsewhere`` has the ops whose card is in an earlier chapter."""

    number: int
    chapter: Chapter
    blocks: list[Block]
    printed: list[cards.PrintedFormula]
    ops: list[cards.Op]
    groups: list[tuple[str, list[cards.Op]]]
    elsewhere: list[str]
    mistakes: list[cards.Mistake]
    checks: list[Markup]


def html(found: Results, folder: Path) -> str:
    """The whole page, from the results in ``folder``. For a missing result it names the command that makes it."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    page = environment.from_string(_file("page.html"))
    drawn = all_figures(found)
    return page.render(
        article=ARTICLE, sections=sections(found), figures=drawn, ops=OPS, verdicts=cards.verdicts(found),
        every_theorem=_theorems(), summary=summary(found), versions=versions(),
        drawing=Markup, typeset=cards.typeset, breakable=breakable,
        missing=[results.command(name, folder) for name in results.LONG if name not in found],
        style=Markup(_file("style.css") + code.css()), script=Markup(_file("widget.js")),
    )  # fmt: skip


def sections(found: Results) -> list[Section]:
    """The chapters. The card of each op is in the first chapter that names it."""
    table = {row.id: row for row in formulas.table()}
    shown: set[str] = set()
    return [_section(number, chapter, table, found, shown) for number, chapter in enumerate(CHAPTERS, 1)]


def _section(
    number: int, chapter: Chapter, table: Mapping[str, formulas.Formula], found: Results, shown: set[str]
) -> Section:  # fmt: skip
    new = [name for name in chapter.every_op if name not in shown]
    shown.update(new)
    card = {name: cards.op(name, found) for name in new}
    rows = [table[key] for key in chapter.formulas]
    named = [cards.mistake(name, found) for name in chapter.mistakes]
    return Section(
        number, chapter, blocks(chapter.text), [cards.printed(row) for row in rows],
        [card[name] for name in chapter.ops if name in card],
        [(title, [card[name] for name in names if name in card]) for title, names in chapter.groups],
        [name for name in chapter.every_op if name not in card],
        named or [m for name in chapter.ops if name in card for m in card[name].mistakes],
        checks(chapter, rows),
    )  # fmt: skip


def blocks(text: str) -> list[Block]:
    """The blocks of a chapter's text.

    >>> blocks("One `dx`.\\n\\n[figure image]")
    [Block(kind='paragraph', content=Markup('One <code>dx</code>.')), Block(kind='figure', content='image')]
    """
    pieces = (" ".join(piece.split()) for piece in re.split(r"\n\s*\n", text) if piece.strip())
    return [_block(piece) for piece in pieces]


def _block(piece: str) -> Block:
    if mark := MARK.fullmatch(piece):
        return Block("figure", mark["figure"]) if mark["figure"] else Block(mark["part"], "")
    return Block("paragraph", Markup(re.sub("`(.+?)`", r"<code>\1</code>", str(escape(piece)))))


def checks(chapter: Chapter, rows: Iterable[formulas.Formula]) -> list[Markup]:
    """The command lines that check the chapter: its tests, and its ops."""
    tests = [theorem.partition("::")[0] for row in rows for theorem in row.theorems or ()]
    tests += [f"tests/ops/test_{op[:-2] if op[:-2] in TOGETHER else op}.py" for op in chapter.ops]
    ops = "" if chapter.groups else "".join(f" --op {op}" for op in chapter.ops)  # with groups, check all ops
    lines = ["pytest " + " ".join(dict.fromkeys(tests))] if tests else []
    lines += ["cnn-oracle verify" + ops] if chapter.every_op else []
    return [code.shell(line) for line in lines or ["pytest -n auto"]]


def breakable(name: str) -> Markup:
    """A long name that may break after a dot or an underscore."""
    return Markup(re.sub(r"(?<=[._])(?=\w)", "<wbr>", escape(name)))


def summary(found: Results) -> str:
    """The results in one sentence."""
    rows = list(cards.verdicts(found).values())
    wrong = sum(bool(row["failure"]) for row in rows)
    calls = sum(row["calls"] for row in rows)
    text = f"{len(rows) - wrong} of {len(rows)} ops agree" if wrong else f"All {len(rows)} ops agree"
    worst = max((row["error_over_bound"] for row in rows), default=0.0)
    return f"{text} with PyTorch on {calls:,} drawn calls; the largest error is {worst:.2f} of its bound."


def _theorems() -> list[cards.Theorem]:
    every = dict.fromkeys((*theorems.DIFFERENTIABLE, *theorems.STEP))
    return [cards.theorem(theorem) for theorem in every]


def _file(name: str) -> str:
    return files("cnn_oracle.report").joinpath(name).read_text(encoding="utf-8")
