"""Where the printed formulas are right: every geometry that the search for counterexamples tries."""

from functools import cache
from itertools import product

import numpy as np

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import LETTERS, counterexample, differs
from cnn_oracle.report.figures.drawing import BLUE, INK, ORANGE, SMALL, Figure, chart, charted, finish
from cnn_oracle.report.figures.panels import Panel, Place

Geometry = tuple[tuple[str, int], ...]


@cache
def tried(key: str) -> dict[Geometry, bool]:
    """For each geometry on which the general form has a value: whether the printed form has the same value."""
    found = {}
    for geometry in CLAIMS[key].geometries():
        try:
            found[tuple(geometry.items())] = differs(CLAIMS[key], geometry) is None
        except ValueError:
            continue
    return found


def full_convolution() -> Figure:
    """E9 over n (horizontal) and f (vertical), with a panel for each p, s and d."""
    claim, right = CLAIMS["E9"], tried("E9")
    sizes, filters = LETTERS["n"], LETTERS["f"]
    panel = Panel(24.8, 37.6)
    marks: dict[bool, list[Place]] = {True: [(3.2, 36.5)], False: [(9.9, 36.5)]}  # first the marks of the legend
    smallest = counterexample(claim)
    for s in LETTERS["s"]:
        panel.write(f"s = {s}", (0.4 + 7 * s, 0.7))
    for row, (d, p) in enumerate(product(LETTERS["d"], LETTERS["p"])):
        top = 1.8 + 5.4 * row + 1.2 * (d - 1)
        panel.write(f"d = {d}\np = {p}", (3.4, top + 2), align="right")
        for s in LETTERS["s"]:
            left = 7 * s - 2.6
            panel.frame((left - 0.2, top - 0.2), (len(filters) + 0.4, len(sizes) + 0.4), INK, dashed=True)
            for n, f in product(sizes, filters):
                geometry, at = {"n": n, "f": f, "p": p, "s": s, "d": d}, (left + n - 1, top + f - 1)
                if (holds := right.get(tuple(geometry.items()))) is not None:
                    marks[holds].append(at)
                if smallest and geometry == smallest.geometry:
                    panel.frame(at, (1, 1), INK)
    panel.write("each panel: n = 1 … 6 to the right, f = 1 … 4 downwards", (12.3, 36), SMALL)
    panel.write(f"right ({sum(right.values())})", (4.5, 37), SMALL, align="left")
    for holds, places in marks.items():
        _mark(panel, places, holds)
    panel.write(f"wrong ({len(right) - sum(right.values())})", (11.1, 37), SMALL, align="left")
    panel.write("blank: no output", (16.5, 37), SMALL, align="left")
    return finish(
        panel.canvas, "domain",
        f"The printed gradient, checked on every small geometry. It is right exactly when {claim.domain}. The smallest "
        f"counterexample is framed: {smallest}.",
        f"Eighteen panels for padding 0 to 2, stride 1 to 3, dilation 1 and 2. Of {len(right)} geometries the printed "
        f"formula is right on {sum(right.values())}: all those with padding 0, stride 1 and dilation 1, kernels as "
        "large as the image without padding and dilation, and a few with a kernel of one pixel.",
    )  # fmt: skip


def _mark(panel: Panel, places: list[Place], holds: bool) -> None:
    """Draw large squares or small ones, so that they differ even without colours."""
    size = 0.86 if holds else 0.4
    inset = (1 - size) / 2
    panel.squares([(x + inset, y + inset) for x, y in places], size, (BLUE if holds else ORANGE, 1.0))


@charted
def overview() -> Figure:
    """The printed forms that are less general than the formula: on what share of the tried geometries each is right."""
    keys = list(CLAIMS)
    shares = [100 * float(np.mean(list(tried(key).values()))) for key in keys]
    canvas = chart(4.6)
    axes = canvas.subplots()
    axes.barh(keys, 100, color=ORANGE, alpha=0.25, height=0.7)
    axes.barh(keys, shares, color=BLUE, height=0.7)
    for i, key in enumerate(keys):
        axes.text(101.5, i, f"{sum(tried(key).values()):,} of {len(tried(key)):,}", va="center", fontsize=SMALL)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set(xlim=(0, 128), xlabel="% of the geometries tried on which the printed form is right")
    axes.set_xticks(range(0, 101, 25))
    axes.tick_params(axis="y", length=0)
    narrow = min(range(len(keys)), key=shares.__getitem__)
    return finish(
        canvas, "domains",
        "The printed forms that are less general than the formula. Each was compared with the general form on every "
        "geometry of a small range.",
        f"A bar for each of {len(keys)} formulas, from {min(shares):.0f} % ({keys[narrow]}) to {max(shares):.0f} %.",
    )  # fmt: skip
