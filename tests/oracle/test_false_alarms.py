"""Right implementations that compute in another way pass. Wrong ones are still found."""

from math import sqrt
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnn_oracle import adapt
from cnn_oracle.call import parse
from cnn_oracle.cases.case import draw
from cnn_oracle.checks import check_all
from cnn_oracle.compare.compare import tolerance
from cnn_oracle.manual import adam, dropout, flatten, pad, scaled_dot_product_attention, softsign
from cnn_oracle.manual import binary_cross_entropy as bce
from cnn_oracle.ops import OPS
from cnn_oracle.result import Verdict
from cnn_oracle.subject import Implementation, Subject
from cnn_oracle.verification import verify_op

RIGHT = (Verdict.EXACT, Verdict.BOUNDED)
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # special values


def subject_of(name, *functions, **fields):
    made = functions[0] if len(functions) == 1 else Implementation(*functions, **fields)
    return Subject("it", SimpleNamespace(**{name: made}))


def verified(name, *functions, examples=50):
    return verify_op(subject_of(name, *functions), OPS[name], examples, 0)


def running(m, g, beta):
    return m + (1 - beta) * (g - m)


def weighted(m, g, beta):
    return beta * m + (1 - beta) * g


def folded(w, m, v, lr, c1, c2, eps):
    return w - lr * sqrt(c2) / c1 * m / (np.sqrt(v) + eps * sqrt(c2))


def corrected(w, m, v, lr, c1, c2, eps):
    return w - lr * (m / c1) / (np.sqrt(v / c2) + eps)


def eps_not_scaled(w, m, v, lr, c1, c2, eps):
    return w - lr * sqrt(c2) / c1 * m / (np.sqrt(v) + eps)


def root_left_out(w, m, v, lr, c1, c2, eps):
    return w - lr / c1 * m / (np.sqrt(v) / c2 + eps)


def optimizer(update, mean, decoupled):
    def step(
        w, dw, state=None, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01 if decoupled else 0.0,
        amsgrad=False, maximize=False,
    ):  # fmt: skip
        t, m, v, most = state or (0, *[np.zeros_like(w)] * 3)
        g, t = -dw if maximize else dw, t + 1
        if decoupled:
            w = w - lr * weight_decay * w
        elif weight_decay:
            g = g + weight_decay * w
        m, v = mean(m, g, betas[0]), mean(v, g * g, betas[1])
        most = np.maximum(most, v) if amsgrad else v
        return update(w, m, most, lr, 1 - betas[0] ** t, 1 - betas[1] ** t, eps), (t, m, v, most)

    return Implementation(step=step)


@pytest.mark.parametrize("name", ["adam", "adamw"])
@pytest.mark.parametrize("mean", [running, weighted])
@pytest.mark.parametrize("update", [folded, corrected])
def test_an_algebraically_equal_step_of_adam_is_right(name, mean, update):
    assert verified(name, optimizer(update, mean, name == "adamw"), examples=100).verdict in RIGHT


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_a_running_mean_is_right_if_a_beta_is_0(name, seed):
    call = parse(f"{name}(w=(3, 5), lr=1.0, betas=(0.9, 0.0))", seed)
    one = optimizer(folded, running, name == "adamw")
    assert check_all(subject_of(name, one), OPS[name], call).failures == ()
    bound = tolerance(OPS[name], draw(OPS[name], call))
    assert max(float(np.median(a)) for a in bound.values()) < 1e-12


@pytest.mark.parametrize("name", ["adam", "adamw"])
@pytest.mark.parametrize("update", [eps_not_scaled, root_left_out])
def test_a_wrong_step_of_adam_is_wrong(name, update):
    assert verified(name, optimizer(update, weighted, name == "adamw")).verdict is Verdict.WRONG


def test_integer_betas_may_be_accepted():
    def step(w, dw, state=None, *, betas=(0.9, 0.999), **options):
        return adam.step(w, dw, state, betas=tuple(map(float, betas)), **options)

    result = verified("adam", Implementation(step=step), examples=100)
    assert result.verdict in RIGHT
    assert not [one for one in result.contract if one.kind == "accepts invalid input"]


LEAST = np.float32(1e-12)


def bce_in_two_terms(factor):
    def backward(dy, x, target, *, weight=None, reduction="mean"):
        _, dtarget = bce.backward(dy, x, target, weight=weight, reduction=reduction)
        slope = -target / x + (1 - target) / (1 - x) * x.dtype.type(factor)
        clipped = x * (1 - x) <= LEAST
        slope = np.where(clipped, (x - target) / np.maximum(x * (1 - x), x.dtype.type(LEAST)), slope)
        dl = dy / x.dtype.type(x.size) if reduction == "mean" else dy
        return slope * (dl if weight is None else dl * weight), dtarget

    return backward


