"""The theorems of every op, on drawn calls. cnn_oracle/theorems/__init__.py lists them."""

import os
from functools import cache
from random import Random, randrange

import pytest

from cnn_oracle import theorems
from cnn_oracle.calls.sampling import SEEDS, random_call
from cnn_oracle.checks import check, single_threaded
from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS
from cnn_oracle.result import Failure
from cnn_oracle.verification import EXAMPLES, assert_theorem

SEED = 0 if os.environ.get("CI") else randrange(SEEDS)  # new calls in each run, except in CI


def pytest_generate_tests(metafunc):
    """Orders the tests by op, so that its calls are drawn and run once for all its theorems."""
    if "theorem" in metafunc.fixturenames:
        pairs = [(name, theorem) for name, op in OPS.items() for theorem in theorems.of(op)]
        metafunc.parametrize(("name", "theorem"), pairs, ids=lambda v: getattr(v, "__name__", v))


def test_theorem_holds(subject, name, theorem):
    __tracebackhide__ = True
    op = OPS[name]
    if subject.implementation(name) is None:
        pytest.skip(f"{subject.name} does not cover {name}")
    if theorem not in theorems.of(op, subject):
        pytest.skip(f"{theorem.__name__} does not apply to {subject.name}'s {name}")
    if theorem in failing(subject.name, name):
        assert_theorem(subject, op, theorem, SEED)
        pytest.fail(f"{theorem.__name__} fails on one of the drawn calls, but not when checked on its own")


@cache
def failing(subject_name, name):
    """The theorems that do not hold on some drawn call."""
    subject, op, rng, found = load(subject_name), OPS[name], Random(SEED), set()
    with single_threaded():
        for _ in range(EXAMPLES):
            call = random_call(op, rng)
            for theorem in theorems.of(op, subject):
                try:
                    check(subject, op, call, [theorem])
                except Failure:
                    found.add(theorem)
    return found
