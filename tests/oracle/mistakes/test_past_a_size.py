"""Mistakes past a size: each is right where no size is beyond its block, and wrong somewhere beyond it."""

from collections import Counter
from random import Random

import numpy as np
import pytest

from cnn_oracle import mistakes
from cnn_oracle.calls.disputed import disputed
from cnn_oracle.calls.sampling import SEEDS, SIZES, random_call
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.case import cases, draw
from cnn_oracle.checks import check, single_threaded
from cnn_oracle.mistakes import BLOCKS, load, past_a_size, past_a_size_of
from cnn_oracle.ops import OPS
from cnn_oracle.run.subject import run_all
from cnn_oracle.subject import OURS

RIGHT = load(OURS)
SMALL = 20  # drawn calls on which each mistake is right
LARGE = 1_000  # calls, at most, until each is wrong on one
ELEMENTS = 5_000  # of an array of a large call
# Choices that are sizes, besides those that the settings may enlarge
MORE_SIZES = ("in", "out", "rows", "queries", "classes", "kernel_size", "groups", "output_size", "window")
# Mistakes that count the elements or the indices of all axes together
OVER_ALL_AXES = {
    "relu.last_tile_of_all_elements_is_not_visited",
    "layer_norm.tail_merged_as_a_full_tile",
    "embedding.padding_row_learnt_from_many_indices",
    "embedding.last_tile_of_indices_wins",
    "embedding.frequency_saturates",
}


def family(mistake):
    return f"{mistake.op}.{mistake.name.removesuffix(f'_{mistake.block}')}"


def largest(case, mistake):
    """The largest size of a call: of an axis of an array, or of an option. For some mistakes, that of an array."""
    if family(mistake) in OVER_ALL_AXES:
        given = (*case.arrays.values(), *case.keywords.values())
        return max(a.size for a in given if isinstance(a, np.ndarray))
    return max([*case.dy.shape, *ints(tuple(case.call.arguments.values()))], default=0)


def ints(value):
    if isinstance(value, tuple):
        return [n for one in value for n in ints(one)]
    return [value] if type(value) is int else []


def same(some, others):
    """Whether all outputs are bitwise the same."""
    pairs = [(some[q], others[q]) for q in some | others]
    return all(a is b or (a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)) for a, b in pairs)


def forms(outputs):
    return {q: a if a is None else (a.shape, a.dtype) for q, a in outputs.items()}


def large_calls(op, rng, block):
    """Random calls with one or two sizes about two or three blocks."""
    for _ in range(LARGE):
        left = rng.choice((1, 2))

        def choose(name, values, rare=(), /):
            nonlocal left
            if left and name in (*SIZES, *MORE_SIZES) and type(values[0]) is int and rng.random() < 0.3:
                left -= 1
                return rng.choice((2, 3)) * block + rng.choice((-1, 0, 1))
            return values[0] if rng.random() < 0.4 else rng.choice(values)

        call = op.call(choose, rng.randrange(SEEDS))
        sizes = [np.prod(v) for v in call.arguments.values() if isinstance(v, tuple) and ints(v) == [*v]]
        if max(sizes) <= ELEMENTS and not unsafe(call) and not disputed(call):
            yield call


def test_there_are_many_of_each_family_of_ops():
    known = {family(m) for m in past_a_size()}
    assert len(known) >= 170
    assert known >= OVER_ALL_AXES
    assert {name for name in OPS if past_a_size_of(name)} == {*OPS}
    assert set(Counter(map(family, past_a_size())).values()) == {len(BLOCKS)}
    places = Counter(m.replaces for m in past_a_size() if m.block == BLOCKS[0])
    assert {*places} == {"forward", "backward", "step"}
    assert min(places["forward"], places["backward"]) >= 60


def test_each_is_named_after_its_block_and_says_what_goes_wrong():
    for name in OPS:
        known = (*mistakes.of(name), *past_a_size_of(name))
        assert len({m.name for m in known}) == len(known)
        sized = [m for m in past_a_size_of(name) if m.block == BLOCKS[0]]
        assert len({m.description for m in sized}) == len(sized)
        assert all(m.description and m.name.endswith(f"_{m.block}") for m in past_a_size_of(name))


def test_each_is_loaded_by_its_name():
    subject = load("cnn_oracle.mistakes.linear.tail_of_the_sum_is_lost_128")
    (mistake,) = (m for m in past_a_size_of("linear") if m.name == "tail_of_the_sum_is_lost_128")
    assert subject.implementation("linear") is mistake.implementation
    assert mistake.block == 128
    with pytest.raises(ValueError, match=r"the known mistakes of linear are .*, tail_of_the_sum_is_lost_8,"):
        load("cnn_oracle.mistakes.linear.tail_of_the_sum_is_lost_100")


def test_no_failure_is_matched_with_them():
    assert not {m.name for m in past_a_size()} & {m.name for name in OPS for m in mistakes.of(name)}


@pytest.mark.parametrize("name", OPS)
def test_each_is_right_where_no_size_is_beyond_its_block(name):
    op, rng, checked = OPS[name], Random(1), Counter()
    for _ in range(SMALL):
        for case in cases(op, random_call(op, rng)):
            some = [m for m in past_a_size_of(name) if not case.of_statistics and largest(case, m) <= m.block]
            right = run_all(RIGHT, op, case) if some else {}
            assert [m.name for m in some if not same(run_all(m.subject, op, case), right)] == []
            checked.update(m.name for m in some)
    assert [m.name for m in past_a_size_of(name) if not checked[m.name]] == []


@pytest.mark.parametrize("name", OPS)
def test_each_is_wrong_somewhere_beyond_its_block(name):
    op, left = OPS[name], [m for m in past_a_size_of(name) if m.block == BLOCKS[0]]
    calls = large_calls(op, Random(2), BLOCKS[0])
    while left and (call := next(calls, None)):
        try:
            case = draw(op, call, dtype="float32")
        except (RuntimeError, ValueError, IndexError, TypeError):  # PyTorch rejects the call
            continue
        right = run_all(RIGHT, op, case)
        found = [(m, run_all(m.subject, op, case)) for m in left]
        assert [m.name for m, outputs in found if forms(outputs) != forms(right)] == []
        left = [m for m, outputs in found if same(outputs, right)]
    assert [m.name for m in left] == []


@pytest.mark.parametrize("name", OPS)
def test_each_keeps_the_contract(name):
    op, rng = OPS[name], Random(3)
    for call in [random_call(op, rng) for _ in range(10)]:
        for mistake in past_a_size_of(name):
            if mistake.block == BLOCKS[-1]:
                with single_threaded():
                    check(mistake.subject, op, call)