def test_the_gradient_of_binary_cross_entropy_may_be_two_terms():
    assert verified("binary_cross_entropy", bce.forward, bce_in_two_terms(1), examples=100).verdict in RIGHT


def test_a_gradient_of_binary_cross_entropy_that_is_a_little_wrong_is_wrong():
    assert verified("binary_cross_entropy", bce.forward, bce_in_two_terms(1 + 1e-14)).verdict is Verdict.WRONG


@pytest.mark.parametrize(
    "slope",
    [lambda x: 1 / (1 + abs(x)) ** 2, lambda x: 1 / ((1 + abs(x)) * (1 + abs(x))), lambda x: (1 + abs(x)) ** -2],
)
def test_the_slope_of_softsign_may_underflow_to_0(slope):
    result = verified("softsign", lambda x: x / (1 + abs(x)), lambda dy, x: ((dy * slope(x)).astype(x.dtype),))
    assert result.verdict in RIGHT


def test_a_wrong_slope_of_softsign_at_infinity_is_wrong():
    def backward(dy, x):
        return (np.where(np.isinf(x), dy, softsign.backward(dy, x)[0]),)

    assert verified("softsign", softsign.forward, backward).verdict is Verdict.WRONG


def through(module, unchanged):
    """An implementation that returns its input, or dy, where there is nothing to do."""

    def forward(x, **options):
        return x if unchanged(options) else module.forward(x, **options)

    def backward(dy, x, **options):
        (dx,) = module.backward(dy, x, **options)  # rejects what it must
        return (dy,) if unchanged(options) else (dx,)

    return forward, backward


def test_evaluation_and_padding_by_nothing_may_return_their_input():
    for name, module, unchanged in (
        ("dropout", dropout, lambda options: not options.get("training", True)),
        ("pad", pad, lambda options: not any(options["pad"])),
    ):
        result = verified(name, *through(module, unchanged), examples=150)
        assert result.verdict in RIGHT, result.failure
        assert not [one for one in result.contract if one.kind in ("aliasing", "reused buffer")]


def test_flatten_may_return_a_view():
    def forward(x, **options):
        return x.reshape(flatten.forward(x, **options).shape)

    def backward(dy, x, **options):
        flatten.backward(dy, x, **options)
        return (dy.reshape(x.shape),)

    assert verified("flatten", forward, backward).verdict in RIGHT


def test_dropout_that_returns_its_input_in_training_is_found():
    """With p = 0, the mask still counts."""
    result = verified("dropout", *through(dropout, lambda options: options.get("p") == 0.0), examples=100)
    assert result.verdict is Verdict.WRONG


def attention(forgives=False):
    """Each query alone with the keys that it may use, as fused kernels do."""

    @np.errstate(all="ignore")
    def rows(query, key, value, attn_mask, is_causal, scale, dy=None):
        heads = query.shape[-3] if query.ndim > 2 else 1
        grouped = heads // key.shape[-3] if query.ndim > 2 and key.shape[-3] else 1
        k, v = (np.repeat(a, grouped, -3) if grouped > 1 else a for a in (key, value))
        n, s = query.shape[-2], key.shape[-2]
        alpha = query.dtype.type(max(query.shape[-1], 1) ** -0.5 if scale is None else scale)
        added = np.zeros((*query.shape[:-1], s), query.dtype)
        if attn_mask is not None:
            added = added + (np.where(attn_mask, 0, -np.inf) if attn_mask.dtype == bool else attn_mask)
        if is_causal:
            added = added + np.where(np.tri(n, s) > 0, 0, -np.inf)
        y = np.zeros((*query.shape[:-1], value.shape[-1]), query.dtype)
        dq, dk, dv = (np.zeros_like(a) for a in (query, k, v))
        for index in np.ndindex(query.shape[:-1]):
            seen = added[index] > -np.inf
            if not seen.any():
                continue
            ks, vs = k[index[:-1]][seen], v[index[:-1]][seen]
            z = alpha * (ks @ query[index]) + added[index][seen].astype(query.dtype)
            z = np.nan_to_num(z) if forgives else z
            if z.max() == -np.inf:
                continue
            e = np.exp(z - z.max())
            p = e / e.sum()
            y[index] = p @ vs
            if dy is not None:
                dp = vs @ dy[index]
                dz = alpha * p * (dp - p @ dp)
                dq[index] = dz @ ks
                dk[index[:-1]][seen] += dz[:, None] * query[index]
                dv[index[:-1]][seen] += p[:, None] * dy[index]
        if grouped > 1:
            dk, dv = (a.reshape(*b.shape[:-2], grouped, *b.shape[-2:]).sum(-3) for a, b in ((dk, key), (dv, value)))
        return y, (dq, dk, dv)

    def forward(query, key, value, *, attn_mask=None, is_causal=False, scale=None, enable_gqa=False):
        y = scaled_dot_product_attention.forward(
            query, key, value, attn_mask=attn_mask, is_causal=is_causal, scale=scale, enable_gqa=enable_gqa
        )
        return rows(query, key, value, attn_mask, is_causal, scale)[0] if y.size and query.size else y

    def backward(dy, query, key, value, *, attn_mask=None, is_causal=False, scale=None, enable_gqa=False):
        gradients = scaled_dot_product_attention.backward(
            dy, query, key, value, attn_mask=attn_mask, is_causal=is_causal, scale=scale, enable_gqa=enable_gqa
        )
        empty = not all(a.size for a in (query, key, value, dy))
        return gradients if empty else rows(query, key, value, attn_mask, is_causal, scale, dy)[1]

    return forward, backward


