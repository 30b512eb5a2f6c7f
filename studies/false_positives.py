"""False alarms: right answers that are computed otherwise, on many drawn calls, of which none may be called wrong."""

from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from math import ceil
from typing import NamedTuple

from cnn_oracle.call import Call
from cnn_oracle.mistakes import load
from cnn_oracle.ops import look_up
from cnn_oracle.pages import render
from cnn_oracle.result import Failure, Verdict, death
from cnn_oracle.run.batches import each
from cnn_oracle.run.workers import Died, Note
from cnn_oracle.verification import covered, verify_op

CHUNK = 100  # calls of one seed, at most
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
    names = [f"cnn_oracle.studies.known_good.{name}" for name in ALTERNATIVES if name != "by_jax" or find_spec("jax")]
    pairs = [(name, op.name) for name in names for op in covered(load(name))]
    weights = [SHARES.get(name.rpartition(".")[2], 1.0) for name, _ in pairs]
    jobs = [
        Job(*pair, min(CHUNK, each - made), seed)
        for pair, weight in zip(pairs, weights, strict=True)
        for each in (ceil(calls * weight / sum(weights)),)
        for seed, made in enumerate(range(0, each, CHUNK))
    ]
    told: dict[tuple[str, str], list[tuple[int, Verdict, Failure | None]]] = {pair: [] for pair in pairs}
    for job, row in each(_listen, jobs, of_death=_of_death):
        told[job.subject, job.op].append(row)
        progress(f"{job.subject.rpartition('.')[2]} {job.op}", row[0])
    return [
        Alarms(
            *pair, sum(n for n, *_ in rows), dict(Counter(str(v) for _, v, _ in rows)),
            next((failure for *_, failure in rows if failure), None),
        )
        for pair, rows in told.items()
    ]  # fmt: skip


def _of_death(job: Job, died: Died) -> tuple[int, Verdict, Failure | None]:
    return 1, Verdict.CRASHED, death(Call(job.op, {}, job.seed), died.how, job.subject)


def _listen(job: Job, _: Note) -> tuple[int, Verdict, Failure | None]:
    row = verify_op(load(job.subject), look_up(job.op), job.calls, job.seed)
    return row.calls, row.verdict, row.failure


def markdown(heard: list[Alarms]) -> str:
    """The page."""
    of = {name: [one for one in heard if one.subject.endswith(f".{name}")] for name in ALTERNATIVES}
    verdicts = {name: sum((Counter(one.verdicts) for one in found), Counter[str]()) for name, found in of.items()}
    failures = [one.failure for one in heard if one.failure]
    return render(__file__, heard=heard, of=of, verdicts=verdicts, failures=failures)
