"""A package on trial: drawn calls of each op it has, in worker processes. What fails is told by its smallest call.

A call is right, or fast (right within the normwise bound), or it is *lacking* (the package has no such option),
*refused* (the package raises), or it disagrees: in a way that the package's TOML file lists, or in a new one.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from typing import NamedTuple

from cnn_oracle import theorems
from cnn_oracle.call import Call
from cnn_oracle.calls.sampling import RandomCalls, Sample
from cnn_oracle.calls.shrinking import FlakyError, shrink
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.diagnose.diagnose import diagnose
from cnn_oracle.mistakes import load
from cnn_oracle.op import Op
from cnn_oracle.ops import look_up
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.run.batches import Batch, Steps, each, finish_all
from cnn_oracle.run.workers import Note, WorkerCrash, run
from cnn_oracle.studies.packages import PACKAGES
from cnn_oracle.studies.packages.known import Class, KnownDisagreement, known_of
from cnn_oracle.studies.packages.options import Lacks
from cnn_oracle.subject import Subject
from cnn_oracle.verification import check, covered, is_normwise, single_threaded

QUESTIONS = (theorems.forward_is_pytorchs, theorems.backward_is_autograds_gradient, theorems.steps_are_pytorchs)
TOLD = 60  # letters of a refusal
SIMPLE = (0.0, 0.5, 0.8)  # of the choices of three calls: a package with few options meets some that it has
ATTEMPT = 2**32  # a call's number, and how often it was asked, times this: a worker that notes nothing new is dead
TRIES = 20  # calls drawn for each that the package has the options for, at most


class Job(NamedTuple):
    """Drawn calls of an op, until ``examples`` of them are within the package's options.

    ``fatal`` are the numbers of those that ended a process before; ``found`` holds what they have shown.
    """

    package: str
    op: str
    examples: int
    seed: int
    found: "Row"
    fatal: tuple[int, ...] = ()

    @property
    def subject(self) -> Subject:
        return load(f"cnn_oracle.studies.packages.{self.package}")

    def calls(self) -> Iterator[tuple[int, Sample]]:
        """Those that PyTorch can be handed, numbered."""
        drawn = RandomCalls(TRIES * self.examples, self.seed, SIMPLE, unsafe_too=True).samples(look_up(self.op))
        return ((i, one) for i, one in enumerate(drawn) if i not in self.fatal and not unsafe(one.call))


class Reason(NamedTuple):
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
    known: Reason | None
    calls: int
    sample: Sample
    what: str
    who_is_wrong: str | None = None
    causes: tuple[str, ...] = ()
    verdict: str = Verdict.WRONG

    @property
    def key(self) -> tuple[str, Reason | None]:
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
    rejections: tuple[tuple[str, int], ...] = ()
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
            _sum(self.lacks, other.lacks), _sum(self.rejections, other.rejections), tuple(found.values()),
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
    """A row for each op of each package, in their order."""
    for package in packages:
        distribution(package)
        known_of(package)

    def tell(job: Job, row: object) -> None:
        if isinstance(row, Row):
            progress(f"{job.package} {job.op}", row.calls)

    jobs = [job for package in packages for job in _jobs(package, examples, seed, timeout)]
    return list(finish_all(map(_row, jobs), run, timeout=timeout, progress=tell))


def _row(job: Job) -> Steps[Row]:
    """An op of a package; a call that ends its process is counted, and is not made again."""
    while True:
        ((row, number),) = yield Batch(_work, [job], of_death=_of_fatal)
        if number is None:
            return row  # type: ignore[no-any-return]
        job = job._replace(fatal=(*job.fatal, number), found=job.found | row)


def _jobs(package: str, examples: int, seed: int, timeout: float) -> list[Job]:
    """A job for each op that the package has: it is imported elsewhere.

    Raises:
        ValueError: it cannot be imported.
    """
    only = partial(run, count=1)
    ((_, names),) = each(
        _covered, [package], of_death=lambda _, died: f"its import {died.how}", run=only, timeout=timeout
    )
    if isinstance(names, str):
        raise ValueError(f"package {package!r}: {names}")
    return [Job(package, name, examples, seed, Row(package, name)) for name in names]


def _covered(package: str, _: Note) -> list[str] | str:
    try:
        return [op.name for op in covered(load(f"cnn_oracle.studies.packages.{package}"))]
    except ValueError as error:
        return str(error)


def _of_fatal(job: Job, died: WorkerCrash) -> tuple[Row, int]:
    """The row of the one call that ended its process, and its number. What was found before it is lost with it."""
    number = max(died.note, 0) % ATTEMPT
    one = next(one for i, one in job.calls() if i >= number)
    found = Disagreement(job.op, "", None, 1, one, f"{job.op} {died.how}", verdict=Verdict.CRASHED)
    return Row(job.package, job.op, calls=1, disagreements=(found,)), number


def _sum(*pairs: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    total: Counter[str] = Counter()
    for some in pairs:
        total.update(dict(some))
    return tuple(total.most_common())


def _work(job: Job, note: Note) -> tuple[Row, None]:
    subject, op, known = job.subject, look_up(job.op), known_of(job.package)
    row = Row(job.package, job.op, backward=op.kind == "step" or not subject.forward_only(op.name))
    with single_threaded():
        for i, one in job.calls():
            row |= _judged(subject, op, one, known, row, _alive(note, i))
            if row.calls - row.lacking + len(job.fatal) >= job.examples:
                break
    forget = getattr(
        import_module(f"cnn_oracle.studies.packages.{job.package}"), "forget", None
    )  # gigabytes of compiled geometries
    if forget:
        forget()
    return job.found | row, None


def _alive(note: Note, number: int) -> Callable[[], None]:
    """Notes the call's number, each time another way."""
    asked = count()
    return lambda: note(number + ATTEMPT * next(asked))


