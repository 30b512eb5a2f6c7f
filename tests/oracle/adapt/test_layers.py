"""Layers, caches and optimisers as people write them: right ones pass, and wrong ones are found by their numbers."""

import numpy as np
import pytest
import torch

import cnn_oracle as oracle
from cnn_oracle import adapt
from cnn_oracle.manual import dropout, linear, mse_loss, relu


class Dense:
    """A layer with other names: it keeps its gradients in a dictionary."""

    def __init__(self, w, b):
        self.w, self.b, self.grads = w, b, {}

    def __call__(self, x):
        self.x = x
        return linear.forward(x, self.w, self.b)

    forward_pass = __call__

    def backward_pass(self, dy, learning_rate=0.1):
        dx, self.grads["W"], self.grads["b"] = linear.backward(dy, self.x, self.w, self.b)
        self.w = self.w - learning_rate * self.grads["W"]
        return dx


def dense(x, w, b=None):
    return Dense(w, b)


GETTERS = {"w": lambda made: made.grads["W"], "b": lambda made: made.grads["b"]}


@pytest.mark.parametrize(
    "names",
    [
        {"forward": "__call__", "backward": "backward_pass"},
        {"forward": "forward_pass", "backward": "backward_pass"},
        {"forward": lambda made, x: made(x), "backward": lambda made, dy: made.backward_pass(dy, learning_rate=0)},
    ],
)
def test_a_layer_may_name_its_methods_and_hand_out_its_gradients(names):
    row = oracle.verify("linear", adapt.layer(dense, **names, **GETTERS), examples=25)
    assert (row.verdict, row.unchecked) == ("EXACT", ())


def test_a_wrong_gradient_of_a_layer_is_found():
    wrong = {**GETTERS, "w": lambda made: 2 * made.grads["W"]}
    subject = adapt.layer(dense, forward="__call__", backward="backward_pass", **wrong)
    with pytest.raises(oracle.Failure, match=r"^WRONG  dw") as failure:
        oracle.verify("linear", subject)
    made = 'adapt.layer(dense, forward="__call__", backward="backward_pass", w=…, b=…)'
    assert failure.value.subject_name == made


def test_an_array_without_a_gradient_is_named_as_unchecked():
    subject = adapt.layer(dense, forward="__call__", backward="backward_pass", w=GETTERS["w"], b=None)
    row = oracle.verify("linear", subject, examples=25)
    assert (row.verdict, row.unchecked) == ("EXACT", ("db",))


def test_a_layer_without_backward_is_checked_forward():
    row = oracle.verify("linear", adapt.layer(dense, forward="__call__", backward=None, w=None, b=None), examples=25)
    assert (row.verdict, row.unchecked) == ("EXACT", ("backward",))


class Dropout:
    """The layer has no mode until it is told one."""

    def __init__(self, mask, p):
        self.mask, self.p, self.is_training = mask, p, None

    def forward(self, x):
        assert self.is_training is not None, "no mode"
        self.kept = dropout.forward(np.ones_like(x), mask=self.mask, p=self.p, training=self.is_training)
        return x * self.kept

    def backward(self, dy):
        return dy * self.kept

    def set_mode(self, on):
        self.is_training = on

    def train(self):
        self.is_training = True

    def eval(self):
        self.is_training = False


class DropoutByArgument(Dropout):
    def forward(self, x, training):
        self.is_training = training
        return super().forward(x)


def dropout_layer(x, *, mask, p=0.5, training=True):
    return Dropout(mask, p)


def dropout_layer_by_argument(x, *, mask, p=0.5, training=True):
    return DropoutByArgument(mask, p)


@pytest.mark.parametrize(
    ("make", "training"),
    [
        (dropout_layer, "is_training"),
        (dropout_layer, "set_mode"),
        (dropout_layer, ("train", "eval")),
        (dropout_layer, lambda made, on: setattr(made, "is_training", on)),
        (dropout_layer_by_argument, "training"),
    ],
)
def test_a_layer_is_told_its_mode(make, training):
    row = oracle.verify("dropout", adapt.layer(make, training=training), examples=40)
    assert (row.verdict, row.unchecked, row.unsupported) == ("EXACT", (), {})


