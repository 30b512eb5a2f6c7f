"""Partial implementations: what a subject does not support is left out, replaced by other calls, and counted."""

import json
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import cnn_oracle
from cnn_oracle.adapt import only
from cnn_oracle.call import parse
from cnn_oracle.calls.sampling import DrawnCalls
from cnn_oracle.manual import conv2d, layer_norm, linear, max_pool2d, mse_loss, relu, softmax
from cnn_oracle.ops import OPS
from cnn_oracle.partial import explained, features, forms, lacking
from cnn_oracle.subject import Implementation


def call(text):
    one = parse(text, seed=0)
    return OPS[one.op], one


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("relu(x=())", {"0-d"}),
        ("relu(x=(2, 0))", {"2-d", "empty arrays"}),
        ("softmax(x=(2, 3), dim=1)", {"2-d", "dim=-1"}),
        ("softmax(x=(2, 3), dim=-2)", {"2-d", "dim=-2"}),
        ("linear(x=(3,), w=(2, 3))", {"1-d", "b=None"}),
        ("linear(x=(3,), w=(2, 3), b=(2,))", {"1-d", "b"}),
        ("conv2d(x=(1, 4, 5, 5), w=(2, 2, 1, 1), groups=2)", {"4-d", "b=None", "groups"}),
        ('conv2d(x=(1, 1, 5, 5), w=(1, 1, 1, 1), padding="same")', {"4-d", "b=None", 'padding="same"'}),
        (
            "conv2d(x=(1, 1, 5, 5), w=(1, 1, 1, 1), stride=(1, 2))",
            {"4-d", "b=None", "stride", "stride per axis"},
        ),
        ("conv2d(x=(1, 1, 5, 5), w=(1, 1, 1, 1), stride=(2, 2))", {"4-d", "b=None", "stride"}),
        ("max_pool2d(x=(1, 1, 5, 5), kernel_size=2, ceil_mode=True)", {"4-d", "kernel_size", "ceil_mode=True"}),
    ],
)
def test_the_features_of_a_call(text, expected):
    assert features(*call(text)) - {"kernel_size=2"} == expected - {"kernel_size"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("relu(x=(2, 0))", {"2-d", "empty arrays"}),
        ("softmax(x=(2, 3), dim=0)", {"2-d"}),
        ("linear(x=(3,), w=(2, 3))", {"1-d", "b=None"}),
        ("linear(x=(3,), w=(2, 3), b=(2,))", {"1-d"}),
        ("conv2d(x=(1, 1, 5, 5), w=(1, 1, 1, 1), b=(1,), stride=2)", {"4-d"}),
        ("conv2d(x=(1, 1, 5, 5), w=(1, 1, 1, 1), b=(1,), stride=(2, 2))", {"4-d", "stride per axis"}),
        ('conv2d(x=(1, 1, 5, 5), w=(1, 1, 1, 1), b=(1,), padding="same")', {"4-d", 'padding="same"'}),
    ],
)
def test_the_form_of_a_call(text, expected):
    assert forms(*call(text)) == expected


@pytest.mark.parametrize(
    ("form", "covered", "reason"),
    [
        ({"2-d"}, {"2-d"}, ""),
        ({"0-d"}, {"2-d"}, "0-d"),
        ({"0-d", "b=None"}, {"2-d"}, "0-d"),
        ({"2-d", "b=None"}, {"2-d"}, "b=None"),
        ({"0-d", "empty arrays"}, {"2-d"}, "0-d"),
        ({"2-d", "empty arrays"}, {"2-d"}, "empty arrays"),
        ({"2-d", "empty arrays"}, {"2-d", "empty arrays"}, "empty arrays"),
    ],
)
def test_why_a_subject_raises_is_what_no_other_call_has(form, covered, reason):
    assert lacking(frozenset(form), covered) == reason


def test_calls_are_explained_by_the_features_that_no_covered_call_has():
    missed = {frozenset({"4-d", "groups"}): 3, frozenset({"4-d", "groups", "b=None"}): 2, frozenset({"0-d"}): 4}
    assert explained(missed, {"4-d", "b=None"}) == {"groups": 5, "0-d": 4}


def test_the_most_frequent_feature_explains_first_and_each_call_is_counted_once():
    missed = {frozenset({"a", "b"}): 2, frozenset({"b"}): 3, frozenset({"a"}): 1}
    assert explained(missed, ()) == {"b": 5, "a": 1}


