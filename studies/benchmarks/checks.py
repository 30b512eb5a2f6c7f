"""The oracle itself: exact comparisons per second on one core, and the time for start-up."""

import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import NamedTuple

from cnn_oracle.call import parse
from cnn_oracle.checks import check_once
from cnn_oracle.mistakes import load
from cnn_oracle.ops import look_up
from cnn_oracle.studies.benchmarks.timing import threads
from cnn_oracle.subject import OURS

CALL = "conv2d(x=(2, 3, 8, 8), w=(4, 3, 3, 3), b=(4,), padding=1)"  # y, dx, dw, db, from both sides
PER_SECOND = 3_000  # at least
BATCH, BATCHES = 200, 15

COMMANDS = {
    "cnn-oracle --help": ("-m", "cnn_oracle", "--help"),
    "import cnn_oracle.manual.conv2d": ("-c", "import cnn_oracle.manual.conv2d"),
    "import torch": ("-c", "import torch"),
    "import cnn_oracle.verification": ("-c", "import cnn_oracle.verification"),
}
HELP_SECONDS = 0.5  # at most
STARTS = 7


class Rate(NamedTuple):
    call: str
    per_second: float
    target: int = PER_SECOND


class Start(NamedTuple):
    what: str
    seconds: float
    target: float | None


def rate() -> Rate:
    """Checks of one call per second, on one thread: the median of several batches."""
    subject, call = load(OURS), parse(CALL, 0)
    op = look_up(call.op)

    def batch() -> float:
        start = perf_counter()
        for _ in range(BATCH):
            check_once(subject, op, call)
        return perf_counter() - start

    with threads(1):
        batch()
        return Rate(CALL, BATCH / median(batch() for _ in range(BATCHES)))


def starts(progress: Callable[[str], None] = lambda _: None) -> list[Start]:
    """Seconds from the start to the end of each command: the median of several runs, with the files in the cache."""
    rows = []
    for name, arguments in COMMANDS.items():
        progress(name)
        _run(arguments)
        target = HELP_SECONDS if "--help" in arguments else None
        rows.append(Start(name, median(_run(arguments) for _ in range(STARTS)), target))
    return rows


def _run(arguments: tuple[str, ...]) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start
