"""Steps of work. They run in this process, in worker processes or on a cluster, with the same outcomes everywhere.

A generator represents the steps. It yields a batch of jobs and receives their outcomes in order, up to the first
outcome that ends the batch. It does not see which other jobs ran, or which job ended first. Several generators run at
the same time.
"""

import heapq
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from cnn_oracle.run import workers
from cnn_oracle.run.workers import Heartbeat, Run, WorkerCrash

T = TypeVar("T")
Job = TypeVar("Job")
Outcome = TypeVar("Outcome")
Progress = Callable[[Any, Any], None]  # receives each job and its outcome


def _never(_: Any) -> bool:
    return False


def _unexpected(job: Any, crash: WorkerCrash) -> Any:
    raise RuntimeError(f"a worker {crash.how}, but not by what it checks; its job is {job!r:.200}")


def _quiet(*_: Any) -> None:
    """No heartbeat is needed."""


class Batch(NamedTuple):
    """Jobs, and the work that is done for each. At the deadline, jobs that have not begun are omitted.

    Attributes:
        work: computes the outcome of a job.
        jobs: the jobs, in order.
        ends: whether an outcome ends the batch. No later job counts.
        of_death: returns the outcome of a job whose process crashed. By default it raises RuntimeError.
    """

    work: Callable[[Any, Heartbeat], Any]
    jobs: Sequence[Any]
    ends: Callable[[Any], bool] = _never
    of_death: Callable[[Any, WorkerCrash], Any] = _unexpected


Steps = Generator[Batch, list[Any], T]


class Deadline:
    """The end of a time budget in seconds. Without a budget, it is never passed."""

    def __init__(self, seconds: float | None = None) -> None:
        self.end = None if seconds is None else time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        return self.end is not None and time.monotonic() > self.end


def named(place: object, steps: Steps[T]) -> Steps[T]:
    """The same steps. An exception of theirs gets this place, such as the name of the op."""
    with workers.at(place):
        return (yield from steps)


def finish(steps: Steps[T], progress: Progress = _quiet) -> T:
    """Run the steps in this process. Return what they return."""
    (result,) = finish_all([steps], progress=progress)
    return result


def finish_all(
    every: Iterable[Steps[T]], run: Run | None = None, *, progress: Progress = _quiet, deadline: Deadline | None = None,
    timeout: float | None = None,
) -> Iterator[T]:  # fmt: skip
    """Run several generators of steps at the same time. Yield what each returns, in their order.

    Args:
        every: the generators.
        run: runs the jobs in other processes. None: they run in this process.
        progress: receives each job that counts, and its outcome.
        deadline: after it, no job begins.
        timeout: the seconds without a heartbeat after which a worker is ended.
    """
    deadline = deadline or Deadline()
    states = [_State(i, steps) for i, steps in enumerate(every)]
    queue, yielded = _Queue(states, deadline, progress), 0
    for item, outcome in (run or _here)(_work, queue, timeout=timeout):
        queue.take(item, outcome)
        while yielded < len(states) and states[yielded].ended:
            yield states[yielded].result
            yielded += 1
    yield from (state.result for state in states[yielded:])


def _here(
    work: Callable[[Job, Heartbeat], Outcome],
    jobs: Iterable[Job],
    *,
    timeout: float | None = None,  # noqa: ARG001
) -> Iterator[tuple[Job, Outcome | WorkerCrash]]:
    return ((job, work(job, _quiet)) for job in jobs)


def each(
    work: Callable[[Job, Heartbeat], Outcome], jobs: Iterable[Job], *,
    of_death: Callable[[Job, WorkerCrash], Outcome] = _unexpected, run: Run = workers.run, timeout: float | None = None,
) -> Iterator[tuple[Job, Outcome]]:  # fmt: skip
    """Run jobs in worker processes. Yield each with its outcome, in the order in which they end.

    ``of_death`` returns the outcome of a job whose process crashed. By default it raises RuntimeError.
    """
    for job, outcome in run(work, jobs, timeout=timeout):
        yield job, of_death(job, outcome) if isinstance(outcome, WorkerCrash) else outcome


class _Item(NamedTuple):
    """A job of a batch, as it is sent to a worker."""

    state: int
    batch: int
    number: int
    work: Callable[[Any, Heartbeat], Any]
    job: Any


def _work(item: _Item, heartbeat: Heartbeat) -> Any:
    return item.work(item.job, heartbeat)


class _State(Generic[T]):
    """The state of a generator: its batch, the outcomes so far, and the index of the last job that counts."""

    result: T

    def __init__(self, index: int, steps: Steps[T]) -> None:
        self.index, self.steps, self.ended = index, steps, False
        self.batch: Batch | None = None
        self.batches = 0
        self.outcomes: dict[int, Any] = {}
        self.last = -1

    def advance(self, outcomes: list[Any] | None) -> None:
        """Send the outcomes of a batch, and receive the next batch."""
        self.outcomes, self.batches = {}, self.batches + 1
        try:
            self.batch = self.steps.send(outcomes)  # type: ignore[arg-type]  # a generator begins with None
            self.last = len(self.batch.jobs) - 1
        except StopIteration as end:
            self.result, self.ended, self.last = end.value, True, -1

    @property
    def complete(self) -> bool:
        return not self.ended and all(i in self.outcomes for i in range(self.last + 1))


class _Queue(Iterator[_Item]):
    """The waiting jobs. A batch that ends may add more.

    The jobs of the first generator come first. With a deadline, the first jobs of all generators come first.
    """

    def __init__(self, states: Sequence[_State[Any]], deadline: Deadline, progress: Progress) -> None:
        self.states, self.deadline, self.progress = states, deadline, progress
        self.heap: list[tuple[tuple[int, ...], _Item]] = []
        for state in states:
            self._advance(state, None)

    def __next__(self) -> _Item:
        while self.heap:
            _, item = heapq.heappop(self.heap)
            state = self.states[item.state]
            if item.batch != state.batches or item.number > state.last:
                continue
            if not self.deadline.passed:
                return item
            state.last = item.number - 1
            self._settle(state)
        raise StopIteration

    def take(self, item: _Item, outcome: Any) -> None:
        """Record an outcome, if it still counts."""
        state = self.states[item.state]
        if state.batch and item.batch == state.batches and item.number <= state.last:
            if isinstance(outcome, WorkerCrash):
                outcome = state.batch.of_death(item.job, outcome)
            self.progress(item.job, outcome)
            state.outcomes[item.number] = outcome
            if state.batch.ends(outcome):
                state.last = item.number
            self._settle(state)

    def _settle(self, state: _State[Any]) -> None:
        while state.complete:
            self._advance(state, [state.outcomes[i] for i in range(state.last + 1)])

    def _advance(self, state: _State[Any], outcomes: list[Any] | None) -> None:
        state.advance(outcomes)
        for number, job in enumerate(state.batch.jobs if state.batch and not state.ended else ()):
            item = _Item(state.index, state.batches, number, state.batch.work, job)  # type: ignore[union-attr]
            place = (state.batches, number, state.index) if self.deadline.end else (state.index, state.batches, number)
            heapq.heappush(self.heap, (place, item))
        self._settle(state)
