"""Worker processes that may die: each notes what it is about to do where its death cannot take the note along.

A segmentation fault, an abort or a hang then costs one job, and the note says at which of its calls.
"""

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.connection import wait
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")
Note = Callable[[int], None]
Work = Callable[[Job, Note], Result]

PRELOAD = ["cnn_oracle.survey"]  # what every worker would import
FEW = 200  # calls that are done before another process has imported PyTorch
OUTSIDE = {-signal.SIGTERM, -signal.SIGKILL, -signal.SIGHUP}
TICK = 0.1  # seconds between looks at whether a worker still moves


class WorkerCrash(NamedTuple):
    """A worker's end: what it last noted, −1 if nothing, how it died, and after how many seconds of its job.

    ``outside``: by a signal that nothing sends itself, but systems that lack memory or want their machine back.
    """

    note: int
    how: str
    seconds: float
    killed_externally: bool = False
    options: str = " --isolate"  # of the command line that meets the same end


class Run(Protocol):
    """``run`` below, or what does the same elsewhere."""

    def __call__(
        self, work: Work[Job, Result], jobs: Iterable[Job], *, timeout: float | None = None
    ) -> Iterator[tuple[Job, Result | WorkerCrash]]: ...


def run(
    work: Work[Job, Result], jobs: Iterable[Job], *, count: int | None = None, timeout: float | None = None,
    fresh: bool = False,
) -> Iterator[tuple[Job, Result | WorkerCrash]]:  # fmt: skip
    """Each job with the result of ``work(job, note)``, in the order in which they end.

    Jobs are taken in order, one by each worker that is free. A worker that dies, or notes nothing new for ``timeout``
    seconds, is replaced; with ``fresh`` each is, after each job. A job whose worker is ended from outside is done once
    more. ``work`` and the jobs are pickled.

    Raises:
        ValueError, RuntimeError: ``work`` raised: a ValueError, or something else.
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
            busy = [w for w in workers if w.job is not None or w.take(waiting)]  # an outcome may have made more jobs
    finally:
        for worker in workers:
            worker.process.kill()


class _Limit:
    """How many processes are wanted, if not as many as there are processors."""

    count: int | None = None


def limit(count: int | None) -> None:
    """Use so many processes from now on; None: one for each processor."""
    _Limit.count = count


def processors() -> int:
    """The processors that this process may use, or as many as it was told to."""
    if _Limit.count:
        return _Limit.count
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def start_early() -> None:
    """Let the process that workers are forked from import while this one does."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOAD)
        main = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None  # it inherits to ignore Ctrl-C
        forkserver.ensure_running()
        if main:
            signal.signal(signal.SIGINT, before)


class _WorkError(NamedTuple):
    """What ended a job without ending its process; a ValueError says what is wrong with the call."""

    says: str
    of_the_call: bool


class _Worker(Generic[Job, Result]):
    """One process, its job, and its note, which is memory that both processes see."""

    def __init__(self, work: Work[Job, Result]) -> None:
        # Not forked from here: this process has threads. The fork server imports torch once, for all workers.
        methods = multiprocessing.get_all_start_methods()
        context: Any = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            start_early()
        self.job: Any = None
        self.again = False  # the job's worker has died before
        self._began = time.monotonic()
        self._note, self._seen, self._since = context.RawValue("q", -1), -1, time.monotonic()
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(work, theirs, self._note), daemon=True)
        self.process.start()
        theirs.close()  # so that the worker's death closes the pipe

    def take(self, waiting: Iterator[Job]) -> bool:
        """Begin the next job, if there is one."""
        self.job = next(waiting, None)
        if self.job is None:
            return False
        self._note.value = self._seen = -1
        self._began, self.again = time.monotonic(), False
        with suppress(BrokenPipeError):  # it died between two jobs: outcome() will say so
            self.pipe.send(self.job)
        return True

    def outcome(self) -> Result | WorkerCrash:
        try:
            result: Result | _WorkError = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            return self._died(how_it_ended(self.process.exitcode), self.process.exitcode in OUTSIDE)
        if isinstance(result, _WorkError):  # what a subject raises is caught: this is a mistake of ours, or of the call
            raise ValueError(result.says) if result.of_the_call else RuntimeError(result.says)
        return result

    def idle(self) -> float:
        """Seconds since the note last changed; a worker that has not begun still imports."""
        if self._note.value != self._seen or self._seen < 0:
            self._seen, self._since = self._note.value, time.monotonic()
        return time.monotonic() - self._since

    def kill(self, timeout: float) -> WorkerCrash:
        self.process.kill()
        self.process.join()
        died = self._died(f"gives no answer within {timeout:g} seconds")
        return died._replace(options=f" --isolate --timeout {timeout:g}")

    def _died(self, how: str, killed_externally: bool = False) -> WorkerCrash:
        return WorkerCrash(self._note.value, how, time.monotonic() - self._began, killed_externally)


def _serve(work: Work[Job, Result], pipe: Any, note: Any) -> None:
    import torch

    torch.set_num_threads(1)  # the processes are the parallelism
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits
    os.dup2(2, 1)  # what a subject prints is no result
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        while True:
            pipe.send(_done(work, pipe, note))
    except (EOFError, ConnectionError):  # nobody waits any more
        pass


def _done(work: Work[Job, Result], pipe: Any, note: Any) -> Result | _WorkError:
    try:
        return work(pipe.recv(), lambda i: setattr(note, "value", i))
    except ValueError as error:
        return _WorkError(str(error), of_the_call=True)
    except (EOFError, ConnectionError):
        raise
    except Exception:
        return _WorkError(f"a worker failed:\n{traceback.format_exc()}", of_the_call=False)


def _end_with_parent() -> None:
    """A parent that is killed cannot end a job that hangs."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)


def how_it_ended(status: int | None) -> str:
    if status is not None and status < 0:
        return f"ends the process by {signal.Signals(-status).name}"
    return f"ends the process with status {status}"
