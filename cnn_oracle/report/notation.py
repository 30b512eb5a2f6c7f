"""The signs of manual's index notation: the tokens, and the LaTeX for each."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

# Words that continue a formula; the text after any of them is a sentence.
CONNECTIVES = frozenset(
    {"a", "along", "and", "at", "behind", "but", "everywhere", "for", "if", "inside", "is", "of", "on", "or", "outside",
     "over", "padded", "the", "then", "times", "where", "with"}
)  # fmt: skip
FUNCTIONS = frozenset({"argmax", "atanh", "erf", "exp", "log", "max", "min", "sign", "tanh"})
QUANTITIES = frozenset(
    {"count", "elu", "eps", "fan", "hi", "lo", "mask", "pad", "target", "threshold", "total", "weight"}
)

PUNCTUATION = frozenset(",;:.?!@%&\"'`)")
RELATIONS = {"=": "=", "+=": "{+}{=}", "≤": r"\le", "≥": r"\ge", "<": "<", ">": ">", "→": r"\to"}
SIGNS = {"+": "+", "−": "-", "±": r"\pm"}
OPERATORS = {"·": r"\cdot", "∗": r"\ast", "×": r"\times", "mod": r"\bmod"}
BRACKETS = {  # the closing bracket, and both in LaTeX
    "(": (")", "(", ")"),
    "[": ("]", "[", "]"),
    "|": ("|", r"\lvert", r"\rvert"),
    "‖": ("‖", r"\lVert", r"\rVert"),
    "⌊": ("⌋", r"\lfloor", r"\rfloor"),
    "⌈": ("⌉", r"\lceil", r"\rceil"),
}
BARS = frozenset("|‖")  # the closing sign is the opening one
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹ᵏᵗˣᵀ", [*"0123456789ktx", r"\mathsf{T}"], strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
LETTERS = {
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "η": r"\eta", "κ": r"\kappa",
    "λ": r"\lambda", "μ": r"\mu", "π": r"\pi", "σ": r"\sigma", "τ": r"\tau", "φ": r"\varphi", "Φ": r"\Phi",
    "ℓ": r"\ell", "∞": r"\infty", "½": r"\tfrac{1}{2}",
}  # fmt: skip
ACCENTS = {"\N{COMBINING MACRON}": r"\bar", "\N{COMBINING CIRCUMFLEX ACCENT}": r"\hat"}

TOKEN = re.compile(
    r"""\s*(?:
    (?P<prose>  \w+(?:[-'][A-Za-z]+)+ | [ES]\d+[a-c]?\b | [A-Za-z]{2,}\dd\b | \d+° | [\w/]+\.[A-Za-z]{2,} | "\w*")
  | (?P<number> \d+(?:\.\d+)?(?:e[-−]?\d+)?)
  | (?P<sum>    Σ(?:_[A-Za-z]+…?)? | ∫₀ˣ)
  | (?P<name>   (?:d?[α-ωΦℓ] | [A-Za-z]+\u0304?\d* | ŷ | [∞½])(?:_[A-Za-z0-9]+)*)
  | (?P<sign>   \+= | \S)
    )""",
    re.VERBOSE,
)


class Token(NamedTuple):
    kind: str
    text: str
    blank: bool  # whether a blank comes before it


END = Token("end", "", blank=True)


def tokens(text: str) -> Iterator[Token]:
    for match in TOKEN.finditer(text):
        yield Token(match.lastgroup or "", match[0].strip(), match[0][0].isspace())


def is_function(name: str) -> bool:
    """Whether it is a function: exp, or argmax_r."""
    head, _, index = name.partition("_")
    return head in FUNCTIONS and len(index) < 2


def is_quantity(name: str) -> bool:
    """Whether it is a quantity: target, or running_mean."""
    return name in QUANTITIES or "_" in name


def variable(name: str) -> str:
    """The LaTeX of a letter with an accent, a number, an index or a d (x̄, x1, y_i, dA_prev). Empty for other text."""
    head, _, index = name.partition("_")
    if index:
        latex = "" if head[-1].isdigit() else variable(head)
        return f"{{{latex}_{{{index if len(index) == 1 else prose(index)}}}}}" if latex else ""
    if len(name) > 1 and name[0] == "d" and name != "do":
        of = prose(name[1:]) if name[1:] in QUANTITIES else variable(name[1:])
        return rf"\operatorname{{d}}{of}" if of else ""
    signs = unicodedata.normalize("NFD", name)
    latex, marks = LETTERS.get(signs[0], signs[0]), signs[1:]
    if marks in ACCENTS:
        return f"{ACCENTS[marks]}{{{latex}}}"
    if marks:
        return f"{{{latex}_{{{marks}}}}}" if marks.isdigit() else ""
    return latex + " " * latex.startswith("\\")


def number(text: str) -> str:
    mantissa, _, power = text.partition("e")
    return rf"{mantissa} \cdot 10^{{{power.replace('−', '-')}}}" if power else text


def total(text: str) -> str:
    """The LaTeX of Σ_cr, or of the one integral."""
    if text == "∫₀ˣ":
        return r"\int_{0}^{x} "
    letters = ",".join(text.partition("_")[2]).replace("…", r"\ldots")
    return rf"\sum_{{{letters}}} " if letters else r"\sum "


def prose(text: str) -> str:
    return r"\text{" + text.replace("_", r"\_") + "}" if text.strip() else ""
