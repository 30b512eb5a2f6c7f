"""Fixtures of all tests. ``pytest --oracle-subject PKG`` runs laws and theorems on ``PKG`` instead of ``manual``."""

import json
import os

import hypothesis
import pytest
import torch

from cnn_oracle import one_call
from cnn_oracle.mistakes import load

# A failure prints the call that reproduces it, so CI may draw the same calls each time and local runs new ones.
hypothesis.settings.register_profile("local", max_examples=100, deadline=None)
hypothesis.settings.register_profile("ci", hypothesis.settings.get_profile("local"), derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")

torch.set_num_threads(1)  # arrays are small: threads only wait for each other


def pytest_collection_modifyitems(items):
    """Skips tests marked ``torch_only`` for other versions of PyTorch than this one."""
    here = torch.__version__.partition("+")[0]
    for item in items:
        for mark in item.iter_markers("torch_only"):
            if here not in mark.args:
                item.add_marker(pytest.mark.skip(reason=f"about torch {', '.join(mark.args)}; this is {here}"))


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    """Keeps failing calls in a folder of the session instead of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def subject(request):
    name = request.config.getoption("--oracle-subject") or "cnn_oracle.manual"
    try:
        subject = load(name)
        if not one_call.covered(subject):
            raise ValueError(f"subject {name!r} has none of the ops; see cnn-oracle ops")
    except ValueError as error:
        pytest.exit(str(error), returncode=2)
    return subject


@pytest.fixture(scope="session")
def report_page(tmp_path_factory):
    """The path of a report with the expected verdicts and a few steps of training. ``results`` lies beside it."""
    from cnn_oracle import data, verification
    from cnn_oracle.ops import OPS
    from cnn_oracle.report import page, results
    from cnn_oracle.result import Result
    from cnn_oracle.training import train

    folder = tmp_path_factory.mktemp("report")
    (folder / "results").mkdir()
    rows = [Result(op.name, op.verdict, 1, 0.25, 0.0, None) for op in OPS.values()]
    texts = {"verify": json.dumps(verification.to_json(load("manual"), rows))}
    for name, dtype in (("train", "float64"), ("train-float32", "float32")):
        texts[name] = train.to_json(train.compare(data.load("digits"), epochs=1, steps=4, dtype=dtype))
    for name, text in texts.items():
        (folder / "results" / f"{name}.json").write_text(text, encoding="utf-8")
    path = folder / "report.html"
    path.write_text(page.html(results.load(folder / "results"), folder / "results"), encoding="utf-8")
    return path
