"""The report's figures: readable on light and dark pages, self-contained, and correct."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from cnn_oracle import data
from cnn_oracle.manual.article.convolution import cross_correlate
from cnn_oracle.report.figures import (
    ALWAYS,
    all_figures,
    backward,
    convolution,
    correlation,
    evidence,
    images,
    padding,
)
from cnn_oracle.report.figures import stride as strides
from cnn_oracle.report.figures.drawing import BLUE, GREEN, INK, LETTERS, ORANGE, PURPLE, SMALL
from cnn_oracle.report.figures.replay import replay
from cnn_oracle.training import train

BACKGROUNDS = ("#fcfbf8", "#14171c")  # of the page, light and dark
COLOURS = {BLUE, ORANGE, GREEN, PURPLE}


@pytest.fixture(scope="module")
def report():
    """One epoch of the training comparison, as its JSON, with an invented first divergence."""
    document = json.loads(train.to_json(train.compare(data.load("digits"), epochs=1)))
    first_divergence = {
        "step": 3, "epoch": 1, "layer": "relu1", "index": [5, 2, 3, 4], "elements": 1,
        "values": {"manual": -1e-7, "reference": 2e-7},
    }  # fmt: skip
    return document | {"first_divergence": first_divergence}


@pytest.fixture(scope="module")
def results(report):
    times = {"manual": 2.0, "torch": 1.0, "ratio": 2.0, "low": 1.5, "high": 2.5}
    return {
        "train": report,
        "train-float32": report,
        "verify": {"ops": [{"op": "conv2d", "verdict": "EXACT", "calls": 5, "error_over_bound": 0.25}]},
        "mutants": {"baselines": [{"name": "forward", "killed": 1, "of": 4}, {"name": "all", "killed": 4, "of": 4}]},
        "benchmarks": {
            "hardware": {"cpu": "a processor"},
            "times": [{"call": "relu(x=(2,))", "dtype": d, "threads": 1, **times} for d in ("float64", "float32")],
        },
    }


@pytest.fixture(scope="module")
def figures(results):
    return all_figures(results)


def test_a_figure_for_every_result(figures):
    assert list(figures)[-8:] == [
        "training", "digits", "learnt_filters", "training_float32", "first_divergence", "worst", "baselines", "speed",
    ]  # fmt: skip
    assert len(figures) == len(ALWAYS) + 8
    assert all(name == figure.name for name, figure in figures.items())


def test_what_was_not_run_is_not_drawn(monkeypatch):
    monkeypatch.setattr("cnn_oracle.report.figures.ALWAYS", (images.numbers,))
    assert list(all_figures({"mutants": {"baselines": []}})) == ["image"]
    assert list(all_figures({"verify": {"ops": []}, "benchmarks": {"times": []}})) == ["image", "baselines"]


def test_an_svg_is_small_and_self_contained(figures):
    for name, figure in figures.items():
        root = ElementTree.fromstring(figure.svg)
        assert root.attrib.keys() == {"viewBox", "role", "aria-label", "style"}, name
        assert len(figure.svg.encode()) < 150_000, name
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert tags <= {"svg", "g", "defs", "path", "use", "text", "clipPath", "rect", "tspan"}, name
        assert "http" not in figure.svg.replace('xmlns="http://www.w3.org/2000/svg"', ""), name


def test_every_figure_is_described_in_words(figures):
    for name, figure in figures.items():
        assert ElementTree.fromstring(figure.svg).get("aria-label") == figure.alt, name
        for words in (figure.caption, figure.alt):
            assert words.endswith("."), name
            assert 30 < len(words) < 600, name


def test_ids_are_unique_and_all_of_them_are_used(figures):
    seen = [name for figure in figures.values() for name in re.findall(r'\bid="([^"]+)"', figure.svg)]
    assert len(set(seen)) == len(seen)
    for figure in figures.values():
        assert set(re.findall(r'\bid="([^"]+)"', figure.svg)) == set(re.findall(r"#([mph]\w{10})\b", figure.svg))


def test_colours_are_the_readers_text_colour_or_those_of_the_palette(figures):
    for name, figure in figures.items():
        assert set(re.findall(r"#[0-9a-f]{6}\b", figure.svg)) <= COLOURS, name
        assert INK not in figure.svg


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("colour", sorted(COLOURS))
def test_every_colour_stands_out_from_both_backgrounds(colour, background):
    """A contrast of 3 : 1, which WCAG 2.1 requires of graphics."""
    light, dark = sorted((_luminance(colour), _luminance(background)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3


def _luminance(colour):
    shares = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)


def test_text_has_two_sizes_and_signs_are_larger(figures):
    for name, figure in figures.items():
        sizes = {float(size) for size in re.findall(r"font-size: ([\d.]+)px", figure.svg)}
        assert sizes <= {SMALL, LETTERS, 12.0}, name


def test_no_text_leaves_its_figure(figures):
    """Widths are estimated from the average letter of a sans-serif font."""
    for name, figure in figures.items():
        root = ElementTree.fromstring(figure.svg)
        width, height = map(float, root.attrib["viewBox"].split()[2:])
        for text in root.iter("{http://www.w3.org/2000/svg}text"):
            if "rotate" in text.get("transform", ""):
                continue
            style, long = text.attrib["style"], 0.5 * len(text.text)
            long *= float(re.search(r"font-size: ([\d.]+)px", style)[1])
            share = 0.5 if "middle" in style else 1.0 if "anchor: end" in style else 0.0
            x, y = (float(text.get(axis, 0)) for axis in "xy")
            if place := re.search(r"translate\(([\d.]+) ([\d.]+)\)", text.get("transform", "")):
                x, y = float(place[1]), float(place[2])
            assert x - share * long >= 0, (name, text.text)
            assert x + (1 - share) * long <= width, (name, text.text)
            assert 5 <= y <= height, (name, text.text)


@pytest.mark.parametrize("draw", [images.numbers, convolution.filters, evidence.worst], ids=lambda f: f.__name__)
def test_the_same_drawing_is_the_same_bytes(draw, results):
    given = (results["verify"],) if draw is evidence.worst else ()
    assert draw(*given) == draw(*given)


@pytest.mark.parametrize(
    "draw",
    [convolution.sliding, padding.valid_and_same, strides.stride, backward.full_convolution, backward.weight_gradient],
    ids=lambda f: f.__name__,
)
def test_the_right_side_of_the_sign_equals_the_left_side(draw, monkeypatch):
    """Every row of a grid, a kernel and sums is one cross-correlation, with the stride that its windows show."""
    rows = []
    monkeypatch.setattr(correlation, "draw", lambda *args, **kwargs: rows.append((args, kwargs)))
    for module in (convolution, padding, strides, backward):
        if hasattr(module, "draw"):
            monkeypatch.setattr(module, "draw", correlation.draw)
    draw()
    assert rows
    for (_, row, *_rest), kwargs in rows:
        left, right = row.left, row.right
        expected = cross_correlate(left, row.kernel, stride=kwargs.get("stride", 1))
        known = ~np.isnan(right)
        assert right.shape == expected.shape
        assert np.array_equal(right[known], expected[known])


def test_shares_of_the_scattered_gradient_add_up_to_it():
    w, dz = np.arange(9.0).reshape(3, 3), np.array([[1.0, -2], [3, 4]])
    shares = [np.where(np.arange(4).reshape(2, 2) == k, dz, 0) for k in range(4)]
    assert np.array_equal(sum(backward._gradient(share, w) for share in shares), backward._gradient(dz, w))


def test_a_replay_is_the_run_it_replays(report):
    steps = report["steps"]["max_weight_difference"]
    run = replay(report, len(steps))
    assert run.sides.weight_difference() == steps[-1]
    right = run.sides.manual.predict(run.dataset.test_images) == run.dataset.test_labels
    assert right.mean() == report["epochs"][-1]["accuracy"]["manual"]


def test_two_runs_that_do_not_diverge_have_no_figure_of_it(report, results):
    assert "first_divergence" not in all_figures({"train-float32": report | {"first_divergence": None}})
