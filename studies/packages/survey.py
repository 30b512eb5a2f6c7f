"""The survey of a package: drawn calls of each of its ops, in worker processes.

A call is *right* (*normwise* if only within the normwise bound), or *unsupported* (the package has no such option), or
*rejected* (the package raises an error), or it disagrees. The package's TOML file lists the known disagreements. A
disagreement is reported with its smallest call.
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
from cnn_oracle.checks import check, single_threaded
from cnn_oracle.diagnose.diagnose import diagnose
from cnn_oracle.mistakes import load
from cnn_oracle.one_call import covered, is_normwise
from cnn_oracle.op import Op
from cnn_oracle.ops import look_up
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.run.batches import Batch, Steps, each, finish_all
from cnn_oracle.run.workers import Heartbeat, WorkerCrash, run
from cnn_oracle.studies.packages import PACKAGES
from cnn_oracle.studies.packages.known import Class, KnownDisagreement, known_of
from cnn_oracle.studies.packages.options import Lacks
from cnn_oracle.subject import Subject

QUESTIONS = (theorems.forward_is_pytorchs, theorems.backward_is_autograds_gradient, theorems.steps_are_pytorchs)
LONGEST = 60  # letters of an error message
SIMPLE = (0.0, 0.5, 0.8)  # shares of simple choices, in turn: a package with few options then supports some calls
ATTEMPT = 2**32  # a heartbeat is a call's number plus this times a count: a worker without a new one is dead
TRIES = 20  # calls drawn for each example, at most, to find one whose options the package has


class Job(NamedTuple):
    """Drawn calls of an op, until ``examples`` of them are within the package's options.

    ``fatal`` holds the numbers of the calls that ended a process earlier, ``found`` their results.
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
        """The calls that are safe for PyTorch, with their numbers."""
        drawn = RandomCalls(TRIES * self.examples, self.seed, SIMPLE, unsafe_too=True).samples(look_up(self.op))
        return ((i, one) for i, one in enumerate(drawn) if i not in self.fatal and not unsafe(one.call))


class Reason(NamedTuple):
    """An entry of a package's TOML file: its number, class, reason and lines; ``prints`` is what the lines print."""

    number: int
    kind: Class
    why: str
    lines: str
    prints: str = ""


class Disagreement(NamedTuple):
    """A kind of failure: how many calls show it, the smallest of them, who is wrong there, and the likely causes.

    ``known`` is None if the package's TOML file does not list it.
    """

    op: str
    quantity: str
    known: Reason | None
    calls: int
    sample: Sample
    what: str
    who_is_wrong: str | None = None
    symptoms: tuple[str, ...] = ()
    verdict: str = Verdict.WRONG

    @property
    def key(self) -> tuple[str, Reason | None]:
        return self.quantity, self.known


