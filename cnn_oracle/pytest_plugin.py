"""The pytest plugin: ``pytest --oracle-subject PKG`` adds a test for each theorem of each op that PKG has.

It works in any project. pytest loads this file wherever the oracle is installed. Without the option or a node id of
these tests, the plugin does nothing and imports nothing. ``-p no:cnn_oracle`` turns it off.
"""

import re
import sys
import warnings
from collections.abc import Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "check the ops of this importable package or module against PyTorch: one test for each theorem of each op"
    parser.getgroup("oracle").addoption("--oracle-subject", metavar="PKG", help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Remove the node ids of theorems from the arguments, because pytest would look for files with these names.

    They are kept as an option, which pytest-xdist passes to its workers. ``mykernels::relu`` means all theorems of
    relu.
    """
    taken = [arg for arg in config.args if _is_theorem(config, _node(arg))]
    ours = [*getattr(config.option, "oracle_nodes", []), *map(_node, taken)]
    config.option.oracle_nodes = ours
    config.args[:] = [arg for arg in config.args if arg not in taken]
    if ours and not config.getoption("--oracle-subject"):
        config.option.oracle_subject = ours[0].partition("::")[0]


def _node(argument: str) -> str:
    """The node id without a leading ``../``, which pytest prints in a folder below its root."""
    return re.sub(r"^(\.\./)+", "", argument)


def _is_theorem(config: pytest.Config, argument: str) -> bool:
    """Whether an argument is the node id of a theorem: it names the given subject, or any module and an op."""
    subject, separator, rest = argument.partition("::")
    if not separator:
        return False
    if subject == config.getoption("--oracle-subject"):
        return True
    formulas, op = find_spec("cnn_oracle.manual"), rest.partition("::")[0]
    folders = formulas.submodule_search_locations if formulas else None
    is_op = op.isidentifier() and any(Path(folder, f"{op}.py").is_file() for folder in folders or ())
    is_module = not subject.endswith(".py") and all(part.isidentifier() for part in subject.split("."))
    return is_op and is_module


def pytest_report_header(config: pytest.Config) -> str | None:
    subject = config.getoption("--oracle-subject")
    if not subject:
        return None
    if _only_others(config):
        return f"oracle: single tests are named, so that the theorems of {subject} are left out"
    from cnn_oracle.environment import pytorch

    return f"oracle: {subject} is compared with {pytorch()}"


def _only_others(config: pytest.Config) -> bool:
    """Whether only single tests of the project itself are requested, and no theorem."""
    return not config.option.oracle_nodes and any("::" in argument for argument in config.args)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, Any]:
    """Add the theorems to the collected tests. Not in a checkout of the oracle, where tests/ has them already."""
    report = yield
    config = collector.config
    subject, nodes = config.getoption("--oracle-subject"), config.option.oracle_nodes
    here = Path(__file__).parents[1] == config.rootpath
    wanted = nodes or (subject and not here and not _only_others(config))
    if wanted and isinstance(collector, pytest.Session) and report.passed:
        report.result.append(Theorems.from_parent(collector, name=subject, nodeid=subject))
    return report


class Theorems(pytest.Collector):
    """The tests of a subject: for each op, its theorems, and what they cannot check."""

    def collect(self) -> Iterator[pytest.Item]:
        from cnn_oracle import one_call, settings, theorems
        from cnn_oracle.mistakes import load
        from cnn_oracle.store import Store

        # as python -m does, to find a subject in the working folder
        if (folder := str(self.config.invocation_params.dir)) not in sys.path:
            sys.path.insert(0, folder)
        try:
            subject = load(self.name)
            configured = settings.load(self.config.rootpath).of(self.name)
            subject = subject._replace(limits=configured.limits)
            ops = one_call.covered(subject)
        except ValueError as error:
            raise self.CollectError(str(error)) from None
        if not ops:
            raise self.CollectError(one_call.has_none(subject))
        items: list[Theorem] = []
        accepted = {(one.op, one.theorem): one.reason for one in configured.accepted}
        store = Store(configured.path.parent if configured.path else self.config.rootpath)
        for op in ops:
            for theorem in theorems.of(op, subject):
                reason = accepted.get((op.name, theorem.__name__))
                run = Question(subject, op, theorem, store, reason, configured.path)
                items.append(self._item(f"{op.name}::{theorem.__name__}", run))
            for missing in theorems.unchecked(subject, op):
                items.append(self._item(f"{op.name}::{missing}", None))
        yield from self._selected(items)

    def _item(self, name: str, run: Any) -> "Theorem":
        return Theorem.from_parent(self, name=name, nodeid=f"{self.name}::{name}", run=run)

    def _selected(self, items: list["Theorem"]) -> list["Theorem"]:
        """The items whose node ids are requested, or all items."""
        nodes: list[str] = self.config.option.oracle_nodes
        for node in nodes:
            if not any(_is_in(item.nodeid, node) for item in items):
                raise self.CollectError(
                    f"no test {node!r}; pytest --collect-only --oracle-subject {self.name} lists them"
                )
        return [item for item in items if not nodes or any(_is_in(item.nodeid, node) for node in nodes)]


def _is_in(nodeid: str, node: str) -> bool:
    return nodeid == node or nodeid.startswith(f"{node}::")


class ContractWarning(UserWarning):
    """A contract finding that matters only to careless callers."""


class Question(NamedTuple):
    """A theorem to check for an op of a subject, the store of failing calls, and the reason of an accepted finding."""

    subject: Any
    op: Any
    theorem: Any
    store: Any
    accepted: str | None
    settings: Path | None


class Theorem(pytest.Item):
    """A test of one theorem on drawn calls of an op. If ``run`` is None, the test is skipped as not checked."""

    def __init__(self, *, run: Question | None, **node: Any) -> None:
        super().__init__(**node)
        self.run = run

    def runtest(self) -> None:
        if self.run is None:
            pytest.skip("not checked")
        from cnn_oracle import survey
        from cnn_oracle.global_state import ours, show
        from cnn_oracle.result import Failure
        from cnn_oracle.verification import assert_theorem

        subject, op, theorem, store, accepted, settings = self.run
        try:
            with ours():
                first = survey.kept(store, subject, op.name, theorem.__name__)
                found = assert_theorem(subject, op, theorem, first=first)
                survey.keep(store, subject, op.name, None, theorem.__name__)
        except Failure as failure:
            survey.keep(store, subject, op.name, failure, theorem.__name__)
            if accepted is not None:
                pytest.xfail(f"accepted: {accepted}")
            raise
        finally:
            store.save()
        show(found.warned)
        for one in found.contract:
            warnings.warn_explicit(f"{op.name}: {one.kind}: {one.what}", ContractWarning, self.nodeid, 0)
        if not found.calls and found.unsupported:
            pytest.skip(f"not covered: {', '.join(found.unsupported)}")
        if accepted is not None and found.contract:
            pytest.xfail(f"accepted: {accepted}")
        if accepted is not None:
            says = f"{op.name} {theorem.__name__} ({accepted})"
            pytest.fail(f"accepted, but no longer occurs: {says}: remove it from {settings}", pytrace=False)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message of a failure, with the line that runs this test again."""
        from cnn_oracle.result import Failure

        if isinstance(excinfo.value, Failure):
            return str(excinfo.value.replace(source="pytest"))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.nodeid
