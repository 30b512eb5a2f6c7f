"""Where calls come from, those included on which PyTorch is unsafe: drawn ones, a slice of a small world, one call.

A drawn call is the path of its choices, each the place of a value among all that it could have been, the simplest
first: so that a failure is made small by choosing simpler, one choice after the other.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import Any, NamedTuple

from cnn_oracle.call import Call
from cnn_oracle.calls.enumeration import Path, World
from cnn_oracle.calls.sampling import SEEDS
from cnn_oracle.op import Op

TRIES = 200  # choices that may be looked at to make a call smaller


class Planned(NamedTuple):
    """A call, and the path that leads to it; of calls that were not drawn there is none."""

    call: Call
    path: Path = ()


class Drawn(NamedTuple):
    """``simple``: with what probability a choice is the simplest, in one call after the other."""

    examples: int
    seed: int
    simple: tuple[float, ...] = (0.0,)

    def calls(self, op: Op) -> Iterator[Planned]:
        """As calls/sampling.py draws them, unsafe ones too."""
        rng = Random(self.seed)
        for i in range(self.examples):
            yield _planned(op, rng.randrange(SEEDS), partial(_random, rng, self.simple[i % len(self.simple)]))


class Slice(NamedTuple):
    """The calls of a world of that size that begin with these choices."""

    size: int
    prefix: Path

    def calls(self, op: Op) -> Iterator[Planned]:
        return (Planned(call) for call in World(op, self.size).calls(self.prefix))


class One(NamedTuple):
    planned: Planned

    def calls(self, op: Op) -> Iterator[Planned]:  # noqa: ARG002
        return iter([self.planned])


Source = Drawn | Slice | One


def smaller(op: Op, found: Planned, failing: Callable[[list[Planned]], Planned | None]) -> Planned:
    """The simplest choices that still fail, as far as one choice at a time leads; small numbers first, if they do.

    ``failing`` is the first of some calls that fails as ``found`` does.
    """
    if not found.path:
        return found
    found = failing([_at(op, found.path, seed) for seed in range(3)]) or found
    i, unchanged = 0, 0
    for _ in range(TRIES):
        i %= len(found.path)
        lower = [(*found.path[:i], j, *found.path[i + 1 :]) for j in range(found.path[i])]
        simpler = failing([_at(op, path, found.call.seed) for path in lower]) if lower else None
        found, unchanged, i = simpler or found, 0 if simpler else unchanged + 1, i + 1
        if unchanged >= len(found.path):
            break
    return found


def _random(rng: Random, simple: float, _: int, plain: int, rare: int) -> int:
    if simple and rng.random() < simple:
        return 0
    return plain + rng.randrange(rare) if rng.random() < rare / 10 else rng.randrange(plain)


def _at(op: Op, path: Path, seed: int) -> Planned:
    """The call of a path: the last value where there are fewer than there were, the first where there was no choice."""
    return _planned(op, seed, lambda i, plain, rare: min(path[i], plain + rare - 1) if i < len(path) else 0)


def _planned(op: Op, seed: int, pick: Callable[[int, int, int], int]) -> Planned:
    path: list[int] = []

    def choose(_: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any:
        path.append(pick(len(path), len(values), len(rare)))
        return (*values, *rare)[path[-1]]

    return Planned(op.call(choose, seed), tuple(path))
