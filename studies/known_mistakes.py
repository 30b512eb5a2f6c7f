"""The study of known mistakes: how soon the oracle rejects each, and how often it is uniquely identified."""

import ast
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import median_high
from typing import NamedTuple

from cnn_oracle import mistakes
from cnn_oracle.call import Call
from cnn_oracle.calls.sampling import DrawnCalls, random_call
from cnn_oracle.cases import special_values
from cnn_oracle.checks import check, single_threaded
from cnn_oracle.diagnose.matching import CALLS, CaseWithOutputs, disambiguate, every_case
from cnn_oracle.op import Op
from cnn_oracle.ops import look_up
from cnn_oracle.pages import render
from cnn_oracle.result import Failure
from cnn_oracle.run.batches import each
from cnn_oracle.run.workers import Heartbeat
from cnn_oracle.subject import Subject
from cnn_oracle.verification import EXAMPLES, verify_op

GEOMETRIES = 300  # failing geometries of each mistake
TRIES = 4_000  # drawn calls to find them: some mistakes show in only one call of thirteen
EQUATION = r"\w+(?:\[[^]]*\])? +="


class Entry(NamedTuple):
    """A known mistake: the formula it violates, how soon it is rejected, and how often it is uniquely identified.

    ``calls`` and ``seconds`` count until the mistake is rejected, including the start-up of the comparison.
    ``explained`` is the seconds from then until its smallest call has a likely cause. On ``failing`` geometries the
    mistake shows; ``unique`` of them give only this name.
    """

    op: str
    name: str
    description: str
    formula: str
    calls: int
    seconds: float
    explained: float
    failing: int
    unique: int

    @property
    def share(self) -> float:
        """The share of the failing geometries that give only this name."""
        return self.unique / max(self.failing, 1)


def entries(ops: list[Op], geometries: int, progress: Callable[[str], None] = lambda _: None) -> Iterator[Entry]:
    """An entry for each known mistake of these ops, in their order. Worker processes run it.

    A job rejects one mistake, or identifies all mistakes of one op, which share their calls. ``progress`` gets each
    job that is done.
    """
    jobs = [(op.name, mistake.name, geometries) for op in ops for mistake in mistakes.of(op.name)]
    named: dict[str, dict[str, tuple[int, int]]] = {}
    rejected: dict[tuple[str, str, int], Entry] = {}
    for job, result in each(_work, [*((op.name, "", geometries) for op in ops), *jobs]):
        if isinstance(result, Entry):
            rejected[job] = result
        else:
            named[job[0]] = result
        progress(job[0])
    began = start_up()
    for op, name, _ in jobs:
        (failing, unique), entry = named[op][name], rejected[op, name, geometries]
        yield entry._replace(seconds=began + entry.seconds, failing=failing, unique=unique)


def start_up() -> float:
    """Seconds from a process that has imported torch, and what its first gradient needs, to the first comparison."""
    code = (
        "import time, torch, torch.fx.experimental.symbolic_shapes; start = time.perf_counter(); "
        "from cnn_oracle.verification import search; from cnn_oracle.ops import OPS; "
        "from cnn_oracle.mistakes import load; "
        "search(load('cnn_oracle.manual'), OPS['relu'], 1, 0); print(time.perf_counter() - start)"
    )
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout)


def _work(job: tuple[str, str, int], _: Heartbeat) -> Entry | dict[str, tuple[int, int]]:
    op = look_up(job[0])
    return _rejected(op, job[1]) if job[1] else named(op, job[2])


def _rejected(op: Op, name: str) -> Entry:
    (mistake,) = (m for m in mistakes.of(op.name) if m.name == name)
    start = time.perf_counter()
    calls = until_rejected(mistake.subject, op)
    seconds = time.perf_counter() - start
    failure = verify_op(mistake.subject, op, EXAMPLES, 0).failure
    assert failure is not None, mistake.name
    str(failure)
    explained = time.perf_counter() - start - seconds
    formula = violated(op, failure.quantity)
    return Entry(op.name, mistake.name, mistake.description, formula, calls, seconds, explained, 0, 0)


def until_rejected(subject: Subject, op: Op) -> int:
    """The number of drawn calls until one of them rejects the subject.

    Raises:
        AssertionError: none of them does.
    """
    for n, one in enumerate(DrawnCalls(EXAMPLES, 0).samples(op), 1):
        try:
            with single_threaded():
                check(subject, op, one.call)
        except Failure:
            return n
    raise AssertionError(f"{op.name} of {subject.name} is not rejected")


def named(op: Op, geometries: int) -> dict[str, tuple[int, int]]:
    """For each mistake of an op: on how many of the drawn calls it shows, and how many give only its name.

    A mistake that needs special values is tried on the calls with special values.
    """
    rng, counts = Random(1), {m.name: (0, 0) for m in mistakes.of(op.name)}
    for _ in range(TRIES):
        left = [m for m in mistakes.of(op.name) if counts[m.name][0] < geometries]
        if not left:
            break
        for special, known in _drawn(op, random_call(op, rng)):
            shown = [(m, wrong) for m in left if m.needs_special_values == special and (wrong := known.wrong(m))]
            left = [m for m in left if m not in [mistake for mistake, _ in shown]]
            for m, outputs in shown:
                names = [other.name for other in disambiguate(m.subject, op, known.matching(outputs))]
                failing, unique = counts[m.name]
                counts[m.name] = failing + 1, unique + (names == [m.name])
    return counts


def _drawn(op: Op, call: Call) -> Iterator[tuple[bool, CaseWithOutputs]]:
    """The cases of a call, and whether they have special values."""
    yield from ((False, CaseWithOutputs(op, case)) for case in every_case(op, call))
    if any(m.needs_special_values for m in mistakes.of(op.name)):
        yield True, CaseWithOutputs(op, special_values.case_of(op, call))


def violated(op: Op, quantity: str) -> str:
    """The line of the op's derivation in ``manual`` that defines the quantity; else its first formula."""
    quantity = "w" if op.kind == "step" else quantity
    every = [line.strip() for text in _derivations(op) for line in text.splitlines()]
    # an equation may also follow another equation or a sentence
    every += [part for line in every for part in re.split(rf" {{3,}}(?={EQUATION})", line)[1:]]
    lines = [line for line in every if re.match(EQUATION, line)]
    own = [line for line in lines if re.match(rf"{quantity}\b", line) or re.search(rf" {quantity} += ", line)]
    first = next(iter(own or [line for line in lines if line.startswith("y")] or lines), "")
    return re.sub(r" +", " ", re.sub(r" {4,}.*", "", re.sub(r" +=", " =", first, count=1)))


def _derivations(op: Op) -> Iterator[str]:
    """The docstrings of the op's file and of the private files that it imports: they hold the derivation."""
    folder = Path(op.manual.__file__ or "").parent
    tree = ast.parse((folder / f"{op.name}.py").read_text())
    yield ast.get_docstring(tree) or ""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            for name in [node.module] if node.module else [alias.name for alias in node.names]:
                if name.startswith("_"):
                    yield ast.get_docstring(ast.parse((folder / f"{name}.py").read_text())) or ""


def markdown(found: list[Entry]) -> str:
    """The page."""
    failing = sum(e.failing for e in found)
    return render(
        __file__, found=found, ops=len({e.op for e in found}), median=median_high(e.seconds for e in found),
        failing=failing, share=sum(e.unique for e in found) / max(failing, 1), together=1 + CALLS,
        geometries=max(e.failing for e in found), surely=sum(e.unique >= 0.95 * e.failing for e in found),
    )  # fmt: skip
