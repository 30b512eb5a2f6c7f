"""Right numbers are never called wrong: the verdict is about numbers, and the contract is reported apart."""

import json
import warnings
from functools import wraps
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cnn_oracle import Failure, survey, verification, verify
from cnn_oracle.manual import conv2d, linear, mse_loss, relu, sgd, softmax
from cnn_oracle.ops import OPS
from cnn_oracle.result import Verdict
from cnn_oracle.subject import Implementation, Subject, load

_SPEC = spec_from_file_location("careless", Path(__file__).with_name("careless.py"))
careless = module_from_spec(_SPEC)
_SPEC.loader.exec_module(careless)

PASSING = {Verdict.EXACT, Verdict.BOUNDED}


def result_of(op, implementation, examples=60, **fields):
    subject = Subject("mine", SimpleNamespace(**{op: implementation}), **fields)
    (row,) = survey.verify(subject, [op], examples=examples)
    return row


@pytest.mark.parametrize("op", ["conv2d", "layer_norm", "softmax", "linear", "mse_loss", "avg_pool2d"])
def test_an_implementation_without_input_validation_is_right(op):
    with warnings.catch_warnings(action="ignore"):  # of empty arrays
        row = result_of(op, getattr(careless, op))
    assert row.verdict in PASSING, row.failure
    assert (row.exit, row.failure, row.failures) == (0, None, ())
    assert row.calls >= 15
    assert {"signature", "accepts invalid input"} <= {one.kind for one in row.warnings}
    assert all(not one.fails for one in row.contract)


@pytest.mark.parametrize(
    ("op", "quantity", "change"),
    [
        ("conv2d", "dw", lambda dx, dw, db: (dx, 2 * dw, db)),
        ("layer_norm", "dx", lambda dx, dw, db: (dx + 1e-6, dw, db)),
        ("linear", "db", lambda dx, dw, db: [dx, dw, db[::-1]]),
        ("mse_loss", "dx", lambda dx, dtarget: (dx * dx.size, dtarget)),
    ],
)
def test_a_wrong_one_among_them_is_found_by_its_numbers(op, quantity, change):
    good = getattr(careless, op)
    wrong = SimpleNamespace(
        forward=good.forward, backward=wraps(good.backward)(lambda *a, **k: change(*good.backward(*a, **k)))
    )  # fmt: skip
    with warnings.catch_warnings(action="ignore"):
        row = result_of(op, wrong)
    assert (row.verdict, row.exit, row.failure.quantity) == (Verdict.WRONG, 1, quantity)
    assert row.failure.likely_causes or row.failure.index is not None


def in_place(x):
    x[x < 0] = 0
    return x.copy()


BUFFERS: dict = {}


def in_one_buffer(x):
    y = BUFFERS.setdefault((x.shape, x.dtype), np.empty(x.shape, x.dtype))
    np.copyto(y, relu.forward(x))
    return y


def of_memory_order(x):
    return relu.forward(x) if x.flags.c_contiguous else relu.forward(np.ones_like(x))


rng = np.random.default_rng(0)


def at_random(x, *, dim):
    return softmax.forward(x, dim=dim) * x.dtype.type(rng.choice([1, 1 + np.finfo(x.dtype).eps]))


HARMFUL = {
    "mutation": ("relu", in_place, relu.backward),
    "aliasing": ("relu", lambda x: x if (x >= 0).all() else relu.forward(x), relu.backward),
    "reused buffer": ("relu", in_one_buffer, relu.backward),
    "layout": ("relu", of_memory_order, relu.backward),
    "dtype": ("relu", lambda x: relu.forward(x).astype(np.float32), relu.backward),
    "nondeterminism": ("softmax", at_random, softmax.backward),
}


@pytest.mark.parametrize("kind", HARMFUL)
def test_what_would_make_a_callers_numbers_wrong_fails(kind):
    op, forward, backward = HARMFUL[kind]
    row = result_of(op, SimpleNamespace(forward=forward, backward=backward), 100)
    assert (row.verdict, row.exit) == (Verdict.CONTRACT, 1)
    assert row.numbers in PASSING
    assert kind in {one.kind for one in row.contract if one.fails}
    with pytest.raises(Failure) as failure:
        verify(op, forward=forward, backward=backward)
    assert str(failure.value).startswith(f"CONTRACT  {failure.value.kind}: ")


@pytest.mark.parametrize("narrow", [np.float16, np.float32])
def test_a_wrong_dtype_is_no_reason_not_to_look_at_the_numbers(narrow):
    right = SimpleNamespace(forward=lambda x: relu.forward(x).astype(np.float32), backward=relu.backward)
    wrong = SimpleNamespace(forward=lambda x: relu.forward(2 * x).astype(narrow), backward=relu.backward)
    row = result_of("relu", right)
    assert (row.verdict, {one.kind for one in row.contract if one.fails}) == (Verdict.CONTRACT, {"dtype"})
    row = result_of("relu", wrong)
    assert row.verdict is (Verdict.WRONG if narrow is np.float32 else Verdict.CONTRACT)
    assert "dtype" in {one.kind for one in row.contract}


def test_wider_outputs_are_compared_too():
    def backward(dy, x, w, b=None):
        return tuple(None if g is None else g.astype(np.float64) for g in linear.backward(dy, x, w, b))

    row = result_of("linear", SimpleNamespace(forward=linear.forward, backward=backward))
    assert (row.verdict, row.numbers) == (Verdict.CONTRACT, Verdict.EXACT)
    assert row.failure.what == "dx is float64, the inputs are float32"


