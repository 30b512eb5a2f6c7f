"""The small world: every geometry of an op up to a few cells, by the very functions that calls are drawn from.

A world is walked by running an op's geometry again for every path of choices, each choice held to the limits below.
Paths that share their first choices form a job; a part of the world is every n-th job. Windows are all different; in a
few other ops two paths lead to one call, which is then checked twice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

from cnn_oracle.call import Call
from cnn_oracle.op import Choose, Op

LIMITS: Mapping[str, Sequence[Any]] = {
    "kernel_size": range(1, 4),
    "stride": range(1, 4),
    "padding": range(3),
    "dilation": (1, 2),
    "groups": (1, 2),
    "padding mode": ("explicit",),
    "batch": (2,),
    "channels": (2,),
    "filters": (3,),
    "bias": (True,),
    "alike": (False,),  # what else is chosen may be so
    "single cells": (False,),  # so may these
}
# Where an op's world would be hollow with these, or past all reason without more
OWN: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "local_response_norm": {"channels": (1, 2, 3, 5)},
    "pad": {"padded axes": (1, 2), "other axes": (1,), "pad": range(-1, 3)},
}
# At least so many jobs, and at most so many calls in one, about: so that processes, and parts, end at about one time
JOBS, JOBS_OF_A_PART, CALLS_OF_A_JOB = 400, 16, 2_500
SAMPLE = 2_000  # paths
TOLD = 1_000  # paths between two signs of progress

Path = tuple[int, ...]


class Space(NamedTuple):
    """All calls of an op whose axes have up to ``size`` cells."""

    op: Op
    size: int

    def calls(self, prefix: Path = ()) -> Iterator[Call]:
        """Those that begin with these choices, each given by its place among its values; the simplest come first."""
        return (call for _, call in self._walk(prefix, None) if call)

    def jobs(self, part: int = 1, parts: int = 1, progress: Callable[[int], None] = lambda _: None) -> list[Path]:
        """The prefixes of one part of the world; the parts 1 … n hold each call once."""
        wanted = max(JOBS, JOBS_OF_A_PART * parts, estimate(self) / CALLS_OF_A_JOB)
        depth, found, deeper = 0, list[Path](), list[Path]([()])
        while deeper != found and len(deeper) < wanted:
            depth, found, deeper = depth + 1, deeper, []
            for path, _ in self._walk((), depth):
                deeper.append(path)
                if len(deeper) % TOLD == 0:
                    progress(TOLD)
        return deeper[part - 1 :: parts]

    def probe(self, rng: Random) -> tuple[float, Path]:
        """A random path, and the size of the world if all its paths branched as this one does (0 at a dead end)."""
        path, branches = [], 1.0

        def choose(name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any:
            nonlocal branches
            allowed = self._allowed(name, values, rare)
            branches *= len(allowed)
            path.append(int(rng.random() * len(allowed)))  # of Random, this alone is the same in every Python
            return allowed[path[-1]]

        try:
            self.op.call(choose, 0)
        except _DeadEndError:
            return 0.0, ()
        return branches, tuple(path)

    def _walk(self, prefix: Path, depth: int | None) -> Iterator[tuple[Path, Call | None]]:
        """Paths below a prefix, with their calls; or, without, cut off after ``depth`` choices: an odometer."""
        path = list(prefix)
        while True:
            counts: list[int] = []
            choose, call = self._follow(path, counts, depth), None
            try:
                call = self.op.call(choose, 0)
                yield tuple(path), call
            except _CutError:
                yield tuple(path), None
            except _DeadEndError:
                pass
            while len(path) > len(prefix) and path[-1] + 1 == counts[len(path) - 1]:
                path.pop()
            if len(path) == len(prefix):
                return
            path[-1] += 1

    def _follow(self, path: list[int], counts: list[int], depth: int | None) -> Choose:
        def choose(name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any:
            i = len(counts)
            if i == depth:
                raise _CutError
            allowed = self._allowed(name, values, rare)
            counts.append(len(allowed))
            if i == len(path):
                path.append(0)
            return allowed[path[i]]

        return choose

    def _allowed(self, name: str, values: Sequence[Any], rare: Sequence[Any]) -> Sequence[Any]:
        limit = OWN.get(self.op.name, {}).get(name, LIMITS.get(name))
        if name == "size":
            limit = range(self.size + 1)
        allowed = [v for v in (*values, *rare) if limit is None or v in limit]
        if not allowed:
            raise _DeadEndError
        return allowed


@lru_cache
def estimate(world: Space) -> float:
    """How many calls a world has, about: the mean of random paths, the same on every machine."""
    rng = Random(0)
    return sum(world.probe(rng)[0] for _ in range(SAMPLE)) / SAMPLE


class _DeadEndError(Exception):
    """No value of a choice is within the limits."""


class _CutError(Exception):
    """Deep enough."""