def test_a_mode_that_is_told_the_wrong_way_is_found():
    with pytest.raises(oracle.Failure, match=r"^WRONG  y"):
        oracle.verify("dropout", adapt.layer(dropout_layer, training=("eval", "train")))
    with pytest.raises(oracle.Failure, match="no mode"):
        oracle.verify("dropout", adapt.layer(dropout_layer))
    with pytest.raises(oracle.Failure, match="Dropout has no such method or attribute, its forward no such parameter"):
        oracle.verify("dropout", adapt.layer(dropout_layer, training="mode"))
    with pytest.raises(ValueError, match=r"layer\(training=…\): dense has no option training"):
        adapt.layer(dense, training="mode")


class WithCache:
    """A layer that hands its cache out."""

    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        return linear.forward(x, self.w, self.b), x

    def backward(self, dy, x):
        dx, self.dw, self.db = linear.backward(dy, x, self.w, self.b)
        return [dx]


def test_a_layer_may_hand_a_cache_to_its_backward():
    subject = adapt.layer(lambda x, w, b=None: WithCache(w, b), cache=True, w="dw", b="db")
    row = oracle.verify("linear", subject, examples=25)
    assert (row.verdict, row.unchecked) == ("EXACT", ())
    with pytest.raises(oracle.Failure, match="TypeError: forward returns a ndarray, not a pair"):
        oracle.verify("linear", adapt.layer(dense, forward="__call__", backward=None, w=None, b=None, cache=True))


class TwoGradients(WithCache):
    def backward(self, dy, x):
        return super().backward(dy, x) * 2


def test_a_layer_that_returns_another_number_of_gradients_is_found():
    subject = adapt.layer(lambda x, w, b=None: TwoGradients(w, b), cache=True, w="dw", b="db")
    with pytest.raises(oracle.Failure, match="TypeError: backward returns 2 gradients, not one for each of x"):
        oracle.verify("linear", subject, examples=10)


class Loss:
    """A loss as in from-scratch networks: its backward takes no dy, and returns the gradient of the input only."""

    def __init__(self, reduction):
        self.reduction = reduction

    def forward(self, x, target):
        self.given = x, target
        return mse_loss.forward(x, target, reduction=self.reduction)

    def backward(self):
        one = np.ones((), self.given[0].dtype)
        return mse_loss.backward(one, *self.given, reduction=self.reduction)[0]


def loss(x, target, *, reduction="mean"):
    return Loss(reduction)


REDUCED = {"options": {"reduction": ("mean", "sum")}, "gradients": ("x",)}


def test_a_loss_without_a_gradient_for_the_target_and_without_dy():
    subject = adapt.layer(loss, backward=lambda made, dy: dy * made.backward(), **REDUCED)
    row = oracle.verify("mse_loss", subject)
    assert (row.verdict, row.unchecked) == ("EXACT", ("dtarget",))
    assert {*row.unsupported} == {'reduction="none"', "weight"}
    with pytest.raises(oracle.Failure, match=r"^WRONG  dx") as failure:
        oracle.verify("mse_loss", adapt.layer(loss, backward=lambda made, dy: -dy * made.backward(), **REDUCED))
    assert failure.value.who_is_wrong.startswith("the subject is wrong")
    assert failure.value.likely_causes


def affine_forward(x, w, b=None):
    return linear.forward(x, w, b), (x, w, b)


def affine_backward(dout, cache):
    return linear.backward(dout, *cache)


def test_functions_with_a_cache():
    row = oracle.verify("linear", adapt.cached(affine_forward, affine_backward), examples=25)
    assert (row.verdict, row.unchecked) == ("EXACT", ())
    row = oracle.verify("linear", adapt.cached(affine_forward), examples=25)
    assert (row.verdict, row.unchecked) == ("EXACT", ("backward",))
    declared = adapt.cached(affine_forward, affine_backward, ranks=(2,), dtypes=("float32",))
    row = oracle.verify("linear", declared, examples=25)
    assert row.unchecked == ("float64",)
    assert "1-d" in row.unsupported


def test_wrong_functions_with_a_cache_are_found():
    def forgets_the_bias(dout, cache):
        dx, dw, db = linear.backward(dout, *cache)
        return dx, dw, None if db is None else 0 * db

    with pytest.raises(oracle.Failure, match=r"^WRONG  db") as failure:
        oracle.verify("linear", adapt.cached(affine_forward, forgets_the_bias))
    assert failure.value.subject_name == "adapt.cached(affine_forward, …)"
    with pytest.raises(oracle.Failure, match=r"TypeError: forward returns a \w+, not a pair"):
        oracle.verify("relu", adapt.cached(relu.forward, affine_backward), examples=5)


