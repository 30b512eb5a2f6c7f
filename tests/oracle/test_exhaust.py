"""Exhaustive enumeration: a space has each geometry once, its parts cover it once, and it finds mistakes."""

import json
import sys
from itertools import chain, islice
from random import Random

import pytest

from cnn_oracle import cli, survey
from cnn_oracle.calls.enumeration import Space
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.case import shared_cases
from cnn_oracle.cases.expected import longest_sum
from cnn_oracle.checks import check_once
from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS
from cnn_oracle.result import Verdict

WINDOWS = [name for name, op in OPS.items() if {"kernel_size", "dilation"} & set(op.parameters) and "3d" not in name]


def test_a_convolution_of_one_axis_has_237_geometries_for_each_number_of_groups():
    calls = list(Space(OPS["conv1d"], 5).calls())
    assert len(calls) == 237 * 2
    assert sum(call.arguments.get("groups", 1) == 2 for call in calls) == 237


def test_the_space_of_conv2d_has_112338_geometries():
    assert survey.counted(OPS["conv2d"], 5, (1, 1))[1] == (237**2 * 2, True)


@pytest.mark.parametrize("name", WINDOWS)
def test_no_geometry_occurs_twice(name):
    calls = [str(call) for call in Space(OPS[name], 2).calls()]
    assert len(set(calls)) == len(calls) > 0


@pytest.mark.parametrize("name", ["conv1d", "max_pool2d", "relu", "embedding"])
@pytest.mark.parametrize("parts", [1, 2, 7])
def test_the_parts_cover_the_space_once(name, parts):
    space = Space(OPS[name], 3)
    whole = [str(call) for call in space.calls()]
    split = [[str(call) for job in space.jobs(i + 1, parts) for call in space.calls(job)] for i in range(parts)]
    assert sorted(chain(*split)) == sorted(whole)
    assert max(map(len, split)) < 1.5 * len(whole) / parts


def test_the_size_of_a_space_too_large_to_enumerate_is_estimated():
    _, number = survey.counted(OPS["conv3d"], 5, (1, 1))
    assert not number.exact
    # 5 standard errors: the mean of 2,000 probes of the tree has one of 1 %
    assert number.calls == pytest.approx(2 * 237**3, rel=0.05)


@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d", "unfold", "fold", "linear"])
def test_every_sum_of_values_of_a_space_is_exact(name):
    """K A B ≤ 2^53: K is the longest sum, by PyTorch on ones, A and B the largest values of the arguments and dy."""
    space, rng = Space(OPS[name], 4 if name == "conv_transpose2d" else 5), Random(0)
    for choices in filter(None, (space.probe(rng)[1] for _ in range(200))):
        (call,) = space.calls(choices)
        for case in shared_cases(OPS[name], call):
            a = max(abs(a).max(initial=1) for a in case.arrays.values() if a is not None)
            assert longest_sum(call) * a * max(a, abs(case.dy).max(initial=1)) <= 2**53


@pytest.mark.parametrize("name", OPS)
def test_a_slice_of_the_space_is_right(subject, name):
    """Checks some of its jobs, up to 200 geometries, in this process."""
    op = OPS[name]
    if subject.implementation(name) is None:
        pytest.skip(f"{subject.name} does not cover {name}")
    calls = (call for prefix in Space(op, 5).jobs()[::23] for call in Space(op, 5).calls(prefix))
    for _, call in zip(range(200), calls, strict=False):
        if not unsafe(call):
            check_once(subject, op, call)


def test_a_mistake_is_found_and_reported_like_any_other():
    name = "cnn_oracle.mistakes.conv2d.stride_remainder_dropped"
    (row,) = survey.exhaust(load(name), ["conv2d"], 3)
    assert row.verdict is Verdict.WRONG
    assert row.failure.likely_causes
    assert f"verify {name} --call" in row.failure.reproduce


@pytest.mark.parametrize("name", ["max_pool2d.last_maximum", "relu.one_at_the_kink", "prelu.one_at_the_kink"])
def test_mistakes_at_ties_and_nondifferentiable_points_are_found(name):
    subject = load(f"cnn_oracle.mistakes.{name}")
    (row,) = survey.exhaust(subject, [], 2)
    assert row.verdict is Verdict.CONVENTION


