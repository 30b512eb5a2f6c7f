"""PyTorch under test: planted defects are found and counted, printed code is what ran, crashes end only a worker."""

import json
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle import cli
from cnn_oracle.call import Call
from cnn_oracle.calls.enumeration import Space
from cnn_oracle.calls.sampling import RandomCalls, Sample
from cnn_oracle.calls.shrinking import shrink
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.dtypes import FORMATS
from cnn_oracle.compare.bounds.rounding import gamma
from cnn_oracle.ops import OPS
from cnn_oracle.result import Verdict
from cnn_oracle.studies.torch_defects import campaign, findings, independent, judge, kernels, plain, report
from cnn_oracle.studies.torch_defects.layouts import LAYOUTS, arranged, as_text
from cnn_oracle.studies.torch_defects.plan import Plan

PLANTED = """
import os, torch, torch.nn.functional as F


def relu(x):
    return F.relu(x.as_strided(x.shape, torch.empty(x.shape).stride()) + 0 * x)  # ignores x's strides


def sigmoid(x):
    if x.numel() > 3:
        os.abort()
    return F.sigmoid(x)


def max_pool1d(x, **options):
    y = F.max_pool1d(x, **options)
    if (y == -torch.inf).any():
        os.abort()
    return y


def tanh(x):
    return torch.tanh(x.double())


def silu(x):
    raise RuntimeError("not today")
"""


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """The name of a module of kernels, each of which fails in its own way."""
    (tmp_path / "planted.py").write_text(PLANTED)
    monkeypatch.syspath_prepend(tmp_path)
    return "planted"


def rows_of(*ops, dtypes=("float64",), layouts=LAYOUTS, **options):
    rows = campaign.run_campaign(Plan(dtypes, layouts, ops, **options).jobs(), timeout=60)
    return {(row.op, row.dtype, row.layout): row for row in rows}


def test_correct_kernels_are_exact_or_bounded_in_every_layout():
    ops, dtypes = ("conv1d", "linear", "softmax", "relu", "avg_pool2d", "adam"), ("float32", "float64")
    rows = rows_of(*ops, dtypes=dtypes, examples=8)
    assert {row.verdict for row in rows.values()} <= {Verdict.EXACT, Verdict.BOUNDED}
    assert {rows["conv1d", dtype, "contiguous"].verdict for dtype in dtypes} == {Verdict.EXACT}
    assert {rows["softmax", dtype, "contiguous"].verdict for dtype in dtypes} == {Verdict.BOUNDED}
    assert {layout for *_, layout in rows} == {*LAYOUTS}
    assert all(rows[op, dtype, "contiguous"].safe.calls == 8 for op in ops for dtype in dtypes)
    assert all(0 < row.safe.calls <= 8 for row in rows.values())


def test_half_precision_may_round_but_must_stay_within_its_bound():
    rows = rows_of("linear", "gelu", "relu", dtypes=("bfloat16", "float16"), layouts=("contiguous",), examples=8)
    assert {row.verdict for row in rows.values()} <= {Verdict.EXACT, Verdict.BOUNDED}
    assert all(row.safe.error_over_bound < 1 for row in rows.values())


def test_a_planted_defect_is_found_counted_and_shrunk(planted):
    rows = rows_of("relu", module=planted, examples=20)
    assert rows["relu", "float64", "contiguous"].verdict is Verdict.EXACT
    row = rows["relu", "float64", "transposed"]
    assert row.verdict is Verdict.WRONG
    assert 1 < row.safe.wrong <= row.safe.calls
    job = Plan(("float64",), ("transposed",), ("relu",), module=planted).jobs()[0]
    (explained,) = findings.explain([row], lambda _: job)
    assert str(explained.call) == "relu(x=(2, 2))"
    assert explained.who_is_right.startswith("PyTorch is wrong: by definition, in exact arithmetic, it is ")
    assert explained.who_is_right.endswith("in float64, contiguous, PyTorch agrees with manual")
    assert explained.shown == ""  # PyTorch's own relu is right


def test_a_call_that_ends_its_process_is_counted_and_all_others_are_checked(planted):
    row = rows_of("sigmoid", module=planted, layouts=("contiguous",), examples=30)["sigmoid", "float64", "contiguous"]
    large = [
        p for p in RandomCalls(30, 0, unsafe_too=True).samples(OPS["sigmoid"]) if np.prod(p.call.arguments["x"]) > 3
    ]
    assert row.verdict is Verdict.CRASHED
    assert (row.safe.calls, row.safe.crashed, row.safe.wrong) == (30, len(large), 0)
    assert {finding.what for finding in row.findings} == {"ends the process by SIGABRT"}
    assert np.prod(row.findings[0].sample.call.arguments["x"]) == min(np.prod(p.call.arguments["x"]) for p in large)


