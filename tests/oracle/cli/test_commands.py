"""The command line: what it prints, writes and returns."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cnn_oracle import environment, theorems
from cnn_oracle.call import parse
from cnn_oracle.calls.unsupported import VALUES, unsupported
from cnn_oracle.cases.case import arrays_of, keywords_of
from cnn_oracle.cases.expected import reference_forward
from cnn_oracle.ops import OPS

ROOT = Path(__file__).parents[3]
WRONG = "cnn_oracle.mistakes.conv2d.scatter_overwrites"
KEYS = {
    "op", "verdict", "calls", "error_over_bound", "seconds", "failure", "skipped", "miss_probability",
    "probabilistic_ratio", "unchecked",
    "pytorch", "pytorch_in_ci", "accepted", "stale", "retried", "numbers", "failures", "contract", "unsupported",
    "drawn", "subject_warnings", "longest_axis", "visible_error",
}  # fmt: skip


def test_verify_prints_a_row_per_op_and_exits_with_zero(oracle, tmp_path):
    status, out, err = oracle(
        "verify", "--op", "relu", "--op", "softmax", "--examples", "20", "--json", str(tmp_path / "v")
    )
    assert (status, err) == (0, "")
    assert "cnn_oracle.manual: 2 ops agree with PyTorch on 40 drawn calls" in out
    result = json.loads((tmp_path / "v").read_text())
    assert result["subject"] == "cnn_oracle.manual"
    assert {"python", "numpy", "torch", "onednn"} <= result["versions"].keys()
    assert [(row["op"], row["verdict"], row["calls"], row["failure"]) for row in result["ops"]] == [
        ("relu", "EXACT", 20, None),
        ("softmax", "BOUNDED", 20, None),
    ]
    assert all(
        set(row) == KEYS and (row["pytorch"], row["pytorch_in_ci"]) == environment.pytorch() for row in result["ops"]
    )


def test_a_failure_is_reported_with_its_smallest_call_and_its_mistake(oracle):
    status, out, _ = oracle("verify", WRONG, "--json")
    assert status == 1
    (row,) = json.loads(out)["ops"]
    failure = row["failure"]
    assert row["verdict"] == "WRONG"
    assert failure["call"] == "conv2d(x=(1, 1, 1, 3), w=(1, 1, 1, 2), b=(1,))"
    assert (failure["quantity"], failure["index"], failure["subject"], failure["reference"]) == (
        "dx",
        [0, 0, 0, 1],
        36,
        68,
    )
    assert failure["likely_causes"] == ["dx is assigned (=) where windows overlap, not added (+=)"]


def test_the_summary_follows_the_failures(oracle):
    _, out, _ = oracle("verify", WRONG)
    failures, _, summary = out.rpartition("\n\n")  # a map may have empty lines
    assert "\n\nWRONG  dx" in failures
    assert re.fullmatch(
        rf"{WRONG}: 1 of 1 ops do not agree with PyTorch on \d+ drawn calls\n"
        rf"compared with {re.escape(str(environment.pytorch()))}\n"
        rf"conv2d: numbers WRONG on \d+ calls\n",
        summary,
    )


def test_the_line_that_reproduces_the_failure_does_so_in_a_new_process(oracle):
    _, out, _ = oracle("verify", WRONG)
    failure = re.search(r"^WRONG  dx.*?^  reproduce .*?$", out, re.MULTILINE | re.DOTALL)[0]
    command = shlex.split(failure.partition("reproduce")[2])
    second = subprocess.run(
        [sys.executable, "-m", "cnn_oracle", *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert failure in second.stdout


@pytest.mark.parametrize(
    ("source", "status", "message"),
    [
        (
            "class relu:\n    forward = staticmethod(lambda x: __import__('sys').exit(0))",
            1,
            "forward raises SystemExit: 0",
        ),
        ("class relu:\n    forward = staticmethod(lambda x: x * (x > 0))", 1, "relu has no backward"),
        ("raise SystemExit(0)", 2, "SystemExit: 0"),
        ("import nosuchmodule", 2, "ModuleNotFoundError: No module named 'nosuchmodule'"),
    ],
)
def test_a_subject_cannot_exit_without_a_verdict(oracle, tmp_path, monkeypatch, source, status, message):
    name = f"subject_{abs(hash(source))}"
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    result = oracle("verify", name, "--examples", "3")
    assert result[0] == status
    assert message in result[1] + result[2]


def test_what_is_not_checked_is_shown_in_the_row(oracle, tmp_path, monkeypatch):
    code = "from types import SimpleNamespace; from cnn_oracle.manual import relu as right, tanh\n"
    (tmp_path / "forward_only.py").write_text(f"{code}relu = SimpleNamespace(forward=right.forward, backward=None)\n")
    monkeypatch.syspath_prepend(tmp_path)
    status, out, _ = oracle("verify", "forward_only", "--examples", "5", "--json", str(tmp_path / "v"))
    assert status == 0
    assert [row.split()[-1] for row in out.splitlines() if row.startswith((" op", " relu", " tanh"))][1] == "backward"
    assert out.splitlines()[1].endswith("not checked ")
    assert [row["unchecked"] for row in json.loads((tmp_path / "v").read_text())["ops"]] == [["backward"], []]


def test_the_version_is_the_packages(oracle):
    assert oracle("--version") == (0, "cnn-oracle 0.2.0\n", "")


def test_one_right_call_passes(oracle):
    status, out, _ = oracle("verify", "--call", "conv2d(x=(2, 3, 5, 5), w=(4, 3, 3, 3), padding=1)", "--seed", "7")
    assert status == 0
    assert "cnn_oracle.manual: 1 op agrees with PyTorch on 1 drawn calls" in out


def test_ops_lists_every_op(oracle):
    status, out, _ = oracle("ops", "--json")
    rows = json.loads(out)
    assert status == 0
    assert [row["op"] for row in rows] == [*OPS]
    others = (theorems.special_values_are_pytorchs, theorems.running_statistics_are_pytorchs)
    assert all(row["theorems"] == [t.__name__ for t in theorems.of(OPS[row["op"]])] for row in rows)
    assert rows[1] == {
        "op": "conv2d",
        "kind": "differentiable",
        "comparison": "EXACT",
        "signature": "conv2d(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1)",
        "options": ["stride", "padding", "dilation", "groups"],
        "unsupported": ["unbatched x"],
        "theorems": [t.__name__ for t in theorems.DIFFERENTIABLE if t not in others],
    }


@pytest.mark.parametrize("name", OPS)
def test_an_unsupported_option_of_pytorchs_is_rejected_by_name(name):
    op = OPS[name]
    arrays = [np.ones(1)] * len(op.positional)
    for option in set(unsupported(op)) - set(VALUES.get(name, {})):
        with pytest.raises(TypeError, match=f"unexpected keyword argument '{option}'"):
            getattr(op.manual, "step" if op.kind == "step" else "forward")(*arrays, **{option: None})


@pytest.mark.parametrize("text", [text for values in VALUES.values() for text in values.values()])
def test_an_unsupported_value_is_accepted_by_pytorch_and_rejected_by_manual(text):
    call = parse(text, 0)
    op = OPS[call.op]
    rng, kind = np.random.default_rng(0), np.dtype("float64")
    arrays, keywords = arrays_of(op, call, rng, kind), keywords_of(op, call, rng, kind)
    reference_forward(call, arrays, keywords)  # raises if PyTorch rejects it
    with pytest.raises(ValueError, match=rf"^{call.op}\("):
        op.manual.forward(*arrays.values(), **keywords)


def test_what_is_unsupported_is_found_from_pytorchs_signatures():
    assert unsupported(OPS["embedding"]) == ["max_norm", "norm_type", "sparse"]
    assert unsupported(OPS["scaled_dot_product_attention"]) == ["dropout_p"]
    assert unsupported(OPS["avg_pool2d"]) == ["unbatched x"]
    assert unsupported(OPS["linear"]) == []


def test_train_writes_what_it_prints(oracle, tmp_path):
    files = [str(tmp_path / "t.json"), str(tmp_path / "t.png")]
    status, out, err = oracle("train", "--dataset", "digits", "--epochs", "2", "--json", files[0], "--plot", files[1])
    assert (status, err) == (0, "")
    result = json.loads(Path(files[0]).read_text())
    assert result["dataset"] == "digits"
    assert [epoch["epoch"] for epoch in result["epochs"]] == [1, 2]
    assert f"{result['epochs'][1]['loss']['manual']:8.5f}" in out
    assert "digits: every fifth image tests (359), the others train (1,438)" in out
    assert "the two runs made the same choices, every relu and every maximum, in all 44 steps" in out
    assert out.splitlines()[-1].startswith("as expected: no weight ever differs by more than ")
    assert Path(files[1]).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verify", "--op", "conv2"], "no op 'conv2'; did you mean 'conv2d'?"),
        (["verify", "nosuch"], "subject 'nosuch': ModuleNotFoundError: No module named 'nosuch'"),
        (["verify", "json"], "subject 'json' has none of the ops; see cnn-oracle ops"),
        (
            ["verify", "--call", "conv2d("],
            "call 'conv2d(': must be like conv2d(x=(1, 1, 3, 3), w=(1, 1, 2, 2), stride=2)",
        ),
        (["verify", "--call", "relu(y=(1,))"], "relu(y=(1,)): relu has no argument 'y'; it has x"),
        (
            ["verify", "--call", "relu(x=(1,), __import__('os').system('true'))"],
            "call \"relu(x=(1,), __import__('os').system('true'))\": "
            "must be like conv2d(x=(1, 1, 3, 3), w=(1, 1, 2, 2), stride=2)",
        ),
        (
            ["verify", "--call", "conv2d(x=(1, 1, 2, 2), w=(1, 1, 3, 3))"],
            "conv2d(x=(1, 1, 2, 2), w=(1, 1, 3, 3)): PyTorch cannot take it: Calculated padded input size per channel: "
            "(2 x 2). Kernel size: (3 x 3). Kernel size can't be greater than actual input size",
        ),
        (
            ["verify", "--call", "max_pool2d(x=(1, 1, 1, 7), kernel_size=(2, 1), padding=(1, 0), dilation=2)"],
            "max_pool2d(x=(1, 1, 1, 7), kernel_size=(2, 1), padding=(1, 0), dilation=2): "
            "a window lies wholly in the padding, where PyTorch itself writes outside its arrays",
        ),
        (
            ["verify", "--theorem", "dtype_is_kept"],
            "--theorem has no effect here: a single theorem is checked on a single call: pass --call, too",
        ),
        (
            ["verify", "--call", "relu(x=(1,))", "--theorem", "steps_are_pytorchs"],
            "relu(x=(1,)): steps_are_pytorchs is no theorem of relu in 'cnn_oracle.manual'",
        ),
        (
            ["study", "mutation", "--json", "m.json", "--markdown", "m.md"],
            "--json m.json: --markdown writes its own figures there",
        ),
        (["verify", "--json", "nowhere/v.json"], "file 'nowhere/v.json': there is no folder 'nowhere'"),
        (["train", "--plot", "loss.txt"], "plot loss.txt: the suffix must be .png or .svg"),
        (["nosuch"], "No such command 'nosuch'."),
    ],
)
def test_wrong_arguments_print_one_line_and_exit_with_two(oracle, arguments, message):
    assert oracle(*arguments) == (2, "", f"cnn-oracle: {message}\n")


def test_help_imports_neither_torch_nor_hypothesis():
    code = "import sys, cnn_oracle.cli as c; sys.argv[1:] = ['--help']\ntry: c.main()\nexcept SystemExit: pass\n"
    heavy = "print(sorted({'torch', 'hypothesis', 'matplotlib', 'numpy'} & sys.modules.keys()))"
    out = subprocess.run(
        [sys.executable, "-c", code + heavy], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert out.splitlines()[-1] == "[]"


def test_the_probe_reports_the_precision_of_multipliers(oracle):
    status, out, _ = oracle("probe", "--op", "conv1d", "--op", "relu", "--json")
    widths = json.loads(out)
    assert status == 0
    assert [(w["dtype"], w["quantity"]) for w in widths] == [
        (dtype, quantity) for dtype in ("float64", "float32") for quantity in ("y", "dx", "dw", "db")
    ]
    assert all(w["says"].endswith("as far as sums allow") for w in widths)

    assert {w["accumulator"] for w in widths if w["dtype"] == "float32"} == {"float32"}
    assert {w["order"] for w in widths if w["quantity"] == "db"} == {
        "blocks of 3, each one after another, then one after another"
    }


def test_the_probe_reads_the_order_of_sums_of_any_length(oracle):
    status, out, _ = oracle("probe", "--op", "fold", "--addends", "20", "--json")
    assert status == 0
    assert {(w["addends"], w["order"]) for w in json.loads(out) if w["quantity"] == "y"} == {
        (25, "5 partial sums (i mod 5), each one after another, then one after another")
    }


def test_the_probe_prints_blocks_and_rows(oracle):
    status, out, _ = oracle("probe", "--op", "unfold")
    assert status == 0
    lines = out.splitlines()
    assert any(line.split()[:3] == ["unfold", "float32", "dx"] and "partial sums" in line for line in lines)
    assert "no row depends on the number of rows, or on its place, among up to 1,025 rows" in lines
    assert lines[-1].startswith("to draw sizes around these blocks: cnn-oracle verify cnn_oracle.manual --sizes ")


def test_there_is_nothing_to_probe_where_nothing_is_added(oracle):
    message = "cnn-oracle: subject 'cnn_oracle.manual': none of these ops is a sum, or has rows that do not interact\n"
    assert oracle("probe", "--op", "adam") == (2, "", message)