def test_attention_may_skip_masked_keys():
    assert verified("scaled_dot_product_attention", *attention(), examples=200).verdict in RIGHT


def test_attention_that_skips_a_masked_key_with_an_infinite_value_is_right():
    def forward(query, key, value, *, is_causal=False):
        return attention()[0](query, key, value, is_causal=is_causal)

    def backward(dy, query, key, value, *, is_causal=False):
        return attention()[1](dy, query, key, value, is_causal=is_causal)

    one = subject_of("scaled_dot_product_attention", forward, backward)
    for seed in range(40):
        call = parse("scaled_dot_product_attention(query=(1, 1), key=(2, 1), value=(2, 1), is_causal=True)", seed)
        assert check_all(one, OPS[call.op], call).failures == ()


def test_attention_that_forgives_nan_in_a_key_that_it_sees_is_wrong():
    assert verified("scaled_dot_product_attention", *attention(forgives=True)).verdict is Verdict.WRONG


def test_pytorchs_own_attention_passes_its_own_check():
    def own(query, key, value, *, attn_mask=None, is_causal=False, scale=None, enable_gqa=False):
        return F.scaled_dot_product_attention(
            query, key, value, attn_mask, is_causal=is_causal, scale=scale, enable_gqa=enable_gqa
        )

    name = "scaled_dot_product_attention"
    call = parse(f"{name}(query=(1, 1, 1, 1), key=(1, 1, 1, 1), value=(1, 1, 1, 1), attn_mask=(1,))", 0)
    one = subject_of(name, adapt.torch_function(own))
    assert check_all(one, OPS[name], call).missing == "a limit of PyTorch"

    def is_right(call):
        """A known defect: PyTorch's y is NaN for is_causal with a scale of 0 or less."""
        return not (call.arguments.get("is_causal") and call.arguments.get("scale", 1) <= 0)

    assert verified(name, adapt.torch_function(own, when=is_right), examples=100).verdict in RIGHT


def test_pytorchs_own_limits_are_not_blamed_on_the_subject():
    def nll(x, *, target, weight=None, ignore_index=-100, reduction="mean"):
        return F.nll_loss(x, target, weight, ignore_index=ignore_index, reduction=reduction)

    result = verified("nll_loss", adapt.torch_function(nll), examples=100)
    assert result.verdict in RIGHT
    assert not [one for one in result.contract if one.kind == "layout"]

    def group_norm(x, weight=None, bias=None, *, num_groups, eps=1e-5):
        return F.group_norm(x, num_groups, weight, bias, eps)

    for where, missing in (("bias=(2,)", "a limit of PyTorch"), ("weight=(2,)", "")):
        checked = check_all(
            subject_of("group_norm", adapt.torch_function(group_norm)), OPS["group_norm"],
            parse(f"group_norm(x=(2, 2), {where}, num_groups=1)", 0),
        )  # fmt: skip
        assert (checked.missing, checked.failures) == (missing, ())


@pytest.mark.parametrize("make", [torch.optim.Adam, torch.optim.AdamW])
def test_pytorchs_own_optimizers_pass(make):
    def step(w, dw, state=None, **options):
        parameter = torch.nn.Parameter(torch.from_numpy(w.copy()))
        one = make([parameter], **options)
        if state is not None:
            one.load_state_dict(state)
        parameter.grad = torch.from_numpy(dw.copy())
        one.step()
        return parameter.detach().numpy().copy(), one.state_dict()

    assert verified(make.__name__.lower(), Implementation(step=step)).verdict in RIGHT
