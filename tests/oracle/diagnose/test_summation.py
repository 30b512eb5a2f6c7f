"""The order of a sum and the format of its accumulator are read off roundings."""

from random import Random
from types import SimpleNamespace

import numpy as np
import pytest

from cnn_oracle.diagnose import addends, batch_invariance
from cnn_oracle.diagnose.sum_orders import order
from cnn_oracle.diagnose.summation import Tree, read
from cnn_oracle.manual import conv2d, linear
from cnn_oracle.ops import OPS
from cnn_oracle.result import Failure
from cnn_oracle.subject import Subject

NUMBERS = (5, 64, 100, 171)


def parts_of(nested):
    """The leaves of a nested pair, and the parts of its tree."""
    if isinstance(nested, int):
        return frozenset((nested,)), []
    (left, of_left), (right, of_right) = map(parts_of, nested)
    return left | right, [left | right, *of_left, *of_right]


def tree_of(nested):
    leaves, parts = parts_of(nested)
    return Tree(len(leaves), frozenset(parts))


def added(nested, a):
    return a[nested] if isinstance(nested, int) else added(nested[0], a) + added(nested[1], a)


def chain(places):
    first, *others = places
    for place in others:
        first = (first, place)
    return first


def halves(places):
    places = list(places)
    if len(places) == 1:
        return places[0]
    middle = len(places) // 2
    return halves(places[:middle]), halves(places[middle:])


def tiles(n, size, inside=chain, outside=chain):
    return outside([inside(range(i, min(i + size, n))) for i in range(0, n, size)])


def lanes(n, count, outside=halves):
    return outside([chain(range(k, n, count)) for k in range(count)])


def lanes_of(sums, count):
    """Each of these sums with the one half the number further on, again and again."""
    while count:
        sums, count = [(sums[i], sums[i + count]) for i in range(count)], count // 2
    return sums[0]


def random_tree(n, rng):
    nodes = list(range(n))
    while len(nodes) > 1:
        rng.shuffle(nodes)
        nodes.append((nodes.pop(), nodes.pop()))
    return nodes[0]


TREES = {
    "one after another": lambda n: chain(range(n)),
    "one after another, from the last": lambda n: chain(reversed(range(n))),
    "pairwise": lambda n: halves(range(n)),
}


@pytest.mark.parametrize("n", NUMBERS)
@pytest.mark.parametrize("words", TREES)
def test_a_tree_is_found_and_named(words, n):
    nested = TREES[words](n)
    found = read(lambda a: added(nested, a), n, dtype="float32")
    assert found.tree == tree_of(nested)
    assert order(found.tree) == (words, ())
    assert (found.accumulator, found.same_bits) == ("float32", True)


@pytest.mark.parametrize(
    ("nested", "words", "blocks"),
    [
        (tiles(171, 32), "blocks of 32, each one after another, then one after another", (32,)),
        (tiles(171, 32, outside=halves), "blocks of 32, each one after another, then pairwise", (32,)),
        (tiles(128, 16, inside=halves), "blocks of 16, each pairwise, then one after another", (16,)),
        (lanes(171, 8), "8 partial sums (i mod 8), each one after another, then pairwise", (8,)),
        (lanes(171, 8, chain), "8 partial sums (i mod 8), each one after another, then one after another", (8,)),
        (
            tiles(256, 64, lambda part: chain([chain(part[k::4]) for k in range(4)])),
            "blocks of 64, each (4 partial sums (i mod 4), each one after another, then one after another), then one "
            "after another",
            (64, 4),
        ),
        (
            chain([lanes(168, 8), 168, 169, 170]),
            "the first 168 as 8 partial sums (i mod 8), each one after another, then pairwise; then the last 3 one "
            "after another",
            (8,),
        ),
        (
            chain([i for tap in range(9) for i in range(tap, 171, 9)]),
            "one after another, in steps of 9",
            (),
        ),
        (
            lanes(64, 32, lambda sums: lanes_of(sums, 16)),
            "pairwise, i with i + n/2",
            (),
        ),
    ],
)
def test_blocks_and_partial_sums_are_named(nested, words, blocks):
    n = len(parts_of(nested)[0])
    found = read(lambda a: added(nested, a), n)
    assert found.tree == tree_of(nested)
    assert order(found.tree) == (words, blocks)


def test_blocks_of_unlike_orders_are_all_named():
    """The text of one order may contain that of another."""
    blocks = [halves(range(i, i + 8)) if i % 16 else chain(range(i, i + 8)) for i in range(0, 64, 8)]
    assert order(tree_of(chain(blocks))).text == (
        "blocks of 8, each one after another or pairwise, then one after another"
    )
    blocks = [tiles_from(i) if i % 32 else chain(range(i, i + 16)) for i in range(0, 128, 16)]
    assert order(tree_of(chain(blocks))).text == (
        "blocks of 16, each (one after another or blocks of 4, each one after another, then one after another), then "
        "one after another"
    )