class Momentum:
    """Parameters and gradients as lists, updated in place."""

    def __init__(self, params, grads, lr, momentum):
        self.params, self.grads, self.lr, self.momentum = params, grads, lr, momentum
        self.moves = {id(p): np.zeros_like(p) for p in params}

    def step(self):
        for p, g in zip(self.params, self.grads, strict=True):
            v = self.moves[id(p)]
            v *= self.momentum
            v += g
            p -= self.lr * v

    def update(self, params, grads):
        self.params, self.grads = params, grads
        self.step()


class Rebinding(Momentum):
    """It puts a new array in the place of the old one."""

    def step(self):
        self.moves = [self.momentum * v + g for v, g in zip(self._moves(), self.grads, strict=True)]
        self.params = [p - self.lr * v for p, v in zip(self.params, self.moves, strict=True)]

    def _moves(self):
        return [*self.moves.values()] if isinstance(self.moves, dict) else self.moves


class Parameter:
    def __init__(self, data, grad):
        self.data, self.grad = data, grad


class WithParameters(Momentum):
    """The gradients are attributes of the parameters."""

    def __init__(self, parameters, lr, momentum):
        super().__init__([p.data for p in parameters], [p.grad for p in parameters], lr, momentum)


def of_torch(w, dw, *, lr=1e-3, momentum=0.0):
    p = torch.nn.Parameter(torch.from_numpy(w))
    p.grad = torch.from_numpy(dw)
    return torch.optim.SGD([p], lr, momentum)


def both(w, dw, *, lr=1e-3, momentum=0.0):
    return Momentum([w], [dw], lr, momentum)


def only_w(w, *, lr=1e-3, momentum=0.0):
    return Momentum([w], [], lr, momentum)


@pytest.mark.parametrize(
    "subject",
    [
        adapt.optimizer(both),
        adapt.optimizer(only_w, step=lambda made, w, dw: made.update([w], [dw])),
        adapt.optimizer(
            lambda w, dw, *, lr=1e-3, momentum=0.0: Rebinding([w], [dw], lr, momentum), w=lambda made: made.params[0]
        ),
        adapt.optimizer(
            lambda w, dw, *, lr=1e-3, momentum=0.0: WithParameters([Parameter(w, dw)], lr, momentum), step="step"
        ),
        adapt.optimizer(of_torch),
    ],
)
def test_an_optimizer_that_steps_in_place(subject):
    row = oracle.verify("sgd", subject, examples=30)
    assert row.verdict == "BOUNDED"
    assert row.calls >= 30
    assert {"weight_decay"} <= {*row.unsupported} <= {"dampening", "weight_decay", "nesterov", "maximize"}


def test_a_wrong_optimizer_is_found():
    class Forgetful(Momentum):
        def step(self):
            super().step()
            self.moves = {key: 0 * v for key, v in self.moves.items()}

    with pytest.raises(oracle.Failure, match=r"^WRONG  w2"):
        oracle.verify(
            "sgd", adapt.optimizer(lambda w, dw, *, lr=1e-3, momentum=0.0: Forgetful([w], [dw], lr, momentum))
        )
    with pytest.raises(oracle.Failure, match=r"^WRONG  w1"):  # its step writes to another array
        oracle.verify("sgd", adapt.optimizer(lambda w, dw, *, lr=1e-3: Rebinding([w], [dw], lr, 0.0)))


def test_an_optimizer_keeps_what_it_is_given():
    w, dw = np.ones(3), np.full(3, 2.0)
    subject = adapt.optimizer(both, options={"momentum": (0.0,)})
    first, state = subject.step(w, dw, None, lr=0.5)
    second, _ = subject.step(first, dw, state, lr=0.5)
    assert (first.tolist(), second.tolist(), w.tolist()) == ([0.0] * 3, [-1.0] * 3, [1.0] * 3)
    assert not np.shares_memory(first, second)
    with pytest.raises(ValueError, match=r"dw has shape \(2,\), it had \(3,\)"):
        subject.step(second, np.ones(2), state)
    assert subject.source == 'adapt.optimizer(both, options={"momentum": (0.0,)})'
    with pytest.raises(ValueError, match="it must take the parameter"):
        adapt.optimizer(lambda *, lr=1e-3: None)
