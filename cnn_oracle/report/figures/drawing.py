"""What all figures share: a width, fonts, colours that are readable on white and on black, and clean SVG.

A figure has no background. Its ink and its letters have the colour of the surrounding text (``currentColor``). The
other colours lie halfway between white and black. A figure fills the width of its container. It is so narrow that its
letters are readable on a phone.
"""

import re
from io import StringIO
from math import log10
from typing import Any, NamedTuple
from xml.etree import ElementTree

import matplotlib
from matplotlib.figure import Figure as Canvas

WIDTH = 4.4  # inches
LETTERS = 9.0  # points
SMALL = 8.0

INK = "#010203"  # stands for currentColor until the SVG is written: matplotlib knows no such colour
BLUE, ORANGE, GREEN, PURPLE = "#3a86d8", "#d9730d", "#2e9e5b", "#9a6ee0"

STYLE: dict[Any, Any] = {
    "font.size": LETTERS, "axes.labelsize": LETTERS, "axes.titlesize": LETTERS, "legend.fontsize": SMALL,
    "xtick.labelsize": SMALL, "ytick.labelsize": SMALL, "text.color": INK, "axes.labelcolor": INK,
    "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK, "grid.color": INK, "grid.alpha": 0.15,
    "axes.grid": True, "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False,
    "legend.frameon": False,
}  # fmt: skip
charted = matplotlib.rc_context(STYLE)  # a decorator of functions that draw axes

SVG, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"


class Figure(NamedTuple):
    """A drawing as inline SVG without a size, its caption, and its text for people who cannot see it.

    All its ids begin with letters of a hash of ``name``, so no two figures of a page share an id.
    """

    name: str
    svg: str
    caption: str
    alt: str


def power_of_ten(value: float, _: object = None) -> str:
    """The label of a logarithmic axis, 10⁻³ for 0.001."""
    return "10" + f"{log10(value):.0f}".translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def chart(height: float) -> Canvas:
    """An empty canvas of the common width, ``height`` inches high. It fits its axes to their labels."""
    return Canvas(figsize=(WIDTH, height), layout="constrained")


def finish(canvas: Canvas, name: str, caption: str, alt: str) -> Figure:
    """The drawing on ``canvas`` as a figure. The same drawing gives the same bytes."""
    written = StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        canvas.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return Figure(name, _clean(written.getvalue(), alt), caption, alt)


def _clean(svg: str, alt: str) -> str:
    """matplotlib's SVG without size, metadata, fonts, unused ids and groups, and with the text colour of the page."""
    root = ElementTree.fromstring(svg)
    for element in root.findall(f"{SVG}metadata") + root.findall(f"{SVG}defs[{SVG}style]"):
        root.remove(element)
    used = set(re.findall(r"#(\w+)", svg))
    for element in root.iter():
        for key, value in list(element.items()):
            element.set(key, _attribute(key, value))
        if element.get("id") not in used:
            element.attrib.pop("id", None)
        if LINK in element.attrib:
            element.set("href", element.attrib.pop(LINK))
        element.tail = None
        if element.tag != f"{SVG}text":
            element.text = None
    _unwrap(root)
    root.attrib = {
        "viewBox": root.attrib["viewBox"], "role": "img", "aria-label": alt,
        "style": "stroke-linejoin: round; stroke-linecap: butt",  # matplotlib sets it for every element of the page
    }  # fmt: skip
    ElementTree.register_namespace("", SVG[1:-1])
    return ElementTree.tostring(root, encoding="unicode")


def _attribute(key: str, value: str) -> str:
    if key == "style":
        value = re.sub(r"font-family: [^;]*(; )?", "", value)
        return value.replace(INK, "currentColor").removesuffix("; ")
    if key in ("d", "x", "y", "transform", "points"):
        value = re.sub(r"rotate\(-0 [^)]*\)", "", value)
        return " ".join(re.sub(r"-?\d+\.\d{3,}", lambda n: f"{float(n[0]):.2f}", value).split())
    return value


def _unwrap(element: ElementTree.Element) -> None:
    """Replace each group without attributes by its contents, and remove empty attributes and groups."""
    children = list(element)
    for child in children:
        _unwrap(child)
        for key in [key for key, value in child.items() if not value]:
            del child.attrib[key]
    element[:] = [
        inner for child in children for inner in (child if child.tag == f"{SVG}g" and not child.attrib else [child])
    ]
