"""The grammar of manual's index notation, and its translation to LaTeX.

formula    names "=" sequence                       dx = dy where x > 0, else α dy
sequence   parts, apart by a comma or by words; in a formula the first word after a part is one of CONNECTIVES
relation   range { "=" "≤" … range }                n + 2p ≥ f
range      sum { "…" sum }                          0 … n − 1
sum        ["±"] product { "+" "−" product }
product    ratio { " · " ratio }
ratio      row { " / " tight }                      a blank on both sides: over all of the row on the left
row        tight { tight }                          factors with a blank between
tight      chain { "/" "·" chain }                  no blank: h·W, 1/√E
chain      factor { factor }                        no blank: 2αβ
factor     "√" "∂" "Σ_cr" function or primary, then [i,j] (a, b) ^k ² ᵗ ₁ ′
primary    number, name, (…), […], |…|, ⌊…⌋, …

So a blank means what it means to the eye: λ/2m is λ over 2m, p n/P is p times n over P. A name is one letter, perhaps
with a bar, an index or a d in front (dx, x̄, y_i), one of FUNCTIONS or QUANTITIES, a name with an underscore, or any
word that has a bracket right behind it. Other words are prose.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

CONNECTIVES = frozenset(
    "a after and as at begins but else everywhere for from gives if in inside is of on once or outside over so "
    "summed the then times to under unless where with".split()
)
FUNCTIONS = frozenset("argmax atanh erf exp log max min sign tanh".split())
QUANTITIES = frozenset("bias elu mask nearest step target threshold total weight".split())

RELATIONS = {"=": "=", "+=": "{+}{=}", "≤": r"\le", "≥": r"\ge", "<": "<", ">": ">", "→": r"\to"}
SIGNS = {"+": "+", "−": "-", "±": r"\pm"}
OPERATORS = {"·": r"\cdot", "∗": r"\ast", "×": r"\times", "mod": r"\bmod"}
BRACKETS = {"(": ("(", ")", ")"), "[": ("[", "]", "]"), "|": (r"\lvert", "|", r"\rvert"), "‖": (r"\lVert", "‖", r"\rVert"),
            "⌊": (r"\lfloor", "⌋", r"\rfloor"), "⌈": (r"\lceil", "⌉", r"\rceil"),
            "⟨": (r"\langle", "⟩", r"\rangle")}  # fmt: skip
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹ᵏᵗˣᵀ", [*"0123456789ktx", r"\mathsf{T}"], strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
LETTERS = {"α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "η": r"\eta",
           "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu", "π": r"\pi", "σ": r"\sigma", "τ": r"\tau", "φ": r"\varphi",
           "Φ": r"\Phi", "ℓ": r"\ell", "∞": r"\infty", "½": r"\tfrac{1}{2}"}  # fmt: skip
ACCENTS = {"\N{COMBINING MACRON}": r"\bar", "\N{COMBINING CIRCUMFLEX ACCENT}": r"\hat"}

TOKEN = re.compile(
    r"""\s*(?:
    (?P<prose>  [ES]\d+[a-c]?\b | \d+° | [\w/]+\.[A-Za-z]{2,} | [A-Za-z]+(?:[-'][A-Za-z]+)+ | ``.*?`` | "\w*")
  | (?P<number> \d+(?:\.\d+)?(?:e[-−]?\d+)?)
  | (?P<sum>    Σ(?:_[A-Za-z]+…?)? | ∫₀ˣ)
  | (?P<name>   [A-Za-z]+\d*(?:_[A-Za-z0-9]+)* | [^\W\d_A-ZΣᵀᵏᵗˣ]\u0304? | [∞½])\u0304?
  | (?P<sign>   \+= | \S)
    )""",
    re.VERBOSE,
)


class Unreadable(ValueError):
    """A line that the grammar does not know."""


class Token(NamedTuple):
    kind: str
    text: str
    blank: bool  # whether a blank stands in front


class Part(NamedTuple):
    """Of a sequence: a formula in LaTeX, or prose."""

    latex: str
    prose: str


class Term(NamedTuple):
    """LaTeX, and the same without the brackets that a fraction makes superfluous."""

    latex: str
    bare: str


END = Token("end", "", blank=True)


def formula(text: str) -> str:
    """"y = x where x > 0, else α x" → LaTeX.

    Raises:
        Unreadable: it is no formula of this grammar.
    """
    reader = _Reader(text, fractions=True)
    left = [reader.range()]
    while reader.take(","):
        left.append(reader.range())
    reader.expect("=")
    return r",\,".join(left) + " = " + _cases(list(reader.sequence(strict=True)))


def parts(text: str) -> Iterator[Part]:
    """Prose with formulas in it, part by part; fractions stay on the line.

    Raises:
        Unreadable: a sign in it belongs to no formula.
    """
    return _Reader(text, fractions=False).sequence(strict=False)


def _cases(right: list[Part]) -> str:
    """What stands right of the sign of equality; with an else, a brace with a row for each case."""
    branches: list[list[Part]] = [[]]
    for part in right:
        before, otherwise, behind = part.prose.partition(", else")
        branches[-1].append(part._replace(prose=before))
        if otherwise:
            branches.append([Part("", behind)])
    if len(branches) == 1:
        return _latex(right)
    rows = [r"%s & %s" % branch for branch in [_condition(b) for b in branches[:-1]]]
    return r"\begin{cases} " + r" \\ ".join([*rows, _latex(branches[-1]) + r" & \text{else}"]) + r" \end{cases}"


def _condition(branch: list[Part]) -> tuple[str, str]:
    """The value and the condition of a case; the condition begins with the first words."""
    at = next((i for i, part in enumerate(branch) if part.prose.strip()), len(branch))
    return _latex(branch[:at]), _latex(branch[at:])


def _latex(sequence: list[Part]) -> str:
    return "".join(part.latex or _prose(part.prose) for part in sequence).strip()


def _prose(text: str) -> str:
    return r"\text{%s}" % text.replace("_", r"\_") if text.strip() else ""


class _Reader:
    """Reads from left to right; each method takes what it is named after and returns its LaTeX."""

    def __init__(self, text: str, *, fractions: bool) -> None:
        self.text, self.at, self.fractions = text, 0, fractions
        self.tokens = [
            Token(match.lastgroup or "", match[0].strip(), match[0][0].isspace()) for match in TOKEN.finditer(text)
        ]
        self.strict = True  # no longer once prose has begun

    # the tokens

    def ahead(self, by: int = 0) -> Token:
        return self.tokens[self.at + by] if self.at + by < len(self.tokens) else END

    def next(self) -> Token:
        token = self.ahead()
        self.at += 1
        return token

    def take(self, *signs: str) -> bool:
        """Whether one of the signs is next; then it is taken."""
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

    def is_name(self, token: Token, behind: Token) -> bool:
        """Whether a token is a name, if it has this token behind it, and no word."""
        if token.kind != "name":
            return False
        attached = behind.text in ("(", "[") and not behind.blank
        if token.text in ("a", "A") and not self.strict:  # an article
            word = behind.kind in ("name", "prose") and len(behind.text) > 1
            return not word or behind.text in ("and", "or", "is", "are")
        head = token.text.partition("_")[0]
        plain = len(head) == 1 or bool(_variable(head)) or attached
        if head in FUNCTIONS:
            return attached or self.begins_factor(1) or behind.text == "…"
        return plain or token.text in QUANTITIES or head != token.text

    def begins_factor(self, by: int = 0) -> bool:
        """Whether another factor stands there; in prose, a word or a name of several letters is none."""
        token, behind = self.ahead(by), self.ahead(by + 1)
        if token.kind == "name":
            if not self.strict and (token.text in QUANTITIES or "_" in token.text[2:]):
                return False
            return self.is_name(token, behind)
        return token.kind in ("number", "sum") or token.text in ("√", "∂", *(set(BRACKETS) - {"|", "‖"}))

    # from the loosest to the tightest

    def sequence(self, *, strict: bool) -> Iterator[Part]:
        """Formulas, and the words and punctuation between them; a number alone is prose."""
        self.strict, prose = strict, ""
        while (token := self.ahead()) is not END:
            start = self.at
            if self.is_prose(token):
                if self.strict and token.text != ",":
                    if token.text not in CONNECTIVES:
                        raise self.unreadable(f"{token.text} is no connective")
                    self.strict = False
                self.next()
                prose += " " * token.blank + token.text
                continue
            latex = self.relation()
            if not strict and self.at == start + 1 and token.kind == "number":
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
            return not self.is_name(token, self.ahead(1)) or not (self.strict or self.begins_factor())
        return token.kind == "prose" or token.text in tuple(",;:.?!@%&\"'`") or self.is_aside()

    def is_aside(self) -> bool:
        """Whether a bracket holds prose, or ends where only prose was."""
        if self.ahead().text != "(":
            return self.ahead().text == ")"
        start = self.at
        try:
            self.relation()
        except Unreadable:
            return True
        finally:
            self.at = start
        return False

    def relation(self) -> str:
        latex = self.range()
        while self.ahead().text in RELATIONS:
            latex += f" {RELATIONS[self.next().text]} {self.range()}"
        return latex

    def range(self) -> str:
        latex = self.sum()
        while self.take("…"):
            latex += r" \ldots " + (self.sum() if self.begins_factor() or self.ahead().text in SIGNS else "")
        return latex

    def sum(self) -> str:
        latex = SIGNS[self.next().text] if self.ahead().text in SIGNS else ""
        latex += self.product().latex
        while self.ahead().text in SIGNS:
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
            term = _times(term, self.factor(), "")
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
            return _plain(_sum(token.text) + (self.row().latex if self.begins_factor() else ""))
        if token.kind == "name" and token.text.partition("_")[0] in FUNCTIONS:
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
            return _plain(_number(token.text))
        if token.text == "…":
            return _plain(r"\ldots ")
        if token.text in BRACKETS:
            return self.bracket(token.text)
        if token.kind == "name" and (self.is_name(token, self.ahead()) or not self.strict):
            return _plain(_variable(token.text) or _prose(token.text))
        self.at -= 1
        raise self.unreadable(f"{token.text or 'nothing'} is no factor")

    def bracket(self, left: str) -> Term:
        begin, end, right = BRACKETS[left]
        inside = self.list(end)
        latex = rf"\left{begin} {inside} \right{right} "
        return Term(latex, inside if left == "(" else latex)

    def list(self, end: str) -> str:
        """Relations, apart by commas, up to the closing bracket."""
        items = [self.relation()]
        while self.take(","):
            items.append(self.relation())
        self.expect(end)
        return r",\,".join(items)

    def behind(self, term: Term, token: Token) -> Term:
        """Indices, arguments and exponents, which have no blank in front."""
        while not self.ahead().blank and self.ahead() is not END:
            sign = self.ahead().text
            if sign == "[" and token.kind == "name":
                self.next()
                term = _plain(f"{term.latex}_{{{self.small(']')}}}")
            elif sign == "(" and token.kind == "name":
                self.next()
                term = _plain(term.latex + self.bracket("(").latex)
            elif sign in RAISED or sign in LOWERED:
                self.next()
                term = _plain(term.latex + (f"^{{{RAISED[sign]}}}" if sign in RAISED else f"_{{{LOWERED[sign]}}}"))
            elif sign == "′":
                self.next()
                term = _plain(rf"{term.latex}^{{\prime}}")
            elif self.take("^"):
                term = _plain(f"{term.latex}^{{{self.exponent()}}}")
            else:
                break
        return term

    def small(self, end: str) -> str:
        """A list that is set small, with fractions on the line."""
        fractions, self.fractions = self.fractions, False
        try:
            return self.list(end)
        finally:
            self.fractions = fractions

    def exponent(self) -> str:
        if self.take("("):
            return self.small(")")
        return self.factor().latex


def _times(a: Term, b: Term, operator: str) -> Term:
    return _plain(f"{a.latex}{operator} {b.latex}" if operator else a.latex + b.latex)


def _plain(latex: str) -> Term:
    return Term(latex, latex)


def _variable(text: str) -> str:
    """LaTeX of the name of a variable, of its gradient, with an index; else nothing."""
    head, _, index = text.partition("_")
    if index:
        latex = _variable(head)
        return latex and latex + "_{%s}" % (index if len(index) == 1 else _prose(index))
    if text[0] == "d" and len(text) > 1 and (rest := _variable(text[1:]) or text[1:] * (text[1:] in QUANTITIES)):
        return r"\operatorname{d}" + (_prose(rest) if rest in QUANTITIES else rest)
    letter, *marks = unicodedata.normalize("NFD", text)
    if marks and all(mark.isdigit() for mark in marks):
        return f"{letter}_{{{''.join(marks)}}}"
    if len(marks) > 1 or (marks and marks[0] not in ACCENTS):
        return ""
    latex = LETTERS.get(letter, letter)
    return f"{ACCENTS[marks[0]]}{{{latex}}}" if marks else latex + " " * latex.startswith("\\")


def _number(text: str) -> str:
    mantissa, _, power = text.partition("e")
    return rf"{mantissa} \cdot 10^{{{power.replace('−', '-')}}}" if power else text


def _sum(text: str) -> str:
    if text == "∫₀ˣ":
        return r"\int_{0}^{x} "
    letters = text.partition("_")[2].replace("…", "") 
    index = ",".join(letters) + r",\ldots" * text.endswith("…")
    return rf"\sum_{{{index}}} " if index else r"\sum "
