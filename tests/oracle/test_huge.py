"""Offsets beyond the range of an index: here 2^16 in place of 2^31, and kernels whose index has 16 bits."""

import json
from functools import partial

import pytest

from cnn_oracle import huge
from cnn_oracle.cli import verify as command
from cnn_oracle.ops import OPS
from cnn_oracle.result import Verdict
from cnn_oracle.subject import load

LIMIT = 2**16
MODULE = """
from types import SimpleNamespace
import numpy as np
from cnn_oracle import adapt
from cnn_oracle.manual import embedding as _embedding, linear as _linear, max_pool2d as _max_pool2d, relu as _relu
from cnn_oracle.reference import conv2d as reference

def flat(a, indices):
    return a.reshape(-1)[indices.astype(np.uint16) if a.size > 2**16 else indices]

def table(w, *, indices, padding_idx=None, scale_grad_by_freq=False):
    return flat(w, indices[..., None] * w.shape[1] + np.arange(w.shape[1]))

def products(x, w, b=None):
    x = flat(x, np.arange(x.size).reshape(x.shape))
    return _linear.forward(x, w, b)

def scattered(dy, x, **options):
    (dx,) = _max_pool2d.backward(dy, x, **options)
    places, flat = np.flatnonzero(dx), np.zeros(dx.size, dx.dtype)
    flat[places.astype(np.uint16) if dx.size > 2**16 else places] = dx.ravel()[places]
    return (flat.reshape(dx.shape),)

def takes(x):
    np.ones(2**28)
    return _relu.forward(x)

embedding = SimpleNamespace(forward=table, backward=_embedding.backward)
linear = SimpleNamespace(forward=products, backward=_linear.backward)
max_pool2d = SimpleNamespace(forward=_max_pool2d.forward, backward=scattered)
relu = SimpleNamespace(forward=takes, backward=None)
interpolate = adapt.only(SimpleNamespace(forward=lambda x, **options: None, backward=None), dtypes=("float64",))
conv2d = adapt.torch_function(reference.forward)
"""


@pytest.fixture
def narrow(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "narrow_indices.py").write_text(MODULE)
    (tmp_path / "aborting.py").write_text(
        "import os\nfrom types import SimpleNamespace\n"
        "relu = SimpleNamespace(forward=lambda x: os.abort(), backward=None)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return load("narrow_indices")


check = partial(huge.check, beyond=LIMIT, memory=2**29, timeout=60)


@pytest.mark.parametrize(
    ("op", "verdicts", "what"),
    [
        ("embedding", ["WRONG", "right"], "y[0,"),
        ("linear", ["WRONG", "right"], "y[255,0] is"),
        ("max_pool2d", ["right", "WRONG"], "dx["),
        ("conv2d", ["right", "right"], ""),
    ],
)
def test_an_index_that_wraps_is_found(narrow, op, verdicts, what):
    said = []
    rows = [*check(narrow, [op], say=said.append)]
    assert [row.verdict for row in rows] == verdicts
    assert [row.function for row in rows] == ["forward", "backward"]
    assert all(row.what.startswith(what) for row in rows if row.fails)
    assert huge.exit_code(rows) == int("WRONG" in verdicts)
    assert said[0] == f"{rows[0].call} forward: {rows[0].cost}"
    assert "is expanded from 1" in said[0]
    assert "a copy of it takes 25" in said[0]


def test_too_little_memory_is_no_failure(narrow):
    (row,) = check(narrow, ["relu"])
    assert (row.verdict, row.what, row.fails) == ("not checked", "needs more than 512 MiB", False)
    (row,) = huge.check(narrow, ["relu"], beyond=LIMIT, memory=2**17)
    assert (row.verdict, row.what) == ("not checked", "needs more than 128 KiB: its outputs take 257 KiB")
    assert huge.exit_code([row]) == 2


def test_a_machine_without_memory_is_spared(narrow, monkeypatch):
    monkeypatch.setattr(huge, "_available", lambda: 2**30 + 2**17)
    (row,) = check(narrow, ["relu"])
    assert (row.verdict, row.what) == ("not checked", "needs more than the 128 KiB that are free")


def test_a_call_that_ends_its_process_is_reported(narrow):
    (row,) = check(load("aborting"))
    assert (row.verdict, row.what) == (Verdict.CRASHED, "forward ends the process by SIGABRT")


def test_a_dtype_that_is_not_supported_is_not_covered(narrow):
    assert {row.verdict for row in check(narrow, ["interpolate"])} == {Verdict.NOT_COVERED}


def test_manual_and_every_kind_of_call():
    rows = [*check(load("manual"), ["conv1d", "nll_loss", "unfold", "relu", "avg_pool3d"])]
    assert {row.verdict for row in rows} == {"right"}


@pytest.mark.parametrize("beyond", [LIMIT, huge.BEYOND])
def test_the_arrays_are_longer_than_the_limit_and_all_else_is_small(beyond):
    for name in huge.having():
        for one in huge.calls(OPS[name], beyond):
            shapes = [s for s in one.call.arguments.values() if isinstance(s, tuple)]
            sizes = sorted(huge.prod(s) for s in shapes)
            assert beyond < sizes[-1] < 1.1 * beyond
            assert all(n < 5 * beyond**0.5 for n in sizes[:-1])
            assert huge.prod(one.small.arguments[one.name]) < 5 * beyond**0.5 + 2000
    assert len(huge.having()) == 16


def test_the_command_prints_each_cost_before_the_outcome(oracle, monkeypatch, narrow):
    monkeypatch.setattr(huge, "BEYOND", LIMIT)
    monkeypatch.setattr(huge, "check", partial(huge.check, beyond=LIMIT, memory=2**29))
    status, out, _ = oracle("verify", "narrow_indices", "--huge", "--op", "embedding")
    assert status == 1
    first, second, *_ = out.splitlines()
    assert first.startswith("embedding(w=(257, 256), indices=(4,)) forward: w is expanded from 1 KiB")
    assert second.startswith("  WRONG: y[0,")
    assert out.splitlines()[-1].endswith("2 functions on calls with offsets beyond 2^31: 1 wrong, 0 not checked")
    status, out, _ = oracle("verify", "narrow_indices", "--huge", "--op", "embedding", "--json", "-")
    assert [row["verdict"] for row in json.loads(out)["huge"]] == ["WRONG", "right"]


def test_it_goes_with_no_other_choice_of_calls(oracle):
    status, _, error = oracle("verify", "--huge", "--examples", "5")
    assert (status, error.strip()) == (2, "cnn-oracle: --examples has no effect here: --huge checks its own calls")
    status, _, error = oracle("verify", "--huge", "--op", "tanh")
    assert status == 2
    assert "no call with offsets beyond 2^31 elements; ops that have some: conv1d, conv2d" in error
    assert command.WAIT_OF_HUGE > command.WAIT
