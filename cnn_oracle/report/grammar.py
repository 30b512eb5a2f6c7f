"""The grammar of manual's index notation, and its translation to LaTeX.

formula    names "=" sequence                       dx = dy where x > 0, else α dy
sequence   parts, separated by commas or words      the first word is one of CONNECTIVES
relation   range { "=" "≤" … range }                n + 2p ≥ f
range      sum { "…" sum }                          0 … n − 1
sum        ["±"] product { "+" "−" product }
product    ratio { " · " ratio }
ratio      row { " / " tight }                      a blank on both sides: over all of the row on its left
row        tight { tight }                          factors with a blank between
tight      chain { "/" "·" chain }                  no blank: h·W, 1/√E
chain      factor { factor }                        no blank: 2αβ
factor     "√" "∂" "Σ_cr" function or primary, then [i,j] (a, b) ^k ² ᵗ ₁ ′
primary    number, name, (…), […], |…|, ⌊…⌋, …

So blanks have the meaning that a reader expects: λ/2m is λ over 2m, p n/P is p times n over P. A name is one letter,
which may have an accent, an index or a d in front (x̄, y_i, dx), or one of FUNCTIONS or QUANTITIES, or a word with an
underscore, or any word directly before a bracket. All other words are prose.
"""

from collections.abc import Iterator
from typing import NamedTuple

from cnn_oracle.report import notation
from cnn_oracle.report.notation import (
    BARS,
    BRACKETS,
    CONNECTIVES,
    END,
    LOWERED,
    OPERATORS,
    PUNCTUATION,
    RAISED,
    RELATIONS,
    SIGNS,
    Token,
    is_function,
    is_quantity,
    tokens,
    variable,
)


class Unreadable(ValueError):
    """The grammar does not accept a line."""


class Part(NamedTuple):
    """A part of a sequence: a formula in LaTeX, or prose."""

    latex: str
    prose: str


def formula(text: str) -> str:
    """Translate a line to LaTeX: y = x where x > 0, else α x.

    Raises:
        Unreadable: the grammar does not accept the line.
    """
    reader = _Reader(text, fractions=True)
    left = [reader.range()]
    while reader.take(","):
        left.append(reader.range())
    reader.expect("=")
    return r",\,".join(left) + " = " + _cases(list(reader.sequence(strict=True)))


def parts(text: str) -> Iterator[Part]:
    """The parts of prose that contains formulas. Fractions stay on the line.

    Raises:
        Unreadable: a sign in the text belongs to no formula.
    """
    return _Reader(text, fractions=False).sequence(strict=False)


def _cases(right: list[Part]) -> str:
    """The right side of an equation. With an "else", it becomes a brace with a row for each case."""
    branches: list[list[Part]] = [[]]
    for part in right:
        before, otherwise, behind = part.prose.partition(", else")
        branches[-1].append(part._replace(prose=before))
        if otherwise:
            branches.append([Part("", behind)])
    if len(branches) == 1:
        return _latex(right)
    rows = [_case(branch) for branch in branches[:-1]] + [_latex(branches[-1]) + r" & \text{else}"]
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"


def _case(branch: list[Part]) -> str:
    """A value and its condition, which begins at the first word."""
    at = next((i for i, part in enumerate(branch) if part.prose.strip()), len(branch))
    return f"{_latex(branch[:at])} & {_latex(branch[at:])}"


def _latex(sequence: list[Part]) -> str:
    """One formula, without blanks at the ends."""
    last, latex = len(sequence) - 1, ""
    for i, part in enumerate(sequence):
        words = part.prose.lstrip() if i == 0 else part.prose.rstrip() if i == last else part.prose
        latex += part.latex or notation.prose(words)
    return latex


class Term(NamedTuple):
    """LaTeX, and the same without the brackets that a fraction does not need."""

    latex: str
    bare: str


