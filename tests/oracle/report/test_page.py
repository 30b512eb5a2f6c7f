"""The report: it is complete, every link has a target, and the command says what it did."""

import re
from html import unescape
from pathlib import Path

import pytest

from cnn_oracle import mistakes
from cnn_oracle.article import formulas
from cnn_oracle.ops import OPS
from cnn_oracle.report import code, page, results
from cnn_oracle.report.chapters import CHAPTERS

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def html(report_page):
    return report_page.read_text(encoding="utf-8")


def test_chapters_have_every_formula_once_in_the_articles_order():
    keys = [key for chapter in CHAPTERS for key in chapter.formulas]
    assert sorted(keys) == sorted(row.id for row in formulas.table())
    assert len(keys) == len(set(keys))
    of_the_article = [key for key in keys if key.startswith("E") and key != "E15"]
    assert of_the_article == [row.id for row in formulas.table() if row.id in of_the_article]


def test_chapters_have_every_op():
    assert {op for chapter in CHAPTERS for op in chapter.every_op} == set(OPS)


def test_every_mistake_of_a_chapter_is_known():
    for name in (name for chapter in CHAPTERS for name in chapter.mistakes):
        op, mistake = name.split(".")
        assert mistake in [m.name for m in mistakes.of(op)], name


def test_every_chapter_says_what_goes_wrong_and_how_to_check_it(html):
    for chapter in html.split("<section id=")[1:]:
        assert "Check it yourself" in chapter
    assert html.count("<h3>What goes wrong</h3>") >= len(CHAPTERS) - 2  # images are no op; evidence is about all ops


def test_every_pytest_line_names_tests_that_are_there():
    table = {row.id: row for row in formulas.table()}
    for chapter in CHAPTERS:
        lines = [re.sub("<[^>]*>", "", line) for line in page.checks(chapter, [table[key] for key in chapter.formulas])]
        tests = [word for line in lines for word in line.split() if word.startswith("tests/")]
        assert all((ROOT / test).is_file() for test in tests), tests
        assert tests or not chapter.ops, chapter.key


def test_every_figure_drawn_has_its_place_in_one_chapter(report_page):
    placed = [block.content for chapter in CHAPTERS for block in page.blocks(chapter.text) if block.kind == "figure"]
    drawn = page.all_figures(results.load(report_page.parent / "results"))
    assert len(placed) == len(set(placed))
    assert set(drawn) <= set(placed)
    assert set(placed) - set(drawn) <= {
        "first_divergence",
        "speed",
        "baselines",
    }  # of results that were not run, or found nothing


def test_a_text_is_paragraphs_figures_and_parts():
    blocks = page.blocks("One `d<x`.\n\n  [figure image]\n\n[widget]\n\nTwo\nlines.")
    assert [(b.kind, str(b.content)) for b in blocks] == [
        ("paragraph", "One <code>d&lt;x</code>."), ("figure", "image"), ("widget", ""), ("paragraph", "Two lines."),
    ]  # fmt: skip


def test_code_is_quoted_as_it_stands():
    quoted = re.sub("<[^>]*>", "", code.module("cnn_oracle.manual.tanh").html)
    assert unescape(quoted).strip("\n") == (ROOT / "manual/tanh.py").read_text().strip("\n")


def test_the_page_is_one_file_that_loads_no_other(html):
    assert len(html.encode()) < 5e6
    assert not re.search(r"""(?:src|href|xlink:href)=["'](?!\#)""", html)
    assert not re.search(r"url\((?!#)", html)
    assert "@import" not in html
    assert "Content-Security-Policy" in html


def test_every_op_has_its_verdict(html, report_page):
    found = results.load(report_page.parent / "results")
    for row in found["verify"]["ops"]:
        card = html.partition(f'id="op-{row["op"]}"')[2].partition("</article>")[0]
        assert f">{row['verdict']}<" in card
        assert f"{row['calls']:,} calls" in card


def test_every_link_within_the_page_leads_somewhere(html):
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)


def test_what_is_missing_is_shown_with_its_command(html):
    assert "cnn-oracle study benchmarks --json" in re.sub("<[^>]*>", "", html)


def test_the_command_says_where_it_wrote_and_what_was_not_run(report_page, tmp_path, oracle):
    folder = report_page.parent / "results"
    status, out, err = oracle("report", "-o", str(tmp_path / "r.html"), "--results", str(folder))
    assert (status, err) == (0, "")
    assert f"not run: cnn-oracle study benchmarks --json {folder / 'benchmarks.json'}" in out
    assert out.splitlines()[-1].startswith(f"{tmp_path / 'r.html'}: {len(CHAPTERS)} chapters, ")
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == report_page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("verify", "{", "not what verify --json writes; delete it, or run it again"),
        ("train", "[]", "not what train --json writes; delete it, or run it again"),
        ("mistakes", "{}", "not what mistakes --json writes; delete it, or run it again"),
        ("verify", '{"subject": "mine", "ops": []}', "of 'mine', and the report is of 'cnn_oracle.manual'"),
    ],
)
def test_an_invalid_result_prints_one_line(tmp_path, oracle, name, text, message):
    (tmp_path / f"{name}.json").write_text(text)
    line = f"cnn-oracle: result {str(tmp_path / f'{name}.json')!r}: {message}\n"
    assert oracle("report", "-o", str(tmp_path / "r.html"), "--results", str(tmp_path)) == (2, "", line)


def test_a_page_that_could_not_be_written_is_rejected_before_anything_is_run(oracle):
    line = "cnn-oracle: file 'nowhere/r.html': there is no folder 'nowhere'\n"
    assert oracle("report", "-o", "nowhere/r.html") == (2, "", line)


def test_what_is_missing_and_short_is_run_and_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RUNS", {"verify": lambda _: '{"subject": "cnn_oracle.manual", "ops": []}'})
    found = {}
    results.complete(tmp_path / "new", found, lambda *_: None)
    assert found == results.load(tmp_path / "new") == {"verify": {"subject": "cnn_oracle.manual", "ops": []}}
