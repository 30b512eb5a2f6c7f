"""``verify --html`` and ``exhaust --html``: one page with all that the terminal prints, and heat maps."""

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from cnn_oracle import environment, one_call
from cnn_oracle.call import Call
from cnn_oracle.diagnosis import ErrorMap

WRONG = "cnn_oracle.mistakes.conv2d.scatter_overwrites"
FEW = ("--examples", "20", "--jobs", "1")


def text_of(page):
    """The text of a page, of which every tag is closed."""
    texts, tags = [], []

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag != "meta":
                tags.append(tag)

        def handle_endtag(self, tag):
            assert tags.pop() == tag

        def handle_data(self, data):
            if "style" not in tags:
                texts.append(data)

    Parser().feed(page)
    assert tags == []
    return "".join(texts)


@pytest.fixture
def with_maps(monkeypatch):
    """Each failure has a map whose last column is wrong."""
    error = np.zeros((3, 4))
    error[:, 3] = 2
    found = one_call.diagnose

    def diagnose(*args):
        failure = found(*args)
        one = ErrorMap(Call("conv2d", {"x": (1, 1, 3, 4)}, 5), "dx", error, np.zeros_like(error))
        return failure.replace(diagnosis=replace(failure.diagnosis, maps=(one,)))

    monkeypatch.setattr(one_call, "diagnose", diagnose)


def test_the_page_has_what_the_terminal_prints_and_heat_maps(oracle, tmp_path, with_maps):
    path = tmp_path / "page.html"
    status, out, _ = oracle("verify", WRONG, *FEW, "--html", str(path))
    page = path.read_text()
    text = text_of(page)
    assert status == 1
    assert text.split()[0] == "wrong:"
    assert f"cnn-oracle verify {WRONG} --examples 20 --jobs 1 --html {path}" in text
    message, _, last = out[out.index("WRONG  dx") :].partition("\n\n")
    message = [line for line in message.partition("  map of ")[0].splitlines() if "  also " not in line]
    for line in (*message, *last.strip().splitlines()):
        assert line in text
    for theorem in re.findall(r"^  also      \w+: (.*?)   conv2d\(", out, re.MULTILINE):
        assert f"also {theorem}" in text
    assert "  likely cause: dx is assigned (=) where windows overlap, not added (+=)" in text
    assert "Where the outputs are wrong on conv2d(x=(1, 1, 3, 4)), seed 5:" in text
    assert "dx[2,3]: error 2, bound 0" in text
    assert all(version in text for version in environment.versions().values())
    assert not re.search(r"<script|<link|src=|href=|@import", page)


def test_the_terminal_shows_the_map_below_the_failure(oracle, with_maps):
    _, out, _ = oracle("verify", WRONG, *FEW)
    assert (
        "  map of dx on conv2d(x=(1, 1, 3, 4)): 3 of 12 elements are wrong (#)\n"
        "  . . . #\n"
        "  . . . #\n"
        "  . . . #\n"
        "\n"
        f"{WRONG}: 1 of 1 ops do not agree"
    ) in out


def test_a_terminal_shows_the_map_in_colours(oracle, with_maps, monkeypatch, capsys):
    from cnn_oracle.cli.terminal import print_map

    error = np.zeros((1, 40))
    error[0, -1] = 1
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "30", "FORCE_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    print_map(ErrorMap(Call("relu", {"x": (1, 40)}, 0), "dx", error, np.zeros_like(error)))
    *caption, line = capsys.readouterr().out.splitlines()
    assert caption == ["  map of dx on relu(x=(1, 40)): 1 of 40 elements is wrong (#)", "  ~ continues the pattern"]
    assert line == "  \x1b[2m. . . ~ . .\x1b[0m \x1b[1;31m#\x1b[0m"


def test_warnings_of_the_contract_are_on_the_page(oracle, tmp_path, monkeypatch):
    (tmp_path / "lax.py").write_text(
        "from types import SimpleNamespace\n"
        "from cnn_oracle.manual import relu as right\n"
        "relu = SimpleNamespace(forward=right.forward, backward=lambda dy, x: (dy * (x > 0),))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    status, out, _ = oracle("verify", "lax", *FEW, "--html", str(tmp_path / "page.html"))
    text = text_of((tmp_path / "page.html").read_text())
    warnings = re.findall(r"^warning  .*\n  reproduce .*$", out, re.MULTILINE)
    assert status == 0
    assert text.split()[0] == "right:"
    assert warnings
    assert all(warning in text for warning in warnings)


def test_the_page_alone_goes_to_standard_output(oracle):
    status, out, _ = oracle("verify", "--op", "relu", *FEW, "--html")
    assert status == 0
    assert out.startswith("<!DOCTYPE html>")
    assert out.endswith("</html>\n")


def test_exhaust_writes_a_page(oracle, tmp_path):
    status, out, _ = oracle("exhaust", "2", "--op", "relu", "--jobs", "1", "--html", str(tmp_path / "page.html"))
    assert status == 0
    assert "geometries with axes up to 2" in text_of((tmp_path / "page.html").read_text())
    assert "geometries with axes up to 2" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--html", "nowhere/v.html"], "file 'nowhere/v.html': there is no folder 'nowhere'"),
        (["--html", "-", "--json", "-"], "only one result can go to standard output: name a file for the other one"),
    ],
)
def test_a_page_that_cannot_be_written_is_an_error_before_the_run(oracle, arguments, message):
    assert oracle("verify", *arguments) == (2, "", f"cnn-oracle: {message}\n")
