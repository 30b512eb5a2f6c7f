"""``pytest --subject PKG``, in any project: each theorem of each op that PKG has, as a test beside the project's own.

pytest loads this file wherever the oracle is installed: it imports nothing else before --subject is given, and without
it does nothing. A project that has an option of that name turns the plugin off: ``-p no:oracle.plugin``.
"""

import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "check the ops of this importable package or module against PyTorch: one test for each theorem of each op"
    parser.getgroup("oracle").addoption("--subject", metavar="PKG", help=told)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, Any]:
    """Beside what the session collects; in a checkout of the oracle, tests/ has the theorems already."""
    report = yield
    config = collector.config
    subject, here = config.getoption("--subject"), Path(__file__).parents[1] == config.rootpath
    if subject and not here and isinstance(collector, pytest.Session) and report.passed:
        report.result.append(Theorems.from_parent(collector, name=subject, nodeid=subject))
    return report


class Theorems(pytest.Collector):
    """A subject; of each of its ops the theorems, and what they do not speak of."""

    def collect(self) -> Iterator[pytest.Item]:
        from oracle import judge, subjects, theorems

        # as python -m does, so that the tests and their again lines mean the same code
        if (folder := str(self.config.invocation_params.dir)) not in sys.path:
            sys.path.insert(0, folder)
        try:
            subject = subjects.load(self.name)
        except ValueError as error:
            raise self.CollectError(str(error)) from None
        ops = judge.covered(subject)
        if not ops:
            raise self.CollectError(f"subject {self.name!r} has none of the ops; see python -m oracle ops")
        for op in ops:
            for theorem in theorems.of(op, subject):
                name = f"{op.name}::{theorem.__name__}"
                yield Theorem.from_parent(self, name=name, nodeid=f"{self.name}::{name}", run=(subject, op, theorem))
            for missing in theorems.unchecked(subject, op):
                name = f"{op.name}::{missing}"
                yield Theorem.from_parent(self, name=name, nodeid=f"{self.name}::{name}", run=None)


class Theorem(pytest.Item):
    """A theorem on drawn calls of an op; or something that is not checked, and therefore skipped."""

    def __init__(self, *, run: Any, **node: Any) -> None:
        super().__init__(**node)
        self.run = run

    def runtest(self) -> None:
        if self.run is None:
            pytest.skip("not checked")
        from oracle.judge import must_hold

        must_hold(*self.run)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A failure says all there is to say."""
        from oracle.verdicts import Failure

        return str(excinfo.value) if isinstance(excinfo.value, Failure) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.nodeid
