"""Boundary sizes: each size of each op takes values on both sides of several blocks, in fixed turn."""

import pytest

from cnn_oracle.calls.boundaries import BLOCKS, LAUNCH, SIZES, Place, boundaries, own_calls, places, plan
from cnn_oracle.calls.geometry.usual import USUAL, usual
from cnn_oracle.calls.sampling import DrawnCalls, sample
from cnn_oracle.calls.shrinking import shrink
from cnn_oracle.calls.work import elements, longest, takes_time
from cnn_oracle.ops import OPS
from cnn_oracle.subject import MAX_ELEMENTS, Limits


def sizes_of(op, one):
    """The sizes that the choices of a sample gave to the places of its op."""
    found, seen, (seed, *indexes) = {}, {}, one.choices
    left = iter(indexes)

    def choose(name, values, rare=(), /):
        index, every = next(left), (*values, *rare)
        value = every[index] if index < len(every) else index - len(every)
        if name in SIZES:
            found[Place(name, seen.setdefault(name, 0))] = value
            seen[name] += 1
        return value

    assert op.call(choose, seed) == one.call
    return found


@pytest.fixture(scope="module")
def reached():
    """Op → place → the sizes that the default draws give to it."""
    found = {}
    for name, op in OPS.items():
        sizes = found[name] = {place: set() for place in places(op)}
        for one in DrawnCalls(100, 0).samples(op):
            for place, n in sizes_of(op, one).items():
                sizes[place].add(n)
    return found


@pytest.mark.parametrize("name", OPS)
def test_the_default_draws_reach_both_sides_of_several_blocks_at_each_size(name, reached):
    for place, sizes in reached[name].items():
        numbers = sizes - {None}
        blocks = [block for block in BLOCKS if min(numbers) < block < max(numbers)]
        assert len(blocks) >= 3, place
        if place.name not in SQUARED:
            assert len(numbers & {*boundaries()}) >= 4, place
            assert any(n > 1024 and n % 8 for n in numbers), place


SQUARED = ("upscale_factor", "downscale_factor")  # an axis has the square of these, so they stay below 150


@pytest.mark.parametrize("name", OPS)
def test_some_default_calls_are_large_and_none_takes_seconds(name):
    op = OPS[name]
    calls = [one.call for one in DrawnCalls(100, 0).samples(op)]
    assert len(calls) == 100
    assert any(elements(op, call) > 4096 for call in calls)
    assert all(elements(op, call) <= MAX_ELEMENTS for call in calls if 100 < longest(op, call) < min(LAUNCH))
    assert sum(takes_time(op, call) for call in calls) < 70


def test_the_boundaries_are_next_to_one_to_three_blocks():
    assert boundaries((8,)) == (7, 8, 9, 15, 16, 17, 23, 24, 25)
    assert {3071, 3072, 3073} < {*boundaries()}


@pytest.mark.parametrize("name", ["linear", "embedding", "softmax", "max_pool1d", "adam"])
def test_launch_limits_are_reached_where_calls_stay_cheap(name, reached):
    assert any({*LAUNCH} & sizes for sizes in reached[name].values())


def test_the_next_seed_goes_on_in_the_turn():
    op = OPS["linear"]
    sizes = [longest(op, one.call) for seed in range(12) for one in DrawnCalls(100, seed).samples(op)]
    assert {*LAUNCH} < {*sizes}
    assert len({*boundaries()} - {*sizes}) < 5


def test_the_user_s_blocks_come_first_and_are_further_calls():
    op, limits = OPS["linear"], Limits(sizes=(48, 1000))
    assert own_calls(op, limits.sizes) == 6 * len(places(op))
    assert [*plan(op, 0, (48,)).values()] == [49]
    calls = [one.call for one in DrawnCalls(100, 0, limits).samples(op)]
    assert len(calls) == 100 + 6 * len(places(op))
    assert {47, 48, 49, 999, 1000, 1001} <= {n for call in calls for n in call.arguments["w"]}


def test_a_budget_limits_the_elements():
    op = OPS["conv2d"]
    calls = [one.call for one in DrawnCalls(100, 0, Limits(max_elements=3000)).samples(op)]
    assert max(elements(op, call) for call in calls if longest(op, call) < min(LAUNCH)) <= 3000
    assert max(longest(op, call) for call in calls) > 1024


@pytest.mark.parametrize("name", OPS)
def test_usual_geometries_come_first_with_all_that_is_wanted(name):
    op = OPS[name]
    first = usual(name)[:20]
    assert len(first) >= 5
    for wanted, one in zip(first, DrawnCalls(100, 0).samples(op), strict=False):
        seen = dict[str, int]()
        indexes = iter(one.choices[1:])

        def choose(a, values, rare=(), /, wanted=wanted, seen=seen, indexes=indexes):
            index, every = next(indexes), (*values, *rare)
            value = every[index] if index < len(every) else index - len(every)
            number = seen.setdefault(a, 0)
            seen[a] += 1
            expected = wanted.get(a, value)
            if isinstance(expected, list):
                expected = expected[number] if number < len(expected) else value
            assert value == expected, (wanted, a)
            return value

        op.geometry(choose)


def test_every_family_has_usual_geometries():
    assert not [name for name in OPS if not usual(name)]
    families = {name[:-2] if name.endswith(("1d", "2d", "3d")) else name for name in OPS} | {*OPS}
    assert {*USUAL} <= families


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 1), (1, 2, 0), (3, 2, 1), (7, 2, 3)])
def test_the_convolutions_of_real_networks_are_drawn(kernel, stride, padding):
    calls = [one.call.arguments for one in DrawnCalls(100, 0).samples(OPS["conv2d"])]
    wanted = ((kernel, kernel), stride, padding)
    assert any((a["w"][2:], a.get("stride", 1), a.get("padding", 0)) == wanted for a in calls)


def test_about_half_of_the_random_draws_are_alike_on_all_axes():
    calls = [one.call.arguments for one in DrawnCalls(1000, 0).samples(OPS["max_pool2d"])]
    alike = sum(all(isinstance(a.get(n, 1), int) for n in ("kernel_size", "padding", "dilation")) for a in calls)
    assert 300 < alike < 800


def test_a_size_that_no_geometry_offers_can_be_chosen_again():
    op = OPS["linear"]
    one = next(s for s in DrawnCalls(100, 0).samples(op) if longest(op, s.call) == 1025)
    left = iter(one.choices[1:])
    assert sample(op, one.choices[0], lambda *_: next(left)) == one


def test_shrinking_tries_no_call_with_more_work_than_the_found_one():
    """Any size can be chosen again, but y of a convolution with large sizes would not fit into memory."""
    op, tried = OPS["conv2d"], []

    def check(call):
        tried.append(elements(op, call))
        if call.arguments["w"][0] >= 2:
            raise AssertionError(call)

    found = next(s for s in DrawnCalls(100, 0).samples(op) if s.call.arguments["w"][0] > 1000)
    with pytest.raises(AssertionError) as failure:
        shrink(op, found, check)
    assert failure.value.args[0].arguments["w"][0] == 2
    assert max(tried) <= max(MAX_ELEMENTS, elements(op, found.call))
