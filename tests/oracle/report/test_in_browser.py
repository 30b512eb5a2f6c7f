"""The report in a browser, Debian's chromium in headless mode: it loads, draws, calculates, and fits the window."""

import json
import shutil
from random import Random

import numpy as np
import pytest

from cnn_oracle.manual import conv2d
from cnn_oracle.manual._geometry import output_size
from cnn_oracle.manual.article import padding, stride

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright's Python package is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("there is no chromium: apt-get install chromium", allow_module_level=True)

WIDTHS = (390, 1440)
SCHEMES = ("light", "dark")
GEOMETRIES = [  # n, f, p, s, d: the first does not fit, the second leaves rows unread, the third steps over some
    (2, 3, 0, 1, 1), (8, 3, 0, 2, 1), (7, 1, 0, 3, 1), (1, 1, 0, 1, 1), (12, 7, 4, 4, 3), (5, 3, 1, 1, 1),
    *((lambda r: [(r.randint(1, 12), r.randint(1, 7), r.randint(0, 4), r.randint(1, 4), r.randint(1, 3))
                  for _ in range(60)])(Random(0))),
]  # fmt: skip

# Elements that overflow the window, unless they are in a box that scrolls.
OVERFLOWING = """() => {
  const scrolls = (e) => e && (["auto", "scroll"].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  return [...document.body.querySelectorAll("*")]
    .filter((e) => !scrolls(e.parentElement))
    .map((e) => [e, e.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.right > innerWidth + 1 || box.left < -1))
    .map(([e]) => `${e.tagName} ${e.id} ${e.className}: ${e.textContent.slice(0, 40)}`);
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def opened(browser, report_page):
    """The page, its console messages and the URLs that it requested while it was loaded."""
    tab, messages, requests = browser.new_page(viewport={"width": 1440, "height": 900}), [], []
    tab.on("console", lambda message: messages.append(message.text))
    tab.on("pageerror", lambda error: messages.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(report_page.as_uri())
    return tab, messages, requests


def test_the_page_loads_without_console_messages(opened):
    assert opened[1] == []


def test_nothing_but_the_page_is_requested(opened, report_page):
    assert opened[2] == [report_page.as_uri()]


def test_every_figure_is_there_with_caption_and_alternative_text(opened):
    figures = opened[0].evaluate(
        """() => [...document.querySelectorAll("figure .picture")].map((e) => {
          const svg = e.querySelector("svg"), box = svg.getBoundingClientRect();
          return [e.parentElement.id, svg.getAttribute("role"), (svg.getAttribute("aria-label") ?? "").length,
                  e.parentElement.querySelector("figcaption").textContent.length, box.width, box.height];
        })"""
    )
    assert len(figures) >= 20
    for name, role, alternative, caption, width, height in figures:
        assert role == "img", name
        assert alternative > 20, name
        assert caption > 20, name
        assert min(width, height) > 50, name


def test_every_formula_is_drawn_as_mathematics(opened):
    boxes = opened[0].evaluate(
        """() => [...document.querySelectorAll("section > .card math")].map((e) => {
          const b = e.getBoundingClientRect(); return [e.textContent, b.width * b.height]; })"""
    )
    assert len(boxes) > 50
    assert [text for text, area in boxes if not area] == []


def test_the_interactive_part_agrees_with_python(opened):
    for n, f, p, s, d in GEOMETRIES:
        shown, pixels = choose(opened[0], n, f, p, s, d)
        if n + 2 * p < d * (f - 1) + 1:
            assert (shown["size"], shown["unreadAtTheEnd"], pixels) == (0, None, [0] * n**2)
            with pytest.raises(ValueError, match="does not fit"):
                conv2d.forward(np.ones((1, 1, n, n)), np.ones((1, 1, f, f)), padding=p, stride=s, dilation=d)
            continue
        size = output_size(n + 2 * p, f, s, d)
        w, dy = np.ones((1, 1, f, f)), np.ones((1, 1, size, size))
        influence = conv2d.input_gradient(dy, (1, 1, n, n), w, padding=p, stride=s, dilation=d)[0, 0]
        assert shown["size"] == size
        assert pixels == influence.ravel().tolist()
        assert shown["never"] == np.flatnonzero(~influence.any(1)).tolist()
        assert shown["unreadAtTheEnd"] == stride.unread_rows(n, f, p, s, d)
        if d == 1:
            assert shown["influence"] == padding.influence(n, f, p, s).tolist()


def test_the_interactive_part_shows_a_window_by_the_keyboard(opened):
    tab = opened[0]
    choose(tab, 8, 3, 1, 2, 2)
    tab.locator("#widget .outputs .chosen").focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowDown")
    seen = tab.evaluate(
        """() => [...document.querySelectorAll("#widget .grid:not(.outputs) span")]
          .flatMap((e, i) => e.classList.contains("seen") ? [i] : [])"""
    )
    assert seen == [10 * i + j for i in (2, 4, 6) for j in (2, 4, 6)]  # output (1, 1) of a padded 10×10


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overflows_the_window(browser, report_page, width, scheme):
    tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab.goto(report_page.as_uri())
    for unfolded in (False, True):
        if unfolded:
            tab.evaluate("() => document.querySelectorAll('details').forEach((e) => { e.open = true; })")
        assert tab.evaluate(OVERFLOWING) == []
        assert tab.evaluate("() => document.documentElement.scrollWidth") <= width
    tab.close()


def choose(tab, *geometry):
    """Sets the five knobs. Returns the result of the interactive part and the numbers in its pixels."""
    tab.evaluate(
        """(values) => { for (const [key, value] of values) {
          const knob = document.getElementById(`knob-${key}`);
          knob.value = value; knob.dispatchEvent(new Event("input"));
        } }""",
        [*zip("nfpsd", geometry, strict=True)],
    )
    shown = json.loads(tab.locator("#widget").get_attribute("data-result"))
    pixels = tab.locator("#widget .pixel").all_text_contents()
    return shown, [int(pixel) for pixel in pixels]
