"""What an implementation declares: ``adapt.only``, and the keyword arguments of the adapters and of ``verify``."""

from types import SimpleNamespace

import pytest

import cnn_oracle as oracle
from cnn_oracle import adapt
from cnn_oracle.adapt.declarations import declared_by
from cnn_oracle.manual import batch_norm, conv2d, linear, mse_loss, relu, sgd
from cnn_oracle.subject import Implementation


class NotHere(Exception):
    pass


def when(call):
    return "b" in call.arguments


DECLARED = {
    "dtypes": ("float32",),
    "options": {"b": (True,)},
    "ranks": (2,),
    "unsupported": (NotHere,),
    "gradients": ("x", "w"),
    "when": when,
}


def test_only_keeps_the_functions_and_what_is_declared_already():
    before = SimpleNamespace(forward=linear.forward, backward=linear.backward, rejections=(KeyError,), ranks=(1, 2))
    made = adapt.only(before, options={"b": (True,)})
    assert (made.forward, made.backward, made.rejections) == (linear.forward, linear.backward, (KeyError,))
    assert declared_by(made) == declared_by(Implementation(options={"b": (True,)}, ranks=(1, 2)))
    assert adapt.only(made, ranks=(2,)).options == {"b": (True,)}
    assert adapt.only(sgd, options={"momentum": (0,)}).step is sgd.step


def test_only_declares_everything():
    assert declared_by(adapt.only(linear, **DECLARED)) == DECLARED


def test_only_keeps_optional_functions():
    """input_gradient and weight_gradient of a convolution, and running_statistics of a norm, are still checked."""

    def wrong(*_, **options):
        return 2 * conv2d.input_gradient(*_, **options)

    code = SimpleNamespace(forward=conv2d.forward, backward=conv2d.backward, input_gradient=wrong)
    with pytest.raises(oracle.Failure, match=r"^WRONG  dx") as failure:
        oracle.verify("conv2d", adapt.only(code, ranks=(4,)), examples=20)
    assert failure.value.theorem.__name__ == "input_gradient_is_autograds"

    def unchanged(x, running_mean, running_var, *, momentum=0.1, num_batches_tracked=0):
        batch_norm.running_statistics(x, running_mean, running_var)  # rejects what it must
        return running_mean.copy(), running_var.copy()

    code = SimpleNamespace(forward=batch_norm.forward, backward=batch_norm.backward, running_statistics=unchanged)
    with pytest.raises(oracle.Failure, match=r"^WRONG  running_statistics\(") as failure:
        oracle.verify("batch_norm", adapt.only(code, ranks=(2,)), examples=20)
    assert failure.value.likely_causes == ["the running statistics are not updated"]
    assert oracle.verify("conv2d", adapt.only(conv2d, options={"groups": (1,)}), examples=10).verdict == "EXACT"


def test_only_needs_functions():
    with pytest.raises(ValueError, match=r"only\(…\): it has neither forward nor step"):
        adapt.only(SimpleNamespace(backward=relu.backward))
    with pytest.raises(ValueError, match="it has no backward; if it shall have none, set it to None"):
        adapt.only(SimpleNamespace(forward=relu.forward))
    assert adapt.only(SimpleNamespace(forward=relu.forward, backward=None)).backward is None


ADAPTERS = {
    "torch_function": lambda **declared: adapt.torch_function(lambda x, w, b=None: x, **declared),
    "module": lambda **declared: adapt.module(lambda x, w, b=None: x, w="weight", b="bias", **declared),
    "layer": lambda **declared: adapt.layer(lambda x, w, b=None: x, w="dw", b="db", **declared),
    "cached": lambda **declared: adapt.cached(lambda x, w, b=None: x, lambda dy, x: dy, **declared),
    "nhwc": lambda **declared: adapt.nhwc(adapt.only(linear, **declared)),
    "optimizer": lambda **declared: adapt.optimizer(lambda w, dw: w, **declared),
}


@pytest.mark.parametrize("name", ADAPTERS)
def test_each_adapter_takes_declarations(name):
    assert declared_by(ADAPTERS[name](**DECLARED)) == DECLARED


