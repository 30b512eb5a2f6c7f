"""A package on trial: drawn calls of each op it has, in worker processes. What fails is told by its smallest call.

A call is right, or fast (right within the normwise bound), or it is *lacking* (the package has no such option),
*refused* (the package raises), or it disagrees: in a way that the package's TOML file lists, or in a new one.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from typing import NamedTuple

from cnn_oracle import theorems
from cnn_oracle.call import Call
from cnn_oracle.calls.sources import Drawn, Planned, smaller
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.diagnose.diagnose import diagnose
from cnn_oracle.mistakes import load
from cnn_oracle.op import Op
from cnn_oracle.ops import look_up
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.run.workers import Died, Note, run
from cnn_oracle.studies.packages import PACKAGES
from cnn_oracle.studies.packages.known import Class, Known, known_of
from cnn_oracle.studies.packages.options import Lacks
from cnn_oracle.subject import Subject
from cnn_oracle.verification import check, covered, is_fast, steadily

QUESTIONS = (theorems.forward_is_pytorchs, theorems.backward_is_autograds_gradient, theorems.steps_are_pytorchs)
TOLD = 60  # letters of a refusal
SIMPLE = (0.0, 0.5, 0.8)  # of the choices of three calls: a package with few options meets some that it has
ATTEMPT = 2**32  # a call's number, and how often it was asked, times this: a worker that notes nothing new is dead
TRIES = 20  # calls drawn for each that the package has the options for, at most


class Job(NamedTuple):
    """Drawn calls of an op, until ``examples`` of them are within the package's options.

    ``fatal`` are the numbers of those that ended a process before; they count, and are not made again.
    """

    package: str
    op: str
    examples: int
    seed: int
    fatal: tuple[int, ...] = ()

    @property
    def subject(self) -> Subject:
        return load(f"cnn_oracle.studies.packages.{self.package}")

    def calls(self) -> Iterator[tuple[int, Planned]]:
        """Those that PyTorch can be handed, numbered."""
        planned = Drawn(TRIES * self.examples, self.seed, SIMPLE).calls(look_up(self.op))
        return ((i, p) for i, p in enumerate(planned) if i not in self.fatal and not unsafe(p.call))


class Argued(NamedTuple):
    """What a package's TOML file says of a disagreement, and its place there; ``prints`` is what its lines print."""

    number: int
    kind: Class
    why: str
    lines: str
    prints: str = ""


class Disagreement(NamedTuple):
    """A kind of failure: how many calls show it, the smallest of them, and what is said of that one.

    ``known`` is None if it has not been looked into.
    """

    op: str
    quantity: str
    known: Argued | None
    calls: int
    planned: Planned
    what: str
    ruling: str | None = None
    causes: tuple[str, ...] = ()
    verdict: str = Verdict.WRONG

    @property
    def key(self) -> tuple[str, Argued | None]:
        return self.quantity, self.known