def test_all_findings_are_reported_at_once_each_with_its_call():
    def forward(x):
        y = relu.forward(x)
        x[...] = 0
        return y.astype(np.float32)

    row = result_of("relu", SimpleNamespace(forward=forward, backward=lambda dy, x: [relu.backward(dy, x)[0]]))
    kinds = {one.kind for one in row.contract}
    assert {"mutation", "dtype", "gradients"} <= kinds
    assert all(one.call.op == "relu" and one.reproduce for one in row.contract)


def test_one_failure_of_each_theorem_is_reported():
    def backward(dy, x, w, b=None, **options):
        dx, dw, db = conv2d.backward(dy, x, w, b, **options)
        return dx, 2 * dw, db

    row = result_of("conv2d", SimpleNamespace(forward=conv2d.forward, backward=backward))
    names = [one.theorem.__name__ for one in row.failures]
    assert names[0] == "backward_is_autograds_gradient"
    assert {"backward_is_the_derivative_of_forward", "backward_is_the_transpose_of_forward_mode"} <= {*names}
    assert len(names) == len({*names})
    assert row.failure is row.failures[0]


CARELESS = {
    "accepts invalid input": ("softmax", softmax.forward, lambda dy, x, *, dim: _unchecked(dy, x, dim)),
    "signature": ("relu", lambda x, slope=0: relu.forward(x), relu.backward),
    "gradients": ("relu", relu.forward, lambda dy, x: relu.backward(dy, x)[0]),
}


def _unchecked(dy, x, dim):
    y = softmax.forward(x, dim=dim)
    return (y * (dy - (dy * y).sum(dim, keepdims=True)),)


@pytest.mark.parametrize("kind", CARELESS)
def test_what_matters_only_to_careless_callers_is_a_warning_unless_strict(kind):
    op, forward, backward = CARELESS[kind]
    row = verify(op, forward=forward, backward=backward)
    assert row.verdict in PASSING
    assert [one.kind for one in row.warnings] == [kind]
    with pytest.raises(Failure, match=rf"^CONTRACT  {kind}: ") as failure:
        verify(op, forward=forward, backward=backward, strict=True)
    assert failure.value.kind == kind


def test_any_exception_is_a_rejection_and_another_type_is_a_warning():
    def forward(x, *, dim):
        if not -max(x.ndim, 1) <= dim < max(x.ndim, 1):
            raise KeyError(dim)
        return softmax.forward(x, dim=dim)

    row = verify("softmax", forward=forward, backward=softmax.backward)
    assert {one.kind for one in row.contract} == {"exception type"}
    assert "forward raises KeyError, not ValueError, for a call that it should reject" in row.contract[0].what


def test_the_gradients_of_present_arrays_suffice():
    def backward(dy, x, w, b=None):
        dx, dw, db = linear.backward(dy, x, w, b)
        return (dx, dw) if b is None else (dx, dw, db)

    row = verify("linear", forward=linear.forward, backward=backward)
    assert row.verdict is Verdict.EXACT
    assert [one.what for one in row.contract] == ["backward returns a tuple of 2 gradients, not a tuple (dx, dw, db)"]


def test_too_few_gradients_are_no_matter_of_form():
    with pytest.raises(Failure, match=r"^WRONG  backward returns a tuple of 1|^WRONG  backward returns 1 results"):
        verify("linear", forward=linear.forward, backward=lambda *a: linear.backward(*a)[:1])


def test_a_loss_may_declare_that_it_has_no_gradient_for_the_target():
    def backward(dy, x, target, **options):
        return mse_loss.backward(dy, x, target, **options)[0]

    mine = Implementation(mse_loss.forward, backward, gradients=("x",))
    assert verify("mse_loss", mine).verdict is Verdict.EXACT
    wrong = Implementation(mse_loss.forward, lambda *a, **k: 2 * backward(*a, **k), gradients=("x",))
    with pytest.raises(Failure, match=r"^WRONG  dx is wrong|^WRONG  dx"):
        verify("mse_loss", wrong)


def test_a_step_that_writes_to_its_weights_fails():
    def step(w, dw, state=None, **options):
        new, state = sgd.step(w, dw, state, **options)
        w[...] = new
        return w.copy(), state

    row = result_of("sgd", SimpleNamespace(step=step))
    assert (row.verdict, row.failure.kind) == (Verdict.CONTRACT, "mutation")


def test_the_last_line_and_the_json_say_both(oracle, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "lax_relu.py").write_text(
        "from types import SimpleNamespace\n"
        "from cnn_oracle.manual import relu as right\n"
        "relu = SimpleNamespace(forward=right.forward, backward=lambda dy, x: [right.backward(dy, x)[0]])\n"
    )
    status, out, _ = oracle("verify", "lax_relu", "--op", "relu", "--examples", "20")
    assert (status, out.splitlines()[-1]) == (0, "relu: numbers EXACT on 20 calls; 1 contract warning")
    status, out, _ = oracle("verify", "lax_relu", "--examples", "20", "--json")
    document = json.loads(out)
    assert (status, document["verdict"], document["exit"]) == (0, "right", 0)
    (row,) = document["ops"]
    assert (row["verdict"], row["failure"], row["failures"], row["unsupported"]) == ("EXACT", None, [], {})
    (finding,) = row["contract"]
    assert (finding["kind"], finding["fails"]) == ("gradients", False)
    assert finding["what"] == "backward returns a list, not a tuple (dx)" or "list of 1" in finding["what"]
    status, out, _ = oracle("verify", "lax_relu", "--op", "relu", "--examples", "20", "--strict")
    assert status == 1
    assert "\nCONTRACT  gradients: " in out


def test_our_own_code_has_no_findings():
    for name in ("relu", "linear", "max_pool2d", "adam"):
        row = verification.verify_op(load("manual"), OPS[name], 20, 0)
        assert (row.contract, row.unsupported, row.drawn) == ((), {}, 20)
