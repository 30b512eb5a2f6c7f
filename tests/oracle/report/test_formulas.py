"""The formulas of the report: every line of manual that looks like one is parsed, and is typeset as it reads."""

import inspect
import xml.etree.ElementTree as ET
from importlib import import_module
from pkgutil import walk_packages

import pytest

from cnn_oracle import manual
from cnn_oracle.article import formulas as article
from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.ops import OPS
from cnn_oracle.report.formulas import equations, lines_of, sources_of, typeset
from cnn_oracle.report.grammar import Unreadable, formula, parts

MODULES = [module.name for module in walk_packages(manual.__path__, "cnn_oracle.manual.") if not module.ispkg]


@pytest.fixture(scope="module")
def rows():
    """The article's formulas: as printed and in general."""
    chapters = [import_module(name) for name in MODULES if name.startswith("cnn_oracle.manual.article.")]
    found = [row for module in chapters for row in article.ROW.findall(inspect.getdoc(module).partition(".\n")[2])]
    return [" ".join(text.split()) for _, *texts in found for text in texts]


@pytest.mark.parametrize("name", MODULES)
def test_every_formula_of_a_docstring_is_typeset(name):
    for line in lines_of(name):
        assert _is_mathml(line.mathml, display="block"), line.text
        assert line.latex.count("{") == line.latex.count("}")


@pytest.mark.parametrize("name", MODULES)
def test_every_remark_is_typeset(name):
    for line in lines_of(name):
        assert _is_sentence(typeset(line.remark)), line.remark


def test_every_formula_of_the_article_is_typeset(rows):
    assert len(rows) == 60
    for text in rows:
        assert _is_sentence(typeset(text)), text


@pytest.mark.parametrize("key", CLAIMS)
def test_every_domain_is_typeset(key):
    assert _is_sentence(typeset(CLAIMS[key].domain))


@pytest.mark.parametrize("name", OPS)
def test_an_op_has_formulas_of_its_own_or_where_its_docstring_points(name):
    assert any(lines_of(module) for module in (f"cnn_oracle.manual.{name}", *sources_of(f"cnn_oracle.manual.{name}")))


@pytest.mark.parametrize("name", MODULES)
def test_no_line_with_an_index_and_a_sign_of_equality_is_taken_for_prose(name):
    """A formula is found by the beginning of its paragraph. A formula elsewhere would be skipped silently."""
    found = {line.text for line in lines_of(name)}
    for text in (inspect.getdoc(import_module(name)) or "").splitlines():
        left = text.split(" = ")[0].strip()
        if " = " in text and left.endswith("]") and " " not in left:
            assert any(line.startswith(f"{left} = ") for line in found), text


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("y[n,o] = b[o] + Σ_i x[n,i] w[o,i]", r"y_{n,\,o} = b_{o} + \sum_{i} x_{n,\,i}\, w_{o,\,i}"),
        ("y = x if x > 0, else z", r"y = \begin{cases} x & \text{if }x > 0 \\ z & \text{else} \end{cases}"),
        ("y = 2αx", r"y = 2\alpha x"),
        ("y = Σ ℓ / Σ v", r"y = \frac{\sum \ell }{\sum v}"),
        ("y = a (b + c) / d e", r"y = \frac{a\, \left( b + c \right) }{d}\, e"),
        ("y = a/b c", r"y = \frac{a}{b}\, c"),
        ("y = a b/c", r"y = a\, \frac{b}{c}"),
        ("y = 1/2m", r"y = \frac{1}{2m}"),
        ("y = 1/√(v + ε)", r"y = \frac{1}{\sqrt{v + \varepsilon }}"),
        ("y = x^(1/P)", "y = x^{1/P}"),
        ("y = 1 − β₁ᵗ", r"y = 1 - \beta _{1}^{t}"),
        ("x̄[…,i] = x[…,i − lo]", r"\bar{x}_{\ldots ,\,i} = x_{\ldots ,\,i - \text{lo}}"),
        ("m[n] = argmax_r u[n,r]", r"m_{n} = \operatorname{argmax}_{r}\,u_{n,\,r}"),
        ("da, db = s, dy a", r"\operatorname{d}a,\,\operatorname{d}b = s\text{, }\operatorname{d}y\, a"),
        ("dtarget = −dx", r"\operatorname{d}\text{target} = -\operatorname{d}x"),
        ("y = |x| + ⌊z⌋", r"y = \left\lvert x \right\rvert  + \left\lfloor z \right\rfloor "),
        ("q = (1 − ε) [c = t[n]]", r"q = \left( 1 - \varepsilon  \right) \, \left[ c = t_{n} \right] "),
        ("fan_in = I R …", r"\text{fan\_in} = I\, R \ldots "),
        ("y = a constant", r"y = \text{a constant}"),
    ],
)  # fmt: skip
def test_a_line_is_typeset_as_it_reads(text, latex):
    assert formula(text) == latex


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("y = x +", "nothing is no factor behind 'y = x +'"),
        ("y[n,o = x", r"] is missing behind 'y[n,o = x'"),
        ("y = (x", ") is missing behind 'y = (x'"),
        ("y x", "= is missing behind 'y x'"),
        ("y = x frobnicated", "frobnicated is no connective behind 'y = x'"),
        ("y = softplus x", "softplus is no connective behind 'y ='"),
        ("y = x ≠ z", "≠ is no factor behind 'y = x'"),
    ],
)
def test_what_is_no_formula_is_rejected(text, why):
    with pytest.raises(Unreadable) as rejected:
        formula(text)
    assert str(rejected.value) == f"{text!r}: {why}"


def test_a_sentence_keeps_its_words_and_sets_its_formulas():
    assert [part.prose or part.latex for part in parts("a mean over n + 2p cells, of s")] == [
        "a mean over ", "n + 2p", " cells, of ", "s",
    ]  # fmt: skip
    assert typeset("x < 1 & more") == typeset("x < 1") + " &amp; more"


def test_columns_are_formulas_labels_and_remarks():
    docstring = """A title.   Formula E1.   a = 1

name  y     = x   z[n] = 2: of n   more of it
      and further   last

Some prose, where b = 2."""
    assert [(line.label, line.text, line.remark) for line in equations(docstring)] == [
        ("", "a = 1", ""),
        ("name", "y = x", ""),
        ("", "z[n] = 2", "of n; more of it; and further; last"),
    ]


def test_a_line_among_formulas_that_begins_with_none_is_rejected():
    with pytest.raises(Unreadable, match="'prose here' stands among formulas and begins with none"):
        list(equations("A title.\n\ny = x\nprose here"))


def test_a_derivation_is_where_the_docstring_says_it_is():
    assert sources_of("cnn_oracle.manual.conv2d") == ("cnn_oracle.manual._convolution",)
    assert "dx = crop(scatter(du))" in [line.text for line in lines_of("cnn_oracle.manual._convolution")]


def test_a_formula_is_called_by_its_own_text():
    line = lines_of("cnn_oracle.manual.mse_loss")[1]
    assert (line.text, line.remark) == ("ℓ = v d²", "v weight, 1 without")
    assert ET.fromstring(line.mathml).get("alttext") == line.text


def _is_mathml(text: str, *, display: str) -> bool:
    """Whether it is well-formed and has no unconverted LaTeX left. The brace of cases is not LaTeX."""
    root = ET.fromstring(text)
    left = set("".join(root.itertext())) & set("\\}^$&")
    return root.tag.endswith("}math") and root.get("display") == display and not left


def _is_sentence(html: str) -> bool:
    return "\\" not in "".join(ET.fromstring(f"<p>{html}</p>").itertext())
