"""Jobs on a Dask cluster: seeds are sent to its workers, and outcomes come back.

A task of Dask consists of some jobs. In the cluster, ``workers.run`` runs them in a process that can crash without its
Dask worker. So a call that crashes or hangs has the same outcome as on this machine. If a machine of the cluster ends,
Dask gives its tasks to another machine. If a task ends several workers, it runs on this machine. Each outcome counts
once.
"""

import logging
import multiprocessing
import pickle
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache, partial
from hashlib import sha256
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnn_oracle.environment import require, versions
from cnn_oracle.run import workers
from cnn_oracle.run.workers import Job, Result, Run, Work, WorkerCrash, processors
from cnn_oracle.subject import Subject

if TYPE_CHECKING:
    from distributed import Client

SECONDS = 1.0  # the length of a task: much longer than its scheduling, much shorter than a campaign
AHEAD = 2  # tasks for each thread of the cluster: one runs, one waits


@contextmanager
def connect(address: str, subject: Subject, waiting: Callable[[], None] = lambda: None) -> Iterator[Run]:
    """Connect to a cluster. The context is a function like ``workers.run`` that runs the jobs there.

    Args:
        address: the address of the scheduler, or "local" for a cluster on this machine, which ends with the context.
        subject: the subject of the jobs. It must have a loader.
        waiting: called if the cluster has no worker yet. A cluster may start workers only when there are tasks.

    Raises:
        ValueError: Dask is not installed, or the address is malformed. While jobs run: a worker has other versions or
            other code than this machine, or Dask failed.
        OSError: no scheduler responds at the address.
    """
    require(f"--cluster {address}", "cluster", "distributed")
    from distributed import Client, LocalCluster
    from distributed.comm.addressing import get_address_host_port

    with ExitStack() as stack:
        if address != "local":
            try:
                get_address_host_port(address)
            except ValueError as error:
                raise ValueError(f"--cluster {address}: {error}; it must be local, or like tcp://host:8786") from None
        log = logging.getLogger("distributed.client")  # its errors are raised anyway
        stack.callback(log.setLevel, log.level)
        log.setLevel(logging.CRITICAL)
        if address == "local":
            local = LocalCluster(
                n_workers=processors(), threads_per_worker=1, memory_limit=0, dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL, preload=__name__,
            )  # fmt: skip
            address = stack.enter_context(local).scheduler_address
        client = stack.enter_context(Client(address, set_as_default=False))
        yield partial(_run, client, subject, waiting)


def _run(
    client: "Client", subject: Subject, waiting: Callable[[], None], work: Work[Job, Result], jobs: Iterable[Job], *,
    timeout: float | None = None,
) -> Iterator[tuple[Job, Result | WorkerCrash]]:  # fmt: skip
    from distributed import KilledWorker, as_completed

    jobs, size = iter(jobs), 1  # size: jobs of a task, so that it takes SECONDS
    loader, name, here = subject.loader, subject.name, identity(subject)
    assert loader, "objects cannot be sent to other processes"
    tasks: dict[Any, list[Job]] = {}
    arriving = as_completed(loop=client.loop)

    def submit() -> None:
        threads = sum(client.nthreads().values())
        if not threads:
            waiting()
        while len(tasks) < AHEAD * max(threads, 1) and (some := list(islice(jobs, size))):
            whole = pickle.dumps(partial(_task, pickle.dumps((work, some)), timeout, loader, name, here))
            task = client.submit(lambda whole=whole: pickle.loads(whole)(), pure=False)  # not read by the scheduler
            tasks[task] = some
            arriving.add(task)

    submit()
    for task in arriving:
        some = tasks.pop(task)
        try:
            outcomes, seconds = task.result()
            size = max(1, int(SECONDS * len(some) / max(seconds, 1e-3)))
        except KilledWorker:  # the task has ended several workers
            yield from workers.run(work, some, count=1, timeout=timeout)
        except Exception as error:  # from a worker, or from Dask, which has many types
            prefix = "" if isinstance(error, ValueError) else f"the cluster raises {type(error).__name__}: "
            raise ValueError(f"{prefix}{error}") from error
        else:
            yield from zip(some, outcomes, strict=True)
        submit()


def _task(
    pickled: bytes, timeout: float | None, loader: Callable[[str], Subject], name: str, here: dict[str, str]
) -> tuple[list[Any], float]:
    """Run some jobs on a Dask worker. Return their outcomes, and the seconds that they took.

    Raises:
        ValueError: the worker cannot load the subject, or has other versions or other code than ``here``.
    """
    try:
        there = _there(loader, name)
    except ValueError as error:
        raise ValueError(f"worker {_address()}: {error}") from None
    if unlike := [f"{what} {there[what]}, not {here[what]}" for what in here if there[what] != here[what]]:
        raise ValueError(f"worker {_address()} has {'; '.join(unlike)}")
    multiprocessing.current_process().daemon = False  # Dask's workers are daemons, which may not start processes
    work, jobs = pickle.loads(pickled)
    began = time.monotonic()
    outcomes = [outcome for _, outcome in workers.run(work, jobs, count=1, timeout=timeout)]
    return outcomes, time.monotonic() - began


def dask_setup(_: object) -> None:
    """Ignore Ctrl-C in a local worker process: the waiting process handles it. Dask calls this (``preload``)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def identity(subject: Subject) -> dict[str, str]:
    """What must be equal on all machines: the versions, and a hash of the code of the oracle and of the subject."""
    roots: list[Any] = [import_module(name) for name in ("cnn_oracle", "cnn_oracle.manual", "cnn_oracle.reference")]
    text = sha256()
    for root in (*roots, subject.root):
        for path in _files(root):
            text.update(path.read_bytes())
    return versions() | {"code": text.hexdigest()[:12]}


@lru_cache
def _there(loader: Callable[[str], Subject], name: str) -> dict[str, str]:
    return identity(loader(name))


def _files(root: Any) -> list[Path]:
    """The source files of a package or module. For cnn_oracle, without the folders beside it in a checkout."""
    apart = ("data", "manual", "reference", "studies") if getattr(root, "__name__", "") == "cnn_oracle" else ()
    folders, file = map(Path, getattr(root, "__path__", ())), getattr(root, "__file__", None)
    paths = [(path.relative_to(folder), path) for folder in folders for path in folder.rglob("*.py")]
    found = [path for place, path in sorted(paths) if place.parts[0] not in apart]
    return found or ([Path(file)] if file else [])


def _address() -> str:
    from distributed import get_worker

    return str(get_worker().address)
