"""The bits of a row and the number of rows: found by bisection, and a failure only if it is required."""

from types import SimpleNamespace

import numpy as np
import pytest

from cnn_oracle import Failure, verify
from cnn_oracle.call import parse
from cnn_oracle.diagnose.batch_invariance import changed
from cnn_oracle.manual import softmax
from cnn_oracle.ops import OPS
from cnn_oracle.result import Verdict
from cnn_oracle.subject import Subject


def by_number(least):
    """A softmax that rounds otherwise from so many rows on."""

    def forward(x, *, dim):
        y = softmax.forward(x, dim=dim)
        return y * x.dtype.type(1 + 2 * np.finfo(x.dtype).eps) if x.ndim and len(x) >= least else y

    return forward


def by_place(x, *, dim):
    """A softmax that rounds otherwise in its last row, such as the rest of a vector."""
    y = softmax.forward(x, dim=dim)
    if x.ndim > 1 and len(x) > 1 and x.size:
        y[-1] *= x.dtype.type(1 + 2 * np.finfo(x.dtype).eps)
    return y


def subject_of(forward):
    return Subject("mine", SimpleNamespace(softmax=SimpleNamespace(forward=forward, backward=softmax.backward)))


@pytest.mark.parametrize("least", [2, 3, 100, 1025])
def test_the_number_of_rows_is_found_on_a_given_call(least):
    call = parse("softmax(x=(4, 5), dim=1)", seed=0)
    found = changed(subject_of(by_number(least)), OPS["softmax"], call, "float32")
    assert [(one.dtype, one.quantity, one.call, one.rows, one.row) for one in found] == [
        ("float32", "y", f"softmax(x=({least}, 5), dim=1)", least, 0)
    ]


def test_a_place_is_found_on_a_given_call():
    call = parse("softmax(x=(4, 5), dim=1)", seed=0)
    found = changed(subject_of(by_place), OPS["softmax"], call, "float64")
    assert [str(one) for one in found] == ["y of row 1 of 2 differs from that of row 0 with equal inputs"]


def test_rows_that_interact_are_left_out():
    call = parse("softmax(x=(4, 5), dim=0)", seed=0)
    assert changed(subject_of(by_number(3)), OPS["softmax"], call, "float64") == []


def test_it_fails_only_if_it_is_required():
    forward = by_number(20)
    assert verify("softmax", forward=forward, backward=softmax.backward, examples=20).verdict is Verdict.BOUNDED
    with pytest.raises(Failure, match=r"^CONTRACT  batch invariance: in float64, y of row 0 changes at 20 rows") as f:
        verify("softmax", forward=forward, backward=softmax.backward, examples=20, require="batch-invariance")
    assert f.value._in_python.endswith(', require="batch-invariance")')
    call = str(f.value.call)
    assert verify("softmax", forward=forward, backward=softmax.backward, call=call).verdict is Verdict.BOUNDED
    with pytest.raises(Failure, match="changes at 20 rows"):
        verify("softmax", forward=forward, backward=softmax.backward, call=call, require="batch-invariance")
    right = verify(
        "softmax", forward=softmax.forward, backward=softmax.backward, require="batch-invariance", examples=5
    )
    assert right.failure is None


def test_nothing_else_can_be_required():
    with pytest.raises(ValueError, match="require='speed': must be batch-invariance"):
        verify("softmax", softmax, require="speed")


def test_the_command_line_requires_it(oracle, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "by_rows.py").write_text(
        "from types import SimpleNamespace\n"
        "from cnn_oracle.manual import tanh as right\n"
        "def forward(x):\n"
        "    y = right.forward(x)\n"
        "    return y * (1 - 2**-22) if x.ndim and len(x) > 40 and x.dtype == 'float32' else y\n"
        "tanh = SimpleNamespace(forward=forward, backward=right.backward)\n"
    )
    assert oracle("verify", "by_rows", "--examples", "20")[0] == 0
    status, out, _ = oracle("verify", "by_rows", "--examples", "20", "--require", "batch-invariance")
    assert status == 1
    assert "CONTRACT  batch invariance: in float32, y of row 0 changes at 41 rows" in out
    assert "--require batch-invariance" in out
    assert oracle("verify", "by_rows", "--require", "all")[0] == 2
