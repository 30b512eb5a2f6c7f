"""Verdicts, failures, diagnoses and results: frozen data. Printing one computes nothing."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from json import dumps
from math import isfinite
from typing import Any, Literal, NamedTuple

from cnn_oracle.call import Call
from cnn_oracle.diagnosis import Diagnosis
from cnn_oracle.environment import PyTorch
from cnn_oracle.global_state import Warned
from cnn_oracle.manual._typing import Array
from cnn_oracle.maps import html, text

MANUAL = "cnn_oracle.manual"
UNDIAGNOSED = Diagnosis()
Source = Literal["shell", "python", "pytest"]  # where the subject came from, and so how a failure is reproduced


class Verdict(StrEnum):
    """The verdict on one op; a string.

    The first three mean that the numbers are PyTorch's. The others mean that the op fails, except INCONCLUSIVE and
    NOT COVERED: these say nothing about it.

    Attributes:
        EXACT: Bitwise equal wherever floating point is exact, and within the rounding bound elsewhere.
        BOUNDED: Every element is within its own a-priori rounding bound.
        NORMWISE: A fast algorithm, such as Winograd or an FFT. It rounds even on integers, but stays within the
            normwise bound.
        WRONG: A value is outside its bound, or another numerical theorem does not hold.
        CRASHED: The subject raises on a valid call, ends its process, or does not answer in time.
        NONDETERMINISTIC: The numbers are wrong in some runs of a call and right in others.
        CONVENTION: The numbers are right, but the gradient at a tie or a nondifferentiable point is another valid
            choice than PyTorch's.
        CONTRACT: The numbers are right, but a contract finding would make a caller's numbers wrong, such as a write to
            an input.
        INCONCLUSIVE: Nothing differs, but for most elements of an output the bound is wider than the largest magnitude
            in that output. It fails only if the run is strict.
        VACUOUS: Nothing differs, but too many expected values are zero or constant, so the comparison means nothing.
        NOT_COVERED: The subject supports none of the drawn calls. Its text is ``"NOT COVERED"``.

    Example:
        >>> from cnn_oracle.result import Verdict
        >>> Verdict.EXACT == "EXACT"
        True
        >>> print(Verdict("WRONG"))
        WRONG
    """

    EXACT = "EXACT"  # bitwise equal wherever floating point is exact, within bounds elsewhere
    BOUNDED = "BOUNDED"  # every element within its own a-priori rounding bound
    NORMWISE = "NORMWISE"  # a fast algorithm: not exact on integers, yet within the normwise bound
    WRONG = "WRONG"
    CRASHED = "CRASHED"
    NONDETERMINISTIC = "NONDETERMINISTIC"
    CONVENTION = "CONVENTION"
    CONTRACT = "CONTRACT"
    INCONCLUSIVE = "INCONCLUSIVE"  # most bounds are too wide to see anything
    VACUOUS = "VACUOUS"  # too many zeros or constants for the comparison to mean anything
    NOT_COVERED = "NOT COVERED"


OF_ALL_CALLS = (Verdict.INCONCLUSIVE, Verdict.VACUOUS)  # verdicts that no single call shows
# Contract findings that would make a caller's numbers wrong. The other kinds matter only to careless callers
HARMFUL = (
    "mutation", "aliasing", "reused buffer", "layout", "dtype", "nondeterminism", "uninitialised memory", "rows",
)  # fmt: skip
REQUIREMENTS = {"batch-invariance": "batch invariance"}  # what may be required → the kind of its finding


class Failure(AssertionError):
    """A theorem that does not hold. ``oracle.verify`` raises it.

    A Failure is an AssertionError, so pytest reports it as a failed test. ``str(failure)`` is the whole message: what
    differs, the smallest failing call, who is wrong, likely causes, how to reproduce it, and a map of the elements that
    are wrong. A notebook shows a failure as HTML, with a map of every output. A Failure is frozen: ``replace`` makes a
    changed copy. It can be pickled.

    Attributes:
        verdict: A failing verdict, such as WRONG, the default, or CONTRACT for a contract finding.
        what: What is wrong, in one line: the first line of the message without the verdict.
        call: The failing call. ``str(call)`` shows its arrays by shape: ``"relu(x=(2, 3))"``.
        quantity: The output that differs: ``"y"``, or a gradient such as ``"dx"``. "" if no two values differ.
        index: The position of the first difference in that output. None if there is none.
        subject: The subject's value at ``index``. None if no two values differ.
        reference: The expected value at ``index``. None if no two values differ.
        outputs: Everything that the subject returned: arrays by name, such as ``"y"`` and ``"dx"``. None if unknown.
        case: What the subject received: the call with its arrays, and PyTorch's outputs. None if unknown.
        against_pytorch: True if ``reference`` is PyTorch's. False if the subject was compared with itself or with an
            expected property.
        subject_name: The import name of the subject, or the Python expression that made it.
        theorem: The theorem that does not hold: a function; its ``__name__`` is printed by pytest. None if unknown.
        reproduce: The line that reproduces the failure, for pytest, Python or a shell: where it was found.
        who_is_wrong: The arbiter's answer, in one line: the subject, PyTorch, both, or undecided, and by which
            independent check. None if no two numbers differ.
        likely_causes: The likely causes as text. May be empty. ``diagnosis.causes`` also has their kinds.
        pytorch: The PyTorch version, if CI has not run it; "" otherwise.
        kind: The kind of a contract finding, such as ``"mutation"`` or ``"signature"``, or ``"convention"``. "" for
            wrong numbers.
        fails: False for a contract finding that is only a warning.

        diagnosis: The Diagnosis, from which ``who_is_wrong`` and ``likely_causes`` read; also the maps of the errors.
        message: The message without the map.
        only: True if the theorem was requested by name. Like the following fields, it is used by ``reproduce``.
        command: The command of the command line, ``"verify"`` by default.
        options: Further options of the command line. "" by default.
        source: Where the subject came from: ``"shell"``, the default, ``"python"`` or ``"pytest"``.
        test: Under pytest, the node id of the test. "" otherwise.

    Example:
        >>> import cnn_oracle as oracle
        >>> try:
        ...     oracle.verify("conv2d", "cnn_oracle.mistakes.conv2d.scatter_overwrites", examples=5)
        ... except oracle.Failure as caught:
        ...     failure = caught
        >>> print(str(failure).splitlines()[0])
        WRONG  dx[0,0,0,1] is wrong   (1 of 3 elements)
        >>> print(failure.call)
        conv2d(x=(1, 1, 1, 3), w=(1, 1, 1, 2), b=(1,))
        >>> failure.quantity, failure.index, failure.subject, failure.reference
        ('dx', (0, 0, 0, 1), 36.0, 68.0)
    """

    what: str
    call: Call
    verdict: Verdict
    quantity: str
    index: tuple[int, ...] | None
    subject: float | None
    reference: float | None
    outputs: dict[str, Array | None] | None
    case: Any
    against_pytorch: bool
    subject_name: str
    theorem: Callable[..., Any] | None
    title: str
    only: bool
    command: str
    options: str
    source: Source
    test: str
    pytorch: str
    kind: str
    fails: bool
    diagnosis: Diagnosis

    def __init__(
        self, what: str, call: Call, *, verdict: Verdict = Verdict.WRONG, quantity: str = "",
        index: tuple[int, ...] | None = None, subject: float | None = None, reference: float | None = None,
        outputs: dict[str, Array | None] | None = None, case: Any = None, against_pytorch: bool = False,
        subject_name: str = MANUAL, theorem: Callable[..., Any] | None = None,
        title: str = "", only: bool = False,
        command: str = "verify", options: str = "", source: Source = "shell", test: str = "",
        pytorch: str = "", kind: str = "", fails: bool = True, diagnosis: Diagnosis = UNDIAGNOSED,
    ) -> None:  # fmt: skip
        super().__init__(what)
        vars(self).update(
            what=what, call=call, verdict=verdict, quantity=quantity, index=index, subject=subject, reference=reference,
            outputs=outputs, case=case, against_pytorch=against_pytorch, subject_name=subject_name, theorem=theorem,
            title=title, only=only, command=command, options=options,
            source=source, test=test, pytorch=pytorch, kind=kind, fails=fails, diagnosis=diagnosis,
        )  # fmt: skip

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("__"):  # Python itself writes __traceback__, __notes__ and the like
            raise AttributeError(f"a Failure is frozen: failure.replace({name}=…) makes a changed copy")
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if not name.startswith("__"):
            raise AttributeError(f"a Failure is frozen: {name} cannot be deleted")
        super().__delattr__(name)

    def replace(self, **changes: Any) -> "Failure":
        """Make a changed copy. The cause of the exception stays the same.

        Args:
            changes: New values of fields, by name.

        Returns:
            A new Failure.

        Raises:
            TypeError: There is no such field.

        Example:
            >>> from cnn_oracle.call import parse
            >>> import cnn_oracle as oracle
            >>> failure = oracle.Failure("y[0] = 2, expected 1", parse("relu(x=(3,))", seed=0))
            >>> failure.replace(quantity="y").quantity
            'y'
        """
        if "what" in changes:  # the title repeated the old one
            changes = {"title": ""} | changes
        copy = Failure(**(self._fields() | changes))
        copy.__cause__ = self.__cause__
        return copy

    def __reduce__(self) -> Any:
        """Pickle all fields; Python would pickle only the message."""
        return _restored, (self._fields(),)

    def _fields(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("__")}

    @property
    def who_is_wrong(self) -> str | None:
        """The arbiter's answer: who is wrong, and by which independent check. None if no two numbers differ."""
        return self.diagnosis.who_is_wrong

    @property
    def likely_causes(self) -> list[str]:
        """The likely causes as text: known mistakes that give the same wrong outputs, or what these have in common."""
        return self.diagnosis.likely_causes

    @property
    def reproduce(self) -> str:
        """The line that reproduces the failure where it was found: a pytest, Python or shell line."""
        if self.source == "pytest" and self.theorem is not None:
            test = f"{self.subject_name}::{self.call.op}::{self.theorem.__name__}"
            return f"pytest --oracle-subject {self.subject_name} {test}"
        if self.test:
            return f"pytest {shlex.quote(self.test)}"
        return self._in_python if self.source == "python" else self._in_a_shell

    @property
    def _in_python(self) -> str:
        one = f", call={dumps(str(self.call), ensure_ascii=False)}, seed={self.call.seed}"
        one = "" if self.verdict in OF_ALL_CALLS else one
        strict = ", strict=True" if self._needs_strict else ""
        require = f', require="{self._required}"' if self._required else ""
        return f'oracle.verify("{self.call.op}", {self.subject_name}{one}{strict}{require})'

    @property
    def _in_a_shell(self) -> str:
        subject = shlex.quote(self.subject_name)
        if self.kind == "import":
            return f"cnn-oracle verify {subject}{f' --op {self.call.op}' * (self.call.op != 'import')}{self.options}"
        if self.verdict in OF_ALL_CALLS:
            return f"cnn-oracle {self.command} {subject} --op {self.call.op}{self.options}"
        theorem = f" --theorem {self.theorem.__name__}" if self.only and self.theorem is not None else self.options
        call = f"--call {shlex.quote(str(self.call))} --seed {self.call.seed}"
        strict = " --strict" if self._needs_strict else ""
        require = f" --require {self._required}" if self._required else ""
        return f"cnn-oracle verify {subject} {call}{theorem}{strict}{require}"

    @property
    def _required(self) -> str:
        """The requirement that does not hold, if it is one."""
        return next((name for name, kind in REQUIREMENTS.items() if kind == self.kind), "")

    @property
    def _needs_strict(self) -> bool:
        """Whether this is a contract warning that fails because the caller is strict."""
        warning = self.verdict is Verdict.CONTRACT and self.kind not in (*HARMFUL, *REQUIREMENTS.values())
        return warning and self.fails and self.subject_name != MANUAL

    def __str__(self) -> str:
        maps = self.diagnosis.maps[:1]  # of the failing output
        return "\n".join([self.message, *(line for one in maps for line in text.lines(one))])

    @property
    def message(self) -> str:
        """The message without the map."""
        kind = f"{self.kind}: " if self.verdict is Verdict.CONTRACT else ""
        label = self.verdict if self.fails else "NOTE" if self.kind == "convention" else "WARNING"
        lines = [f"{label}  {kind}{self.title or self.what}"]
        if self.title and self.subject is not None and self.reference is not None:
            lines += [f"  subject   {show(self.subject, self.reference)}"]
            lines += [f"  pytorch   {show(self.reference, self.subject)}"]
        lines += [f"  call      {self.call}"] if self.kind != "import" else []
        lines += [f"  arbiter   {self.who_is_wrong}"] if self.who_is_wrong else []
        lines += [f"  likely cause: {cause}" for cause in self.likely_causes]
        lines += [f"  version   {self.pytorch}"] if self.pytorch else []
        lines += [f"  reproduce {self.reproduce}"]
        if self.test and self.source == "python":  # only this call, inside that test
            lines += [f"  in Python {self._in_python}"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The failure in a notebook: the message, and a map of each output."""
        return html.results([self])


def show(value: float, other: float) -> str:
    """The value with as few digits as distinguish it from ``other``."""
    return next((s for d in (6, 9, 17) if (s := f"{value:.{d}g}") != f"{other:.{d}g}"), repr(value))


def _restored(fields: dict[str, Any]) -> Failure:
    return Failure(**fields)


def finding(kind: str, what: str, call: Call, **fields: Any) -> Failure:
    """A contract finding: a Failure with the verdict CONTRACT. It fails if it is harmful; else it is a warning."""
    fails = kind in (*HARMFUL, *REQUIREMENTS.values())
    return Failure(what, call, verdict=Verdict.CONTRACT, kind=kind, fails=fails, **fields)


def death(call: Call, how: str, subject_name: str, options: str = " --isolate", function: str = "") -> Failure:
    """The failure of a call that ended its process, or had to be ended. ``function`` is what was running, if known."""
    what = f"{function} of {call.op} {how}" if function else f"{call.op} {how}"
    return Failure(what, call, verdict=Verdict.CRASHED, subject_name=subject_name, options=options)


class Result(NamedTuple):
    """The result of one op. ``oracle.verify`` returns it; the command line prints one row per Result.

    A Result is a named tuple. It says how the subject agrees with PyTorch, on how many calls, and what was not checked.

    Attributes:
        op: The name of the op.
        verdict: EXACT, BOUNDED or NORMWISE if the op passes. See ``cnn_oracle.result.Verdict``.
        calls: The number of calls that were checked.
        error_over_bound: The largest error of all checked elements, divided by the rounding bound of its element. 0 if
            everything is bitwise equal, 1 at the bound. The bound is derived, not chosen.
        seconds: The time that the check took, in seconds.
        failure: The first Failure, or None. ``oracle.verify`` raises it, so a Result that it returns has None.
        skipped: The number of calls that were skipped as unsafe: PyTorch may crash on them. Drawn calls are never
            unsafe. 0 by default.
        miss_probability: A bound on the probability that a wrong element is missed. It holds for one element whose
            error is a polynomial in the inputs, on the integers that were drawn. None if the op is not multilinear, or
            if there is a failure.
        probabilistic_ratio: The largest error divided by √K u Σ|products|, for a sum of K products and unit roundoff
            u. Random rounding errors seldom exceed 1. None if the op is not such a sum, or if there is a failure.
        unchecked: What the verdict does not cover, because the subject does not have it: ``"backward"``, a dtype such
            as ``"float64"``, or ``"forward's signature"`` if it cannot be read. Empty by default.
        pytorch: The PyTorch that was compared with: its ``version``, and ``in_ci``, True if CI has run that version.
        accepted: The theorems that do not hold and that the project's settings accept. Empty by default.
        stale: The theorems that the settings accept although they hold. Empty by default.
        retried: The number of calls that failed in an earlier run and pass now. 0 by default.
        numbers: The verdict on the numbers only, without the contract. None is the default: the same as ``verdict``.
        failures: The first failure of each theorem, of the numbers first. Empty if the op passes.
        contract: All contract findings: Failures with a ``kind``. One with ``fails=False`` is a warning.
        unsupported: What the subject does not support → the number of drawn calls that were left out for it.
        drawn: The number of drawn calls, covered or not. 0, the default, if they are those of ``calls``.
        subject_warnings: The Python warnings of the subject, such as an overflow → how often. Empty by default.
        longest_axis: The length of the longest axis of the arrays in all checked calls. 0 if no call was checked.
        visible_error: The smallest relative error in one element that the comparison would have seen, in each output.
            One unit in the last place, 2.2e-16, where all outputs must be bitwise equal. None if nothing was compared.

    Example:
        >>> import cnn_oracle as oracle
        >>> from cnn_oracle.manual import linear
        >>> result = oracle.verify("linear", linear, examples=5)
        >>> print(result.op, result.verdict, result.calls)
        linear EXACT 5
        >>> result.failure is None, result.unchecked, result.contract
        (True, (), ())
    """

    op: str
    verdict: Verdict
    calls: int
    error_over_bound: float
    seconds: float
    failure: Failure | None
    skipped: int = 0
    miss_probability: float | None = None
    probabilistic_ratio: float | None = None
    unchecked: tuple[str, ...] = ()
    pytorch: PyTorch | None = None
    accepted: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    retried: int = 0
    numbers: Verdict | None = None
    failures: tuple[Failure, ...] = ()
    contract: tuple[Failure, ...] = ()
    unsupported: Mapping[str, int] = {}
    drawn: int = 0
    subject_warnings: Mapping[Warned, int] = {}
    longest_axis: int = 0
    visible_error: float | None = None

    @property
    def warnings(self) -> tuple[Failure, ...]:
        """The contract findings that do not fail."""
        return tuple(one for one in self.contract if not one.fails)

    @property
    def warning_texts(self) -> list[str]:
        """Each contract finding that does not fail, on two lines, as the command line prints it."""
        kinds = {"convention": "note     "}
        return [
            f"{kinds.get(one.kind, 'warning  ')} {self.op}: {one.kind}: {one.what}\n  reproduce {one.reproduce}"
            for one in self.warnings
        ]

    @property
    def exit(self) -> int:
        """The exit code of the command line: 0, 1 if the op fails, 2 if nothing was covered."""
        return 1 if self.failure or self.stale else 2 if self.verdict is Verdict.NOT_COVERED else 0

    @property
    def summary(self) -> str:
        """The result in one line, such as "conv2d: numbers EXACT on 130 calls; 3 contract warnings"."""
        numbers = self.numbers or self.verdict
        compared = f"numbers {numbers} on {_calls(self.calls)}" if self.calls else "nothing was compared"
        notes = sum(one.kind == "convention" for one in self.warnings)
        warnings = len(self.warnings) - notes
        counts = (
            (len(self.contract) - len(self.warnings), "contract failure"), (warnings, "contract warning"),
            (notes, "convention note"),
        )  # fmt: skip
        parts = [f"{n} {name}{'s' * (n > 1)}" for n, name in counts if n]
        if self.unsupported:
            parts.append(f"not covered: {', '.join(f'{what} ({n:,})' for what, n in self.unsupported.items())}")
        if self.drawn > 10 * self.calls > 0:
            parts.append(f"only {self.calls:,} of {self.drawn:,} drawn calls are covered")
        return "; ".join([f"{self.op}: {compared}", *parts])

    def to_json(self) -> dict[str, Any]:
        """Make a dictionary, as ``cnn-oracle verify --json`` writes it.

        Returns:
            All fields by name. ``failure`` is None or a dictionary, ``failures`` and ``contract`` are lists of
            dictionaries; ``pytorch`` is the version, ``pytorch_in_ci`` says whether CI has run it. ``json.dumps``
            accepts the dictionary.

        Example:
            >>> import json
            >>> import cnn_oracle as oracle
            >>> from cnn_oracle.manual import relu
            >>> row = json.dumps(oracle.verify("relu", relu, examples=5).to_json())
            >>> json.loads(row)["verdict"]
            'EXACT'
        """
        version, in_ci = self.pytorch or (None, None)
        failures = [_failure_to_json(one) for one in self.failures or ((self.failure,) if self.failure else ())]
        return self._asdict() | {
            "numbers": self.numbers or self.verdict,
            "failure": failures[0] if failures else None,
            "failures": failures,
            "contract": [_finding_to_json(one) for one in self.contract],
            "unsupported": {**self.unsupported},
            "drawn": self.drawn or self.calls,
            "subject_warnings": {str(one): n for one, n in self.subject_warnings.items()},
            "pytorch": version,
            "pytorch_in_ci": in_ci,
        }

    def _repr_html_(self) -> str:
        """The result in a notebook: its row, its failures with a map of each output, and its warnings."""
        return as_html([self])


def as_html(results: Sequence[Result]) -> str:
    """The table of results, each failure with a map of each output, and the warnings, as a part of a page."""
    header, rows = as_table(results)
    failures = {result.failure: result.failures[1:] for result in results if result.failure}
    warnings = [text for result in results for text in result.warning_texts]
    return html.results([*failures], header, rows, [*failures.values()], warnings)


def as_table(results: Sequence[Result]) -> tuple[list[str], list[tuple[str, ...]]]:
    """The header and the rows of the table that the command line prints."""
    header = ["op", "verdict", "calls", "axes", "error/bound", "error/(√K·u)", "sees", "miss probability", "seconds"]
    rows = [_cells(result) for result in results]
    for title, shown in (("contract", _contract), ("not checked", _unchecked)):
        if any(map(shown, results)):
            header.append(title)
            rows = [(*row, shown(result)) for row, result in zip(rows, results, strict=True)]
    return header, rows


def _cells(row: Result) -> tuple[str, ...]:
    ratio = _share(row.probabilistic_ratio) if row.probabilistic_ratio else ""
    miss = f"{row.miss_probability:.0e}" if row.miss_probability else ""
    axes = f"≤ {row.longest_axis:,}" if row.longest_axis else ""
    sees = f"{row.visible_error:.0e}" if row.visible_error else ""
    return (
        row.op, row.verdict, f"{row.calls:,}", axes, _share(row.error_over_bound), ratio, sees, miss,
        f"{row.seconds:.1f}",
    )  # fmt: skip


def _share(value: float) -> str:
    """The number with two decimals, or as a power of ten from 100 on; "0" only for exactly 0."""
    return "0" if value == 0 else f"{value:.2f}" if value < 100 else f"{value:.1e}"


def _contract(row: Result) -> str:
    failing = len(row.contract) - len(row.warnings)
    counts = ((failing, "failure"), (len(row.warnings), "warning"))
    return ", ".join(f"{n} {name}{'s' * (n > 1)}" for n, name in counts if n)


def _unchecked(row: Result) -> str:
    return ", ".join(row.unchecked)


def exit_code(results: Iterable[Result]) -> int:
    """The exit code of the command line: 1 if an op fails, else 2 if nothing of an op is covered, else 0."""
    found = {result.exit for result in results}
    return next((code for code in (1, 2) if code in found), 0)


def _calls(n: int) -> str:
    return f"{n:,} call{'s' * (n != 1)}"


def _failure_to_json(failure: Failure) -> dict[str, Any]:
    return {
        "verdict": failure.verdict,
        "kind": failure.kind,
        "theorem": getattr(failure.theorem, "__name__", None),
        "what": failure.what,
        "quantity": failure.quantity,
        "index": failure.index,
        "subject": _number(failure.subject),
        "reference": _number(failure.reference),
        "call": str(failure.call),
        "who_is_wrong": failure.who_is_wrong,
        "causes": [cause._asdict() for cause in failure.diagnosis.causes],
        "likely_causes": failure.likely_causes,
        "reproduce": failure.reproduce,
    }


def _finding_to_json(one: Failure) -> dict[str, Any]:
    theorem = getattr(one.theorem, "__name__", None)
    return {
        "kind": one.kind, "what": one.what, "call": str(one.call), "fails": one.fails, "theorem": theorem,
        "reproduce": one.reproduce,
    }  # fmt: skip


def _number(value: float | None) -> float | str | None:
    """JSON has no NaN and no infinity: they are written as text."""
    return value if value is None or isfinite(value) else str(value)
