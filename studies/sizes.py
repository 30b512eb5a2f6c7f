"""The study of sizes: which mistakes past a size the oracle rejects, and whether a failure names the block."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from cnn_oracle import mistakes, theorems
from cnn_oracle.calls.sampling import DrawnCalls
from cnn_oracle.checks import check_all, single_threaded
from cnn_oracle.mistakes import BLOCKS, Mistake
from cnn_oracle.op import Op
from cnn_oracle.ops import look_up
from cnn_oracle.pages import render
from cnn_oracle.run.batches import each
from cnn_oracle.run.workers import Heartbeat
from cnn_oracle.subject import Subject
from cnn_oracle.verification import EXAMPLES, search

SHOWN = 64  # the block whose call and cause the page shows


class Entry(NamedTuple):
    """A mistake past a size, with one block: the calls until it is rejected, its smallest call, and the likely causes.

    ``calls`` is 0 if it is not rejected. ``seconds`` include the search for the smallest call and for its causes.
    """

    op: str
    name: str
    description: str
    block: int
    calls: int
    seconds: float
    call: str
    causes: tuple[str, ...]

    @property
    def named(self) -> bool:
        """Whether a likely cause has the block as a number of its own."""
        return any(re.search(rf"(?<![\d,.]){self.block:,}(?![\d]|[,.]\d)", cause) for cause in self.causes)


class Row(NamedTuple):
    """One mistake with all blocks."""

    entries: tuple[Entry, ...]

    @property
    def calls(self) -> str:
        """The calls until each block is rejected."""
        return " ".join(str(one.calls or "–") for one in self.entries)

    @property
    def named(self) -> int:
        """How many of the blocks are named."""
        return sum(one.named for one in self.entries)

    @property
    def shown(self) -> Entry:
        """The entry that stands for all."""
        return next((one for one in self.entries if one.block == SHOWN), self.entries[0])


def entries(
    ops: list[Op], blocks: Sequence[int] = BLOCKS, progress: Callable[[str], None] = lambda _: None
) -> Iterator[Entry]:
    """An entry for each mistake past a size of these ops, with each of the blocks. Worker processes run it.

    ``progress`` gets the op of each job that is done.
    """
    jobs = [(op.name, one.name) for op in ops for one in mistakes.past_a_size_of(op.name) if one.block in blocks]
    found = {}
    for job, one in each(_work, jobs):
        found[job] = one
        progress(job[0])
    yield from (found[job] for job in jobs)


def _work(job: tuple[str, str], heartbeat: Heartbeat) -> Entry:
    heartbeat(0)
    op, name = job
    return entry(look_up(op), next(m for m in mistakes.past_a_size_of(op) if m.name == name))


def entry(op: Op, mistake: Mistake) -> Entry:
    """The entry of one mistake, on the calls of ``cnn-oracle verify`` up to the first wrong number."""
    start = time.perf_counter()
    failure = search(mistake.subject, op, EXAMPLES, 0).failure
    name, seconds = mistake.name.removesuffix(f"_{mistake.block}"), time.perf_counter() - start
    one = Entry(op.name, name, mistake.description, mistake.block, 0, seconds, "", ())
    if failure is None:
        return one
    calls = until_rejected(mistake.subject, op)
    return one._replace(calls=calls, call=str(failure.call), causes=tuple(failure.likely_causes))


def until_rejected(subject: Subject, op: Op) -> int:
    """The number of calls until one has wrong values; 0 if none has."""
    which = [theorem for theorem in theorems.of(op, subject) if theorem in theorems.VALUES]
    with single_threaded():
        for n, one in enumerate(DrawnCalls(EXAMPLES, 0).samples(op), 1):
            if check_all(subject, op, one.call, which).failures:
                return n
    return 0


def rows(found: list[Entry]) -> list[Row]:
    """The entries of each mistake, together."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for one in found:
        groups.setdefault((one.op, one.name), []).append(one)
    return [Row(tuple(group)) for group in groups.values()]


def markdown(found: list[Entry]) -> str:
    """The page."""
    by_block = [(block, [one for one in found if one.block == block]) for block in BLOCKS]
    blocks = ",".join(str(block) for block, here in by_block if here)
    return render(__file__, found=found, rows=rows(found), by_block=by_block, shown=SHOWN, blocks=blocks)
