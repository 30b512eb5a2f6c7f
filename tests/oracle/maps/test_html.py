"""Results and failures as HTML: complete, escaped, small, and without scripts."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from cnn_oracle.call import Call
from cnn_oracle.diagnosis import Cause, Diagnosis, ErrorMap
from cnn_oracle.maps.html import BLOCKS, heat_map
from cnn_oracle.result import Failure, Result, Verdict, finding

CALL = Call("conv2d", {"x": (2, 3), "padding": "<b>same</b>"}, 7)
VOID = {"meta", "br", "hr", "img", "link"}


class Parser(HTMLParser):
    """Checks that each tag is closed, and collects the tags and the text."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += "" if "style" in self.open else data


def map_of(error, bound=None, quantity="dx"):
    error = np.asarray(error, dtype=float)
    return ErrorMap(
        CALL, quantity, error, np.zeros(error.shape) if bound is None else np.broadcast_to(bound, error.shape)
    )


@pytest.fixture
def failure():
    error = np.zeros((2, 3))
    error[1, 2] = 5
    maps = (map_of(error), map_of(error / 10, 1.0, "dw"), map_of(np.zeros(4), quantity="db"))
    cause = Cause("ratio", "dx < dw & db")
    return Failure(
        "dx[1,2] is wrong", CALL, subject_name="<script>alert(1)</script>", diagnosis=Diagnosis(None, (cause,), maps)
    )


def test_a_failure_shows_its_message_and_a_map_of_each_output(failure):
    page = failure._repr_html_()
    found = Parser(page)
    for line in failure.message.splitlines():
        assert line in found.text
    assert "  map of " not in found.text  # the heat maps show it
    assert f"Where the outputs are wrong on {CALL}, seed 7:" in found.text
    assert "dx: 1 of 6 elements is wrong." in found.text
    assert "dw: 0 of 6 elements are wrong." in found.text
    assert "db: no element has an error." in found.text
    assert "dx[1,2]: error 5, bound 0" in found.text  # the title of the element
    assert sum(tag == "figure" for tag, _ in found.tags) == 2


def test_names_and_calls_are_escaped_and_there_is_no_script(failure):
    page = failure._repr_html_()
    tags = {tag for tag, _ in Parser(page).tags}
    assert "script" not in tags
    assert "&lt;script&gt;" in page
    assert "&lt;b&gt;same" in page
    assert "dx &lt; dw &amp; db" in page
    assert not re.search(r"src=|href=|url\(|@import", page)


def test_a_result_shows_its_row_its_failures_and_its_warnings(failure):
    other = Failure("another theorem", CALL)
    warning = finding("signature", "takes <x>", CALL)
    row = Result("conv2d", Verdict.WRONG, 12, 0.5, 1.0, failure, failures=(failure, other), contract=(warning,))
    found = Parser(row._repr_html_())
    for text in ("error/bound", "WRONG", "12", "0.50", "1 warning", "also another theorem", *row.warning_texts):
        assert text in found.text
    assert [a["class"] for tag, a in found.tags if tag == "b" and "class" in a] == ["wrong"]


def test_a_result_that_passes_is_a_row():
    found = Parser(Result("relu", Verdict.EXACT, 100, 0.0, 1.0, None)._repr_html_())
    assert "reluEXACT10001.0" in re.sub(r"\s", "", found.text)
    assert not {"pre", "figure"} & {tag for tag, _ in found.tags}


def levels(one):
    """The label of the colour of each element, from the runs and the named cells."""
    (figure,) = heat_map(one).figures
    cells = {}
    for level, path in figure.runs:
        for column, row, length in re.findall(r"M(\d+) ([\d.]+)h(\d+)", path):
            cells |= {(int(float(row)), int(column) + i): level.label for i in range(int(length))}
    cells |= {(row, column): level.label for level, row, column, _ in figure.named}
    return [[cells[row, column] for column in range(figure.columns)] for row in range(figure.rows)]


def test_colours_follow_error_over_bound():
    error = [0, 0.01, 0.05, 0.5, 1, 1.5, 20, 1e4, np.inf, np.nan]
    assert levels(map_of(error, 1.0)) == [[
        "0", "up to 0.01", "up to 0.1", "up to 1: right", "up to 1: right", "up to 10: wrong", "up to 1000", "more",
        "NaN or infinite", "NaN or infinite",
    ]]  # fmt: skip


def test_where_only_some_bounds_are_zero_an_error_there_is_the_largest():
    assert levels(map_of([1e-9, 0, 1], [0.0, 0, 1])) == [["more", "0", "up to 1: right"]]


def test_on_an_exact_grid_colours_follow_the_largest_error():
    one = map_of([[0, 1, 5], [50, 100, np.inf]])
    labels = [f"up to {share} % of it" for share in (1, 10, 100)]
    assert levels(one) == [["0", *labels[:2]], [labels[2], labels[2], "NaN or infinite"]]
    assert heat_map(one).scale == "error; the largest is 100"


def test_a_legend_has_the_colours_of_the_map():
    assert [level.label for level in heat_map(map_of([0, 0, 7.0])).legend] == ["0", "up to 100 % of it"]


@pytest.mark.parametrize("shape", [(300, 400), (64, 64, 3, 3), (5000,), (50, 50, 50)], ids=str)
def test_a_large_output_has_a_small_map_that_shows_every_wrong_element(shape):
    error = (np.random.default_rng(0).random(shape) < 0.3) * 1.0
    one = map_of(error)
    assert len(Failure("it", CALL, diagnosis=Diagnosis(maps=(one,)))._repr_html_()) < 300_000
    assert len(heat_map(one).figures) <= BLOCKS
    error = np.zeros(shape)
    error[(-1,) * len(shape)] = 1
    assert "up to 100 % of it" in [level.label for figure in heat_map(map_of(error)).figures for level, *_ in [
        *figure.runs, *figure.named,
    ]]  # fmt: skip


@pytest.mark.parametrize("shape", [(), (1,), (0, 3)], ids=str)
def test_an_output_of_one_element_or_none_is_no_problem(shape):
    Parser(Failure("it", CALL, diagnosis=Diagnosis(maps=(map_of(np.ones(shape)),)))._repr_html_())
