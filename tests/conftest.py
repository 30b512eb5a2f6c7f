"""``pytest --subject PKG`` runs the theorems here on other code than ``manual``; oracle/plugin.py has the option."""

import json
import os

import hypothesis
import pytest
import torch

from oracle import subjects

# A failure prints the call that reproduces it, so CI may draw the same calls each time and local runs new ones.
hypothesis.settings.register_profile("local", max_examples=100, deadline=None)
hypothesis.settings.register_profile("ci", hypothesis.settings.get_profile("local"), derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")

torch.set_num_threads(1)  # arrays are small: threads only wait for each other


@pytest.fixture(scope="session")
def subject(request):
    return subjects.load(request.config.getoption("--subject") or "manual")


@pytest.fixture(scope="session")
def report_page(tmp_path_factory):
    """The report of a run that is short: verdicts as they should be, few steps of training. Results lie beside it."""
    import data
    from oracle import judge
    from oracle.ops import OPS
    from oracle.report import page, results
    from oracle.training import train

    folder = tmp_path_factory.mktemp("report")
    (folder / "results").mkdir()
    rows = [judge.Row(op.name, op.verdict, 1, 0.25, 0.0, None) for op in OPS.values()]
    texts = {"verify": json.dumps(judge.to_json(subjects.load("manual"), rows))}
    for name, dtype in (("train", "float64"), ("train-float32", "float32")):
        texts[name] = train.to_json(train.compare(data.load("digits"), epochs=1, steps=4, dtype=dtype))
    for name, text in texts.items():
        (folder / "results" / f"{name}.json").write_text(text, encoding="utf-8")
    path = folder / "report.html"
    path.write_text(page.html(results.load(folder / "results"), folder / "results"), encoding="utf-8")
    return path