def test_given_reasons_stay_and_calls_without_a_feature_of_their_own_are_others():
    assert explained({"when": 2, frozenset({"2-d"}): 7}, {"2-d"}) == {"other calls": 7, "when": 2}
    assert explained({}, {"2-d"}) == {}


class NotHere(Exception):
    pass


def conv(raising, wrong=False):
    """A convolution that raises for more than one group, or is wrong there."""

    def forward(x, w, b=None, *, groups=1, **options):
        if groups != 1 and raising is not None:
            raise raising
        return conv2d.forward(x, w, b, groups=groups, **options) * (1 + (wrong and groups != 1))

    return Implementation(forward, unsupported=(NotHere,))


@pytest.mark.parametrize(
    "error",
    [
        NotImplementedError(),
        NotImplementedError("groups"),
        NotHere("grouped"),
        RuntimeError("groups > 1 is not supported"),
        ValueError("Unsupported number of groups"),
        TypeError("groups: not implemented yet"),
    ],
    ids=repr,
)
def test_a_call_that_is_not_supported_is_skipped_and_counted_by_option(error):
    row = cnn_oracle.verify("conv2d", conv(error), examples=40)
    assert row.numbers == "EXACT"
    assert row.calls >= 40
    assert [*row.unsupported] == ["groups"]
    assert row.drawn == row.calls + row.unsupported["groups"]
    assert f"not covered: groups ({row.unsupported['groups']})" in row.summary
    assert "exception type" not in [one.kind for one in row.warnings]


def sometimes(error):
    """Raises by the numbers, not by an option: so this is a crash."""

    def forward(x):
        if (x > 0).any():
            raise error
        return relu.forward(x)

    return Implementation(forward)


@pytest.mark.parametrize(
    "error",
    [
        TypeError("unsupported operand type(s) for +: 'int' and 'NoneType'"),
        TypeError("ufunc 'add' not supported for the input types"),
        TypeError("'<' not supported between instances of 'str' and 'int'"),
        RuntimeError("out of memory"),
    ],
    ids=repr,
)
def test_what_python_says_about_operands_does_not_skip_a_call(error):
    with pytest.raises(cnn_oracle.Failure, match=r"^CRASHED  forward raises \w+: "):
        cnn_oracle.verify("relu", sometimes(error), examples=20)


def test_an_option_that_hides_wrong_numbers_by_skipping_is_in_the_json():
    with pytest.raises(cnn_oracle.Failure, match=r"^WRONG  y"):
        cnn_oracle.verify("conv2d", conv(None, wrong=True))
    row = cnn_oracle.verify("conv2d", conv(NotImplementedError("groups"), wrong=True))
    document = json.loads(json.dumps(row.to_json()))
    assert document["verdict"] == "EXACT"
    assert document["unsupported"] == {"groups": document["drawn"] - document["calls"]}
    first = [one.call for one in DrawnCalls(100, 0).samples(OPS["conv2d"])]
    assert document["unsupported"]["groups"] > sum("groups" in one.arguments for one in first) > 40


def test_wrong_numbers_beside_what_is_not_supported_are_found():
    def forward(x, w, b=None, *, groups=1, stride=1, **options):
        if groups != 1:
            raise NotImplementedError
        return conv2d.forward(x, w, None, stride=stride, **options)

    with pytest.raises(cnn_oracle.Failure, match=r"^WRONG  y") as failure:
        cnn_oracle.verify("conv2d", forward=forward)
    assert "groups" not in failure.value.call.arguments


def test_an_exception_on_an_empty_array_is_a_warning():
    def forward(x):
        return relu.forward(x) + 0 * x.ravel()[0]  # an IndexError

    row = cnn_oracle.verify("relu", forward=forward)
    (warning,) = row.warnings
    assert (row.verdict, warning.kind) == ("EXACT", "empty input")
    assert warning.what.startswith("forward raises IndexError: ")
    assert 0 in warning.call.arguments["x"]
    assert row.unsupported["empty arrays"] > 0
    assert row.exit == 0
    with pytest.raises(ValueError, match=r"supports none of 1 calls; .*empty arrays"):
        cnn_oracle.verify("relu", forward=forward, call="relu(x=(0,))")
    with pytest.raises(cnn_oracle.Failure, match=r"^CONTRACT  empty input: "):
        cnn_oracle.verify("relu", forward=forward, call="relu(x=(0,))", strict=True)


