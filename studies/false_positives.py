"""False positives: correct results, computed in other ways, on many drawn calls. None may be called wrong."""

from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from math import ceil
from typing import Any, NamedTuple

from cnn_oracle.mistakes import load
from cnn_oracle.one_call import covered
from cnn_oracle.ops import look_up
from cnn_oracle.pages import render
from cnn_oracle.result import Failure, Result
from cnn_oracle.run.batches import finish_all
from cnn_oracle.run.workers import run
from cnn_oracle.verification import Tally, drawn, verdict

CHUNK = 100  # calls of one seed, at most
ALTERNATIVES = ("taps", "im2col", "tensordot", "fft", "orders", "tiles", "by_jax", "pytorch")
# The share of the others' calls: FFT works in double precision, and JAX compiles once for each geometry
SHARES = {"fft": 0.1, "by_jax": 0.02}


class FalsePositives(NamedTuple):
    """An op of a subject: its calls, the count of each verdict, and the first failure, which is a false positive."""

    subject: str
    op: str
    calls: int
    verdicts: dict[str, int]
    failure: Failure | None


def measure(calls: int, progress: Callable[[str, int], None] = lambda *_: None) -> list[FalsePositives]:
    """Run at least the given number of calls, in all, on every known-good implementation that can be imported here."""
    names = [f"cnn_oracle.studies.known_good.{name}" for name in ALTERNATIVES if name != "by_jax" or find_spec("jax")]
    pairs = [(name, op.name) for name in names for op in covered(load(name))]
    weights = [SHARES.get(name.rpartition(".")[2], 1.0) for name, _ in pairs]
    chunks = [
        (load(name), look_up(op), min(CHUNK, each - made), seed)
        for (name, op), weight in zip(pairs, weights, strict=True)
        for each in (ceil(calls * weight / sum(weights)),)
        for seed, made in enumerate(range(0, each, CHUNK))
    ]

    def tell(block: Any, tally: Any) -> None:
        if isinstance(tally, Tally):
            progress(f"{block.subject.name.rpartition('.')[2]} {block.op.name}", tally.calls)

    by_pair: dict[tuple[str, str], list[Result]] = {pair: [] for pair in pairs}
    steps = (verdict(subject, op, drawn(subject, op, n, seed)) for subject, op, n, seed in chunks)
    for (subject, op, *_), row in zip(chunks, finish_all(steps, run, progress=tell), strict=True):
        if row:
            by_pair[subject.name, op.name].append(row)
    return [
        FalsePositives(
            *pair, sum(row.calls for row in rows), dict(Counter(str(row.verdict) for row in rows)),
            next((row.failure for row in rows if row.failure), None),
        )
        for pair, rows in by_pair.items()
    ]  # fmt: skip


def markdown(results: list[FalsePositives]) -> str:
    """The page."""
    of = {name: [one for one in results if one.subject.endswith(f".{name}")] for name in ALTERNATIVES}
    verdicts = {name: sum((Counter(one.verdicts) for one in found), Counter[str]()) for name, found in of.items()}
    failures = [one.failure for one in results if one.failure]
    return render(__file__, results=results, of=of, verdicts=verdicts, failures=failures)