def test_unsafe_calls_are_counted_separately_and_the_run_continues(planted):
    row = rows_of("max_pool1d", module=planted, layouts=("contiguous",), examples=100, seed=2)[
        "max_pool1d", "float64", "contiguous"
    ]
    risky = sum(bool(unsafe(p.call)) for p in RandomCalls(100, 2, unsafe_too=True).samples(OPS["max_pool1d"]))
    assert 0 < row.unsafe.crashed <= row.unsafe.calls == risky
    assert (row.safe.calls, row.safe.crashed, row.safe.wrong) == (100 - risky, 0, 0)
    assert row.verdict is Verdict.CRASHED
    assert f"{risky} ({row.unsafe.crashed} crashed)" in report.numbers(row)


def test_another_dtype_is_wrong_and_an_exception_is_a_rejection(planted):
    rows = rows_of("tanh", "silu", dtypes=("float32",), layouts=("contiguous",), module=planted, examples=3)
    tanh, silu = rows["tanh", "float32", "contiguous"], rows["silu", "float32", "contiguous"]
    assert (tanh.verdict, tanh.safe.wrong) == (Verdict.WRONG, 3)
    assert tanh.findings[0].what == "y is torch.float64, the inputs are torch.float32"
    assert (silu.verdict, silu.safe.rejected, silu.safe.rejection) == ("rejected", 3, "not today")


def test_an_exhaustive_enumeration_can_be_tested_too():
    rows = rows_of("max_pool1d", dtypes=("float32",), layouts=("contiguous",), size=3)
    row = rows["max_pool1d", "float32", "contiguous"]
    assert row.safe.calls + row.unsafe.calls == len(list(Space(OPS["max_pool1d"], 3).calls()))
    assert (row.safe.wrong, row.safe.crashed) == (0, 0)
    assert row.unsafe.calls > 0


@pytest.mark.torch_only("2.13.0")
def test_a_reproduction_is_three_lines_that_run_as_printed(tmp_path):
    """F.hardsigmoid multiplies by the float32 nearest to 1/6, whatever the machine."""
    jobs = Plan(("float64",), ("contiguous",), ("hardsigmoid",), examples=5).jobs()
    (explained,) = findings.explain(campaign.run_campaign(jobs), lambda _: jobs[0])
    assert explained.shown.startswith("AssertionError: dx")
    text = report.text([explained]).split("\n\n")[1]
    assert len(text.splitlines()) == 3
    (tmp_path / "reproduction.py").write_text(text)
    ran = subprocess.run([sys.executable, "reproduction.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.strip().splitlines()[-1] == explained.shown
    mended = text.replace("F.hardsigmoid(x)", "(F.relu6(x + 3) / 6)")
    assert subprocess.run([sys.executable, "-c", mended], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "dtype"),  # a convolution in half precision may read uninitialised memory: results differ between runs
    [*((name, "float32") for name in OPS), *((name, "float16") for name in OPS if not name.startswith("conv"))],
)
@pytest.mark.filterwarnings("ignore::UserWarning")  # advice to PyTorch's users
def test_the_printed_code_is_what_ran(name, dtype):
    """The lines return the same results as the kernel under test, in each layout, or reject the same calls."""
    op, form = OPS[name], FORMATS[dtype]
    compared = 0
    for planned in RandomCalls(3, 2, unsafe_too=True).samples(op):
        if unsafe(planned.call):
            continue
        case = next(independent.cases(op, planned.call, form))
        for layout in LAYOUTS:
            if (case_there := judge.in_layout(op, case, layout)) is None:
                continue
            text = plain.reproduction(op, case_there, None)
            assert len(text.splitlines()) == 3
            try:
                outputs = kernels.outputs(op, case_there)
            except Exception as rejection:
                with pytest.raises(type(rejection)):
                    exec(text, {})
                continue
            names = {}
            exec(text, names)
            for quantity, output in outputs.items():
                if output is not None:
                    theirs = names[quantity].detach().double().numpy()
                    assert np.array_equal(theirs, output.astype(float), equal_nan=True), (layout, quantity, text)
                    compared += 1
    assert compared or name == "avg_pool3d"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 4), (2, 3, 4, 5), (2, 3, 2, 2, 2), (0, 2, 2, 2)])
def test_a_layout_is_what_its_text_says_and_keeps_all_values(layout, shape):
    a = torch.arange(1.0, 1 + int(np.prod(shape))).reshape(shape)
    if layout == "expanded" and shape and len(a):
        a = a[:1].expand(shape).clone()
    there = arranged(a, layout)
    kept = a[:1] if layout == "expanded" and shape and len(a) else a
    from_text = eval(as_text("kept", shape, layout, True), {"kept": kept, "torch": torch, "F": F})
    assert from_text.stride() == there.stride()
    assert torch.equal(from_text, a)
    assert torch.equal(there, a)


@given(x=st.floats(allow_nan=False, allow_infinity=False, max_value=2.0**120, min_value=-(2.0**120), width=32))
def test_rounding_to_eight_bits_is_bfloat16s(x):
    """Except for its denormals, which are never drawn."""
    if abs(x) < 2.0**-126:
        x = 0.0
    assert FORMATS["bfloat16"].rounded(np.array(x)) == torch.tensor(x).bfloat16().double().item()