def test_an_exception_of_our_own_code_on_an_empty_array_is_a_crash(monkeypatch):
    def forward(x):
        raise IndexError

    monkeypatch.setattr(relu, "forward", forward)
    with pytest.raises(cnn_oracle.Failure, match=r"^CRASHED  forward raises IndexError"):
        cnn_oracle.verify("relu", "cnn_oracle.manual", call="relu(x=(0,))")


def rows(x, *, dim):
    return softmax.forward(x, dim=1)


def gradient_of_rows(dy, x, *, dim):
    return softmax.backward(dy, x, dim=1)


def test_declared_options_and_ranks_are_redrawn_and_counted():
    row = cnn_oracle.verify("softmax", forward=rows, backward=gradient_of_rows, ranks=(2,), options={"dim": (-1, 1)})
    assert row.verdict == "BOUNDED"
    assert row.calls >= 100
    assert {*row.unsupported} == {"dim", "0-d", "1-d", "3-d", "4-d"}
    assert row.drawn == row.calls + sum(row.unsupported.values())


@pytest.mark.parametrize("declared", [{}, {"ranks": (2,)}])
def test_a_function_of_matrices_only(declared):
    """Also the special values, which come with the number of axes of the call."""

    def loops(x, larger):
        rows, columns = x.shape
        return np.array([[larger(x[i, j]) for j in range(columns)] for i in range(rows)], x.dtype).reshape(x.shape)

    row = cnn_oracle.verify("relu", forward=lambda x: loops(x, lambda a: max(a, 0)), **declared)
    assert row.verdict == "EXACT"
    assert row.calls >= 100
    assert {*row.unsupported} == {"0-d", "1-d", "3-d", "4-d"}
    assert [one.kind for one in row.warnings] == ["unsupported"] * (0 if declared else 4)
    with pytest.raises(cnn_oracle.Failure, match=r"^WRONG  y") as failure:  # where x is NaN
        cnn_oracle.verify("relu", forward=lambda x: loops(x, lambda a: max(0, a)), **declared)
    assert failure.value.theorem.__name__ == "special_values_are_pytorchs"
    assert len(failure.value.call.arguments["x"]) == 2


@pytest.mark.parametrize("declared", [{}, {"options": {"reduction": ("mean",), "weight": (False,)}}])
def test_a_loss_that_has_the_mean_only(declared):
    """It has no reduction, with which PyTorch is asked about special values."""

    def forward(x, target):
        return mse_loss.forward(x, target)

    def backward(dy, x, target):
        return mse_loss.backward(dy, x, target)

    row = cnn_oracle.verify("mse_loss", forward=forward, backward=backward, **declared)
    assert row.verdict == "EXACT"
    assert row.calls >= 100
    assert {"reduction", "weight"} & {*row.unsupported}


def with_bias(x, w, b):
    return conv2d.forward(x, w) + b[:, None, None]


def test_a_bias_can_be_required_or_excluded():
    options = {"b": (True,), "stride": (1,), "dilation": (1,), "groups": (1,), "padding": (0,)}
    required = cnn_oracle.verify("conv2d", forward=with_bias, options=options, ranks=(4,))
    assert required.verdict == "EXACT"
    assert required.calls >= 100
    assert required.unsupported["b=None"] > 0
    assert not any(one.kind in ("None", "unsupported") for one in required.warnings)
    excluded = cnn_oracle.verify("linear", only(linear, options={"b": (False,)}), examples=30)
    assert (excluded.verdict, [*excluded.unsupported]) == ("EXACT", ["b"])
    both = cnn_oracle.verify("linear", only(linear, options={"b": (True, False)}), examples=30)
    assert (both.calls, both.unsupported) == (30, {})


def test_a_text_that_is_not_declared_is_named_with_its_value():
    row = cnn_oracle.verify("conv2d", only(conv2d, options={"padding": (0, 1, 2)}), examples=60)
    assert 'padding="same"' in row.unsupported


def test_less_than_a_tenth_covered_is_said():
    row = cnn_oracle.verify("relu", only(relu, when=lambda one: one.arguments["x"] == (3, 3)))
    assert 0 < row.calls < row.drawn / 10
    assert row.unsupported == {"when": row.drawn - row.calls}
    assert row.summary.endswith(f"; only {row.calls} of {row.drawn:,} drawn calls are covered")
    much = cnn_oracle.verify("relu", only(relu, when=lambda one: len(one.arguments["x"]) == 2))
    assert much.calls >= 100
    assert "drawn calls are covered" not in much.summary