class Row(NamedTuple):
    """An op of a package. ``options``: those that were passed in some call that was answered right."""

    package: str
    op: str
    calls: int = 0
    right: int = 0
    fast: int = 0
    lacking: int = 0
    refused: int = 0
    options: tuple[str, ...] = ()
    lacks: tuple[tuple[str, int], ...] = ()
    refusals: tuple[tuple[str, int], ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    backward: bool = True

    def __or__(self, other: "Row") -> "Row":
        """Both together; of two disagreements of a kind the first is kept, with the calls of both."""
        found = {d.key: d for d in self.disagreements}
        for d in other.disagreements:
            found[d.key] = found[d.key]._replace(calls=found[d.key].calls + d.calls) if d.key in found else d
        return Row(
            self.package, self.op, self.calls + other.calls, self.right + other.right, self.fast + other.fast,
            self.lacking + other.lacking, self.refused + other.refused, tuple(sorted({*self.options, *other.options})),
            _sum(self.lacks, other.lacks), _sum(self.refusals, other.refusals), tuple(found.values()),
            self.backward and other.backward,
        )  # fmt: skip


def missing(packages: Sequence[str]) -> list[str]:
    """The distributions of those that are not installed."""
    return [d for d in map(distribution, packages) if installed(d) is None]


def distribution(package: str) -> str:
    """The name that pip knows it by.

    Raises:
        ValueError: there is no trial of it.
    """
    if package not in PACKAGES:
        raise ValueError(f"package {package!r}: on trial are {', '.join(PACKAGES)}")
    return DISTRIBUTIONS.get(package, package)


DISTRIBUTIONS = {"numpy_ml": "numpy-ml", "tensorflow": "tensorflow-cpu"}


def installed(name: str) -> str | None:
    """Its version."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def trial(
    packages: Sequence[str], examples: int, seed: int, timeout: float = 60,
    progress: Callable[[str, int], None] = lambda *_: None,
) -> list[Row]:  # fmt: skip
    """A row for each op of each package, in their order.

    Raises:
        ValueError: there is no trial of a package, its file of known disagreements is faulty, or it cannot be imported.
    """
    for package in packages:
        distribution(package)
        known_of(package)
    jobs = [job for package in packages for job in _jobs(package, examples, seed, timeout)]
    rows = {(job.package, job.op): Row(job.package, job.op) for job in jobs}
    while jobs:
        later: list[Job] = []
        for job, row in run(_work, jobs, timeout=timeout):
            if isinstance(row, Died):
                number = max(row.note, 0) % ATTEMPT
                row = _of_fatal(job, number, f"{job.op} {row.how}")
                later.append(job._replace(fatal=(*job.fatal, number)))
            rows[job.package, job.op] |= row
            progress(f"{job.package} {job.op}", row.calls)
        jobs = later
    return list(rows.values())


def _jobs(package: str, examples: int, seed: int, timeout: float) -> list[Job]:
    """A job for each op that the package has: it is imported elsewhere.

    Raises:
        ValueError: it cannot be imported.
    """
    ((_, names),) = run(_covered, [package], count=1, timeout=timeout)
    if isinstance(names, Died):
        raise ValueError(f"package {package!r}: its import {names.how}")
    if isinstance(names, str):
        raise ValueError(f"package {package!r}: {names}")
    return [Job(package, name, examples, seed) for name in names]


def _covered(package: str, _: Note) -> list[str] | str:
    try:
        return [op.name for op in covered(load(f"cnn_oracle.studies.packages.{package}"))]
    except ValueError as error:
        return str(error)


def _of_fatal(job: Job, number: int, how: str) -> Row:
    """The row of the one call that ended its process. What was found before it is lost with it."""
    planned = next(p for i, p in job.calls() if i >= number)
    died = Disagreement(job.op, "", None, 1, planned, how, verdict=Verdict.CRASHED)
    return Row(job.package, job.op, calls=1, disagreements=(died,))


def _sum(*pairs: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    total: Counter[str] = Counter()
    for some in pairs:
        total.update(dict(some))
    return tuple(total.most_common())


def _work(job: Job, note: Note) -> Row:
    subject, op, known = job.subject, look_up(job.op), known_of(job.package)
    row = Row(job.package, job.op, backward=op.kind == "step" or not subject.forward_only(op.name))
    with steadily():
        for i, planned in job.calls():
            row |= _judged(subject, op, planned, known, row, _alive(note, i))
            if row.calls - row.lacking + len(job.fatal) >= job.examples:
                break
    forget = getattr(
        import_module(f"cnn_oracle.studies.packages.{job.package}"), "forget", None
    )  # gigabytes of compiled geometries
    if forget:
        forget()
    return row


def _alive(note: Note, number: int) -> Callable[[], None]:
    """Notes the call's number, each time another way."""
    asked = count()
    return lambda: note(number + ATTEMPT * next(asked))


def _judged(
    subject: Subject, op: Op, planned: Planned, known: Sequence[Known], so_far: Row, alive: Callable[[], None]
) -> Row:  # fmt: skip
    one, fast = Row(so_far.package, op.name, calls=1), False
    found: list[Disagreement] = []
    for question in _questions(subject, op):
        alive()
        try:
            fast |= _asked(subject, op, planned.call, question)
        except Failure as failure:
            if isinstance(failure.__cause__, Lacks):
                return one._replace(lacking=1, lacks=((str(failure.__cause__), 1),))
            if failure.verdict is Verdict.CRASHED:
                if found:  # y is wrong already: dy may not fit it
                    break
                return one._replace(refused=1, refusals=((_refusal(failure), 1),))
            key = failure.quantity, _argued(known, failure)
            d = Disagreement(op.name, *key, 1, planned, failure.what)
            if key not in {d.key for d in so_far.disagreements}:
                d = _explained(subject, op, d, question, known, alive)
            found.append(d)
    if found:
        return one._replace(disagreements=tuple(found))
    return one._replace(right=1, fast=int(fast), options=tuple(n for n in op.options if n in planned.call.arguments))


def _questions(subject: Subject, op: Op) -> list[theorems.Theorem]:
    return [question for question in QUESTIONS if question in theorems.of(op, subject)]


def _asked(subject: Subject, op: Op, call: Call, question: theorems.Theorem) -> bool:
    """Whether it is right as a fast algorithm is.

    Raises:
        Failure: it is not.
    """
    try:
        check(subject, op, call, [question])
        return False
    except Failure as failure:
        if not is_fast(subject, op, failure):
            raise
        try:
            check(subject, op.by_fast_algorithm or op, call, [question])
        except Failure:
            raise failure from None
        return True


def _refusal(failure: Failure) -> str:
    """What the package raised, in a line; that it was its gradient alone, if so."""
    error = failure.__cause__
    text = " ".join(f"{type(error).__name__}: {error}".split())
    text = text if len(text) <= TOLD else text[: TOLD - 1] + "…"
    return f"its gradient raises {text}" if failure.what.startswith("backward") else text


def _argued(known: Sequence[Known], failure: Failure) -> Argued | None:
    covering = ((i, k) for i, k in enumerate(known) if k.covers(failure.call, failure.quantity))
    return next((Argued(i, k.kind, k.why, k.lines) for i, k in covering), None)


def _explained(
    subject: Subject, op: Op, d: Disagreement, question: theorems.Theorem, known: Sequence[Known],
    alive: Callable[[], None],
) -> Disagreement:  # fmt: skip
    """With the smallest call of its kind, the referee's ruling on it, and the causes that are consistent with it."""

    def failure_of(planned: Planned) -> Failure | None:
        alive()
        try:
            if not unsafe(planned.call):
                _asked(subject, op, planned.call, question)
        except Failure as failure:
            if failure.verdict is not Verdict.CRASHED and (failure.quantity, _argued(known, failure)) == d.key:
                return failure
        return None

    planned = smaller(op, d.planned, lambda calls: next((p for p in calls if failure_of(p)), None))
    failure = failure_of(planned)
    if failure is None:  # now and then
        return d._replace(verdict=Verdict.NONDETERMINISTIC)
    failure = diagnose(subject, op, failure)
    return d._replace(
        planned=planned,
        what=failure.what,
        ruling=failure.ruling,
        causes=tuple(failure.mistakes),
        verdict=failure.verdict,
    )
