"""The verdict on one op. Its calls are checked block by block; a failure is made smaller and explained.

A function that runs the subject many times is a step (run/batches.py). A step can run in this process or in others,
with the same result.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial as partial_of
from inspect import Parameter
from itertools import count, islice
from typing import Any, NamedTuple

from cnn_oracle import partial, theorems
from cnn_oracle.call import Call
from cnn_oracle.calls.sampling import CallList, DrawnCalls, RandomCalls, Sample, Source
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.calls.work import longest
from cnn_oracle.cases.case import strongest
from cnn_oracle.checks import (
    DIFFERS,
    Checked,
    check_all,
    check_once,
    of_subject,
    single_threaded,
    survive,
    to_check,
)
from cnn_oracle.compare.bounds import sums
from cnn_oracle.environment import pytorch, versions
from cnn_oracle.global_state import Warned
from cnn_oracle.one_call import (
    Found,
    check_call,
    checkable,
    diagnose,
    is_normwise,
    raised_on,
    required,
    same_on,
    shrink,
    smallest,
)
from cnn_oracle.op import Op
from cnn_oracle.ops import OPS, look_up
from cnn_oracle.partial import EMPTY, Features, features, forms, lacking
from cnn_oracle.result import HARMFUL, REQUIREMENTS, Failure, Result, Verdict, death, exit_code
from cnn_oracle.run.arguments import accepts
from cnn_oracle.run.batches import Batch, Steps, finish
from cnn_oracle.run.workers import Heartbeat, WorkerCrash, at, processors
from cnn_oracle.settings import LARGEST, MOST_ELEMENTS
from cnn_oracle.subject import Limits, Subject, is_array
from cnn_oracle.theorems import Theorem
from cnn_oracle.vacuity import Values, judge_values, together, values_of

EXAMPLES = 100  # drawn calls per op
BLOCK = 25  # drawn calls per job


class Block(NamedTuple):
    """Consecutive calls of an op as one job: those of a source from ``start`` up to ``stop``.

    Every theorem is checked on each call, or only the theorems ``which``. With ``once``, each call is checked once
    instead: y and all gradients, in float64, on shared arrays. With ``isolated``, the subject also runs the calls that
    are skipped as unsafe, and must survive them. With ``first_only``, the check ends at the first wrong number.
    """

    subject: Subject
    op: Op
    source: Source
    start: int = 0
    stop: int | None = None
    which: tuple[Theorem, ...] = ()
    once: bool = False
    isolated: bool = False
    first_only: bool = False

    @property
    def samples(self) -> Iterator[Sample]:
        return islice(self.source.samples(self.op), self.start, self.stop)


class Tally(NamedTuple):
    """The results of some calls: the first failure of each theorem, and the first contract finding of each kind.

    ``error_over_bound`` is the largest error/bound. ``probabilistic_ratio`` is as in Result. ``skipped`` calls are
    unsafe: PyTorch did not run them. ``calls`` are covered by the subject, ``missed`` are not: the reason, or the
    features of a call, → the number of such calls. ``features`` are those of the covered calls. ``raised`` counts the
    calls on which the subject raises, by their form; ``forms`` are those of the other calls. ``warned`` counts the
    warnings of the subject. ``longest`` is the longest axis of the covered calls.
    """

    calls: int = 0
    skipped: int = 0
    error_over_bound: float = 0.0
    probabilistic_ratio: float = 0.0
    values: Values = Values()
    failures: tuple[Found, ...] = ()
    findings: tuple[Found, ...] = ()
    missed: Mapping[Features | str, int] = {}
    features: frozenset[str] = frozenset()
    raised: Mapping[Features, int] = {}
    forms: frozenset[str] = frozenset()
    warned: Mapping[Warned, int] = {}
    longest: int = 0

    @property
    def drawn(self) -> int:
        """The number of calls that were drawn and are safe."""
        return self.calls + sum(self.missed.values())

    def __or__(self, other: "Tally") -> "Tally":
        """Both tallies in one; ``other`` comes after this one."""
        return Tally(
            self.calls + other.calls, self.skipped + other.skipped, max(self.error_over_bound, other.error_over_bound),
            max(self.probabilistic_ratio, other.probabilistic_ratio), together((self.values, other.values)),
            _first_of_each((*self.failures, *other.failures)), _first_of_each((*self.findings, *other.findings)),
            Counter(self.missed) + Counter(other.missed), self.features | other.features,
            Counter(self.raised) + Counter(other.raised), self.forms | other.forms,
            Counter(self.warned) + Counter(other.warned), max(self.longest, other.longest),
        )  # fmt: skip


def _first_of_each(found: Iterable[Found]) -> tuple[Found, ...]:
    """The first finding of each key; of the calls on which the subject raises, the first of each form."""
    first: dict[Any, Found] = {}
    for one in found:
        call = one.failure.call
        first.setdefault((one.key, forms(look_up(call.op), call) if _is_raised(one) else ""), one)
    return tuple(first.values())


class Search(NamedTuple):
    """The number of calls, the largest error/bound, the failure of the smallest call, the probabilistic ratio.

    ``contract`` has the contract findings, ``unsupported`` is as in Result, ``warned`` as in Tally.
    """

    calls: int
    error_over_bound: float
    failure: Failure | None
    probabilistic_ratio: float | None
    contract: tuple[Failure, ...] = ()
    unsupported: Mapping[str, int] = {}
    warned: Mapping[Warned, int] = {}


Rounds = Callable[[Tally], list[Block]]  # what was found so far → the next blocks, none at the end
MOST_DRAWN = 10  # draws for each call that is covered


def drawn(subject: Subject, op: Op, examples: int, seed: int) -> Rounds:
    """The jobs of ``examples`` drawn calls. For each call that the subject does not cover, another one is drawn."""
    first = DrawnCalls(examples, seed, subject.limits)
    examples = first.total(op)
    further = DrawnCalls((MOST_DRAWN - 1) * examples, seed + 1, narrowed(subject, op)._replace(sizes=()))

    def next_round(found: Tally) -> list[Block]:
        gone = found.drawn + found.skipped
        if not gone:
            return _blocks(subject, op, first, 0, examples)
        start, short = gone - examples, examples - found.calls
        if short <= 0 or not found.missed:
            return []
        return _blocks(subject, op, further, start, min(start + max(BLOCK, short), further.total(op)))

    return next_round


def _blocks(subject: Subject, op: Op, source: Source, start: int, stop: int) -> list[Block]:
    return [Block(subject, op, source, i, min(i + BLOCK, stop)) for i in range(start, stop, BLOCK)]


def narrowed(subject: Subject, op: Op) -> Limits:
    """The limits of a subject, with the options that its implementation declares, or has no parameter for."""
    implementation = subject.implementation(op.name)
    function = getattr(implementation, "step" if op.kind == "step" else "forward", None)
    names = accepts(function, op.name).options if callable(function) else None
    absent = {
        n: (False if is_array(n, op) else op.parameters[n].default,) for n in op.options
        if names is not None and n not in names and op.parameters[n].default is not Parameter.empty
    }  # fmt: skip
    declared = {**absent, **(getattr(implementation, "options", None) or {})}
    declared |= subject.limits.options.get(op.name, {})
    return subject.limits._replace(options={**subject.limits.options, op.name: declared})


def without_end(subject: Subject, op: Op, examples: int, seed: int) -> Rounds:
    """Rounds of ``examples`` drawn calls without end: each round has the next seed."""
    seeds = count(seed)

    def next_round(_: Tally) -> list[Block]:
        source = DrawnCalls(examples, next(seeds), subject.limits)
        return _blocks(subject, op, source, 0, source.total(op))

    return next_round


def once(blocks: list[Block]) -> Rounds:
    """These blocks, and no more."""
    return lambda found: [] if found.drawn or found.skipped else blocks


def verify_op(
    subject: Subject, op: Op, examples: int, seed: int, progress: Callable[[], None] = lambda: None, shrink: bool = True
) -> Result:
    """The result of one op on drawn calls, computed in this process."""
    result = finish(verdict(subject, op, drawn(subject, op, examples, seed), shrinks=shrink), lambda *_: progress())
    assert result
    return result


def verdict(
    subject: Subject, op: Op, rounds: Rounds, *, shrinks: bool = True, enough: int = 0, first: Sequence[Sample] = (),
    command: str = "verify", options: str = "",
) -> Steps[Result | None]:  # fmt: skip
    """The result of one op on all calls of some rounds of blocks, or None if the time was up before the first call.

    The calls ``first`` are checked before all others. They are not counted unless one of them fails. With fewer than
    ``enough`` calls, the verdict is never VACUOUS. ``command`` and ``options`` of the command line make the same calls
    again.
    """
    start, judged, found = time.perf_counter(), op, Tally()
    which, accepted, stale = to_check(subject, op), list[str](), list[str]()
    before = [Block(subject, op, CallList(tuple(first)))] if first else []
    of_first, quick, some = Tally(), False, Call(op.name, {}, 0)
    if before:
        of_first, judged = yield from settled(before, judged, which)
    while round_ := rounds(by_form(op, found)):
        quick = any(block.once for block in round_)
        if not found.drawn and not quick:  # early, because time may be limited
            accepted, stale = yield from still_failing(subject, op, round_)
        one, judged = yield from settled(round_, judged, which)
        if not found.drawn:
            some = next((s.call for block in round_ for s in block.samples), some)
        found |= one
        if not one.drawn and not one.skipped:
            break
        if enough_failures(by_form(op, found)) or (quick and found.failures):
            break
    if not found.drawn and not found.skipped and not of_first.failures:
        return None
    retried = 0 if of_first.failures else len(first)
    calls, drawn_calls = found.calls, found.drawn
    if of_first.failures or of_first.findings:
        values = found.values if found.calls else of_first.values
        found = (of_first | found)._replace(calls=found.calls or of_first.calls, values=values)
    found = by_form(op, found, subject.strict)
    calls = min(calls, found.calls)
    failures, contract = yield from explained(subject, op, found, shrinks, quick)
    if subject.limits.require and found.calls and not failures and not quick:
        contract += (yield Batch(required, [(subject, op, None)], of_death=lambda *_: []))[0]
    failing = [*failures, *(one for one in contract if one.fails)]
    miss_probability, reached = None, Verdict.NORMWISE if judged.variant == "normwise" else judged.verdict
    if not failing and not found.calls:
        reached = Verdict.NOT_COVERED if found.drawn else reached
    elif not failing:
        vacuous, miss_probability = judge_values(judged, found.values, some)
        if vacuous and found.calls >= enough:
            failing, miss_probability = [of_subject(vacuous, subject).replace(command=command, options=options)], None
        elif wide := found.values.inconclusive:
            reached = Verdict.INCONCLUSIVE
            what = f"{wide}, the bound is wider than the largest magnitude in that output"
            unseen = Failure(what, some, verdict=reached, command=command, options=options)
            failing = [of_subject(unseen, subject)] if subject.strict else []
    probabilistic_ratio = found.probabilistic_ratio if _is_sum(op) and not failing and not quick else None
    return Result(
        op.name, failing[0].verdict if failing else reached, calls or min(of_first.calls, 1), found.error_over_bound,
        time.perf_counter() - start, failing[0] if failing else None, found.skipped, miss_probability,
        probabilistic_ratio, theorems.unchecked(subject, op), pytorch(), tuple(accepted), tuple(stale), retried,
        numbers=failures[0].verdict if failures else reached, failures=tuple(failing), contract=tuple(contract),
        unsupported=partial.explained(found.missed, found.features), drawn=drawn_calls, subject_warnings=found.warned,
        longest_axis=found.longest, visible_error=found.values.least_error,
    )  # fmt: skip


def enough_failures(found: Tally) -> bool:
    """Whether further rounds are pointless: a number is wrong, or a call ended its process."""
    return any(one.failure.verdict is not Verdict.CONVENTION and not _is_raised(one) for one in found.failures)


def by_form(op: Op, found: Tally, strict: bool = False) -> Tally:
    """The tally without the failures of a subject that raises on every call of a form, and not on others.

    Such a subject does not support this form. The failures become warnings.
    """
    failures, findings, missed, moved = list[Found](), list(found.findings), Counter(found.missed), set[str]()
    for one in found.failures:
        reason = lacking(forms(op, one.failure.call), found.forms) if _is_raised(one) and found.forms else ""
        if not reason:
            failures.append(one)
        elif reason not in moved:
            moved.add(reason)
            findings.append(Found(raised_on(reason, one.failure, strict), one.sample))
    calls = found.calls
    for form, n in found.raised.items():
        if found.forms and (reason := lacking(form, found.forms)):
            missed[reason] += n
            calls -= n
    first = {one.key: one for one in reversed(failures)}
    failures = [one for one in failures if first[one.key] is one]
    return found._replace(failures=tuple(failures), findings=tuple(findings), missed=missed, calls=calls)


def _is_raised(one: Found) -> bool:
    return one.failure.verdict is Verdict.CRASHED and one.sample is not None


def still_failing(subject: Subject, op: Op, round_: Sequence[Block]) -> Steps[tuple[list[str], list[str]]]:
    """The accepted theorems of an op that still fail, and those that now hold, if there are enough calls to tell."""
    failing, stale = list[str](), list[str]()
    for name in subject.limits.accepted.get(op.name, ()):
        which = [theorem for theorem in theorems.of(op, subject) if theorem.__name__ == name]
        found = (yield from settled(round_, op, which))[0] if which else Tally(EXAMPLES)
        if found.failures or found.findings:
            failing.append(name)
        elif found.calls >= EXAMPLES:
            stale.append(name)
    return failing, stale


def settled(round_: Sequence[Block], op: Op, which: Sequence[Theorem]) -> Steps[tuple[Tally, Op]]:
    """The tally of a round, and the op whose bounds were used.

    If wrong numbers may be the rounding of a fast algorithm, all calls are checked again with the normwise bound. If
    no number is wrong then, that tally counts.
    """
    found = yield from _tally(round_, op, which)
    wrong = next((one.failure for one in found.failures if one.failure.index is not None), None)
    if wrong and op.normwise and (yield from may_be_normwise(round_[0].subject, op, wrong)):
        again = yield from _tally(round_, op.normwise, which)
        if not again.failures:
            return again, op.normwise
    return found, op


def _tally(round_: Sequence[Block], op: Op, which: Sequence[Theorem]) -> Steps[Tally]:
    """The tally of all calls of some blocks. With ``once``, up to the first wrong number."""
    jobs = [block._replace(op=op, which=() if block.once else tuple(which)) for block in round_]
    ends = _has_wrong_numbers if round_[0].first_only else _ends
    tallies: list[Tally] = yield Batch(check_block, jobs, ends, _of_death)
    found = Tally()
    for tally in tallies:
        found |= tally
    return found


def _has_wrong_numbers(tally: Tally) -> bool:
    """Whether the search for one failure ends: no later call can show a failure that says more."""
    return _ends(tally) or any(_is_numerical(one.failure) for one in tally.failures)


def _is_numerical(failure: Failure) -> bool:
    return failure.verdict is Verdict.WRONG and failure.theorem in theorems.NUMERICAL


def _ends(tally: Tally) -> bool:
    """Whether no later block counts: its process ended, or a quick check found a wrong number."""
    return any(one.sample is None or one.failure.theorem is None for one in tally.failures)


def _of_death(block: Block, died: WorkerCrash) -> Tally:
    """The tally of a block whose process ended. The failure is the call that the process noted last."""
    made = list(islice(block.samples, max(died.number, 0) + 1))
    if not made:  # the job has no calls
        return Tally()
    skipped = sum(1 for one in made if unsafe(one.call))
    failure = death(made[-1].call, died.how, block.subject.name, died.options, died.function)
    return Tally(len(made) - skipped, skipped, failures=(Found(failure, None),))


def check_block(block: Block, heartbeat: Heartbeat) -> Tally:
    """The tally of the calls of a block. With ``once``, up to the first wrong number."""
    subject, op, all_values = block.subject, block.op, list[Values]()
    calls, skipped, longest_axis, error_over_bound, probabilistic_ratio = 0, 0, 0, 0.0, 0.0
    failures, findings, covered_features = list[Found](), list[Found](), set[str]()
    missed, raised, covered_forms = Counter[Features | str](), Counter[Features](), set[str]()
    every, which = theorems.of(op, subject), block.which or to_check(subject, op)
    with single_threaded() as warned:
        for i, one in enumerate(block.samples):
            heartbeat(i)
            if block.once and unsafe(one.call):
                skipped += 1
                if block.isolated:
                    survive(subject, op, one.call)
                continue
            with at(one.call):
                if block.once:
                    checked = check_once(subject, op, one.call)
                else:
                    due = theorems.on_call(op, one.call, every)
                    now = [theorem for theorem in which if theorem in due]
                    checked = check_all(subject, op, one.call, now) if now else Checked()
            findings += [Found(failure, one) for failure in checked.findings]
            if checked.missing:
                missed[features(op, one.call) if checked.missing == DIFFERS else checked.missing] += 1
                continue
            calls += 1
            longest_axis = max(longest_axis, longest(op, one.call))
            failures += [Found(failure, one) for failure in checked.failures]
            crashed = any(failure.verdict is Verdict.CRASHED for failure in checked.failures)
            form = forms(op, one.call)
            if crashed:
                raised[form] += 1
            else:
                covered_forms |= {EMPTY} if EMPTY in form else form  # on empty arrays nearly anything works
                covered_features |= features(op, one.call)
            if checked.failures or checked.findings:
                findings, failures = list(_first_of_each(findings)), list(_first_of_each(failures))
            if checked.failures:
                if block.once or (block.first_only and any(map(_is_numerical, checked.failures))):
                    break
                continue
            error_over_bound = max(error_over_bound, checked.error_over_bound)
            if block.once:
                all_values.append(checked.values)
            else:
                all_values.append(values_of(op, strongest(op, one.call, subject.dtypes(op.name))))
                ratio = checked.error_over_bound * sums.probabilistic_ratio(one.call) if _is_sum(op) else 0.0
                probabilistic_ratio = max(probabilistic_ratio, ratio)
    return Tally(
        calls, skipped, error_over_bound, probabilistic_ratio, together(all_values), tuple(failures), tuple(findings),
        missed, frozenset(covered_features), raised, frozenset(covered_forms), warned, longest_axis,
    )  # fmt: skip


def _is_sum(op: Op) -> bool:
    return op.comparison.bound is sums.multilinear


def may_be_normwise(subject: Subject, op: Op, failure: Failure) -> Steps[bool]:
    """As ``is_normwise``, but in the process where the subject runs."""
    if op.normwise is None or failure.index is None:
        return False
    (output,) = (yield Batch(_is_normwise, [(subject, op, failure)], of_death=lambda *_: False)) or [False]
    return bool(output)


def _is_normwise(job: tuple[Subject, Op, Failure], heartbeat: Heartbeat) -> bool:
    heartbeat(0)
    with single_threaded():
        return is_normwise(*job)


class FailureToExplain(NamedTuple):
    """A failure as it was found, with all that is needed to shrink and explain it.

    ``hint`` is the smallest call of another failure. If this failure occurs there too, it is not shrunk. ``within``
    are the forms that the subject supports: a failure of a subject that raises is sought on such calls only.
    """

    subject: Subject
    op: Op
    failure: Failure
    sample: Sample
    which: tuple[Theorem, ...] = ()
    hint: Call | None = None
    within: Features | None = None


def explained(
    subject: Subject, op: Op, found: Tally, shrinks: bool = True, quick: bool = False, which: Sequence[Theorem] = ()
) -> Steps[tuple[list[Failure], list[Failure]]]:
    """The failures and the contract findings of a tally, made smaller.

    The first failure gets likely causes. If a smaller call ends the process, the call stays.
    """
    places = {theorem: i for i, theorem in enumerate(theorems.of(op, subject))}

    def place(one: Found) -> tuple[bool, bool, int]:
        """Earlier theorems say more. Conventions come last, and so do findings that only concern careless callers."""
        last = one.failure.verdict is Verdict.CONVENTION or one.failure.kind not in ("", *HARMFUL)
        return not one.failure.fails, last, places.get(one.failure.theorem, -1)  # type: ignore[arg-type]

    failures, contract = sorted(found.failures, key=place), sorted(found.findings, key=place)
    if not shrinks:
        return [one.failure for one in failures], [one.failure for one in contract]
    smaller: list[Failure] = []
    for one in failures[:1]:
        within = found.forms if found.raised and found.forms else None
        smaller.append((yield from _smallest(subject, op, one, quick, which, within)))
    others = [*failures[1:], *contract]
    jobs = [
        FailureToExplain(subject, op, one.failure, one.sample, tuple(which), smaller[0].call if smaller else None)
        for one in others if one.sample is not None
    ]  # fmt: skip
    outcomes = iter((yield Batch(_also_shrunk, jobs, of_death=lambda *_: None)) if jobs else [])
    for one in others:
        better = next(outcomes, None) if one.sample is not None else None
        smaller.append(better or one.failure)
    return list(_distinct(smaller[: len(failures)])), list(_distinct(smaller[len(failures) :]))


def _distinct(failures: Sequence[Failure]) -> Iterator[Failure]:
    """The failures without those that became another one on their smallest call."""
    seen = set()
    for one in failures:
        key = (Found(one, None).key, str(one.call), one.call.seed)
        if key not in seen:
            seen.add(key)
            yield one


def _smallest(
    subject: Subject, op: Op, found: Found, quick: bool, which: Sequence[Theorem], within: Features | None
) -> Steps[Failure]:
    """The failure, made smaller, with likely causes."""
    if found.sample is None:  # the process ended: only the call is known
        return found.failure if quick else (yield from _smallest_death(subject, op, found.failure, which))
    job = FailureToExplain(subject, op, found.failure, found.sample, tuple(which), within=within)
    for work in (_as_drawn if quick else _shrunk, _diagnosed):
        (better,) = (yield Batch(work, [job], of_death=lambda *_: None)) or [None]
        if better is not None:
            return better  # type: ignore[no-any-return]
    return found.failure


ATTEMPTS, ROUNDS = 40, 8  # calls in a round on which a crash is sought again; each crash costs a process


def _smallest_death(subject: Subject, op: Op, found: Failure, which: Sequence[Theorem]) -> Steps[Failure]:
    """The same crash on a small call: the smallest of some simple calls that crashes, and smaller ones of it.

    Each is tried in another process. Only the numbers are checked: other theorems make other arrays than those of the
    call. If no call crashes, or if there was no answer, the failure stays; each attempt would wait for an answer.
    """
    from cnn_oracle.calls.shrinking import SIMPLE, size, smaller  # imported only after a failure

    failure = found
    if "--timeout" in found.options:
        return found
    numbers = tuple(which) or tuple(one for one in to_check(subject, op) if one in theorems.NUMERICAL)
    simple = [one.call for one in RandomCalls(ATTEMPTS, 0, SIMPLE, subject.limits).samples(op)]
    calls = sorted((failure.call, *simple), key=lambda call: size(op, call))
    for _ in range(ROUNDS):
        jobs = [Block(subject, op, CallList((Sample(call),)), which=numbers) for call in calls]
        outcomes: list[Tally] = yield Batch(check_block, jobs, partial_of(_dies, found.what), _of_death)
        if not outcomes or not _dies(found.what, outcomes[-1]):
            break
        failure = outcomes[-1].failures[0].failure
        calls = [one for one in smaller(op, failure.call) if checkable(subject, one)][:ATTEMPTS]
    job = Block(subject, op, CallList((Sample(failure.call),)), which=numbers)
    again = yield Batch(check_block, [job] * (processors() + 1), lambda one: not _dies(found.what, one), _of_death)
    return failure if again and all(_dies(found.what, one) for one in again) else found  # also in a new process


def _dies(what: str, tally: Tally) -> bool:
    """Whether a call ended its process in the same way."""
    return any(one.sample is None and one.failure.what == what for one in tally.failures)


def _shrunk(job: FailureToExplain, heartbeat: Heartbeat) -> Failure:
    numbers = count()
    with single_threaded(), at(job.failure.call):
        return shrink(
            job.subject, job.op, job.failure, job.sample, job.which, lambda: heartbeat(next(numbers)), job.within
        )


def _also_shrunk(job: FailureToExplain, heartbeat: Heartbeat) -> Failure:
    """The failure on the smallest call that shows it, without likely causes."""
    numbers = count()
    with single_threaded(), at(job.failure.call):
        if job.hint and (failure := same_on(job.subject, job.op, job.failure, job.hint)):
            return failure
        return smallest(job.subject, job.op, job.failure, job.sample, lambda: heartbeat(next(numbers)))[0]


def _diagnosed(job: FailureToExplain, heartbeat: Heartbeat) -> Failure:
    heartbeat(0)
    with single_threaded(), at(job.failure.call):
        return diagnose(job.subject, job.op, job.failure)


def _as_drawn(job: FailureToExplain, heartbeat: Heartbeat) -> Failure:
    """The failure on the arrays that its ``reproduce`` line draws. They nearly always show it; else as it was found."""
    heartbeat(0)
    for seed in range(3):
        if failure := check_call(job.subject, Call(job.op.name, job.failure.call.arguments, seed)).failure:
            return failure
    return _diagnosed(job, heartbeat)


def requiring(subject: Subject, require: str) -> Subject:
    """The subject, of which ``require`` is required, too.

    Raises:
        ValueError: It cannot be required.
    """
    if require and require not in REQUIREMENTS:
        raise ValueError(f"require={require!r}: must be {' or '.join(REQUIREMENTS)}")
    return subject._replace(limits=subject.limits._replace(require=require)) if require else subject


def sized(subject: Subject, sizes: Sequence[int], max_elements: int | None) -> Subject:
    """The subject, whose drawn calls also have sizes next to ``sizes``, and arrays of up to ``max_elements``.

    Raises:
        ValueError: a size is below 1, or larger than the largest possible one; or there are too few or many elements.
    """
    if strange := [size for size in sizes if not 0 < size <= LARGEST]:
        raise ValueError(
            f"sizes={(*sizes,)}: {strange[0]} is no block size; they are whole numbers from 1 to {LARGEST:,}"
        )
    if max_elements is not None and not 0 < max_elements <= MOST_ELEMENTS:
        raise ValueError(f"max_elements={max_elements}: must be a whole number from 1 to {MOST_ELEMENTS:,}")
    limits = subject.limits
    both = tuple(dict.fromkeys((*limits.sizes, *sizes)))
    return subject._replace(limits=limits._replace(sizes=both, max_elements=max_elements or limits.max_elements))


def assert_theorem(subject: Subject, op: Op, theorem: Theorem, seed: int = 0, first: Sequence[Sample] = ()) -> Search:
    """Check one theorem on the calls ``first`` and on drawn calls of an op. Returns warnings and what is not covered.

    Raises:
        Failure: The theorem does not hold.
    """
    __tracebackhide__ = True
    found = search(subject, op, EXAMPLES, seed, which=[theorem], first=first)
    if found.failure:
        raise found.failure
    return found


def search(
    subject: Subject, op: Op, examples: int, seed: int, *, which: Sequence[Theorem] = (), shrink: bool = True,
    first: Sequence[Sample] = (),
) -> Search:  # fmt: skip
    """Check all theorems of an op, or only ``which``, on drawn calls, in this process."""
    before = [Block(subject, op, CallList(tuple(first)), first_only=True)] if first else []
    return finish(_search(subject, op, drawn(subject, op, examples, seed), before, which, shrink))


def _search(
    subject: Subject, op: Op, rounds: Rounds, before: list[Block], which: Sequence[Theorem], shrinks: bool
) -> Steps[Search]:
    found, judged = Tally(), op
    requested = which or to_check(subject, op)
    if before:
        found, judged = yield from settled(before, judged, requested)
    total = Tally()
    while not by_form(op, found).failures and (round_ := rounds(by_form(op, total))):
        round_ = [block._replace(first_only=True) for block in round_]
        one, judged = yield from settled(round_, judged, requested)
        total |= one
        found |= one
        if not one.drawn:
            break
    found = by_form(op, found, subject.strict)
    failures, contract = yield from explained(subject, op, found, shrinks, which=which)
    failing = [*failures, *(one for one in contract if one.fails)]
    return Search(
        found.calls,
        found.error_over_bound,
        failing[0] if failing else None,
        found.probabilistic_ratio if _is_sum(judged) and not failing else None,
        tuple(contract),
        partial.explained(found.missed, found.features),
        found.warned,
    )


def to_json(subject: Subject, results: Sequence[Result], **requested: Any) -> dict[str, Any]:
    """The document that ``verify --json`` writes. ``requested`` describes the requested calls."""
    missing = [name for name in OPS if subject.implementation(name) is None]
    status = exit_code(results)
    return {
        "schema": 1,
        "subject": subject.name,
        "verdict": ("right", "wrong", "not covered")[status],
        "exit": status,
        **requested,
        "versions": versions(),
        "not_covered": missing,
        "ops": [result.to_json() for result in results],
    }
