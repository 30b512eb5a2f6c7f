"""``verify``: every theorem on drawn calls, on one call, or on a whole small world."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnn_oracle.cli.terminal import STDOUT, Json, Seed, check_folder, progress, table, write
from cnn_oracle.cli.trial import Asked, trial

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnn_oracle.result import Result
    from cnn_oracle.run.workers import Run
    from cnn_oracle.subject import Subject


def verify(
    subject: Annotated[
        str, typer.Argument(help="An importable package or module that has some of the ops; torch: its own kernels.")
    ] = "cnn_oracle.manual",
    op: Annotated[list[str] | None, typer.Option(help="Only this op; may be given again.")] = None,
    call: Annotated[str | None, typer.Option(help="Check this one call, as a 'reproduce' line prints it.")] = None,
    seed: Seed = 0,
    theorem: Annotated[
        str | None, typer.Option(help="Of --call: only this theorem, as a 'reproduce' line names it.")
    ] = None,
    examples: Annotated[int, typer.Option(help="Drawn calls per op.", min=1)] = 100,
    exhaustive: Annotated[
        int | None, typer.Option(help="Instead: once, every geometry with axes up to this size.", min=1)
    ] = None,
    part: Annotated[str, typer.Option(help="Of --exhaustive: i/n, one of n parts that cover it once.")] = "1/1",
    isolate: Annotated[
        bool,
        typer.Option(
            "--isolate",
            help="In worker processes: a call that ends its process is CRASHED, and all goes on. With --exhaustive, "
            "also the calls that PyTorch must not be handed: the subject alone, which must survive them.",
        ),
    ] = False,
    timeout: Annotated[
        float,
        typer.Option(
            help="Of --isolate, --exhaustive, --cluster: a call without an answer for so long is CRASHED.", min=0.1
        ),
    ] = 60,
    cluster: Annotated[
        str | None,
        typer.Option(help="On the Dask cluster at this address, isolated; local starts one here. See docs/cluster.md."),
    ] = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Instead: the width of its multipliers, of ops that are sums of products.")
    ] = False,
    dtype: Annotated[
        str | None, typer.Option(help="Of subject torch: float32,float64,bfloat16,float16, some of them, or all.")
    ] = None,
    layout: Annotated[
        str | None, typer.Option(help="Of subject torch: contiguous,channels-last,transposed,sliced,expanded, or all.")
    ] = None,
    json: Json = None,
) -> None:
    """Check every theorem on drawn calls of each op, and explain what fails by its smallest call."""
    from cnn_oracle import call as calls
    from cnn_oracle import theorems, verification
    from cnn_oracle.mistakes import load
    from cnn_oracle.survey import exhaustive as world
    from cnn_oracle.survey import isolate as isolated

    check_folder(json)
    if call is not None and (op or exhaustive is not None):
        raise ValueError(f"--call {call!r} is one call of one op: give neither --op nor --exhaustive beside it")
    if cluster is not None and call is not None:
        raise ValueError(f"--cluster {cluster!r} is for many calls: give no --call beside it")
    if probe and (call is not None or exhaustive is not None or isolate or cluster is not None):
        raise ValueError("--probe is no check of calls: give --op beside it, nothing else")
    if theorem is not None and (call is None or isolate):
        raise ValueError(f"--theorem {theorem!r} is of --call, without --isolate")
    if exhaustive is None and part != "1/1":
        raise ValueError("--part is of --exhaustive: give both")
    if subject == "torch":
        if theorem is not None or cluster is not None or probe:
            raise ValueError("subject 'torch' is on trial by itself: --theorem, --cluster and --probe are of others")
        trial(Asked(dtype, layout, tuple(op or ()), call, seed, examples, exhaustive, _part(part)), timeout, json)
        return
    if dtype or layout:
        raise ValueError("--dtype and --layout are of subject torch: verify runs every other in float64 and float32")
    if probe:
        _probe(subject, op or (), seed, json)
        return
    asked: dict[str, Any] = {}
    with contextlib.redirect_stdout(sys.stderr if json == STDOUT else sys.stdout):  # what a subject prints is no JSON
        code = load(subject)
        if exhaustive is not None:
            asked, i_of_n = {"exhaustive": exhaustive, "part": part, "isolate": isolate}, _part(part)
            with progress("verify", 0) as advance, _engine(cluster, code, advance) as run:
                rows = list(
                    world.verify(
                        code, op or (), exhaustive, i_of_n, isolate=isolate, timeout=timeout, run=run,
                        say=(lambda _: None) if json == STDOUT else print,
                        progress=lambda name, done, total: advance(name, total, done),
                    )
                )  # fmt: skip
        elif call is not None:
            one = calls.parse(call, seed)
            which = [theorems.look_up(theorem)] if theorem is not None else None
            rows = [isolated.call(code, one, timeout) if isolate else verification.one_call(code, one, which)]
        else:
            if not (covered := verification.covered(code, op or ())):
                raise ValueError(f"subject {subject!r} has none of the ops; see cnn-oracle ops")
            names, total = [o.name for o in covered], len(covered) * examples
            with progress("verify", total) as advance, _engine(cluster, code, advance) as run:
                if isolate or cluster is not None:
                    rows = isolated.verify(
                        code, names, examples=examples, seed=seed, timeout=timeout, run=run,
                        progress=lambda name, done: advance(name, total, done),
                    )  # fmt: skip
                else:
                    rows = list(verification.verify(code, names, examples=examples, seed=seed, progress=advance))
    write(json, verification.to_json(code, rows, **asked))
    if json != STDOUT:
        checked = "drawn calls" if exhaustive is None else f"geometries with axes up to {exhaustive}"
        report(code.name, rows, checked, isolate)
    if any(row.failure for row in rows):
        raise typer.Exit(1)


def _engine(cluster: str | None, code: "Subject", advance: Any) -> "contextlib.AbstractContextManager[Run]":
    """What runs jobs: processes of this machine, or a cluster."""
    if cluster is None:
        from cnn_oracle.run import workers

        return contextlib.nullcontext(workers.run)
    from cnn_oracle.survey.cluster import connect

    return connect(cluster, code, lambda: advance("waiting for workers", done=0))


def _probe(name: str, ops: "Iterable[str]", seed: int, json: Path | None) -> None:
    from cnn_oracle.diagnose import precision
    from cnn_oracle.mistakes import load
    from cnn_oracle.verification import covered

    with contextlib.redirect_stdout(sys.stderr if json == STDOUT else sys.stdout):
        subject = load(name)
        sums = [op for op in covered(subject, ops) if precision.probeable(op)]
        if not sums:
            raise ValueError(f"subject {name!r}: none of these ops is a sum of products: nothing to probe")
        widths = []
        with progress("probe", len(sums)) as advance:
            for op in sums:
                advance(op.name)
                widths += [w for dtype in subject.dtypes(op.name) for w in precision.widths(subject, op, dtype, seed)]
    write(json, [width._asdict() | {"says": str(width)} for width in widths])
    if json != STDOUT:
        table(("op", "dtype", "answer", "integers"), [(w.op, w.dtype, w.quantity, str(w)) for w in widths])


def report(subject: str, rows: "list[Result]", calls: str, isolate: bool = False) -> None:
    header, cells = ["op", "verdict", "calls", "worst", "worst/√K", "miss ≤", "seconds"], [_cells(row) for row in rows]
    if any(row.unchecked for row in rows):
        header.append("not checked")
        cells = [(*one, ", ".join(row.unchecked)) for one, row in zip(cells, rows, strict=True)]
    table(header, cells)
    failures = [row.failure for row in rows if row.failure]
    for failure in failures:
        print(f"\n{failure}")
    wrong = f"{len(failures)} of {len(rows)} ops are not" if failures else f"{len(rows)} ops are"
    print(f"\n{subject}: {wrong} what PyTorch computes, by {sum(r.calls for r in rows):,} {calls}")
    for version in dict.fromkeys(row.pytorch for row in rows):
        print(f"compared with {version}")
    if withheld := sum(r.withheld for r in rows):
        survived = "; the subject alone was run on them" if isolate else ""
        print(f"not handed to PyTorch: {withheld:,}, on which it would write outside its arrays{survived}")


def _cells(row: "Result") -> tuple[str, ...]:
    tight, miss = _share(row.tight) if row.tight else "", f"{row.miss:.0e}" if row.miss else ""
    return row.op, row.verdict, f"{row.calls:,}", _share(row.worst), tight, miss, f"{row.seconds:.1f}"


def _share(value: float) -> str:
    """As short as the others in its column, unless it is far above 1; 0 is told from what rounds to it."""
    return "0" if value == 0 else f"{value:.2f}" if value < 100 else f"{value:.1e}"


def _part(text: str) -> tuple[int, int]:
    i, _, n = text.partition("/")
    if not (i.isdecimal() and n.isdecimal() and 1 <= int(i) <= int(n)):
        raise ValueError(f"part {text!r}: must be i/n with 1 ≤ i ≤ n, like 3/8")
    return int(i), int(n)