def test_adapters_of_other_packages_take_declarations():
    pytest.importorskip("jax")
    assert declared_by(adapt.jax_function(lambda x, w, b=None: x, **DECLARED)) == DECLARED
    pytest.importorskip("onnx")
    made = adapt.onnx(lambda x, w, b=None: x, engine="reference", **DECLARED)
    assert declared_by(made) == DECLARED
    assert made.source.startswith('adapt.onnx(…, engine="reference", dtypes=("float32",), options={"b": (True,)}, ')


@pytest.mark.parametrize("name", [name for name in ADAPTERS if name != "nhwc"])
def test_a_misspelt_declaration_is_an_error(name):
    with pytest.raises(TypeError, match=rf"^{name}\(\) has no argument 'rank'; it has .*options, ranks"):
        ADAPTERS[name](rank=(2,))


def test_verify_takes_declarations_for_functions_and_writes_them_in_the_line_that_reproduces():
    with pytest.raises(oracle.Failure) as failure:
        oracle.verify("linear", forward=linear.forward, backward=zero, options={"b": (True,)}, unsupported=(NotHere,))
    assert failure.value.subject_name == (
        'forward=forward, backward=zero, options={"b": (True,)}, unsupported=(NotHere,)'
    )
    assert failure.value.call.arguments["b"]
    with pytest.raises(
        TypeError, match=r"^verify\(\) has no argument 'example'; it has examples, call, seed, strict, "
    ):
        oracle.verify("relu", forward=relu.forward, example=3)
    with pytest.raises(ValueError, match=r"^verify\('relu', ranks=…\): declare it in the subject, or by adapt.only$"):
        oracle.verify("relu", relu, ranks=(2,))


def zero(dy, x, w, b):
    return 0 * x, 0 * w, 0 * b


def test_a_call_outside_what_is_declared_is_not_covered():
    with pytest.raises(ValueError, match=r"supports none of 1 calls; .*not covered: b=None \(1\)"):
        oracle.verify("linear", adapt.only(linear, options={"b": (True,)}), call="linear(x=(3,), w=(2, 3))")


@pytest.mark.parametrize("op", ["mse_loss", "bilinear", "kl_div", "huber_loss"])
@pytest.mark.parametrize("whole", [False, True])
def test_gradients_that_are_missing_are_not_compared(op, whole):
    """Nor used by the theorems on derivatives. A backward may return None in their places, or leave them out."""
    from cnn_oracle.ops import OPS

    code = OPS[op].manual

    def backward(*arrays, **options):
        dx, *others = code.backward(*arrays, **options)
        return (dx, *[None] * len(others)) if whole else dx

    row = oracle.verify(op, forward=code.forward, backward=backward, gradients=("x" if op != "bilinear" else "x1",))
    missing = [f"d{name}" for name in OPS[op].positional[1:]]
    assert row.unchecked == (*missing, "backward's signature")  # that is (dy, *arrays, **options)
    assert row.exit == 0
    assert row.calls == 100


def test_a_gradient_that_is_there_is_still_checked_in_each_theorem():
    def twice(dy, x, target, **options):
        return (2 * mse_loss.backward(dy, x, target, **options)[0],)

    with pytest.raises(oracle.Failure) as failure:
        oracle.verify("mse_loss", forward=mse_loss.forward, backward=twice, gradients=("x",))
    assert failure.value.quantity == "dx"
    assert failure.value.likely_causes == ["dx is 2 times what it should be"]


@pytest.mark.parametrize("theorem", ["transpose_of_forward_mode", "derivative_of_forward", "pytorchs_double_backward"])
def test_each_theorem_on_derivatives_finds_a_wrong_gradient_beside_a_missing_one(theorem):
    from cnn_oracle import theorems
    from cnn_oracle.call import parse
    from cnn_oracle.ops import OPS
    from cnn_oracle.subject import Subject

    (check,) = (one for one in theorems.NUMERICAL if one.__name__.endswith(theorem))
    call = parse("mse_loss(x=(2, 3), target=(2, 3))", seed=1)

    def subject(factor):
        def backward(dy, x, target, **options):
            return (factor * mse_loss.backward(dy, x, target, **options)[0],)

        own = Implementation(mse_loss.forward, backward, gradients=("x",))
        return Subject("own", SimpleNamespace(mse_loss=own))

    assert check(subject(1), OPS["mse_loss"], call) == 0
    with pytest.raises(oracle.Failure):
        check(subject(2), OPS["mse_loss"], call)
