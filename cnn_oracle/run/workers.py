"""Worker processes, which may crash.

Before each call, a worker writes the index of the call to memory that it shares with this process. So a segmentation
fault, an abort or a hang costs only one job, and the index says at which call it happened.
"""

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from multiprocessing import forkserver
from multiprocessing.connection import wait
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")
Heartbeat = Callable[[int], None]
Work = Callable[[Job, Heartbeat], Result]

PRELOAD = ["cnn_oracle.survey"]  # what every worker needs
FEW = 200  # this many calls take less time than the import of PyTorch in another process
OUTSIDE = {-signal.SIGTERM, -signal.SIGKILL, -signal.SIGHUP}
TICK = 0.1  # seconds between two checks for a heartbeat


class WorkerCrash(NamedTuple):
    """The crash of a worker.

    Attributes:
        number: the index of the call that was running, or −1 if none had begun.
        how: how the process ended.
        seconds: the seconds since its job began.
        killed_externally: it received a signal that a process does not send to itself. Systems send such signals if
            memory is short or the machine is needed.
        options: the options of the command line that reproduces the crash.
        function: the function of the subject that was running, such as "backward", or "".
    """

    number: int
    how: str
    seconds: float
    killed_externally: bool = False
    options: str = " --isolate"
    function: str = ""


FUNCTIONS = ("", "forward", "backward", "step", "input_gradient", "weight_gradient", "running_statistics")


class _Shared:
    """In a worker: the memory that it shares with the process that waits."""

    memory: Any = None


class running:  # noqa: N801  # a context manager; a class is the fastest form
    """A context in which a function of the subject runs. If it ends a worker, the crash names it."""

    def __init__(self, function: str) -> None:
        self.function = function

    def __enter__(self) -> None:
        if _Shared.memory is not None and self.function in FUNCTIONS:
            _Shared.memory[1] = FUNCTIONS.index(self.function)

    def __exit__(self, *error: object) -> None:
        if _Shared.memory is not None:
            _Shared.memory[1] = 0


class Run(Protocol):
    """``run`` below, or a function that does the same on other machines."""

    def __call__(
        self, work: Work[Job, Result], jobs: Iterable[Job], *, timeout: float | None = None
    ) -> Iterator[tuple[Job, Result | WorkerCrash]]: ...


def run(
    work: Work[Job, Result], jobs: Iterable[Job], *, count: int | None = None, timeout: float | None = None,
    fresh: bool = False,
) -> Iterator[tuple[Job, Result | WorkerCrash]]:  # fmt: skip
    """Run ``work(job, heartbeat)`` for each job in worker processes. Yield each job with its result, as they end.

    Free workers take the jobs in order. If a worker crashes, the result of its job is a WorkerCrash, and another worker
    takes its place. If a worker is killed externally, its job runs once more. ``work`` and the jobs are pickled.

    Args:
        work: computes the result. It calls ``heartbeat`` with the index of each call.
        jobs: the jobs.
        count: the number of workers, by default that of ``processors``.
        timeout: a worker without a heartbeat for this many seconds is ended.
        fresh: run each job in a new process.

    Raises:
        ValueError: ``work`` raised a ValueError.
        WorkerError: ``work`` raised another exception.
    """
    waiting = iter(jobs)
    workers = [_Worker(work) for _ in range(count or processors())]
    try:
        busy = [w for w in workers if w.take(waiting)]
        while busy:
            ready = wait([w.pipe for w in busy], TICK if timeout else None)
            for i, worker in enumerate(busy):
                if worker.pipe in ready:
                    outcome = worker.outcome()
                elif timeout and worker.idle() > timeout:
                    outcome = worker.kill(timeout)
                else:
                    continue
                job, again = (
                    worker.job,
                    isinstance(outcome, WorkerCrash) and outcome.killed_externally and not worker.again,
                )
                if fresh or isinstance(outcome, WorkerCrash):
                    worker.process.kill()
                    workers[workers.index(worker)] = busy[i] = worker = _Worker(work)
                if again:
                    worker.again = worker.take(iter([job]))
                    continue
                worker.job = None
                yield job, outcome
            busy = [w for w in workers if w.job is not None or w.take(waiting)]  # an outcome may have added jobs
    finally:
        for worker in workers:
            worker.process.kill()


class _Limit:
    """The number of worker processes. None: as many as there are processors."""

    count: int | None = None


def limit(count: int | None) -> None:
    """Use ``count`` worker processes from now on. None: one for each processor."""
    _Limit.count = count