class Row(NamedTuple):
    """The result of an op of a package. ``options``: those that were passed in some call with a right result."""

    package: str
    op: str
    calls: int = 0
    right: int = 0
    normwise: int = 0
    unsupported: int = 0
    rejected: int = 0
    options: tuple[str, ...] = ()
    missing_options: tuple[tuple[str, int], ...] = ()
    rejections: tuple[tuple[str, int], ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    backward: bool = True

    def __or__(self, other: "Row") -> "Row":
        """Add the counts. Of two disagreements of one kind, keep the first, with the calls of both."""
        found = {d.key: d for d in self.disagreements}
        for d in other.disagreements:
            found[d.key] = found[d.key]._replace(calls=found[d.key].calls + d.calls) if d.key in found else d
        return Row(
            self.package, self.op, self.calls + other.calls, self.right + other.right,
            self.normwise + other.normwise, self.unsupported + other.unsupported, self.rejected + other.rejected,
            tuple(sorted({*self.options, *other.options})), _sum(self.missing_options, other.missing_options),
            _sum(self.rejections, other.rejections), tuple(found.values()), self.backward and other.backward,
        )  # fmt: skip


def missing(packages: Sequence[str]) -> list[str]:
    """The distributions of the packages that are not installed."""
    return [d for d in map(distribution, packages) if installed(d) is None]


def distribution(package: str) -> str:
    """The name of the package in pip.

    Raises:
        ValueError: the survey does not cover the package.
    """
    if package not in PACKAGES:
        raise ValueError(f"package {package!r}: the survey has {', '.join(PACKAGES)}")
    return DISTRIBUTIONS.get(package, package)


DISTRIBUTIONS = {"numpy_ml": "numpy-ml", "tensorflow": "tensorflow-cpu"}


def installed(name: str) -> str | None:
    """The installed version."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def run_survey(
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
    """Check an op of a package. A call that ends its process is counted and not repeated."""
    while True:
        ((row, number),) = yield Batch(_work, [job], of_death=_of_fatal)
        if number is None:
            return row  # type: ignore[no-any-return]
        job = job._replace(fatal=(*job.fatal, number), found=job.found | row)


def _jobs(package: str, examples: int, seed: int, timeout: float) -> list[Job]:
    """A job for each op of the package, which is imported in another process.

    Raises:
        ValueError: the package cannot be imported.
    """
    only = partial(run, count=1)
    ((_, names),) = each(
        _covered, [package], of_death=lambda _, died: f"its import {died.how}", run=only, timeout=timeout
    )
    if isinstance(names, str):
        raise ValueError(f"package {package!r}: {names}")
    return [Job(package, name, examples, seed, Row(package, name)) for name in names]


def _covered(package: str, _: Heartbeat) -> list[str] | str:
    try:
        return [op.name for op in covered(load(f"cnn_oracle.studies.packages.{package}"))]
    except ValueError as error:
        return str(error)


def _of_fatal(job: Job, died: WorkerCrash) -> tuple[Row, int]:
    """The row of the one call that ended its process, and its number. The results before it are lost."""
    number = max(died.number, 0) % ATTEMPT
    one = next(one for i, one in job.calls() if i >= number)
    found = Disagreement(job.op, "", None, 1, one, f"{job.op} {died.how}", verdict=Verdict.CRASHED)
    return Row(job.package, job.op, calls=1, disagreements=(found,)), number


def _sum(*pairs: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    total: Counter[str] = Counter()
    for some in pairs:
        total.update(dict(some))
    return tuple(total.most_common())


def _work(job: Job, heartbeat: Heartbeat) -> tuple[Row, None]:
    subject, op, known = job.subject, look_up(job.op), known_of(job.package)
    row = Row(job.package, job.op, backward=op.kind == "step" or not subject.forward_only(op.name))
    with single_threaded():
        for i, one in job.calls():
            row |= _judged(subject, op, one, known, row, _counting(heartbeat, i))
            if row.calls - row.unsupported + len(job.fatal) >= job.examples:
                break
    forget = getattr(
        import_module(f"cnn_oracle.studies.packages.{job.package}"), "forget", None
    )  # gigabytes of compiled geometries
    if forget:
        forget()
    return job.found | row, None


def _counting(heartbeat: Heartbeat, number: int) -> Callable[[], None]:
    """A heartbeat: it sends the call's number, each time as a different value."""
    beats = count()
    return lambda: heartbeat(number + ATTEMPT * next(beats))


def _judged(
    subject: Subject, op: Op, sample: Sample, known: Sequence[KnownDisagreement], so_far: Row, alive: Callable[[], None]
) -> Row:  # fmt: skip
    one, normwise = Row(so_far.package, op.name, calls=1), False
    found: list[Disagreement] = []
    for question in _questions(subject, op):
        alive()
        try:
            normwise |= _needs_normwise(subject, op, sample.call, question)
        except Failure as failure:
            if isinstance(failure.__cause__, Lacks):
                return one._replace(unsupported=1, missing_options=((str(failure.__cause__), 1),))
            if failure.verdict in (Verdict.CRASHED, Verdict.NOT_COVERED):
                if found:  # y is already wrong, and dy may not fit it
                    break
                return one._replace(rejected=1, rejections=((_rejection(failure), 1),))
            key = failure.quantity, _argued(known, failure)
            d = Disagreement(op.name, *key, 1, sample, failure.what)
            if key not in {d.key for d in so_far.disagreements}:
                d = _explained(subject, op, d, question, known, alive)
            found.append(d)
    if found:
        return one._replace(disagreements=tuple(found))
    options = tuple(n for n in op.options if n in sample.call.arguments)
    return one._replace(right=1, normwise=int(normwise), options=options)


def _questions(subject: Subject, op: Op) -> list[theorems.Theorem]:
    return [question for question in QUESTIONS if question in theorems.of(op, subject)]


def _needs_normwise(subject: Subject, op: Op, call: Call, question: theorems.Theorem) -> bool:
    """Whether the call is right only within the normwise bound.

    Raises:
        Failure: it is wrong.
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
    """The error of the package, on one line, which says if only the gradient raised it."""
    error = failure.__cause__
    text = " ".join(f"{type(error).__name__}: {error}".split())
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return f"its gradient raises {text}" if failure.what.startswith("backward") else text


def _argued(known: Sequence[KnownDisagreement], failure: Failure) -> Reason | None:
    covering = ((i, k) for i, k in enumerate(known) if k.covers(failure.call, failure.quantity))
    return next((Reason(i, k.kind, k.why, k.lines) for i, k in covering), None)


def _explained(
    subject: Subject, op: Op, d: Disagreement, question: theorems.Theorem, known: Sequence[KnownDisagreement],
    alive: Callable[[], None],
) -> Disagreement:  # fmt: skip
    """The disagreement with the smallest call of its kind, the arbiter's result, and the likely causes."""

    def check(call: Call) -> None:
        """Raise the failure if it is of the same kind as the disagreement."""
        alive()
        try:
            _needs_normwise(subject, op, call, question)
        except Failure as failure:
            raised = failure.verdict in (Verdict.CRASHED, Verdict.NOT_COVERED)
            if not raised and (failure.quantity, _argued(known, failure)) == d.key:
                raise

    try:
        shrink(op, d.sample, check)
    except Failure as smallest:
        failure = diagnose(subject, op, smallest.replace())
        return d._replace(
            sample=Sample(failure.call), what=failure.what, who_is_wrong=failure.who_is_wrong,
            symptoms=tuple(failure.likely_causes),
            verdict=failure.verdict,
        )  # fmt: skip
    except FlakyError:
        pass
    return d._replace(verdict=Verdict.NONDETERMINISTIC)  # it does not occur on every run
