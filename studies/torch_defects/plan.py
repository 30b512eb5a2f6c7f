"""The plan of a campaign: the requested dtypes, layouts and ops, as jobs."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from cnn_oracle import call as calls
from cnn_oracle.calls.sampling import CallList, EnumerationSlice, RandomCalls, Sample
from cnn_oracle.cases.dtypes import FORMATS
from cnn_oracle.cases.expected import Rejection
from cnn_oracle.op import Op
from cnn_oracle.ops import OPS, look_up
from cnn_oracle.result import Failure
from cnn_oracle.studies.torch_defects import independent
from cnn_oracle.studies.torch_defects.campaign import Job
from cnn_oracle.studies.torch_defects.kernels import KERNELS
from cnn_oracle.studies.torch_defects.layouts import LAYOUTS
from cnn_oracle.survey import counted

BLOCK = 100  # calls of a job


class Plan(NamedTuple):
    """Drawn calls of some ops, or (``size``) part of an exhaustive enumeration, or one call; ``module`` is tested."""

    dtypes: tuple[str, ...]
    layouts: tuple[str, ...]
    ops: tuple[str, ...] = ()
    call: str | None = None
    seed: int = 0
    examples: int = 100
    size: int | None = None
    part: tuple[int, int] = (1, 1)
    module: str = KERNELS

    def jobs(self, progress: Callable[[str], None] = lambda _: None) -> list[Job]:
        """An op's jobs for each dtype.

        Raises:
            ValueError: an op is unknown, or its exhaustive enumeration has too many calls for one run.
        """
        if self.call is not None:
            return self._of_one_call(self.call)
        ops = [look_up(name) for name in dict.fromkeys(self.ops)] or list(OPS.values())
        return [job for op in ops for job in (self._of_world(op, progress) if self.size else self._drawn(op))]

    def total(self, jobs: list[Job]) -> int | None:
        """The largest number of pairs of call and layout; None for an exhaustive enumeration, where it is not known."""
        if self.size:
            return None
        return len({(job.op, job.dtype) for job in jobs}) * len(self.layouts) * (1 if self.call else self.examples)

    @property
    def requested(self) -> dict[str, Any]:
        """The settings that reproduce the run, for a report."""
        calls = {"call": self.call} if self.call else {"exhaustive": self.size, "part": "{}/{}".format(*self.part)}
        which = calls if self.call or self.size else {"examples": self.examples}
        return {"dtypes": self.dtypes, "layouts": self.layouts, **which, "seed": self.seed}

    def _drawn(self, op: Op) -> list[Job]:
        drawn, each = RandomCalls(self.examples, self.seed, unsafe_too=True), BLOCK * len(self.layouts)
        starts = range(0, self.examples * len(self.layouts), each)
        return [
            Job(op.name, dtype, self.layouts, drawn, module=self.module, start=start, stop=start + each)
            for dtype in self.dtypes
            for start in starts
        ]

    def _of_world(self, op: Op, progress: Callable[[str], None]) -> list[Job]:
        size = self.size or 0
        prefixes, number = counted(op, size, self.part, lambda what, *_: progress(what))
        if not number.exact:
            raise ValueError(f"{op.name} has {number} geometries: give --part i/n, or axes smaller than {self.size}")
        return [
            Job(op.name, dtype, self.layouts, EnumerationSlice(size, prefix), every=False, module=self.module)
            for dtype in self.dtypes
            for prefix in prefixes
        ]

    def _of_one_call(self, text: str) -> list[Job]:
        call = calls.parse(text, self.seed)
        op = look_up(call.op)
        if unknown := [n for n in call.arguments if n not in op.parameters]:
            raise ValueError(f"{call}: {op.name} has no argument {unknown[0]!r}; it has {', '.join(op.parameters)}")
        try:
            list(independent.cases(op, call, FORMATS[self.dtypes[0]]))
        except (Failure, KeyError, MemoryError, *Rejection) as error:
            raise ValueError(f"{call}: manual cannot take it: {str(error).partition(chr(10))[0]}") from None
        return [Job(op.name, d, self.layouts, CallList((Sample(call),)), module=self.module) for d in self.dtypes]


def dtypes(text: str) -> tuple[str, ...]:
    return _some("dtype", text, FORMATS)


def layouts(text: str) -> tuple[str, ...]:
    return _some("layout", text, LAYOUTS)


def _some(what: str, text: str, known: Iterable[str]) -> tuple[str, ...]:
    """The names in a text that commas separate; every name for "all"."""
    names = tuple(known) if text == "all" else tuple(dict.fromkeys(text.split(",")))
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"--{what} {text!r}: there is no {what} {unknown[0]!r}; there are {', '.join(known)}, or all")
    return names