def processors() -> int:
    """The number of worker processes: that of ``limit``, or the processors that this process may use."""
    if _Limit.count:
        return _Limit.count
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def start_early() -> None:
    """Start the process from which workers are forked, so that it imports its modules while this process does."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOAD)
        main = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None  # it inherits this
        forkserver.ensure_running()
        if main:
            signal.signal(signal.SIGINT, before)


class WorkerError(RuntimeError):
    """An exception of ``work``, which did not end the worker. Its text has the traceback.

    Attributes:
        what: the exception in one line.
        place: the call or the op that was checked, or "".
    """

    def __init__(self, text: str, what: str, place: str) -> None:
        super().__init__(text)
        self.what, self.place = what, place


class at:  # noqa: N801  # a context manager
    """A context that gives its place to the first exception that leaves it: the call or the op that is checked."""

    def __init__(self, place: object) -> None:
        self.place = place

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if error is not None and not place_of(error):
            with suppress(AttributeError):  # an exception that is frozen
                error.place = str(self.place)  # type: ignore[attr-defined]


def place_of(error: BaseException) -> str:
    """The place that ``at`` gave to an exception, or ""."""
    return getattr(error, "place", "")


class _WorkError(NamedTuple):
    """An exception of ``work``, which did not end the process. ``of_the_call``: it is a ValueError about the call."""

    message: str
    of_the_call: bool
    what: str = ""
    place: str = ""


class _Worker(Generic[Job, Result]):
    """A worker process, its job, and its heartbeat, which is shared memory."""

    def __init__(self, work: Work[Job, Result]) -> None:
        # This process has threads, so it must not fork. The fork server imports torch only once for all workers.
        methods = multiprocessing.get_all_start_methods()
        context: Any = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            start_early()
        self.job: Any = None
        self.again = False  # the job runs for the second time
        self._began = time.monotonic()
        self._shared, self._seen, self._since = context.RawArray("q", [-1, 0]), -1, time.monotonic()
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(work, theirs, self._shared), daemon=True)
        self.process.start()
        theirs.close()  # so that the end of the worker closes the pipe

    def take(self, waiting: Iterator[Job]) -> bool:
        """Begin the next job. Return False if there is none."""
        self.job = next(waiting, None)
        if self.job is None:
            return False
        self._shared[0], self._shared[1], self._seen = -1, 0, -1
        self._began, self.again = time.monotonic(), False
        with suppress(BrokenPipeError):  # it ended between two jobs: outcome() reports it
            self.pipe.send(self.job)
        return True

    def outcome(self) -> Result | WorkerCrash:
        try:
            result: Result | _WorkError = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            return self._crash(how_it_ended(self.process.exitcode), self.process.exitcode in OUTSIDE)
        if isinstance(result, _WorkError):  # not from the subject: the oracle or the call is wrong
            if result.of_the_call:
                raise ValueError(result.message)
            raise WorkerError(result.message, result.what, result.place)
        return result

    def idle(self) -> float:
        """Seconds since the last heartbeat. 0 for a worker that has not begun, because it may still import."""
        if self._shared[0] != self._seen or self._seen < 0:
            self._seen, self._since = self._shared[0], time.monotonic()
        return time.monotonic() - self._since

    def kill(self, timeout: float) -> WorkerCrash:
        self.process.kill()
        self.process.join()
        crash = self._crash(f"returns no result within {timeout:g} seconds")
        return crash._replace(options=f" --isolate --timeout {timeout:g}")

    def _crash(self, how: str, killed_externally: bool = False) -> WorkerCrash:
        number, function = self._shared
        seconds = time.monotonic() - self._began
        return WorkerCrash(number, how, seconds, killed_externally, function=FUNCTIONS[function])


def _serve(work: Work[Job, Result], pipe: Any, shared: Any) -> None:
    import torch

    _Shared.memory = shared

    torch.set_num_threads(1)  # the processes are the parallelism
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the waiting process handles Ctrl-C
    os.dup2(2, 1)  # what a subject prints goes to stderr
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        while True:
            pipe.send(_done(work, pipe, shared))
    except (EOFError, ConnectionError):  # the other process has ended
        pass


def _done(work: Work[Job, Result], pipe: Any, shared: Any) -> Result | _WorkError:
    try:
        return work(pipe.recv(), partial(shared.__setitem__, 0))
    except ValueError as error:
        return _WorkError(str(error), of_the_call=True)
    except (EOFError, ConnectionError):
        raise
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        return _WorkError(f"a worker failed:\n{traceback.format_exc()}", False, what, place_of(error))


def _end_with_parent() -> None:
    """End this process when its parent ends. A parent that is killed cannot end a hanging job itself."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)


def how_it_ended(status: int | None) -> str:
    """How a process with this exit status ended, for a message. A negative status is a signal."""
    if status is not None and status < 0:
        return f"ends the process by {signal.Signals(-status).name}"
    return f"ends the process with status {status}"