def tiles_from(start):
    return chain([chain(range(i, i + 4)) for i in range(start, start + 16, 4)])


def test_parts_that_only_have_a_rest_besides_are_named_once():
    """As the halves of np.sum."""
    left, right = lanes(80, 8), chain([lanes(88, 8), 88, 89, 90])
    shifted = tree_of((left, shift(right, 80)))
    assert order(shifted).text == (
        "pairwise down to blocks of 80 to 91, each (8 partial sums (i mod 8), each one after another, then pairwise, "
        "some with a rest)"
    )


def shift(nested, by):
    return nested + by if isinstance(nested, int) else (shift(nested[0], by), shift(nested[1], by))


@pytest.mark.parametrize("seed", range(8))
def test_a_random_tree_is_found(seed):
    rng = Random(seed)
    n = rng.randrange(2, 150)
    nested = random_tree(n, rng)
    found = read(lambda a: added(nested, a), n, seed)
    assert found.tree == tree_of(nested)
    assert found.same_bits in (True, None)
    assert found.calls < 12 * n + 400


def test_a_sum_from_the_last_takes_few_calls_too():
    """The first addend is compared with all others only if it is drawn."""
    assert read(lambda a: added(chain(reversed(range(300))), a), 300).calls < 4 * 300 + 400


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("rounds once", lambda a: np.float32(sum(map(Exact, a), Exact(0)).value)),
        ("fuses two products", lambda a: fused(a)),
        ("by magnitude", lambda a: added(chain(np.argsort(np.abs(a), kind="stable").tolist()), a)),
        ("largest first", lambda a: added(chain(np.argsort(-np.abs(a), kind="stable").tolist()), a)),
        ("mean", lambda a: a.sum() / 7),
        ("nan", lambda a: np.nan),
        ("product", lambda a: a.prod()),
    ],
)
def test_what_is_no_tree_is_reported_as_none(name, function):
    found = read(function, 50, dtype="float32")
    assert (found.tree, found.accumulator, found.same_bits) == (None, "", None)


