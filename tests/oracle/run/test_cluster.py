"""A campaign on a Dask cluster has the results of one machine, even if workers are killed."""

import json
import os
import signal
import sys
from importlib.metadata import version

import pytest

from cnn_oracle import cli, survey, verification
from cnn_oracle.mistakes import load
from cnn_oracle.result import Verdict
from cnn_oracle.run import cluster

distributed = pytest.importorskip(
    "distributed", reason="--cluster needs distributed: pip install 'cnn-oracle[cluster]'"
)

SUBJECT = """
import os
from types import SimpleNamespace
from cnn_oracle.manual import flatten, relu, sigmoid, tanh as good, unfold as whole

LAST = {"kernel_size": 3, "dilation": 2, "padding": 2, "stride": 3}


def negated(x, **options):
    y = whole.forward(x, **options)
    return -y if options == LAST else y


def die(x):
    if x.size > 3:
        os.abort()
    return good.forward(x)


unfold = SimpleNamespace(forward=negated, backward=whole.backward)
tanh = SimpleNamespace(forward=die, backward=good.backward)
silu = SimpleNamespace(forward=sigmoid.forward, backward=sigmoid.backward)
"""


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """A cluster of two worker processes, which can import the subject above."""
    folder = tmp_path_factory.mktemp("subjects")
    (folder / "faulty.py").write_text(SUBJECT)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, memory_limit=0, dashboard_address="127.0.0.1:0", silence_logs=50
        ) as two:
            yield two


@pytest.fixture
def kill_once(workers):
    """Kills one busy worker, once, and keeps its pid in ``killed``."""
    killed = []

    def kill(*_):
        busy = [worker for worker in workers.scheduler.workers.copy().values() if worker.processing]
        if busy and not killed:
            killed.append(busy[0].pid)
            os.kill(busy[0].pid, signal.SIGKILL)

    kill.killed = killed
    return kill


def document(subject, rows):
    """The rows as JSON, without the seconds."""
    written = verification.to_json(subject, rows)
    return written | {"ops": [{k: v for k, v in row.items() if k != "seconds"} for row in written["ops"]]}


@pytest.mark.parametrize(("name", "allowed", "verdict"), [("manual", 3, Verdict.EXACT), ("faulty", 0, Verdict.WRONG)])
def test_a_space_is_checked_once_though_a_worker_is_killed(workers, kill_once, monkeypatch, name, allowed, verdict):
    """Dask retries the worker's jobs elsewhere. If it may not, they are done here."""
    monkeypatch.setattr(workers.scheduler, "allowed_failures", allowed)
    monkeypatch.setattr(cluster, "SECONDS", 0.2)  # some dozen tasks
    subject, counts = load(name), {"counting unfold": 0, "unfold": 0}

    def progress(what, more, of):
        counts[what] += more
        if counts["unfold"] > 100:
            kill_once()

    with cluster.connect(workers.scheduler_address, subject) as run:
        rows = list(survey.exhaust(subject, ["unfold"], 1, run=run, progress=progress))
    assert kill_once.killed
    assert document(subject, rows) == document(subject, list(survey.exhaust(subject, ["unfold"], 1)))
    assert (rows[0].verdict, rows[0].calls, counts["unfold"]) == (verdict, 39**2, 39**2)


def test_drawn_calls_are_checked_once_though_a_worker_is_killed(workers, kill_once):
    """A call that ends every process is CRASHED, and the run continues."""
    subject, ended = load("faulty"), []
    verdicts = {
        "tanh": Verdict.CRASHED,
        "relu": Verdict.EXACT,
        "silu": Verdict.WRONG,
        "sigmoid": Verdict.BOUNDED,
        "flatten": Verdict.EXACT,
    }
    with cluster.connect(workers.scheduler_address, subject) as run:
        rows = list(
            survey.verify(
                subject, verdicts, examples=20, run=run, progress=lambda *args: ended.append(args) or kill_once()
            )
        )
    assert kill_once.killed
    assert {row.op: row.verdict for row in rows} == verdicts
    assert {name for name, *_ in ended} == {*verdicts}
    here = survey.here(subject, None, 2)
    assert document(subject, rows) == document(subject, list(survey.verify(subject, verdicts, examples=20, run=here)))


def test_a_worker_with_another_torch_is_rejected(workers, monkeypatch):
    """Each task checks it, so that workers that join later are rejected, too."""
    subject = load("manual")
    here = cluster.identity(subject)
    monkeypatch.setattr(cluster, "identity", lambda _: here | {"torch": "2.12.0", "code": "0"})
    with (
        cluster.connect(workers.scheduler_address, subject) as run,
        pytest.raises(ValueError, match=r"^worker tcp://\S+ has torch (\S+), not 2\.12\.0; code \w+, not 0$"),
    ):
        list(survey.verify(subject, ["relu"], run=run))


def test_the_command_line_starts_a_cluster_and_writes_what_one_process_writes(monkeypatch, capsys):
    def run(*more):
        monkeypatch.setattr(
            sys, "argv", ["cnn-oracle", "verify", "--op", "relu", "--examples", "5", "--json", "-", *more]
        )
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        assert (stop.value.code or 0, captured.err) == (0, "")
        written = json.loads(captured.out)
        assert written["ops"][0].pop("seconds") > 0
        return written

    assert run("--cluster", "local") == run()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--cluster", "x"],
            "--cluster x: missing port number in address 'x'; it must be local, or like tcp://host:8786",
        ),
        (
            ["--cluster", "x", "--call", "relu(x=())"],
            "--cluster has no effect here: --call 'relu(x=())' is one call of one op",
        ),
    ],
)
def test_wrong_arguments_print_one_line(monkeypatch, capsys, arguments, message):
    monkeypatch.setattr(sys, "argv", ["cnn-oracle", "verify", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert (stop.value.code, capsys.readouterr().err) == (2, f"cnn-oracle: {message}\n")


def test_without_distributed_the_line_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setattr(sys, "argv", ["cnn-oracle", "verify", "--cluster", "local"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    message = (
        "cnn-oracle: --cluster local needs distributed, which is not installed: "
        f'pip install "cnn-oracle[cluster]" torch=={version("torch").partition("+")[0]}\n'
    )
    assert (stop.value.code, capsys.readouterr().err) == (2, message)
