"""The unlisted mistakes: the oracle rejects each, and none is a known mistake under another name."""

from random import Random

import numpy as np
import pytest

from cnn_oracle import mistakes
from cnn_oracle.calls.sampling import random_call
from cnn_oracle.cases import special_values
from cnn_oracle.cases.case import cases
from cnn_oracle.ops import OPS
from cnn_oracle.run.subject import run_all
from cnn_oracle.studies import unlisted
from cnn_oracle.verification import EXAMPLES, search

UNLISTED = [mistake for name in OPS for mistake in unlisted.of(name)]
every_unlisted_mistake = pytest.mark.parametrize("mistake", UNLISTED, ids=lambda m: f"{m.op}.{m.name}")


def test_they_are_many_and_of_every_op():
    assert len(UNLISTED) >= 60
    assert {m.op for m in UNLISTED} == {*OPS}


def test_each_has_a_name_and_a_description_of_its_own():
    for name in OPS:
        every = [*mistakes.of(name), *unlisted.of(name)]
        assert len({m.description for m in every}) == len(every)
        assert len({m.subject.name for m in every}) == len(every)
        assert all(m.description for m in every)


@every_unlisted_mistake
def test_an_unlisted_mistake_is_rejected_within_the_default_examples(mistake):
    assert search(mistake.subject, OPS[mistake.op], EXAMPLES, 0, shrink=False).failure is not None


@every_unlisted_mistake
def test_an_unlisted_mistake_is_no_other_mistake(mistake):
    """On the first 30 drawn calls, on exact grids, on real numbers and on special values."""
    op = OPS[mistake.op]
    same = [m for m in (*mistakes.of(op.name), *unlisted.of(op.name)) if m != mistake]
    for case in _cases(op, 30):
        outputs = run_all(mistake.subject, op, case)
        same = [m for m in same if _equal(outputs, run_all(m.subject, op, case))]
        if not same:
            break
    assert [m.name for m in same] == []


def _cases(op, calls):
    rng = Random(1)
    for call in (random_call(op, rng) for _ in range(calls)):
        yield from cases(op, call)
        if special_values.are_checked(op):
            yield special_values.case_of(op, call)


def _equal(some, others):
    return some.keys() == others.keys() and all(_is_same(some[name], others[name]) for name in some)


def _is_same(a, b):
    return a is b if a is None or b is None else np.array_equal(a, b, equal_nan=True)