class Exact:
    """An exact sum of floats: a Python integer, in units of 2^−1074."""

    def __init__(self, value):
        numerator, denominator = float(value).as_integer_ratio()
        self.units = numerator * (2**1074 // denominator)

    def __add__(self, other):
        total = Exact(0)
        total.units = self.units + other.units
        return total

    @property
    def value(self):
        return self.units / 2**1074


def fused(a):
    """Two addends and the sum before are rounded once, as in a dot product of bfloat16."""
    total = np.float32(0)
    for i in range(0, len(a), 2):
        total = np.float32(sum(map(Exact, a[i : i + 2]), Exact(total)).value)
    return total


@pytest.mark.parametrize(("dtype", "name"), [(np.float16, "float16"), (np.float32, "float32"), (np.float64, "float64")])
def test_the_format_of_the_accumulator_is_named(dtype, name):
    """float16 cannot hold M = 2^100."""
    found = read(lambda a: np.float64(added(chain(range(90)), a.astype(dtype))), 90)
    assert (found.accumulator, order(found.tree).text) == (name, "one after another")


def test_few_integers_are_counted_in_parts():
    """With 8 bits, 300 ones cannot be counted."""
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    found = read(lambda a: added(chain(range(300)), a.astype(bfloat16)), 300, dtype="float32")
    assert (found.accumulator, found.tree) == ("bfloat16", tree_of(chain(range(300))))


def test_accumulators_of_two_formats_are_both_named():
    """OpenBLAS adds the last elements of a dot product in float64."""

    def function(a):
        return np.float32(np.float64(added(chain(range(40)), a)) + added(chain(range(10)), a[40:].astype(np.float64)))

    assert read(function, 50, dtype="float32").accumulator == "float32 and float64"


def subject(op, forward, backward=None):
    return Subject("it", SimpleNamespace(**{op: SimpleNamespace(forward=forward, backward=backward)}))


def in_tiles(x, w, b=None):
    y = np.zeros((*x.shape[:-1], len(w)), x.dtype)
    for start in range(0, x.shape[-1], 32):
        part = np.zeros_like(y)
        for k in range(start, min(start + 32, x.shape[-1])):
            part += x[..., k, None] * w[:, k]
        y += part
    return y if b is None else y + b


def test_the_tiles_of_a_linear_are_read_off():
    (found,) = addends.sums(subject("linear", in_tiles), OPS["linear"], "float32")
    assert (found.quantity, found.argument, found.reading.addends) == ("y", "x", 171)
    assert found.order == ("blocks of 32, each one after another, then one after another", (32,))
    assert (found.reading.accumulator, found.reading.same_bits) == ("float32", True)


def by_taps(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    if (stride, padding, dilation, groups) != (1, 0, 1, 1):
        raise NotImplementedError
    rows, columns = (n - k + 1 for n, k in zip(x.shape[2:], w.shape[2:], strict=True))
    y = np.zeros((len(x), len(w), rows, columns), x.dtype)
    for i, j in np.ndindex(*w.shape[2:]):
        for c in range(x.shape[1]):
            y += x[:, None, c, i : i + rows, j : j + columns] * w[:, c, i, j, None, None]
    return y if b is None else y + b[:, None, None]


def test_the_taps_of_a_convolution_are_read_off():
    (found,) = addends.sums(subject("conv2d", by_taps), OPS["conv2d"], "float64")
    assert found.order.text == "one after another, in steps of 9"


@pytest.mark.parametrize("name", [name for name in OPS if addends.is_sum(OPS[name])])
def test_every_op_of_sums_has_a_place(name):
    op = OPS[name]
    places = addends.places(subject(name, op.manual.forward), op, ("y", *(f"d{n}" for n in op.positional)))
    assert places
    for place in places:
        assert place.addends >= addends.FEWEST
        expected = place.case.expected[place.quantity][place.element]
        assert expected == place.addends * place.factor


def wrong(x, w, b=None):
    return np.tanh(linear.forward(x, w, b))


def test_a_wrong_subject_has_no_order():
    (found,) = addends.sums(subject("linear", wrong), OPS["linear"], "float64")
    assert found.order.text == "not a fixed binary tree"


def test_a_call_that_is_not_supported_is_left_out():
    def forward(x, w, b=None):
        raise NotImplementedError

    assert addends.sums(subject("linear", forward), OPS["linear"], "float64") == []


def test_a_subject_need_not_take_a_bias():
    (found,) = addends.sums(subject("linear", lambda x, w: in_tiles(x, w)), OPS["linear"], "float32")
    assert found.order.blocks == (32,)
    (change,) = batch_invariance.changes(subject("linear", lambda x, w: from_256_rows(x, w)), OPS["linear"], "float32")
    assert change.rows == 256


def test_a_crash_is_passed_on():
    def forward(x, w, b=None):
        raise RuntimeError

    for function in (addends.sums, batch_invariance.changes):
        with pytest.raises(Failure, match="forward raises RuntimeError"):
            function(subject("linear", forward), OPS["linear"], "float32")


def from_256_rows(x, w, b=None):
    """From 256 rows on, it adds from the last."""
    step = -1 if len(x) >= 256 else 1
    y = np.zeros((len(x), len(w)), x.dtype)
    for k in range(x.shape[-1])[::step]:
        y += x[:, k, None] * w[:, k]
    return y if b is None else y + b


def test_the_number_of_rows_at_which_a_row_changes_is_found():
    (found,) = batch_invariance.changes(subject("linear", from_256_rows), OPS["linear"], "float32")
    assert str(found) == "y of row 0 changes at 256 rows"
    assert (found.rows, found.row) == (256, 0)


def by_tens(x, w, b=None):
    """Rows in blocks of ten; the rows that remain are added from the last."""
    whole = len(x) // 10 * 10
    return np.concatenate([from_256_rows(x[:whole], w, b), from_256_rows(x[whole:, ::-1], w[:, ::-1], b)])


def test_a_row_that_depends_on_its_place_is_found():
    found = [str(one) for one in batch_invariance.changes(subject("linear", by_tens), OPS["linear"], "float32")]
    assert found[0] == "y of row 0 changes at 10 rows"
    assert "y of row 10 of 15 differs from that of row 0 with equal inputs" in found


def test_rows_that_are_computed_alone_do_not_change():
    def forward(x, w, b=None):
        return np.stack([in_tiles(row, w, b) for row in x])

    assert batch_invariance.changes(subject("linear", forward), OPS["linear"], "float32") == []


def test_a_gradient_may_change_too():
    def backward(dy, x, w, b=None):
        dx = from_256_rows(dy, w.T.copy())
        return dx, *linear.backward(dy, x, w, b)[1:]

    def forward(x, w, b=None):
        return np.stack([in_tiles(row, w, b) for row in x])

    found = batch_invariance.changes(subject("linear", forward, backward), OPS["linear"], "float64")
    assert [str(one) for one in found] == ["dx of row 0 changes at 256 rows"]


def test_a_softmax_over_all_rows_is_no_op_of_rows_but_one_over_each_row_is():
    assert batch_invariance.has_rows(subject("softmax", None), OPS["softmax"])
    assert not batch_invariance.has_rows(subject("adam", None), OPS["adam"])


def test_manual_convolutions_are_read():
    found = addends.sums(subject("conv2d", conv2d.forward, conv2d.backward), OPS["conv2d"], "float64")
    assert [one.quantity for one in found] == ["y", "dx", "dw", "db"]
    assert all(one.reading.tree for one in found)
