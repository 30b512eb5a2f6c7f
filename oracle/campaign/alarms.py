"""False alarms: right answers that are computed otherwise, on many drawn calls, of which none may be called wrong."""

from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from typing import NamedTuple

from oracle.calls import Call
from oracle.campaign.workers import Died, Note, run
from oracle.judge import covered, row_of
from oracle.ops import look_up
from oracle.subjects import load
from oracle.verdicts import Failure, Verdict, death

CHUNK = 100  # calls of one seed
ALTERNATIVES = ("taps", "im2col", "tensordot", "fft", "orders", "by_jax", "pytorch")
# Of the calls that others get: transforms in double precision, and a compilation for each geometry
SHARES = {"fft": 0.1, "by_jax": 0.02}


class Job(NamedTuple):
    subject: str
    op: str
    calls: int
    seed: int


class Alarms(NamedTuple):
    """A subject's op: its calls, its verdicts by how often each was given, and the first failure, which is an alarm."""

    subject: str
    op: str
    calls: int
    verdicts: dict[str, int]
    failure: Failure | None


def listen(calls: int, progress: Callable[[str, int], None] = lambda *_: None) -> list[Alarms]:
    """At least so many calls, in all, of every alternative that can be imported here."""
    names = [f"oracle.alternatives.{name}" for name in ALTERNATIVES if name != "by_jax" or find_spec("jax")]
    pairs = [(name, op.name) for name in names for op in covered(load(name))]
    weights = [SHARES.get(name.rpartition(".")[2], 1.0) for name, _ in pairs]
    jobs = [
        Job(*pair, CHUNK, seed)
        for pair, weight in zip(pairs, weights, strict=True)
        for seed in range(max(1, -(-int(calls * weight) // int(CHUNK * sum(weights)))))
    ]
    told: dict[tuple[str, str], list[tuple[int, Verdict, Failure | None]]] = {pair: [] for pair in pairs}
    for job, row in run(_listen, jobs):
        if isinstance(row, Died):
            row = 1, Verdict.CRASHED, death(Call(job.op, {}, job.seed), row.how, job.subject)
        told[job.subject, job.op].append(row)
        progress(f"{job.subject.rpartition('.')[2]} {job.op}", row[0])
    return [
        Alarms(
            *pair, sum(n for n, *_ in rows), dict(Counter(str(v) for _, v, _ in rows)),
            next((failure for *_, failure in rows if failure), None),
        )
        for pair, rows in told.items()
    ]  # fmt: skip


def _listen(job: Job, _: Note) -> tuple[int, Verdict, Failure | None]:
    row = row_of(load(job.subject), look_up(job.op), job.calls, job.seed)
    return row.calls, row.verdict, row.failure