def test_none_covered_is_an_error():
    with pytest.raises(ValueError, match=r"verify\('relu'\): the subject supports none of 1,000 calls; .*\(1,000\)$"):
        cnn_oracle.verify("relu", only(relu, when=lambda _: False))


MODULE = """
from cnn_oracle.manual import layer_norm as right
from cnn_oracle.manual import relu as whole

class layer_norm:
    forward, backward = staticmethod(right.forward), staticmethod(right.backward)
    options = {"normalized_shape": (1, 2, 3)}
    ranks = (2,)

class relu:
    forward, backward = staticmethod(whole.forward), staticmethod(whole.backward)
    ranks = (7,)
"""


@pytest.fixture
def declares(tmp_path, monkeypatch):
    (tmp_path / "declares.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("declares", None)


def test_a_module_declares_by_its_attributes(declares, oracle):
    status, out, _ = oracle("verify", "declares", "--op", "layer_norm", "--examples", "30", "--json", "found.json")
    assert status == 0
    with open("found.json") as file:
        (row,) = json.load(file)["ops"]
    assert row["calls"] >= 30
    assert {*row["unsupported"]} == {"normalized_shape", "1-d", "3-d", "4-d"}
    assert f"1-d ({row['unsupported']['1-d']})" in out.splitlines()[-1]


def test_an_op_that_is_not_covered_at_all_ends_with_exit_2(declares, oracle):
    status, out, _ = oracle("verify", "declares", "--op", "relu", "--json", "found.json")
    assert status == 2
    assert re.search(r"^ relu +NOT COVERED +0 ", out, re.MULTILINE)
    assert "\ndeclares: 0 ops agree with PyTorch on 0 drawn calls; 1 not covered\n" in out
    assert "relu: nothing was compared; not covered: " in out.splitlines()[-1]
    with open("found.json") as file:
        document = json.load(file)
    assert (document["exit"], document["verdict"]) == (2, "not covered")


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"options": {"dimension": (0,)}}, "options of softmax: no argument 'dimension'; it has x, dim"),
        ({"options": {"dim": -1}}, "options of softmax: dim must be a tuple of values, not -1"),
        ({"options": ("dim",)}, "options of softmax must be a dict, not ('dim',)"),
        ({"ranks": 2}, "ranks of softmax must be a tuple of numbers of axes, not 2"),
        ({"ranks": ("2-d",)}, "ranks of softmax must be a tuple of numbers of axes, not ('2-d',)"),
        ({"gradients": ("w",)}, "gradients of softmax must be a tuple of some of ('x',), not ('w',)"),
        ({"gradients": "x"}, "gradients of softmax must be a tuple of some of ('x',), not 'x'"),
        (
            {"unsupported": KeyError},
            "unsupported of softmax must be a tuple of exception types, not <class 'KeyError'>",
        ),
        ({"when": True}, "when of softmax must be a function of a call, not True"),
        ({"dtypes": ("float16",)}, "dtypes of softmax must be some of ('float64', 'float32'), not ('float16',)"),
        ({"when": lambda one: one.arguments["w"]}, "when of softmax raises KeyError: 'w' on softmax("),
    ],
)
def test_a_declaration_that_does_not_fit_is_one_line(declared, message):
    with pytest.raises(ValueError, match=r"^subject '.*': ") as error:
        cnn_oracle.verify("softmax", SimpleNamespace(forward=softmax.forward, backward=None, **declared))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("op", [max_pool2d, layer_norm])
def test_code_that_computes_only_in_float64_says_so(op):
    def wide(x, *arrays, **options):
        return op.forward(x.astype(np.float64), *(a if a is None else a.astype(np.float64) for a in arrays), **options)

    name = op.__name__.rpartition(".")[2]
    row = cnn_oracle.verify(name, forward=wide, dtypes=("float64",), examples=30)
    assert row.exit == 0
    assert "float32" in row.unchecked
    with pytest.raises(cnn_oracle.Failure, match="CONTRACT  dtype: y is float64, the inputs are float32"):
        cnn_oracle.verify(name, forward=wide, examples=30)