@pytest.mark.parametrize("k", [0, 1, 2, 100, 1_000])
@pytest.mark.parametrize("bits", [8, 11, 24, 53])
def test_gamma_bounds_k_roundings_in_half_precision_too(k, bits):
    """(1 + u)^k − 1 ≤ γ_k, and γ_k ≤ k u/(1 − k u) where that is finite; γ itself may have an error.

    Its exponent is k log(1 − u) to 4 ulp, 8 · 2⁻⁵³ of at most 4 here, and expm1 has the same relative error again.
    """
    u, slack = Fraction(1, 2**bits), 1 + Fraction(8 * 5, 2**53)
    computed = Fraction(gamma(k, 2.0**-bits))
    assert (1 + u) ** k - 1 <= computed * slack
    if k * u < 1:
        assert computed <= k * u / (1 - k * u) * slack


def test_a_format_represents_all_values_of_its_cases():
    for form in FORMATS.values():
        for name in ("conv2d", "avg_pool2d", "batch_norm", "huber_loss", "scaled_dot_product_attention"):
            for planned in RandomCalls(10, 2, unsafe_too=True).samples(OPS[name]):
                for case in independent.cases(OPS[name], planned.call, form):
                    for a in (*case.arrays.values(), case.dy):
                        assert a is None or np.array_equal(form.rounded(a), a)


def test_choices_are_simplified_while_the_call_still_fails():
    op = OPS["conv2d"]

    def check(call):
        x = call.arguments["x"]
        if x[0] >= 2 and x[2] * x[3] >= 6 and call.arguments.get("groups", 1) > 1:
            raise AssertionError(call)

    def fails(sample):
        try:
            check(sample.call)
        except AssertionError:
            return True
        return False

    found = next(one for one in RandomCalls(1_000, 0).samples(op) if fails(one))
    with pytest.raises(AssertionError) as failure:
        shrink(op, found, check)
    (small,) = failure.value.args
    x = small.arguments["x"]
    assert (x[0], small.arguments["groups"], small.seed) == (2, 2, 0)
    assert x[2] * x[3] == 6
    assert small.arguments["w"][1:] == (1, 1, 1)


def test_a_tally_keeps_the_smallest_failure_of_each_verdict():
    def finding(n, verdict):
        return campaign.Finding(Sample(Call("relu", {"x": (n,)}, 0)), verdict, "")

    three, two = (campaign.Tally(1, wrong=1, findings=(finding(n, "WRONG"),)) for n in (3, 2))
    both = three | two | campaign.Tally(1, crashed=1, findings=(finding(9, "CRASHED"),))
    assert (both.calls, both.wrong, both.crashed) == (3, 2, 1)
    assert {(f.verdict, f.size[0]) for f in both.findings} == {("WRONG", 2), ("CRASHED", 9)}


def run(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["cnn-oracle", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--dtype", "float8"], "--dtype 'float8': there is no dtype 'float8'; there are float64, float32,"),
        (["--layout", "x"], "--layout 'x': there is no layout 'x'; there are contiguous, channels-last,"),
        (["--call", "relu(y=(2,))"], "relu(y=(2,)): relu has no argument 'y'; it has x"),
        (["--call", "conv2d(x=(1, 1, 2, 2))"], "conv2d(x=(1, 1, 2, 2)): manual cannot take it: "),
        (["--call", "relu(x=2)"], "relu(x=2): manual cannot take it: "),
        (["--op", "conv3d", "--exhaustive", "5"], "conv3d has about 26,000,000 geometries: give --part i/n"),
        (["--part", "1/2"], "--part has no effect here: only the calls of --exhaustive have parts"),
        (["--exhaustive", "2", "--examples", "5"], "--examples has no effect here: --exhaustive takes every call once"),
    ],
)
def test_an_impossible_campaign_is_rejected_in_one_line(capsys, monkeypatch, arguments, says):
    code, out, err = run(capsys, monkeypatch, "torch", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"cnn-oracle: {says}")
    assert err.count("\n") == 1


@pytest.mark.torch_only("2.13.0")
def test_the_command_line_tests_one_call_and_exits_with_1(capsys, monkeypatch, tmp_path):
    call = ["--dtype", "float64", "--layout", "contiguous", "--call", "hardsigmoid(x=(1,))", "--seed", "0"]
    code, out, _ = run(capsys, monkeypatch, "torch", *call, "--json", str(tmp_path / "results.json"))
    assert code == 1
    assert "WRONG  hardsigmoid, float64, contiguous: dx[0] = " in out
    assert "  arbiter   PyTorch is wrong: both forwards say " in out
    assert "torch: 1 of 1 rows fail, by 1 calls\n" in out
    (row,) = json.loads((tmp_path / "results.json").read_text())["rows"]
    assert (row["verdict"], row["calls"], row["wrong"], row["unsafe"]["calls"]) == ("WRONG", 1, 1, 0)
    assert row["failures"][0]["reproduction"] in out