class _Reader:
    """Parses from left to right. Each method reads the part that it is named after, and returns its LaTeX."""

    def __init__(self, text: str, *, fractions: bool) -> None:
        self.text, self.tokens, self.at = text, list(tokens(text)), 0
        self.fractions = fractions
        self.strict = True  # until prose begins

    # the tokens

    def ahead(self, by: int = 0) -> Token:
        return self.tokens[self.at + by] if self.at + by < len(self.tokens) else END

    def next(self) -> Token:
        token = self.ahead()
        self.at += 1
        return token

    def take(self, *signs: str) -> bool:
        """Take the next token if it is one of the signs, and return whether it is."""
        found = self.ahead().text in signs
        self.at += found
        return found

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise self.unreadable(f"{sign} is missing")

    def unreadable(self, why: str) -> Unreadable:
        read = "".join(" " * t.blank + t.text for t in self.tokens[: self.at]).strip()
        return Unreadable(f"{self.text!r}: {why} behind {read!r}")

    # what is next

    def is_name(self, by: int = 0) -> bool:
        """Whether the token is a name and not a word. In prose, a quantity is a word unless a sign follows it."""
        token, behind = self.ahead(by), self.ahead(by + 1)
        if token.kind != "name":
            return False
        if token.text in ("a", "A") and behind.kind in ("name", "prose"):  # an article before a word
            return bool(variable(behind.text)) or behind.text in ("and", "or")
        if behind.text in ("(", "[", "′") and not behind.blank:
            return True
        if is_function(token.text):
            return self.begins_factor(by + 1)
        quantity = is_quantity(token.text) and (self.strict or behind.text in RELATIONS)
        return quantity or bool(variable(token.text))

    def begins_factor(self, by: int = 0) -> bool:
        """Whether another factor follows. An opening bar has a blank before it, a number has none."""
        token = self.ahead(by)
        if token.text in BARS:
            return token.blank
        if token.text == "(":
            return self.strict or not self.is_aside(by)
        if token.kind == "number":
            return not token.blank
        return token.kind == "sum" or token.text in ("√", "∂", *BRACKETS) or self.is_name(by)

    def is_aside(self, by: int = 0) -> bool:
        """Whether a bracket belongs to the sentence and not to a formula: it contains prose, or a relation."""
        start = self.at
        self.at += by
        try:
            self.expect("(")
            self.sum()
            return self.ahead().text not in (",", ")")
        except Unreadable:
            return True
        finally:
            self.at = start

    # from the loosest to the tightest

    def sequence(self, *, strict: bool) -> Iterator[Part]:
        """Formulas, and the words and punctuation between them."""
        self.strict, prose = strict, ""
        while (token := self.ahead()) is not END:
            if self.is_prose(token):
                if self.strict and token.text != ",":
                    if token.text not in CONNECTIVES:
                        raise self.unreadable(f"{token.text} is no connective")
                    self.strict = False
                self.next()
                prose += " " * token.blank + token.text
                continue
            start, latex = self.at, self.relation()
            if not strict and token.kind == "number" and self.at == start + 1:  # only a number
                prose += " " * token.blank + token.text
                continue
            if prose or token.blank:
                yield Part("", prose + " " * token.blank)
            yield Part(latex, "")
            prose = ""
        if prose:
            yield Part("", prose)

    def is_prose(self, token: Token) -> bool:
        if token.kind == "name":
            return not self.is_name()
        aside = token.text == "(" and not self.strict and self.is_aside()
        return aside or token.kind == "prose" or token.text in PUNCTUATION

    def relation(self) -> str:
        latex = "" if self.ahead().text in RELATIONS and not self.strict else self.range()  # "not ≤ 0"
        while self.ahead().text in RELATIONS:
            latex += f" {RELATIONS[self.next().text]} "
            if self.strict or not self.is_prose(self.ahead()):  # "dx = scatter-add of dy"
                latex += self.range()
        return latex

    def range(self) -> str:
        latex = self.sum()
        while self.take("…"):
            latex += r" \ldots " + (self.sum() if self.begins_range() else "")
        return latex

    def begins_range(self) -> bool:
        return self.begins_factor() or self.ahead().kind == "number" or self.ahead().text in SIGNS

    def sum(self) -> str:
        latex = SIGNS[self.next().text] if self.ahead().text in SIGNS else ""
        if latex and not self.strict and self.is_prose(self.ahead()):  # "− to maximise"
            return latex
        latex += self.product().latex
        while self.ahead().text in SIGNS and self.ahead().blank <= self.ahead(1).blank:  # "0 −1" is two numbers
            latex += f" {SIGNS[self.next().text]} {self.product().latex}"
        return latex

    def product(self) -> Term:
        term = self.ratio()
        while self.ahead().text in OPERATORS:
            operator = OPERATORS[self.next().text]
            term = _times(term, self.ratio(), operator)
        return term

    def ratio(self) -> Term:
        term = self.row()
        while self.take_spaced_slash():
            term = self.fraction(term, self.tight())
            if self.begins_factor():
                term = _times(term, self.row(), r"\,")
        return term

    def take_spaced_slash(self) -> bool:
        found = self.ahead() == Token("sign", "/", blank=True) and self.ahead(1).blank
        self.at += found
        return found

    def row(self) -> Term:
        """Factors side by side."""
        term = self.tight()
        while self.begins_factor():
            term = _times(term, self.tight(), r"\,")
        return term

    def tight(self) -> Term:
        latex = self.chain()
        while self.ahead().text in ("/", "·", "×") and not self.ahead().blank:
            sign = self.next().text
            latex = self.fraction(latex, self.chain()) if sign == "/" else _times(latex, self.chain(), OPERATORS[sign])
        return latex

    def chain(self) -> Term:
        term = self.factor()
        while self.begins_factor() and not self.ahead().blank:
            term = _times(term, self.factor())
        return term

    def fraction(self, over: Term, under: Term) -> Term:
        return _plain(rf"\frac{{{over.bare}}}{{{under.bare}}}" if self.fractions else f"{over.latex}/{under.latex}")

    def factor(self) -> Term:
        token = self.next()
        if token.text == "−":  # in an exponent
            return _plain("-" + self.factor().latex)
        if token.text == "√":
            under = self.factor()
            return _plain(rf"\sqrt{{{under.bare}}}")
        if token.text == "∂":
            return _plain(rf"\partial {self.factor().latex}")
        if token.kind == "sum":
            return _plain(notation.total(token.text) + (self.row().latex if self.begins_factor() else ""))
        if is_function(token.text):
            return self.application(token)
        return self.behind(self.primary(token), token)

    def application(self, function: Token) -> Term:
        """exp(x), exp x, tanh² z, argmax_r u[r]."""
        head, _, index = function.text.partition("_")
        latex = rf"\operatorname{{{head}}}" + (f"_{{{index}}}" if index else "")
        while self.ahead().text in RAISED:
            latex += f"^{{{RAISED[self.next().text]}}}"
        apart = "" if self.ahead().text == "(" else r"\,"
        return _plain(latex + apart + self.factor().latex)

    def primary(self, token: Token) -> Term:
        if token.kind == "number":
            return _plain(notation.number(token.text))
        if token.text == "…":
            return _plain(r"\ldots ")
        if token.text in BRACKETS:
            return self.bracket(token.text)
        self.at -= 1
        if self.is_name() or is_quantity(token.text):
            self.at += 1
            return _plain(variable(token.text) or notation.prose(token.text))
        raise self.unreadable(f"{token.text or 'nothing'} is no factor")

    def bracket(self, left: str) -> Term:
        end, begin, right = BRACKETS[left]
        inside = self.list(end)
        latex = rf"\left{begin} {inside} \right{right} "
        return Term(latex, inside if left == "(" else latex)

    def list(self, end: str) -> str:
        """Relations, separated by commas, up to the closing bracket."""
        items = [self.relation()]
        while self.take(","):
            items.append(self.relation())
        self.expect(end)
        return r",\,".join(items)

    def behind(self, term: Term, token: Token) -> Term:
        """Indices, arguments and exponents, which have no blank before them."""
        while not self.ahead().blank and self.ahead() is not END:
            sign = self.ahead().text
            if self.take("["):
                term = _plain(f"{term.latex}_{{{self.small(']')}}}")
            elif token.kind == "name" and self.take("("):
                term = _plain(term.latex + self.bracket("(").latex)
            elif sign in RAISED:
                self.next()
                term = _plain(f"{term.latex}^{{{RAISED[sign]}}}")
            elif sign in LOWERED:
                self.next()
                term = _plain(f"{term.latex}_{{{LOWERED[sign]}}}")
            elif self.take("′"):
                term = _plain(rf"{term.latex}^{{\prime}}")
            elif self.take("^"):
                term = _plain(f"{term.latex}^{{{self.exponent()}}}")
            else:
                break
        return term

    def small(self, end: str) -> str:
        """A list in small type, with fractions on the line."""
        fractions, self.fractions = self.fractions, False
        try:
            return self.list(end)
        finally:
            self.fractions = fractions

    def exponent(self) -> str:
        if self.take("("):
            return self.small(")")
        return self.factor().latex


def _plain(latex: str) -> Term:
    return Term(latex, latex)


def _times(a: Term, b: Term, operator: str = "") -> Term:
    return _plain(f"{a.latex}{operator} {b.latex}" if operator else a.latex + b.latex)
