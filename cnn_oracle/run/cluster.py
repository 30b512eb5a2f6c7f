"""The jobs of worker processes on a Dask cluster instead of this machine: seeds go out, outcomes come back.

A task is some jobs, done in the cluster by ``workers.run`` itself, in a process that may die without its Dask worker:
a call that crashes or hangs has the outcome that it has here. What a machine's end took along, Dask gives to another;
what takes machine after machine along is done here. Each outcome is taken once: the result is one machine's.
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

SECONDS = 1.0  # of a task: long beside its scheduling, short beside a campaign, whose last tasks end at about one time
AHEAD = 2  # tasks for each thread of the cluster: one that runs and one that waits


@contextmanager
def connect(address: str, subject: Subject, waiting: Callable[[], None] = lambda: None) -> Iterator[Run]:
    """``workers.run`` on the cluster at an address, or ("local") on one that lives on this machine as long as this.

    ``waiting`` is told when it has no worker: a cluster may start them when there is something to do.

    Raises:
        ValueError: Dask is not installed; later, a worker is not like this machine.
        OSError: nobody answers at the address.
    """
    require(f"--cluster {address}", "cluster", "distributed")
    from distributed import Client, LocalCluster
    from distributed.comm.addressing import get_address_host_port

    with ExitStack() as stack:
        if address != "local":
            try:
                get_address_host_port(address)
            except ValueError as error:
                raise ValueError(f"--cluster {address}: {error}; it is local, or like tcp://host:8786") from None
        log = logging.getLogger("distributed.client")  # of its troubles, what comes of them is told
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

    jobs, size = iter(jobs), 1  # jobs of a task, as many as its second allows
    loader, name, here = subject.loader, subject.name, identity(subject)
    assert loader, "objects stay in their process"
    tasks: dict[Any, list[Job]] = {}
    arriving = as_completed(loop=client.loop)

    def submit() -> None:
        threads = sum(client.nthreads().values())
        if not threads:
            waiting()
        while len(tasks) < AHEAD * max(threads, 1) and (some := list(islice(jobs, size))):
            whole = pickle.dumps(partial(_task, pickle.dumps((work, some)), timeout, loader, name, here))
            task = client.submit(lambda whole=whole: pickle.loads(whole)(), pure=False)  # no scheduler need read it
            tasks[task] = some
            arriving.add(task)

    submit()
    for task in arriving:
        some = tasks.pop(task)
        try:
            outcomes, seconds = task.result()
            size = max(1, int(SECONDS * len(some) / max(seconds, 1e-3)))
        except KilledWorker:  # as often as the scheduler allows
            yield from workers.run(work, some, count=1, timeout=timeout)
        except Exception as error:  # told by a worker, or by Dask, which knows many
            told = "" if isinstance(error, ValueError) else f"the cluster says {type(error).__name__}: "
            raise ValueError(f"{told}{error}") from error
        else:
            yield from zip(some, outcomes, strict=True)
        submit()


def _task(
    pickled: bytes, timeout: float | None, loader: Callable[[str], Subject], name: str, here: dict[str, str]
) -> tuple[list[Any], float]:
    """On a Dask worker: the outcomes of some jobs, and the seconds that they took."""
    try:
        there = _there(loader, name)
    except ValueError as error:
        raise ValueError(f"worker {_address()}: {error}") from None
    if unlike := [f"{what} {there[what]}, not {here[what]}" for what in here if there[what] != here[what]]:
        raise ValueError(f"worker {_address()} has {'; '.join(unlike)}")
    multiprocessing.current_process().daemon = False  # Dask's are, and daemons may have no processes of their own
    work, jobs = pickle.loads(pickled)
    began = time.monotonic()
    outcomes = [outcome for _, outcome in workers.run(work, jobs, count=1, timeout=timeout)]
    return outcomes, time.monotonic() - began


def dask_setup(_: object) -> None:
    """What Dask calls in a worker process of this machine (``preload``): Ctrl-C is for the process that waits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def identity(subject: Subject) -> dict[str, str]:
    """What all machines of a result have in common: the versions that it states, the code that judges and is judged."""
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
    """The files of a package or module; of this package without the folders that a checkout has beside it."""
    apart = ("data", "manual", "reference", "studies") if getattr(root, "__name__", "") == "cnn_oracle" else ()
    folders, file = map(Path, getattr(root, "__path__", ())), getattr(root, "__file__", None)
    paths = [(path.relative_to(folder), path) for folder in folders for path in folder.rglob("*.py")]
    found = [path for place, path in sorted(paths) if place.parts[0] not in apart]
    return found or ([Path(file)] if file else [])


def _address() -> str:
    from distributed import get_worker

    return str(get_worker().address)
