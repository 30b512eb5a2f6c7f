"""Another choice at a tie or a kink is a convention, at NaN a note. Wrong numbers there, and elsewhere, are wrong."""

from types import SimpleNamespace

import numpy as np
import pytest

from cnn_oracle import mistakes
from cnn_oracle.call import parse
from cnn_oracle.calls.sampling import CallList, Sample
from cnn_oracle.checks import check_all
from cnn_oracle.manual import l1_loss, leaky_relu, max_pool2d, prelu, relu
from cnn_oracle.manual._geometry import padded_size, pool
from cnn_oracle.manual._windows import crop, gather, pad, scatter
from cnn_oracle.ops import OPS
from cnn_oracle.result import Verdict
from cnn_oracle.subject import EVERYTHING, Implementation, Subject
from cnn_oracle.verification import Block, check_block, verify_op

ANY = EVERYTHING._replace(convention="any")
TIE = "another choice at a tie or a nondifferentiable point than PyTorch's: "
AT_NAN = "another choice at NaN than PyTorch's: "


def verified(name, forward, backward, limits=EVERYTHING, examples=30):
    subject = Subject("it", SimpleNamespace(**{name: Implementation(forward, backward)}), limits=limits)
    return verify_op(subject, OPS[name], examples, 0)


def notes(result):
    return [one for one in result.contract if one.kind == "convention"]


def relu_slope(at_0, at_nan=1.0):
    def backward(dy, x):
        if dy.shape != x.shape:
            raise ValueError("dy must have the shape of y")
        slope = np.where(x > 0, 1.0, np.where(x == 0, at_0, np.where(np.isnan(x), at_nan, 0.0)))
        return ((dy * slope).astype(x.dtype),)

    return backward


def pooling(share):
    """Max pooling whose dy goes to the elements that equal the maximum, by ``share`` (taps first)."""

    def backward(dy, x, *, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
        k, t, d, pads = pool("max_pool2d", x.shape, kernel_size, stride, padding, dilation, ceil_mode, dy)
        u = gather(pad(x, pads, -np.inf), k, t, d)
        inside = gather(pad(np.ones_like(x), pads), k, t, d) > 0
        u, inside = (a.reshape(*a.shape[:2], -1, *dy.shape[2:]) for a in (u, inside))
        most = u.max(2, keepdims=True)
        shares = share(np.moveaxis(((u == most) | (np.isnan(u) & np.isnan(most))) & inside, 2, 0))
        du = np.moveaxis(shares, 0, 2) * dy[:, :, None]
        du = du.reshape(*x.shape[:2], *k, *dy.shape[2:]).astype(x.dtype)
        return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads),)

    return backward


def to_the_last(tied):
    return tied & (np.cumsum(tied[::-1], 0)[::-1] == 1)


def to_the_first(tied):
    return tied & (np.cumsum(tied, 0) == 1)


def evenly(tied):
    return tied / np.maximum(tied.sum(0), 1)


def to_each(tied):
    return tied


def l1_at_0(sign):
    def backward(dy, x, target, **options):
        return l1_loss.backward(dy, np.where(x == target, x + sign, x).astype(x.dtype), target, **options)

    return backward


