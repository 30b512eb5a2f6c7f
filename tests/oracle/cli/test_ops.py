"""``ops conv2d``: the description of one op agrees with its code."""

import json
import re
from pathlib import Path

import pytest

from cnn_oracle import mistakes, theorems
from cnn_oracle.cli import checkout, details
from cnn_oracle.ops import OPS

ROOT = Path(__file__).parents[3]
EVERY = {"op", "kind", "comparison", "signature", "options", "unsupported", "theorems"}
NAMED = {
    "summary", "defaults", "unsupported_calls", "rejects", "grids", "normwise", "theorem_summaries", "mistakes",
    "files",
}  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    return {name: details.of(op) for name, op in OPS.items()}


def test_a_named_op_is_described_in_full(oracle):
    status, out, err = oracle("ops", "conv2d")
    assert (status, err) == (0, "")
    sections = [line for line in out.splitlines()[1:] if line and not line.startswith(" ")]
    assert sections == ["options", "unsupported", "rejects", "comparison", "theorems", "known mistakes", "files"]
    assert out.startswith(
        "conv2d(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1)\n"
        "  Cross-correlation of images, which deep learning calls convolution.\n"
        "\noptions\n  stride    1\n  padding   0\n"
    )
    for line in (
        r"  unbatched x  conv2d\(x=\(2, 4, 4\), w=\(3, 2, 2, 2\)\)",
        r"  ValueError: the dtypes differ, .*",
        r"  EXACT on integers  .*",
        r"  NORMWISE  .*",
        r"  inputs_are_not_mutated +No argument is written to\.",
        r"  scatter_overwrites +backward: dx is assigned \(=\) where windows overlap, not added \(\+=\)",
        r"  manual +manual/conv2d\.py, manual/_convolution\.py",
        r"  tests +tests/ops/test_conv2d\.py",
    ):
        assert re.search(f"^{line}$", out, re.MULTILINE), line


def test_several_ops_are_described_in_the_order_of_the_call(oracle):
    status, out, _ = oracle("ops", "softmax", "embedding", "softmax")
    assert status == 0
    assert [line.partition("(")[0] for line in out.splitlines() if re.match(r"\w+\(", line)] == ["softmax", "embedding"]
    assert "\n  dim  required\n" in out
    assert "  BOUNDED  on real numbers only: this op has no exact grid. " in out
    assert re.search(r"^  max_norm +PyTorch's max_norm is unsupported: it writes to w\.$", out, re.MULTILINE)


def test_json_has_the_keys_of_every_op_and_more(oracle):
    every = {row["op"]: row for row in json.loads(oracle("ops", "--json")[1])}
    (row,) = json.loads(oracle("ops", "conv2d", "--json")[1])
    assert {*every["conv2d"]} == EVERY
    assert {*row} == EVERY | NAMED
    assert {key: row[key] for key in EVERY} == every["conv2d"]
    assert row["defaults"] == {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    assert row["unsupported_calls"] == [
        {"what": "unbatched x", "call": "conv2d(x=(2, 4, 4), w=(3, 2, 2, 2))", "why": ""}
    ]
    assert [m["name"] for m in row["mistakes"]] == [m.name for m in mistakes.of("conv2d")]


def test_an_unknown_name_prints_one_line_and_describes_no_other(oracle):
    assert oracle("ops", "relu", "conv2") == (2, "", "cnn-oracle: no op 'conv2'; did you mean 'conv2d'?\n")


@pytest.mark.parametrize("name", OPS)
def test_the_description_of_an_op_is_complete(name, rows):
    row = rows[name]
    json.dumps(row, allow_nan=False)
    assert row["summary"]
    assert [*row["theorem_summaries"]] == [t.__name__ for t in theorems.of(OPS[name])]
    assert all(row["theorem_summaries"].values())
    assert all(row["grids"].values())
    assert len(row["mistakes"]) == len(mistakes.of(name)) > 0
    assert set(row["defaults"]) <= set(OPS[name].options)


@pytest.mark.parametrize("name", OPS)
def test_every_file_of_an_op_is_there(name, rows):
    files = rows[name]["files"]
    assert [*files] == ["manual", "reference", "tests", "mistakes", "bound", "calls"]
    assert all(files.values())
    assert not [path for paths in files.values() for path in paths if not (ROOT / path).is_file()]
    assert files["manual"][0] == f"manual/{name}.py"


def test_without_a_checkout_no_tests_are_named(monkeypatch):
    monkeypatch.setattr(checkout, "own", lambda: None)
    assert details.of(OPS["relu"])["files"]["tests"] == []


@pytest.mark.parametrize(
    ("doc", "sentence"),
    [
        ("One.  Two.", "One."),
        ("It is torch.optim's,\n    to the bit. It is.", "It is torch.optim's, to the bit."),
        ("no stop\n\nMore.", "no stop"),
        (None, ""),
    ],
)
def test_the_first_sentence_ends_where_the_next_begins(doc, sentence):
    assert details.first_sentence(doc) == sentence


def test_a_narrow_terminal_wraps_below_the_second_column(monkeypatch):
    monkeypatch.setattr(details.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    lines = details.text({"signature": "f(x)", "options": [], **details.of(OPS["conv2d"])}).splitlines()
    assert max(map(len, lines)) <= 60 + 20  # beside a wide column of names, the other has its minimum width
    wrapped = lines.index(next(line for line in lines if line.startswith("  scatter_overwrites")))
    assert lines[wrapped + 1].startswith(" " * 37)
