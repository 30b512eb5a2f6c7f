"""Steps of work have the same outcome in one process and in several, whichever job ends first."""

import importlib
from functools import partial

import pytest

from cnn_oracle.run import workers
from cnn_oracle.run.batches import Batch, Deadline, each, finish, finish_all

TWO = partial(workers.run, count=2)


WORK = """
import os, time


def square(number, heartbeat):
    heartbeat(number)
    time.sleep(0.02 * (number % 3 == 0))  # the first of three ends last
    return number * number


def die(number, heartbeat):
    heartbeat(number)
    if number == 2:
        os._exit(7)
    return number


def fail(number, heartbeat):
    raise (ValueError if number else KeyError)(f"number {number}")
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A module that other processes can import."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "work_of_batches.py").write_text(WORK)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield importlib.import_module("work_of_batches")


def squares_up_to(square, most, last):
    """Two batches: squares up to the first that is at least ``last``, then the same number of squares."""
    first = yield Batch(square, range(most), ends=lambda outcome: outcome >= last)
    second = yield Batch(square, [-n for n in range(len(first))])
    return first, second


def hasty(work, jobs, *, timeout=None):
    """Runs five jobs at a time; the last of them ends first."""
    some = []
    while some := [job for _, job in zip(range(5), jobs, strict=False)]:
        yield from ((job, work(job, lambda _: None)) for job in reversed(some))


@pytest.mark.parametrize("run", [None, hasty, TWO], ids=["here", "hasty", "two processes"])
def test_what_steps_return_does_not_depend_on_where_they_run(work, run):
    every = list(finish_all([squares_up_to(work.square, *most) for most in ((30, 50), (4, 50), (0, 0))], run))
    assert every == [
        ([0, 1, 4, 9, 16, 25, 36, 49, 64], [0, 1, 4, 9, 16, 25, 36, 49, 64]),
        ([0, 1, 4, 9], [0, 1, 4, 9]),
        ([], []),
    ]


def test_in_one_process_no_job_after_the_one_that_ends_a_batch_is_started():
    done = []

    def work(number, _):
        done.append(number)
        return number

    def steps():
        return (yield Batch(work, range(10), ends=lambda outcome: outcome == 3))

    assert finish(steps()) == done == [0, 1, 2, 3]


def test_the_end_of_a_process_is_an_outcome(work):
    def steps():
        return (yield Batch(work.die, range(5), of_death=lambda job, died: (job, died.number, died.how)))

    assert list(finish_all([steps()], TWO)) == [[0, 1, (2, 2, "ends the process with status 7"), 3, 4]]


def test_an_unexpected_end_of_a_process_is_an_error(work):
    with pytest.raises(RuntimeError, match="a worker ends the process with status 7, but not by what it checks"):
        list(each(work.die, range(5), run=TWO))


def test_an_exception_of_the_work_is_no_crash(work):
    """Exceptions of a subject are caught before. This is an error of the caller or of the package, not a verdict."""
    with pytest.raises(ValueError, match=r"^number 1$"):
        list(each(work.fail, [1], of_death=lambda *_: None, run=TWO))
    with pytest.raises(RuntimeError, match=r"a worker failed:(?s:.)*KeyError: 'number 0'"):
        list(each(work.fail, [0], of_death=lambda *_: None, run=TWO))


@pytest.mark.parametrize("run", [None, TWO], ids=["here", "two processes"])
def test_jobs_that_wait_at_the_deadline_are_not_run(work, run):
    ((first, second),) = finish_all([squares_up_to(work.square, 1_000, 10**9)], run, deadline=Deadline(0.3))
    assert 0 < len(first) < 1_000
    assert first == [n * n for n in range(len(first))]
    assert second == []


def test_the_first_jobs_of_all_steps_come_first_where_time_is_limited(work):
    began = []

    def run(do, jobs, *, timeout=None):
        for job in jobs:
            began.append(job.job)
            yield job, do(job, lambda _: None)

    list(finish_all([squares_up_to(work.square, 2, 9), squares_up_to(work.square, 2, 9)], run, deadline=Deadline(60)))
    assert began[:4] == [0, 0, 1, 1]
    began.clear()
    list(finish_all([squares_up_to(work.square, 2, 9), squares_up_to(work.square, 2, 9)], run))
    assert began[:2] == [0, 1]


def test_progress_is_called_with_each_outcome_that_counts(work):
    reported = []
    list(finish_all([squares_up_to(work.square, 3, 9)], TWO, progress=lambda *of: reported.append(of)))
    assert sorted(reported) == sorted([(n, n * n) for n in range(3)] + [(-n, n * n) for n in range(3)])
