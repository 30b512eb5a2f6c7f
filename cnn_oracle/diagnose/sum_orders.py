"""A tree of additions in words: one after another, pairwise, in blocks, in partial sums.

"8 partial sums (i mod 8)" means that element i goes to partial sum i mod 8. "In between" means that some addends are
added to a partial sum, and not to the whole.

Each form is looked for in the whole tree, then in its parts: "blocks of 32, each one after another, then pairwise".
What is said of a form is true of every one of its parts; small parts may have another form. A tree without any of these
forms has a fixed order all the same.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from cnn_oracle.diagnose.summation import Tree

OTHER = "in another fixed order"
ONE_BY_ONE = "one after another"
WITH_A_REST = re.compile(r"the first \d+ as (.*); (?:then the last \d+ one after another|the last \d+ in between)")
FEW = 3  # sums of up to three addends look alike in most orders
LONGEST = 240  # characters of a text; a longer one says less than none
SHOWN = 8  # places of an order of its own that are shown
VECTORS = (2, 4, 8, 16, 32, 64)  # addends that are added side by side


class Order(NamedTuple):
    """The order of a sum in words, and the sizes of its blocks: of tiles, and the numbers of partial sums."""

    text: str
    blocks: tuple[int, ...] = ()


def order(tree: Tree) -> Order:
    """The order in which a tree adds."""
    found = _form(tree) or _in_steps(tree) or _but_the_last(tree) or Order(OTHER)
    return found if len(found.text) <= LONGEST else found._replace(text=OTHER)


def _form(tree: Tree) -> Order | None:
    return _chain(tree) or _pairwise(tree) or _groups(tree) or _halves(tree) or _ends(tree)


def _chain(tree: Tree) -> Order | None:
    """One addend after another."""
    if tree.n == 2:
        return Order("added")
    if any(not one < other for one, other in pairwise(tree.ordered)):
        return None
    later = [min(part - before) for before, part in pairwise(tree.ordered)]
    if later == [*range(2, tree.n)]:
        return Order(ONE_BY_ONE)
    if later == [*reversed(range(tree.n - 2))]:
        return Order(f"{ONE_BY_ONE}, from the last")
    first = sorted(tree.ordered[0])
    for step in _steps(tree.n):
        if [*first, *later] == _in_steps_of(tree.n, step):
            return Order(f"{ONE_BY_ONE}, in steps of {step}")
    shown = ", ".join(map(str, [*first, *later][:SHOWN]))
    return Order(f"{ONE_BY_ONE}, in the order {shown}{', …' * (tree.n > SHOWN)}")


def _steps(n: int) -> list[int]:
    return [step for step in range(2, n // 2 + 1) if n % step == 0]


def _in_steps_of(n: int, step: int) -> list[int]:
    """Such as the taps of a kernel, each over all channels."""
    return [place for places in _classes(n, step) for place in places]


def _in_steps(tree: Tree) -> Order | None:
    """One of the forms, if the addends are counted in steps."""
    for step in _steps(tree.n):
        if found := _form(tree.within(_in_steps_of(tree.n, step))):
            return found._replace(text=f"in steps of {step}: {found.text}")
    return None


def _but_the_last(tree: Tree) -> Order | None:
    """One of the forms, if the addends behind whole vectors were not there: these are added to some of its parts."""
    found = []
    for n in dict.fromkeys(tree.n - tree.n % vector for vector in VECTORS):
        if 2 * n > tree.n > n and (one := _form(tree.within([*range(n)]))):
            found.append(one._replace(text=f"the first {n} as {one.text}; the last {tree.n - n} in between"))
    return min(found, key=_length, default=None)


def _pairwise(tree: Tree) -> Order | None:
    """Halves of halves, down to a few neighbours. Or each addend with the one half the number further on."""
    if tree.n > FEW and max(map(len, _pieces(tree, [*range(tree.n)]))) <= FEW:
        return Order("pairwise")
    strides = [2**k for k in range(1, tree.n.bit_length() - 1)]
    if tree.n == 2 ** (len(strides) + 1) > 2 and all(tree.has(one) for m in strides for one in _classes(tree.n, m)):
        return Order("pairwise, i with i + n/2")
    return None


def _pieces(tree: Tree, places: list[int]) -> list[list[int]]:
    """The neighbours that are no sums of two such halves."""
    if len(places) < 2:
        return [places]
    left, right = map(sorted, tree.halves[frozenset(places)])
    if left + right != places or not _balanced(len(left), len(right)):
        return [places]
    return _pieces(tree, left) + _pieces(tree, right)


def _balanced(left: int, right: int) -> bool:
    """Whether these are halves: of similar sizes, or the left is the largest power of two."""
    return 3 * min(left, right) >= left + right or (left.bit_count() == 1 and right <= left)


def _classes(n: int, m: int) -> list[list[int]]:
    """The places k, k + m, k + 2 m, … for each k."""
    return [[*range(k, n, m)] for k in range(m)]


def _groups(tree: Tree) -> Order | None:
    """Partial sums, or blocks of neighbours. Where several sizes are true, that with the shortest text."""
    found = []
    for m in range(tree.n // 2, 1, -1):
        if all(map(tree.has, groups := _classes(tree.n, m))):
            found.append(_in_groups(tree, groups, m, f"{m} partial sums (i mod {m})"))
    found += [_in_groups(tree, groups, size, what) for groups, size, what in _blocks(tree)]
    return min(found, key=_length, default=None)


def _blocks(tree: Tree) -> Iterator[tuple[list[list[int]], int, str]]:
    """Neighbours that are added to each other first, in blocks of one size. The last and the first may be shorter."""
    runs = {(min(part), len(part)) for part in tree.parts if max(part) - min(part) == len(part) - 1}
    runs |= {(i, 1) for i in range(tree.n)}
    for first in sorted({length for start, length in runs if start == 0 and length <= tree.n // 2}):
        for size in sorted({length for start, length in runs if start == first and length >= max(first, 2)}):
            starts = [0, *range(first, tree.n, size)]
            lengths = [end - start for start, end in pairwise([*starts, tree.n])]
            if lengths.count(size) > 1 and all(run in runs for run in zip(starts, lengths, strict=True)):
                groups = [[*range(start, start + length)] for start, length in zip(starts, lengths, strict=True)]
                yield groups, size, f"blocks of {size}" + f" (the first of {first})" * (first < size)


def _in_groups(tree: Tree, groups: list[list[int]], size: int, what: str) -> Order:
    each, rest = _each(tree, groups), order(tree.above(groups))
    return Order(f"{what}, each {_nested(each)}, then {rest.text}", _distinct((size,), each.blocks, rest.blocks))


def _halves(tree: Tree) -> Order | None:
    """Pairwise down to blocks of unlike sizes."""
    pieces = _pieces(tree, [*range(tree.n)])
    if len(pieces) < 2:
        return None
    each, sizes = _each(tree, pieces), [*map(len, pieces)]
    of = " to ".join(map(str, dict.fromkeys((min(sizes), max(sizes)))))
    return Order(f"pairwise down to blocks of {of}, each {_nested(each)}", _distinct((max(sizes),), each.blocks))


def _ends(tree: Tree) -> Order | None:
    """The last addends follow when the others have been added: one by one, or as a part of their own."""
    n = tree.n
    while n > 2 and tree.has([*range(n - 1)]):
        n -= 1
    if n < tree.n:
        first = order(tree.within([*range(n)]))
        return first._replace(text=f"the first {n} as {first.text}; then the last {tree.n - n} one after another")
    left, right = map(sorted, tree.halves[frozenset(range(tree.n))])
    if left + right != [*range(tree.n)]:
        return None
    one, other = _each(tree, [left]), _each(tree, [right])
    text = f"the first {len(left)} as {one.text}; the last {len(right)} as {other.text}; then both"
    tile = (len(left),) if one.text == other.text else ()
    return Order(text, _distinct(tile, one.blocks, other.blocks))


def _each(tree: Tree, groups: list[list[int]]) -> Order:
    """The order of several parts. Of small parts nothing is said if there are larger ones."""
    large = [group for group in groups if len(group) > FEW] or [group for group in groups if len(group) > 1]
    found = [order(tree.within(group)) for group in large]
    texts = dict.fromkeys(one.text for one in found)
    whole = [text for text in texts if not ((rested := WITH_A_REST.fullmatch(text)) and rested[1] in texts)]
    text = " or ".join(whole) or "alone"
    return Order(
        f"{text}, some with a rest" if len(whole) < len(texts) else text, _distinct(*(o.blocks for o in found))
    )


def _length(one: Order) -> tuple[int, int]:
    """How long a text is. One without parentheses is simpler."""
    return one.text.count("("), len(one.text)


def _nested(one: Order) -> str:
    """The text, in parentheses if it has commas of its own."""
    return f"({one.text})" if {*one.text} & {*",;"} else one.text


def _distinct(*blocks: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(size for some in blocks for size in some))