def _judged(
    subject: Subject, op: Op, sample: Sample, known: Sequence[KnownDisagreement], so_far: Row, alive: Callable[[], None]
) -> Row:  # fmt: skip
    one, fast = Row(so_far.package, op.name, calls=1), False
    found: list[Disagreement] = []
    for question in _questions(subject, op):
        alive()
        try:
            fast |= _asked(subject, op, sample.call, question)
        except Failure as failure:
            if isinstance(failure.__cause__, Lacks):
                return one._replace(lacking=1, lacks=((str(failure.__cause__), 1),))
            if failure.verdict is Verdict.CRASHED:
                if found:  # y is wrong already: dy may not fit it
                    break
                return one._replace(refused=1, rejections=((_rejection(failure), 1),))
            key = failure.quantity, _argued(known, failure)
            d = Disagreement(op.name, *key, 1, sample, failure.what)
            if key not in {d.key for d in so_far.disagreements}:
                d = _explained(subject, op, d, question, known, alive)
            found.append(d)
    if found:
        return one._replace(disagreements=tuple(found))
    return one._replace(right=1, fast=int(fast), options=tuple(n for n in op.options if n in sample.call.arguments))


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
        if not is_normwise(subject, op, failure):
            raise
        try:
            check(subject, op.normwise or op, call, [question])
        except Failure:
            raise failure from None
        return True


def _rejection(failure: Failure) -> str:
    """What the package raised, in a line; that it was its gradient alone, if so."""
    error = failure.__cause__
    text = " ".join(f"{type(error).__name__}: {error}".split())
    text = text if len(text) <= TOLD else text[: TOLD - 1] + "…"
    return f"its gradient raises {text}" if failure.what.startswith("backward") else text


def _argued(known: Sequence[KnownDisagreement], failure: Failure) -> Reason | None:
    covering = ((i, k) for i, k in enumerate(known) if k.covers(failure.call, failure.quantity))
    return next((Reason(i, k.kind, k.why, k.lines) for i, k in covering), None)


def _explained(
    subject: Subject, op: Op, d: Disagreement, question: theorems.Theorem, known: Sequence[KnownDisagreement],
    alive: Callable[[], None],
) -> Disagreement:  # fmt: skip
    """With the smallest call of its kind, the referee's ruling on it, and the causes that are consistent with it."""

    def check(call: Call) -> None:
        """Raise the failure if it is of the same kind."""
        alive()
        try:
            _asked(subject, op, call, question)
        except Failure as failure:
            if failure.verdict is not Verdict.CRASHED and (failure.quantity, _argued(known, failure)) == d.key:
                raise

    try:
        shrink(op, d.sample, check)
    except Failure as smallest:
        failure = diagnose(subject, op, smallest.replace())
        return d._replace(
            sample=Sample(failure.call), what=failure.what, who_is_wrong=failure.who_is_wrong,
            causes=tuple(failure.likely_causes),
            verdict=failure.verdict,
        )  # fmt: skip
    except FlakyError:
        pass
    return d._replace(verdict=Verdict.NONDETERMINISTIC)  # now and then