CHOICES = {
    "relu 1": ("relu", relu.forward, relu_slope(1.0)),
    "relu 1/2": ("relu", relu.forward, relu_slope(0.5)),
    "relu 1, NaN 0": ("relu", relu.forward, relu_slope(1.0, 0.0)),
    "last maximum": ("max_pool2d", max_pool2d.forward, pooling(to_the_last)),
    "ties split evenly": ("max_pool2d", max_pool2d.forward, pooling(evenly)),
    "l1 1": ("l1_loss", l1_loss.forward, l1_at_0(1)),
    "l1 -1": ("l1_loss", l1_loss.forward, l1_at_0(-1)),
}
MISTAKEN = {
    "relu 2": ("relu", relu.forward, relu_slope(2.0)),
    "relu -1": ("relu", relu.forward, relu_slope(-1.0)),
    "dy to each maximum": ("max_pool2d", max_pool2d.forward, pooling(to_each)),
    "l1 2": (
        "l1_loss", l1_loss.forward, lambda *a, **o: tuple(np.where(a[1] == a[2], 2 * g, g) for g in l1_at_0(1)(*a, **o))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHOICES)
def test_another_choice_at_a_tie_fails_as_a_convention_or_is_a_note(name):
    result = verified(*CHOICES[name])
    assert (result.verdict, result.exit) == (Verdict.CONVENTION, 1)
    assert {one.kind for one in result.failures} == {"convention"}  # at ties, and perhaps at NaN
    assert str(result.failure).startswith(f"CONVENTION  {TIE}dx")

    result = verified(*CHOICES[name], ANY)
    assert (result.verdict, result.exit) == (Verdict.EXACT, 0)
    assert {one.what.startswith(TIE) for one in notes(result)} == {True}
    assert str(notes(result)[0]).startswith(f"NOTE  convention: {TIE}dx")


@pytest.mark.parametrize("limits", [EVERYTHING, ANY], ids=["pytorch", "any"])
@pytest.mark.parametrize("name", MISTAKEN)
def test_what_is_no_choice_at_a_tie_is_wrong(name, limits):
    result = verified(*MISTAKEN[name], limits)
    assert (result.verdict, result.exit) == (Verdict.WRONG, 1)


def leaky_at_nan(dy, x, *, negative_slope=0.01):
    return ((dy * np.where(x <= 0, negative_slope, 1)).astype(x.dtype),)


@pytest.mark.parametrize(
    ("name", "forward", "backward"),
    [
        ("relu", relu.forward, relu_slope(0.0, 0.0)),
        ("leaky_relu", leaky_relu.forward, leaky_at_nan),
        ("max_pool2d", max_pool2d.forward, pooling(to_the_first)),
    ],
)
def test_another_choice_at_nan_is_a_note(name, forward, backward):
    for limits in (EVERYTHING, ANY):
        result = verified(name, forward, backward, limits)
        assert (result.verdict, result.exit) == (Verdict.EXACT, 0)
        (note,) = notes(result)
        assert note.what.startswith(f"{AT_NAN}dx")


def test_a_convention_does_not_hide_a_wrong_gradient_of_another_array():
    def backward(dy, x, w):
        dx, dw = prelu.backward(dy, x, w)
        return np.where(x == 0, dy, dx), (dw * 1.001).astype(dw.dtype)

    for limits in (EVERYTHING, ANY):
        result = verified("prelu", prelu.forward, backward, limits)
        assert result.verdict is Verdict.WRONG
        assert result.failure.quantity == "dw"


def test_a_convention_does_not_hide_a_wrong_gradient_at_the_same_points():
    def backward(dy, x, target, **options):
        dx, dtarget = l1_at_0(1)(dy, x, target, **options)
        return dx, np.where(x == target, 2 * dtarget, dtarget)

    result = verified("l1_loss", l1_loss.forward, backward)
    assert result.verdict is Verdict.WRONG
    assert result.failure.quantity == "dtarget"
    assert Verdict.CONVENTION in {one.verdict for one in result.failures}


def test_a_convention_does_not_hide_the_other_dtype():
    def backward(dy, x):
        return relu_slope(1.0 if x.dtype == np.float64 else 2.0)(dy, x)

    assert verified("relu", relu.forward, backward).verdict is Verdict.WRONG


def test_a_convention_does_not_hide_a_contract_finding():
    def backward(dy, x):
        (dx,) = relu_slope(1.0)(dy, x)
        dy[...] = 0
        return (dx,)

    result = verified("relu", relu.forward, backward)
    assert result.verdict is Verdict.CONVENTION
    assert "mutation" in {one.kind for one in result.contract if one.fails}


def test_a_gradient_that_is_only_imprecise_is_no_choice():
    """A smooth gradient changes a little at nearby points, too."""

    def backward(dy, x):
        return ((dy * np.where(x > 0, 1.0 + 1e-7, 0.0)).astype(x.dtype),)

    assert verified("relu", relu.forward, backward, ANY).verdict is Verdict.WRONG

    def in_float32(dy, x, **options):
        with np.errstate(over="ignore"):
            (dx,) = OPS["elu"].manual.backward(dy.astype(np.float32), x.astype(np.float32), **options)
        return (dx.astype(x.dtype),)

    assert verified("elu", OPS["elu"].manual.forward, in_float32, ANY).verdict is Verdict.WRONG


def test_exhaustive_calls_have_conventions_too():
    for share, verdict in ((to_the_last, Verdict.CONVENTION), (to_each, Verdict.WRONG)):
        one = Implementation(max_pool2d.forward, pooling(share))
        subject = Subject("it", SimpleNamespace(max_pool2d=one))
        call = parse("max_pool2d(x=(1, 1, 6, 6), kernel_size=3, stride=1)", 0)
        tally = check_block(Block(subject, OPS["max_pool2d"], CallList((Sample(call),)), once=True), lambda _: None)
        assert [one.failure.verdict for one in tally.failures] == [verdict]


def test_our_own_code_makes_pytorchs_choice():
    (mistake,) = (m for m in mistakes.of("relu") if m.name == "one_at_the_kink")
    subject = mistake.subject._replace(ours=True)
    checked = check_all(subject, OPS["relu"], parse("relu(x=(9,))", 0))
    assert {one.verdict for one in checked.failures} == {Verdict.WRONG}
