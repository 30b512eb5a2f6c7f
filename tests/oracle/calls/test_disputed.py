"""Calls on which versions of PyTorch disagree are not checked on a version that CI has not run."""

from random import Random

import numpy as np
import pytest
import torch

from cnn_oracle.call import parse
from cnn_oracle.calls.disputed import DISPUTED, disputed
from cnn_oracle.calls.sampling import random_call
from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS
from cnn_oracle.theorems.rejections import must_raise

REJECTED = "pad(x=(1, 1, 3), pad=(3, 0), mode='reflect')"  # by every version
EMPTY = {"pad": "pad(x=(1, 1, 0), pad=(0, 0, 0, 1))", "group_norm": "group_norm(x=(0, 1, 0), num_groups=1)"}


@pytest.fixture
def another_version(monkeypatch):
    monkeypatch.setattr(torch, "__version__", "2.10.0")


def test_each_entry_has_a_call_that_shows_it():
    assert EMPTY.keys() == DISPUTED.keys()


@pytest.mark.parametrize("op", DISPUTED)
def test_disputed_calls_are_drawn_on_the_versions_that_ci_runs(op):
    assert not disputed(parse(EMPTY[op], 0))
    rng = Random(0)
    assert any(DISPUTED[op](random_call(OPS[op], rng)) for _ in range(300))


@pytest.mark.usefixtures("another_version")
@pytest.mark.parametrize("op", DISPUTED)
def test_only_undisputed_calls_are_drawn_on_another_version(op):
    assert disputed(parse(EMPTY[op], 0))
    rng = Random(0)
    assert not any(DISPUTED[op](random_call(OPS[op], rng)) for _ in range(300))


@pytest.mark.usefixtures("another_version")
def test_a_rejection_that_versions_dispute_is_not_required(monkeypatch):
    """A rejection by every version still is."""
    required = []
    monkeypatch.setattr(
        "cnn_oracle.theorems.rejections.must_reject", lambda *arguments: required.append(str(arguments[4]))
    )
    monkeypatch.setattr("cnn_oracle.theorems.rejections.reference_forward", _raise)  # as a version that rejects both
    for text in (EMPTY["pad"], REJECTED):
        must_raise(load("cnn_oracle.manual"), OPS["pad"], parse(text, 0), np.random.default_rng(0))
    assert required == [REJECTED]


def _raise(*_):
    raise RuntimeError("rejected")


@pytest.mark.usefixtures("another_version")
def test_an_invalid_geometry_is_not_disputed():
    assert not disputed(parse("pad(x=(1, 1, 3), pad=None)", 0))
    assert not disputed(parse("pad(x=(1, 1, 3))", 0))
