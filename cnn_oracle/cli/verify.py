"""``verify``: every theorem on drawn calls of each op, or on one call."""

import contextlib
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnn_oracle.cli.page import write_page
from cnn_oracle.cli.terminal import (
    STDOUT,
    Html,
    JobsOfCheck,
    Json,
    Ops,
    Seed,
    Subjects,
    Timeout,
    check_folder,
    only_result,
    print_map,
    progress,
    seed_of,
    sizes_of,
    table,
    usage_error,
    write,
)
from cnn_oracle.run.workers import FEW, start_early

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cnn_oracle.global_state import Warned
    from cnn_oracle.result import Failure, Result
    from cnn_oracle.run.workers import Run
    from cnn_oracle.settings import Settings
    from cnn_oracle.subject import Subject

Cluster = Annotated[
    str | None,
    typer.Option(
        help="Address of a Dask cluster that runs the calls; local starts one on this machine. See docs/cluster.md."
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Contract warnings fail, too.")]
Convention = Annotated[
    str | None,
    typer.Option(
        help="pytorch: another gradient at a tie or a nondifferentiable point than PyTorch's fails. any: it is a note. "
        "Default: that of the settings, or pytorch."
    ),
]
Require = Annotated[
    str | None,
    typer.Option(
        help="batch-invariance: fail where the bits of a row depend on the number of rows, or on its place among them."
    ),
]
Huge = Annotated[
    bool,
    typer.Option(
        "--huge",
        help="Check only calls with offsets beyond 2^31 elements, one at a time. Each takes up to 16 GiB of memory.",
    ),
]
Sizes = Annotated[
    str | None,
    typer.Option(help="Your own block sizes, like 48,1000. Further calls have each size one below, at and one above."),
]
MaxElements = Annotated[
    int | None,
    typer.Option(help="The elements of the largest array of a drawn call; default 20,000.", min=1, max=10_000_000),
]
Isolate = Annotated[
    bool, typer.Option("--isolate", help="Run all calls in other processes. A call that ends its process is CRASHED.")
]


def verify(
    subject: Subjects = None,
    op: Ops = None,
    call: Annotated[str | None, typer.Option(help="Check only this call, as a 'reproduce' line prints it.")] = None,
    seed: Seed = "0",
    theorem: Annotated[
        str | None, typer.Option(help="With --call: check only this theorem, as a 'reproduce' line names it.")
    ] = None,
    examples: Annotated[int | None, typer.Option(help="Drawn calls per op; default 100.", min=1)] = None,
    seconds: Annotated[
        float | None,
        typer.Option(help="Draw calls until this many seconds have passed, and print how many were checked.", min=1),
    ] = None,
    sizes: Sizes = None,
    max_elements: MaxElements = None,
    jobs: JobsOfCheck = None,
    isolate: Isolate = False,
    timeout: Timeout = None,
    cluster: Cluster = None,
    strict: Strict = False,
    convention: Convention = None,
    require: Require = None,
    huge: Huge = False,
    json: Json = None,
    html: Html = None,
) -> None:
    """Check every theorem on drawn calls of each op, and explain each failure by its smallest call."""
    if huge:
        usage_error(
            "--huge checks its own calls", call=call, theorem=theorem, examples=examples, seconds=seconds, jobs=jobs,
            isolate=isolate, cluster=cluster, strict=strict, convention=convention, require=require, html=html,
            sizes=sizes, max_elements=max_elements,
        )  # fmt: skip
        _huge(subject, op or [], timeout, json)
        return
    if call is not None:
        usage_error(
            f"--call {call!r} is one call of one op", op=op, examples=examples, seconds=seconds, jobs=jobs,
            cluster=cluster, sizes=sizes, max_elements=max_elements,
        )  # fmt: skip
    else:
        usage_error("a single theorem is checked on a single call: pass --call, too", theorem=theorem)
    if theorem is not None:
        usage_error("a single theorem is checked in this process", isolate=isolate, timeout=timeout)
    if cluster is not None:
        usage_error("the cluster sets the number of jobs, and each is isolated", jobs=jobs, isolate=isolate)
    if seconds is not None:
        usage_error("--seconds draws calls until the time has passed", examples=examples)
    check_folder(json, html)
    number, blocks = seed_of(seed), sizes_of(sizes, "--sizes")
    isolate = isolate or timeout is not None  # only a separate process can be ended
    few = call is not None or (seconds is None and len(op or range(FEW)) * (examples or 100) <= FEW)
    if jobs != 1 and cluster is None and not few:
        start_early()
    with only_result(json, html):  # what a subject prints is not JSON
        from cnn_oracle.call import parse
        from cnn_oracle.global_state import ours
        from cnn_oracle.verification import requiring, sized

        names = [parse(call, number).op] if call is not None else op or []
        separate = isolate and cluster is None  # a cluster compares the code of the subject
        code, settings, dead = subject_of(subject, strict, convention, separate, names, timeout)
        code = sized(requiring(code, require or ""), blocks, max_elements)
        with ours():
            op, some_are_left = left(code, names, dead)
            if not some_are_left:
                rows = []
            elif call is not None:
                rows = [_one(code, call, number, theorem, isolate, timeout)]
            else:
                rows = _drawn(code, settings, op, number, examples, seconds, jobs, isolate, timeout, cluster)
        rows = [*dead, *rows]
    from cnn_oracle.result import exit_code
    from cnn_oracle.verification import to_json

    not_begun = [] if seconds is None else _not_begun(code, op, rows)
    limited = {} if seconds is None else {"seconds": seconds, "not_begun": not_begun}
    last = summary(code.name, rows, "drawn calls")
    last += [] if seconds is None else _extent(rows, seconds, not_begun)
    last += [*(_of_settings(settings, rows) if call is None else ()), *concluded(rows)]
    if STDOUT not in (json, html):
        report(rows, last)
    write(json, to_json(code, rows, seed=number, **limited))
    write_page(html, rows, last)
    if status := exit_code(rows):
        raise typer.Exit(status)


def _huge(name: str | None, ops: "Sequence[str]", timeout: float | None, json: Path | None) -> None:
    """Check the calls with offsets beyond 2^31 elements: print the cost of each, then its outcome."""
    check_folder(json)
    with only_result(json):
        from cnn_oracle import huge

        code, *_ = subject_of(name)
        rows = []
        for row in huge.check(code, ops, timeout=timeout or WAIT_OF_HUGE, say=partial(print, flush=True)):
            print(f"  {row}", flush=True)
            rows.append(row)
        if not rows:
            raise ValueError(
                f"no call with offsets beyond 2^31 elements; ops that have some: {', '.join(huge.having())}"
            )
        status = huge.exit_code(rows)
        wrong, left = sum(row.fails for row in rows), sum(row.verdict == huge.NOT_CHECKED for row in rows)
        print(
            f"\n{code.name}: {len(rows)} functions on calls with offsets beyond 2^31: {wrong} wrong, {left} not checked"
        )
    write(json, {"schema": 1, "subject": code.name, "exit": status, "huge": [row._asdict() for row in rows]})
    if status:
        raise typer.Exit(status)


WAIT_OF_HUGE = 600.0  # seconds, for a call with offsets beyond 2^31 elements


def _one(
    code: "Subject", text: str, seed: int, theorem: str | None, isolate: bool, timeout: float | None
) -> "Result":  # fmt: skip
    from cnn_oracle import survey, theorems
    from cnn_oracle.call import parse

    which = [theorems.look_up(theorem)] if theorem is not None else []
    return survey.call(code, parse(text, seed), which, isolate, timeout or WAIT)


WAIT = 60.0  # seconds, for a result from another process


def _drawn(
    code: "Subject", settings: "Settings", names: "Sequence[str]", seed: int, examples: int | None,
    seconds: float | None, jobs: int | None, isolate: bool, timeout: float | None, cluster: str | None,
) -> "list[Result]":  # fmt: skip
    from cnn_oracle import survey
    from cnn_oracle.one_call import covered, has_none
    from cnn_oracle.store import Store
    from cnn_oracle.verification import EXAMPLES

    if not (ops := covered(code, names)):
        raise ValueError(has_none(code))
    each = examples or EXAMPLES
    store = Store(settings.path.parent if settings.path else Path.cwd())
    with (
        progress("verify", 0) as advance,
        engine(cluster, code, len(ops) * each if seconds is None else None, jobs, isolate, advance) as run,
    ):
        rows = list(
            survey.verify(
                code, [op.name for op in ops], examples=each, seed=seed, run=run, seconds=seconds,
                timeout=timeout or WAIT, first=lambda name: survey.kept(store, code, name),
                progress=lambda name, done, total: advance(name, total, done),
            )
        )  # fmt: skip
    for row in rows:
        survey.keep(store, code, row.op, row.failure)
    store.save()
    return rows


def subject_of(
    name: str | None, strict: bool = False, convention: str | None = None, isolate: bool = False,
    ops: "Sequence[str]" = (), timeout: float | None = None,
) -> "tuple[Subject, Settings, list[Result]]":  # fmt: skip
    """The subject of that name, or of the project's settings, with the limits from the settings and the options.

    With ``isolate``, it is imported in other processes only. Then there are results of ops whose import ends a process.
    """
    from cnn_oracle import survey
    from cnn_oracle.mistakes import load
    from cnn_oracle.settings import load as settings_of
    from cnn_oracle.subject import OURS

    if convention not in (None, "pytorch", "any"):
        raise ValueError(f"--convention {convention}: must be pytorch or any")
    settings = settings_of(Path.cwd())
    wanted, dead = name or settings.subject or OURS, list["Result"]()
    if isolate and wanted != OURS:
        code, dead = survey.apart(load, wanted, ops, timeout or WAIT)
    else:
        code = load(wanted)
    settings = settings.of(code.name)
    limits = settings.limits if convention is None else settings.limits._replace(convention=convention)
    return code._replace(limits=limits, strict=strict or code.strict), settings, dead


def left(code: "Subject", names: "Sequence[str]", dead: "Sequence[Result]") -> tuple[list[str], bool]:
    """The named ops without those whose import ended a process, and whether there is any op to check."""
    from cnn_oracle.one_call import covered

    gone = {row.op for row in dead}
    remaining = [name for name in names if name not in gone]
    return remaining, bool(not dead or (remaining if names else covered(code)))


@contextlib.contextmanager
def engine(
    cluster: str | None, code: "Subject", calls: int | None, jobs: int | None, isolate: bool, advance: Any
) -> "Iterator[Run | None]":
    """Where the work runs: in this process, in other processes of this machine, or on a cluster."""
    from cnn_oracle import survey

    if cluster is not None:
        from cnn_oracle.run.cluster import connect

        with connect(cluster, code, lambda: advance("waiting for workers", done=0)) as run:
            yield run
        return
    yield survey.here(code, calls, jobs, isolate)


def report(rows: "list[Result]", last: "Sequence[str]") -> None:
    """Print the table, each failure, each contract warning, and the last lines."""
    from cnn_oracle.result import as_table

    table(*as_table(rows))
    for row in rows:
        if row.failure:
            print_failure(row.failure, row.failures[1:])
    for row in rows:
        for warning in row.warning_texts:
            print(f"\n{warning}")
    print("\n".join(last))


def print_failure(failure: "Failure", others: "Sequence[Failure]") -> None:
    """Print a failure, the first lines of the other failures of its op, and the map of the failing output."""
    print(f"\n{failure.message}")
    for other in others:
        name = getattr(other.theorem, "__name__", "")
        print(f"  also      {other.kind or name}: {other.what}   {other.call}")
    for one in failure.diagnosis.maps[:1]:
        print_map(one)


def summary(subject: str, rows: "list[Result]", calls: str, survived: bool = False) -> list[str]:
    """The lines below the failures: the warnings of the subject, how many ops agree, the versions, what was skipped."""
    warned = sum((Counter(row.subject_warnings) for row in rows), Counter[Any]())
    lines = [of_warnings(warned), ""] if warned else [""]
    absent = sum(row.exit == 2 for row in rows)
    failures = sum(row.failure is not None for row in rows)
    right = len(rows) - absent
    agree = "1 op agrees" if right == 1 else f"{right} ops agree"
    agree = f"{failures} of {len(rows)} ops do not agree" if failures else agree
    also = f"; {absent} not covered" if absent else ""
    lines.append(f"{subject}: {agree} with PyTorch on {sum(r.calls for r in rows):,} {calls}{also}")
    lines += [f"compared with {version}" for version in dict.fromkeys(row.pytorch for row in rows)]
    if retried := sum(r.retried for r in rows):
        lines.append(f"calls that failed before, and pass now: {retried:,}")
    if skipped := sum(r.skipped for r in rows):
        note = "; only the subject was run on them" if survived else ""
        lines.append(f"skipped as unsafe: {skipped:,} calls, on which PyTorch writes outside its arrays{note}")
    return lines


def of_warnings(counted: "Mapping[Warned, int]") -> str:
    """A line for each warning of the subject, the most frequent first; only the number of those after the tenth."""
    most = sorted(counted.items(), key=lambda one: -one[1])
    lines = [f"warnings of the subject: {one}, {n:,} time{'s' * (n > 1)}" for one, n in most[:10]]
    more = [f"and {len(most) - 10:,} other warnings of the subject"] if len(most) > 10 else []
    return "".join(f"\n{line}" for line in (*lines, *more))


def concluded(rows: "list[Result]") -> list[str]:
    """The last lines: each op with contract findings or calls that are not covered; a single op in any case."""
    return [row.summary for row in rows if len(rows) == 1 or row.contract or row.unsupported]


def _not_begun(code: "Subject", names: "Sequence[str]", rows: "list[Result]") -> list[str]:
    from cnn_oracle.one_call import covered

    return [op.name for op in covered(code, names) if op.name not in {row.op for row in rows}]


def _extent(rows: "list[Result]", seconds: float, not_begun: list[str]) -> list[str]:
    calls = sum(row.calls for row in rows)
    least = min((row.calls for row in rows if not row.failure), default=None)
    each = "" if least is None else f", at least {least:,} of each op that passes"
    lines = [f"{seconds:g} seconds: {calls:,} calls of {len(rows)} of {len(rows) + len(not_begun)} ops{each}"]
    return lines + ([f"not begun: {', '.join(not_begun)}"] if not_begun else [])


def _of_settings(settings: "Settings", rows: "list[Result]") -> list[str]:
    """The findings that the settings accept, and the accepted ones that no longer occur."""
    lines = []
    for finding in settings.accepted:
        for row in rows:
            if row.op == finding.op and finding.theorem in row.accepted:
                lines.append(f"accepted: {finding.op} {finding.theorem}: {finding.reason}")
            elif row.op == finding.op and finding.theorem in row.stale:
                what = f"{finding.op} {finding.theorem} ({finding.reason})"
                lines.append(f"accepted, but no longer occurs: {what}: remove it from {settings.path}")
    return lines