def test_a_space_is_checked_on_each_grid_of_its_op():
    """max_pool1d is checked on distinct numbers and on ties; a slope that is not exact, once on real numbers."""
    call = next(Space(OPS["max_pool1d"], 5).calls())
    assert [case.grids[0].nondifferentiable for case in shared_cases(OPS["max_pool1d"], call)] == [False, True]
    slopes = {call.arguments.get("negative_slope", 0.01): call for call in Space(OPS["leaky_relu"], 1).calls()}
    cases = {slope: [c.exact for c in shared_cases(OPS["leaky_relu"], call)] for slope, call in slopes.items()}
    assert cases.pop(0.01) == [False]
    assert [True, True] in cases.values()


def test_the_result_of_a_space_does_not_depend_on_which_job_ends_first():
    """With many workers, jobs after the first that fails are started, too. They do not count."""
    subject = load("cnn_oracle.mistakes.conv1d.stride_remainder_dropped")

    def hasty(work, jobs, *, timeout=None):
        while some := list(islice(jobs, 50)):
            yield from ((job, work(job, lambda _: None)) for job in reversed(some))

    runs = (hasty, survey.here(subject, None, 2), None)
    (row,), (other,), (third,) = (survey.exhaust(subject, ["conv1d"], 3, run=run) for run in runs)
    assert row.verdict is Verdict.WRONG
    assert row.calls == other.calls == third.calls
    assert str(row.failure) == str(other.failure) == str(third.failure)


def test_a_vacuous_space_is_reported_and_a_part_of_a_few_calls_is_not_judged(subject):
    """log_softmax over one element is 0."""
    (row,) = survey.exhaust(subject, ["log_softmax"], 1)
    assert row.verdict is Verdict.VACUOUS
    assert row.failure.reproduce == f"cnn-oracle exhaust 1 {subject.name} --op log_softmax"
    (row,) = survey.exhaust(subject, ["log_softmax"], 1, (2, 3))
    assert (row.verdict, row.failure) == (Verdict.BOUNDED, None)


def test_the_probability_of_a_miss_follows_from_the_amplitude_of_the_space(subject):
    (conv1d, relu) = survey.exhaust(subject, ["conv1d", "relu"], 1)
    assert (conv1d.miss_probability, relu.miss_probability) == (2 / (2 * 2**20 + 1), None)


def test_progress_is_reported_while_jobs_are_listed_and_counted(subject):
    reported = []
    assert len(Space(OPS["conv3d"], 5).jobs(1, 200, reported.append)) * 200 > 3200
    assert set(reported) == {1000}
    reported = []
    list(survey.exhaust(subject, ["conv1d"], 1, progress=lambda *args: reported.append(args)))
    jobs = len(Space(OPS["conv1d"], 1).jobs())
    assert reported.count(("counting conv1d", 1, jobs)) == jobs
    assert sum(more for what, more, of in reported if (what, of) == ("conv1d", 2 * 39)) == 2 * 39


def test_unsafe_calls_are_counted_separately(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["cnn-oracle", "exhaust", "3", "--op", "max_pool1d", "--json"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    document = json.loads(capsys.readouterr().out)
    (row,) = document["ops"]
    assert (document["exhaustive"], document["part"]) == (3, "1/1")
    assert row["skipped"] > 0
    assert row["calls"] + row["skipped"] == sum(1 for _ in Space(OPS["max_pool1d"], 3).calls())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["3", "--part", "3/2"], "part '3/2': must be i/n with 1 ≤ i ≤ n, like 3/8"),
        (
            ["3", "--jobs", "2", "--cluster", "local"],
            "--jobs has no effect here: the cluster sets the number of jobs",
        ),
        (["0"], "Invalid value for 'size': Input should be greater than or equal to 1"),
    ],
)
def test_wrong_arguments_print_one_line(monkeypatch, capsys, arguments, message):
    monkeypatch.setattr(sys, "argv", ["cnn-oracle", "exhaust", "--op", "relu", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert (stop.value.code, capsys.readouterr().err) == (2, f"cnn-oracle: {message}\n")


def test_a_space_too_large_for_one_run_is_rejected_with_its_size_and_time(subject, monkeypatch):
    monkeypatch.setattr(survey, "MOST", 100)
    with pytest.raises(
        ValueError, match=r"^conv1d has about \d+ geometries, some 0\.0 hours on .*: give --part i/n, or"
    ):
        list(survey.exhaust(subject, ["conv1d"], 5))


def test_a_fast_algorithm_is_normwise_in_a_space_too():
    (row,) = survey.exhaust(load("cnn_oracle.studies.known_good.fft"), ["conv2d"], 1, (1, 4))
    assert (row.verdict, row.failure) == (Verdict.NORMWISE, None)
    assert row.calls > 100
