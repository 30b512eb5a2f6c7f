"""The formulas of manual, typeset. cnn_oracle/report/grammar.py reads the docstrings; latex2mathml makes MathML.

A docstring holds formulas in their own paragraphs, and in columns after its first sentence. A paragraph holds formulas
if its first line begins with an equation: one word, or two with a comma between, and an equals sign. Three blanks
separate the columns of a line. A column that begins with an equation is a formula, which the grammar must accept. A
single word before it is its label. Any other column is a remark on the formula on its left. Remarks are also the text
after a colon or a semicolon, and a line that is indented more than the formulas.
"""

import ast
import re
from collections.abc import Iterator
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from latex2mathml.converter import convert

from cnn_oracle.report.grammar import Unreadable, formula, parts

EQUATION = re.compile(r"[^\s=]+(?:, [^\s=]+)? = ")
LABEL = re.compile(r"((?:^|(?<=   ))[a-z]+) {2,}(?=[^\s=]+(?:, [^\s=]+)? = )")
SOURCE = re.compile(r"\b(_\w+)\.py")

SIGN = r"(<mo(?![^>]*postfix)[^>]*>[^<]*</mo>(?:<mspace [^>]*/>)?<mo|&#x000A0;</mtext><mo)(>&#x02212;)"
BETTER = (  # corrections of latex2mathml's output
    (r"\\_", "_"),
    # a name is not an operator with blanks around it, and a minus after an operator is a sign
    (r"<mo>(?!mod<)([A-Za-z]+|&#x0221E;)</mo>", r'<mi mathvariant="normal">\1</mi>'),
    (SIGN, r'\1 form="prefix"\2'),
    (r"<mrow><mo>&#x0002B;</mo></mrow><mrow><mo>&#x0003D;</mo></mrow>", "<mo>+=</mo>"),
    # browsers no longer support the attribute
    (r' columnalign="left"', ' style="text-align: left"'),
)


class Line(NamedTuple):
    """A formula: as in the docstring, as LaTeX and as MathML; the remark on it, and its label.

    The remark is text for ``typeset``.
    """

    text: str
    latex: str
    mathml: str
    remark: str = ""
    label: str = ""


def lines_of(module_name: str) -> tuple[Line, ...]:
    """The formulas of a module's docstring, in order; for example of "manual.conv2d".

    Raises:
        Unreadable: a line looks like a formula, but the grammar does not accept it.
    """
    return tuple(map(_typeset, equations(_docstring(module_name))))


def sources_of(module_name: str) -> tuple[str, ...]:
    """The private modules to which a docstring points for its derivation; for example manual._convolution."""
    package = module_name.rpartition(".")[0]
    names = dict.fromkeys(f"{package}.{name}" for name in SOURCE.findall(_docstring(module_name)))
    return tuple(name for name in names if name != module_name)


def typeset(text: str) -> str:
    """A sentence as HTML, with its formulas as MathML: a remark, a domain, or a formula of the article.

    Raises:
        Unreadable: a sign in the sentence belongs to no formula.
    """
    return "".join(mathml(part.latex) if part.latex else escape(part.prose) for part in parts(text))


def mathml(latex: str, *, text: str = "", block: bool = False) -> str:
    """LaTeX as MathML, which browsers space as TeX does. ``text`` is the alternative text."""
    made = convert(latex, display="block" if block else "inline")
    for pattern, better in BETTER:
        made = re.sub(pattern, better, made)
    return made.replace("<math ", f'<math alttext="{escape(text)}" ', 1) if text else made


def _typeset(line: Line) -> Line:
    latex = formula(line.text)
    return line._replace(latex=latex, mathml=mathml(latex, text=line.text, block=True))


def _docstring(module_name: str) -> str:
    """The docstring of a module, read without an import."""
    spec = find_spec(module_name)
    path = Path(spec.origin or "") if spec else Path()
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def equations(docstring: str) -> Iterator[Line]:
    """The formulas of a docstring, before they are typeset."""
    title, *paragraphs = docstring.split("\n\n")
    yield from (_row(label, column) for label, column in _columns(title) if EQUATION.match(column))
    for paragraph in paragraphs:
        lines = paragraph.splitlines()
        if EQUATION.match(_columns(lines[0])[0][1]):
            yield from _paragraph(lines)


def _paragraph(lines: list[str]) -> Iterator[Line]:
    rows: list[Line] = []
    for line in lines:
        for i, (label, column) in enumerate(_columns(line)):
            if EQUATION.match(column):
                rows.append(_row(label, column))
            elif i > 0 or line.startswith(" "):
                rows[-1] = rows[-1]._replace(remark="; ".join(filter(None, [rows[-1].remark, column])))
            else:
                raise Unreadable(f"{line!r} stands among formulas and begins with none")
    yield from rows


def _columns(line: str) -> list[tuple[str, str]]:
    """Each column with its label, or with an empty label."""
    line = re.sub(r" +(?== )", " ", line)
    columns = re.split(r" {3,}", LABEL.sub(r"\1\t", line.strip()))
    return [(label, text) for label, _, text in (c.rpartition("\t") for c in columns)]


def _row(label: str, column: str) -> Line:
    """The formula of a column, up to the first colon or semicolon outside brackets, and the remark after it."""
    depth = 0
    for at, sign in enumerate(column):
        depth += (sign in "([") - (sign in ")]")
        if not depth and column.startswith((": ", "; "), at):
            return Line(_single(column[:at]), "", "", column[at + 2 :], label)
    return Line(_single(column), "", "", "", label)


def _single(text: str) -> str:
    return re.sub(" +", " ", text)
