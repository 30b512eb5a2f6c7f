"""``pytest --oracle-subject PKG``, in any project: each theorem of each op that PKG has, as a test beside its own.

pytest loads this file wherever the oracle is installed: without the option, or a node id that it printed before, it
does nothing and imports nothing. ``-p no:cnn_oracle`` turns it off.
"""

import re
import sys
from collections.abc import Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "check the ops of this importable package or module against PyTorch: one test for each theorem of each op"
    parser.getgroup("oracle").addoption("--oracle-subject", metavar="PKG", help=told)


def pytest_configure(config: pytest.Config) -> None:
    """Take the node ids of theorems out of the arguments: pytest looks for files of these names.

    They are kept as an option, which pytest-xdist hands to its workers. ``mykernels::relu`` names all of an op.
    """
    taken = [arg for arg in config.args if _is_theorem(config, _node(arg))]
    ours = [*getattr(config.option, "oracle_nodes", []), *map(_node, taken)]
    config.option.oracle_nodes = ours
    config.args[:] = [arg for arg in config.args if arg not in taken]
    if ours and not config.getoption("--oracle-subject"):
        config.option.oracle_subject = ours[0].partition("::")[0]


def _node(argument: str) -> str:
    """A node id as it is: from a folder below its root, pytest prints ``../`` in front."""
    return re.sub(r"^(\.\./)+", "", argument)


def _is_theorem(config: pytest.Config, argument: str) -> bool:
    """Whether it names a theorem of a subject: of the given one, or of any under the name of an op."""
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
    """Whether single tests of the project's own are asked for, and no theorem."""
    return not config.option.oracle_nodes and any("::" in argument for argument in config.args)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, Any]:
    """Beside what the session collects; in a checkout of the oracle, tests/ has the theorems already."""
    report = yield
    config = collector.config
    subject, nodes = config.getoption("--oracle-subject"), config.option.oracle_nodes
    here = Path(__file__).parents[1] == config.rootpath
    wanted = nodes or (subject and not here and not _only_others(config))
    if wanted and isinstance(collector, pytest.Session) and report.passed:
        report.result.append(Theorems.from_parent(collector, name=subject, nodeid=subject))
    return report


class Theorems(pytest.Collector):
    """A subject; of each of its ops the theorems, and what they do not speak of."""

    def collect(self) -> Iterator[pytest.Item]:
        from cnn_oracle import settings, theorems, verification
        from cnn_oracle.mistakes import load
        from cnn_oracle.store import Store

        # as python -m does, so that a subject in the working folder is found
        if (folder := str(self.config.invocation_params.dir)) not in sys.path:
            sys.path.insert(0, folder)
        try:
            subject = load(self.name)
            told = settings.load(self.config.rootpath).of(self.name)
            subject = subject._replace(limits=told.limits)
            ops = verification.covered(subject)
        except ValueError as error:
            raise self.CollectError(str(error)) from None
        if not ops:
            raise self.CollectError(f"subject {self.name!r} has none of the ops; see cnn-oracle ops")
        items: list[Theorem] = []
        accepted = {(one.op, one.theorem): one.reason for one in told.accepted}
        store = Store(told.path.parent if told.path else self.config.rootpath)
        for op in ops:
            for theorem in theorems.of(op, subject):
                reason = accepted.get((op.name, theorem.__name__))
                run = Question(subject, op, theorem, store, reason, told.path)
                items.append(self._item(f"{op.name}::{theorem.__name__}", run))
            for missing in theorems.unchecked(subject, op):
                items.append(self._item(f"{op.name}::{missing}", None))
        yield from self._selected(items)

    def _item(self, name: str, run: Any) -> "Theorem":
        return Theorem.from_parent(self, name=name, nodeid=f"{self.name}::{name}", run=run)

    def _selected(self, items: list["Theorem"]) -> list["Theorem"]:
        """Those that were asked for by their node ids, or all."""
        nodes: list[str] = self.config.option.oracle_nodes
        for node in nodes:
            if not any(_is_in(item.nodeid, node) for item in items):
                raise self.CollectError(
                    f"no test {node!r}; pytest --collect-only --oracle-subject {self.name} lists them"
                )
        return [item for item in items if not nodes or any(_is_in(item.nodeid, node) for node in nodes)]


def _is_in(nodeid: str, node: str) -> bool:
    return nodeid == node or nodeid.startswith(f"{node}::")


class Question(NamedTuple):
    """A theorem of an op of a subject, where its failing calls are kept, and why the project accepts that it fails."""

    subject: Any
    op: Any
    theorem: Any
    store: Any
    accepted: str | None
    settings: Path | None


class Theorem(pytest.Item):
    """A theorem on drawn calls of an op; or something that is not checked, and therefore skipped."""

    def __init__(self, *, run: Question | None, **node: Any) -> None:
        super().__init__(**node)
        self.run = run

    def runtest(self) -> None:
        if self.run is None:
            pytest.skip("not checked")
        from cnn_oracle import survey
        from cnn_oracle.result import Failure
        from cnn_oracle.verification import assert_theorem

        subject, op, theorem, store, accepted, settings = self.run
        try:
            assert_theorem(subject, op, theorem, first=survey.kept(store, subject, op.name, theorem.__name__))
            survey.keep(store, subject, op.name, None, theorem.__name__)
        except Failure as failure:
            survey.keep(store, subject, op.name, failure, theorem.__name__)
            if accepted is not None:
                pytest.xfail(f"accepted: {accepted}")
            raise
        finally:
            store.save()
        if accepted is not None:
            says = f"{op.name} {theorem.__name__} ({accepted})"
            pytest.fail(f"accepted, but no longer occurs: {says}: remove it from {settings}", pytrace=False)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A failure says all there is to say, with the line that runs this very test again."""
        from cnn_oracle.result import Failure

        if isinstance(excinfo.value, Failure):
            return str(excinfo.value.replace(source="pytest"))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.nodeid
