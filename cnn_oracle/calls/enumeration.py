"""Exhaustive enumeration: every geometry of an op whose axes have at most a few elements.

The enumeration uses the same geometry functions as drawn calls. It runs the geometry of an op once for every choice
sequence, within the limits below. Choice sequences that share their first choices form a job. A part of the space is
every n-th job. For ops with windows, all calls differ. For a few other ops, two choice sequences give the same call,
which is then checked twice.
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
    "alike": (False,),  # values chosen per axis may be equal
    "single elements": (False,),  # the other calls include these
    "whole axis of the mask": (True,),
    "ignore_index": (-100, 0, -1),
}
# Limits of some ops. With LIMITS, their space would be vacuous, or far too large
OWN: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "local_response_norm": {"channels": (1, 2, 3, 5)},
    "pad": {"padded axes": (1, 2), "other axes": (1,), "pad": range(-1, 3)},
}
# At least this many jobs, and at most about this many calls in a job, so that processes and parts end together
JOBS, JOBS_OF_A_PART, CALLS_OF_A_JOB = 400, 16, 2_500
SAMPLE = 2_000  # choice sequences
REPORT_EVERY = 1_000  # choice sequences between two reports of progress

Path = tuple[int, ...]


class Space(NamedTuple):
    """All calls of an op whose axes have up to ``size`` elements."""

    op: Op
    size: int

    def calls(self, prefix: Path = ()) -> Iterator[Call]:
        """The calls whose choice sequence begins with ``prefix``, the simplest first.

        A choice is the index of a value among the allowed ones.
        """
        return (call for _, call in self._walk(prefix, None) if call)

    def jobs(self, part: int = 1, parts: int = 1, progress: Callable[[int], None] = lambda _: None) -> list[Path]:
        """The prefixes of the jobs of one part of the space.

        The parts 1 … ``parts`` together contain each call once. ``progress`` receives the number of choice sequences
        since its last call.
        """
        wanted = max(JOBS, JOBS_OF_A_PART * parts, estimate(self) / CALLS_OF_A_JOB)
        depth, found, deeper = 0, list[Path](), list[Path]([()])
        while deeper != found and len(deeper) < wanted:
            depth, found, deeper = depth + 1, deeper, []
            for path, _ in self._walk((), depth):
                deeper.append(path)
                if len(deeper) % REPORT_EVERY == 0:
                    progress(REPORT_EVERY)
        return deeper[part - 1 :: parts]

    def probe(self, rng: Random) -> tuple[float, Path]:
        """A random choice sequence, and the size of the space if every choice sequence branched like this one.

        The size is 0 if the sequence ends at a choice without an allowed value.
        """
        path, branches = [], 1.0

        def choose(name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any:
            nonlocal branches
            allowed = self._allowed(name, values, rare)
            branches *= len(allowed)
            path.append(int(rng.random() * len(allowed)))  # only random() is the same in every Python
            return allowed[path[-1]]

        try:
            self.op.call(choose, 0)
        except _DeadEndError:
            return 0.0, ()
        return branches, tuple(path)

    def _walk(self, prefix: Path, depth: int | None) -> Iterator[tuple[Path, Call | None]]:
        """All choice sequences that begin with ``prefix``, counted up like an odometer.

        Each comes with its call, or with None if it is cut off after ``depth`` choices.
        """
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
def estimate(space: Space) -> float:
    """About how many calls a space has: a mean over random choice sequences, equal on every machine."""
    rng = Random(0)
    return sum(space.probe(rng)[0] for _ in range(SAMPLE)) / SAMPLE


class _DeadEndError(Exception):
    """No value of a choice is within the limits."""


class _CutError(Exception):
    """The choice sequence has reached the requested depth."""
