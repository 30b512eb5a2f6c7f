"""Verdicts, failures, diagnoses and results: frozen data. Printing one computes nothing."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from json import dumps
from math import isfinite
from typing import Any, Literal, NamedTuple

from cnn_oracle.call import Call
from cnn_oracle.environment import PyTorch
from cnn_oracle.manual._typing import Array

Source = Literal["shell", "python", "pytest"]  # where the subject came from, and so how a failure is reproduced


class Verdict(StrEnum):
    EXACT = "EXACT"  # bitwise equal wherever floating point is exact, within bounds elsewhere
    BOUNDED = "BOUNDED"  # every element within its own a-priori rounding bound
    NORMWISE = "NORMWISE"  # a fast algorithm: not exact on integers, yet within the normwise bound
    WRONG = "WRONG"
    CRASHED = "CRASHED"
    NONDETERMINISTIC = "NONDETERMINISTIC"
    VACUOUS = "VACUOUS"  # too many zeros or constants for the comparison to mean anything


@dataclass(frozen=True)
class Diagnosis:
    """Why a call failed.

    ``ruling`` says who is wrong, and by which independent check; None where no two numbers differ. ``mistakes`` are the
    known mistakes that give the very same outputs, ``symptoms`` what else the wrong numbers have in common.
    """

    who_is_wrong: str | None = None
    mistakes: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()

    @property
    def causes(self) -> list[str]:
        """The mistakes, then the symptoms, each once."""
        return [*dict.fromkeys((*self.mistakes, *self.symptoms))]


class Failure(AssertionError):
    """A theorem that does not hold: frozen data; ``replace`` makes a changed copy. ``str`` is the whole message.

    ``quantity``, ``index``, ``subject`` and ``reference`` are the output, the place and the two values that differ;
    ``outputs`` is all that the subject returned, ``case`` what it was given. ``against_pytorch`` is false where the
    subject was compared with itself. ``redo`` is the call that reproduces the failure, ``only`` says that its
    theorem was asked for by name, ``options`` are further ones of the command line, ``test`` is the node id of the test
    that asked, under pytest.
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
    reproducer: Call
    title: str
    sides: tuple[tuple[str, str], ...]
    only: bool
    command: str
    options: str
    source: Source
    test: str
    pytorch: str
    diagnosis: Diagnosis

    def __init__(
        self, what: str, call: Call, *, verdict: Verdict = Verdict.WRONG, quantity: str = "",
        index: tuple[int, ...] | None = None, subject: float | None = None, reference: float | None = None,
        outputs: dict[str, Array | None] | None = None, case: Any = None, against_pytorch: bool = False,
        subject_name: str = "cnn_oracle.manual", theorem: Callable[..., Any] | None = None,
        reproducer: Call | None = None, title: str = "", sides: tuple[tuple[str, str], ...] = (), only: bool = False,
        command: str = "verify", options: str = "", source: Source = "shell", test: str = "",
        pytorch: str = "", diagnosis: Diagnosis = Diagnosis(),
    ) -> None:  # fmt: skip
        super().__init__(what)
        vars(self).update(
            what=what, call=call, verdict=verdict, quantity=quantity, index=index, subject=subject, reference=reference,
            outputs=outputs, case=case, against_pytorch=against_pytorch, subject_name=subject_name, theorem=theorem,
            reproducer=reproducer or call, title=title, sides=sides, only=only, command=command, options=options,
            source=source, test=test, pytorch=pytorch, diagnosis=diagnosis,
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
        """The same failure, with the same cause, but for these fields."""
        if "what" in changes:  # which the two sides told
            changes = {"title": "", "sides": ()} | changes
        copy = Failure(**(self._fields() | changes))
        copy.__cause__ = self.__cause__
        return copy

    def __reduce__(self) -> Any:
        """Exceptions are rebuilt from their message; this one from all of its fields."""
        return _restored, (self._fields(),)

    def _fields(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("__")}

    @property
    def who_is_wrong(self) -> str | None:
        """Who is wrong, and by which independent check; None where no two numbers differ."""
        return self.diagnosis.who_is_wrong

    @property
    def likely_causes(self) -> list[str]:
        """The known mistakes that give the very same wrong outputs, and what else they look like."""
        return self.diagnosis.causes

    @property
    def reproduce(self) -> str:
        """The line that reproduces the failure where it was found: in pytest, in Python, in a shell."""
        if self.source == "pytest" and self.theorem is not None:
            test = f"{self.subject_name}::{self.call.op}::{self.theorem.__name__}"
            return f"pytest --oracle-subject {self.subject_name} {test}"
        if self.test:
            return f"pytest {shlex.quote(self.test)}"
        return self._in_python if self.source == "python" else self._in_a_shell

    @property
    def _in_python(self) -> str:
        one = f", call={dumps(str(self.reproducer), ensure_ascii=False)}, seed={self.reproducer.seed}"
        of_all_calls = self.verdict is Verdict.VACUOUS
        return f'oracle.verify("{self.call.op}", {self.subject_name}{"" if of_all_calls else one})'

    @property
    def _in_a_shell(self) -> str:
        if self.verdict is Verdict.VACUOUS:
            return f"cnn-oracle {self.command} {self.subject_name} --op {self.call.op}{self.options}"
        theorem = f" --theorem {self.theorem.__name__}" if self.only and self.theorem is not None else self.options
        call = f"--call {shlex.quote(str(self.reproducer))} --seed {self.reproducer.seed}"
        return f"cnn-oracle verify {self.subject_name} {call}{theorem}"

    def __str__(self) -> str:
        lines = [f"{self.verdict}  {self.title or self.what}"]
        lines += [f"  {side:<9} {value}" for side, value in self.sides]
        lines += [f"  call      {self.call}"]
        lines += [f"  arbiter   {self.who_is_wrong}"] if self.who_is_wrong else []
        lines += [f"  likely cause: {cause}" for cause in self.likely_causes]
        lines += [f"  version   {self.pytorch}"] if self.pytorch else []
        lines += [f"  reproduce {self.reproduce}"]
        if self.test and self.source == "python":  # this call alone, inside of that test
            lines += [f"  or there  {self._in_python}"]
        return "\n".join(lines)


def _restored(fields: dict[str, Any]) -> Failure:
    return Failure(**fields)


def death(call: Call, how: str, subject_name: str, options: str = " --isolate") -> Failure:
    """The failure of a call that ended its process, or had to be ended."""
    return Failure(f"{call.op} {how}", call, verdict=Verdict.CRASHED, subject_name=subject_name, options=options)


class Result(NamedTuple):
    """The verdict on one op.

    ``worst`` is the largest error met, as a fraction of its bound. ``withheld`` calls were not checked, because PyTorch
    is unsafe on them; drawn calls are never such. ``miss`` is the probability that an error polynomial in the inputs is
    not seen at a value where it lies. ``tight`` is the largest error as a share of √K u Σ|products|, which sums of K
    products seldom exceed; None of what is no such sum. ``unchecked`` is what the subject does not have, or not tell,
    and the verdict does not speak of. ``pytorch`` is the version that it was compared with. ``accepted`` are theorems
    that do not hold and that the project accepts, ``stale`` those that it accepts though they hold. ``retried`` calls
    failed in an earlier run, and pass now.
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

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` writes it."""
        version, in_ci = self.pytorch or (None, None)
        failure = self.failure and _failure_to_json(self.failure)
        return self._asdict() | {"failure": failure, "pytorch": version, "pytorch_in_ci": in_ci}


def _failure_to_json(failure: Failure) -> dict[str, Any]:
    return {
        "verdict": failure.verdict,
        "theorem": getattr(failure.theorem, "__name__", None),
        "what": failure.what,
        "quantity": failure.quantity,
        "index": failure.index,
        "subject": _number(failure.subject),
        "reference": _number(failure.reference),
        "call": str(failure.call),
        "who_is_wrong": failure.who_is_wrong,
        "likely_causes": failure.likely_causes,
        "reproduce": failure.reproduce,
    }


def _number(value: float | None) -> float | str | None:
    """JSON has no NaN and no infinity: they are written as text."""
    return value if value is None or isfinite(value) else str(value)
