"""A project's table applies to its subject, in the shell and under pytest."""

import json
import re
import subprocess
import sys

import pytest

KERNELS = """
from types import SimpleNamespace
import numpy as np
from cnn_oracle.manual import conv2d as right, relu as kink, softmax


def backward(dy, x):
    (dx,) = kink.backward(dy, x)
    return (np.where(x == 0, dy, dx),)


def only(groups, dilation):
    if groups != 1 or dilation not in (1, (1, 1)):
        raise ValueError("not supported")


def undilated(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    only(groups, dilation)
    return right.forward(x, w, b, stride=stride, padding=padding)


def undilated_back(dy, x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    only(groups, dilation)
    return right.backward(dy, x, w, b, stride=stride, padding=padding)


relu = SimpleNamespace(forward=kink.forward, backward=backward)
conv2d = SimpleNamespace(forward=undilated, backward=undilated_back)
"""
ACCEPTED = """
[[tool.cnn-oracle.accepted]]
op = "{}"
theorem = "{}"
reason = "by decision 12"
"""
TABLE = '[tool.cnn-oracle]\nsubject = "kernels_of_settings"\n'
ANY = TABLE + 'convention = "any"\n'


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose relu has another slope at 0. The function returned writes its table."""
    (tmp_path / "kernels_of_settings.py").write_text(KERNELS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    sys.modules.pop("kernels_of_settings", None)

    def write(table):
        (tmp_path / "pyproject.toml").write_text(table)
        return tmp_path

    return write


def test_the_subject_of_the_settings_is_checked_where_none_is_given(oracle, project):
    project(TABLE)
    status, out, _ = oracle("verify", "--op", "relu")
    assert status == 1
    assert "kernels_of_settings: 1 of 1 ops do not agree with PyTorch" in out
    assert "  likely cause: the derivative at 0 is 1; PyTorch's convention is 0" in out


def test_a_table_of_another_subject_has_no_effect_on_this_one(oracle, project):
    project('[tool.cnn-oracle]\nsubject = "other"\nconvention = "any"\n')
    assert oracle("verify", "kernels_of_settings", "--op", "relu")[0] == 1


def test_another_choice_at_a_nondifferentiable_point_is_accepted_if_the_convention_is_any(oracle, project):
    project(ANY)
    status, out, _ = oracle("verify", "--op", "relu", "--json", "-")
    assert status == 0
    (row,) = json.loads(out)["ops"]
    assert {one["kind"] for one in row["contract"]} == {"convention"}
    assert "special_values_are_pytorchs" in {one["theorem"] for one in row["contract"]}
    project(ANY + ACCEPTED.format("relu", "special_values_are_pytorchs"))
    status, out, _ = oracle("verify", "--op", "relu")
    assert status == 0
    assert "\naccepted: relu special_values_are_pytorchs: by decision 12\n" in out


def test_an_accepted_finding_that_no_longer_occurs_is_an_error(oracle, project):
    folder = project(
        ANY + ACCEPTED.format("relu", "special_values_are_pytorchs") + ACCEPTED.format("relu", "dtype_is_kept")
    )
    status, out, _ = oracle("verify", "--op", "relu")
    assert status == 1
    line = "accepted, but no longer occurs: relu dtype_is_kept (by decision 12): remove it from "
    assert f"{line}{folder / 'pyproject.toml'}\n" in out


def test_only_calls_with_the_declared_options_are_drawn(oracle, project):
    project(TABLE + "[tool.cnn-oracle.options]\nconv2d = { groups = [1], dilation = [1] }\n")
    assert oracle("verify", "--op", "conv2d", "--examples", "40")[0] == 0
    assert oracle("exhaust", "2", "--op", "conv2d", "--part", "1/50", "--jobs", "1")[0] == 0
    project(TABLE)
    status, out, _ = oracle("verify", "--op", "conv2d", "--examples", "40")
    assert status == 0
    assert re.search(r"; not covered: .*\bdilation\b.* \(\d+\)", out.splitlines()[-1])


def test_options_that_no_call_has_are_an_error_of_one_line(oracle, project):
    project(TABLE + "[tool.cnn-oracle.options]\nconv2d = { stride = [77] }\n")
    message = "cnn-oracle: conv2d: no drawn call has the options {'stride': (77,)}\n"
    assert oracle("verify", "--op", "conv2d") == (2, "", message)
    message = "cnn-oracle: conv2d: no geometry has the options {'stride': (77,)}\n"
    assert oracle("exhaust", "1", "--op", "conv2d") == (2, "", message)


def test_an_accepted_finding_hides_no_other_and_is_no_error_where_calls_are_few(oracle, project):
    folder = project(ANY + ACCEPTED.format("relu", "special_values_are_pytorchs"))
    status, out, _ = oracle("verify", "--op", "relu", "--seconds", "3", "--jobs", "1")
    assert (status, "no longer occurs" in out) == (0, False)
    status, out, _ = oracle("verify", "--op", "relu", "--examples", "20")
    assert (status, "no longer occurs" in out) == (0, False)
    assert oracle("verify", "--call", "relu(x=(3,))")[0] == 0
    code = KERNELS.replace("    (dx,) = kink.backward(dy, x)", "    (dx,) = kink.backward(dy, x)\n    x[...] = 1")
    (folder / "kernels_of_settings.py").write_text(code)
    sys.modules.pop("kernels_of_settings")
    status, out, _ = oracle("verify", "--op", "relu")
    assert status == 1
    assert "CONTRACT  mutation: backward writes to its input x" in out


def test_only_the_dtypes_of_the_settings_are_checked(oracle, project):
    project(ANY + 'dtypes = ["float32"]\n')
    _, out, _ = oracle("verify", "--op", "relu", "--json", "-")
    (row,) = json.loads(out)["ops"]
    assert row["unchecked"] == ["float64"]


def test_further_calls_have_the_block_sizes_of_the_settings(oracle, project):
    project('[tool.cnn-oracle]\nsubject = "cnn_oracle.manual"\nsizes = [48]\n')
    _, out, _ = oracle("verify", "--op", "softmax", "--json", "-")
    (row,) = json.loads(out)["ops"]
    assert row["calls"] == 100 + 3 * 4  # 47, 48 and 49 on each of four axes


def test_a_table_that_means_nothing_is_an_error_of_one_line(oracle, project):
    folder = project('[tool.cnn-oracle]\nsubjects = "kernels"\n')
    message = f'{folder / "pyproject.toml"}: tool.cnn-oracle.subjects = "kernels": no such key; did you mean subject?'
    assert oracle("verify") == (2, "", f"cnn-oracle: {message}\n")
    assert oracle("exhaust", "2") == (2, "", f"cnn-oracle: {message}\n")
    assert oracle("probe") == (2, "", f"cnn-oracle: {message}\n")


def test_a_call_that_failed_is_tried_first_and_forgotten_once_it_passes(oracle, project):
    folder = project("")
    one = ["verify", "kernels_of_settings", "--op", "relu", "--json", "-"]
    first = json.loads(oracle(*one)[1])["ops"][0]
    again = json.loads(oracle(*one, "--seed", "5")[1])["ops"][0]
    assert again["calls"] == 100
    assert again["failure"] == first["failure"]
    (folder / "kernels_of_settings.py").write_text("from cnn_oracle.manual import relu\n")
    sys.modules.pop("kernels_of_settings")
    passing = json.loads(oracle(*one)[1])["ops"][0]
    assert (passing["verdict"], passing["calls"], passing["retried"]) == ("EXACT", 100, 1)
    assert json.loads(oracle(*one)[1])["ops"][0]["retried"] == 0


def test_a_random_seed_is_printed_and_draws_the_same_again(oracle, project):
    project("")
    status, _, err = oracle("verify", "--op", "relu", "--examples", "10", "--seed", "random")
    assert status == 0
    seed = err.removeprefix("--seed ").strip()
    assert oracle("verify", "--op", "relu", "--examples", "10", "--seed", seed)[0] == 0
    message = "cnn-oracle: --seed x: must be a whole number from 0 on, or random\n"
    assert oracle("verify", "--seed", "x") == (2, "", message)


@pytest.mark.parametrize(
    ("arguments", "option", "why"),
    [
        (["--call", "relu(x=())", "--examples", "5"], "--examples", "--call 'relu(x=())' is one call of one op"),
        (["--call", "relu(x=())", "--op", "relu"], "--op", "--call 'relu(x=())' is one call of one op"),
        (["--call", "relu(x=())", "--seconds", "5"], "--seconds", "--call 'relu(x=())' is one call of one op"),
        (["--call", "relu(x=())", "--jobs", "2"], "--jobs", "--call 'relu(x=())' is one call of one op"),
        (["--seconds", "5", "--examples", "5"], "--examples", "--seconds draws calls until the time has passed"),
        (["--cluster", "x", "--isolate"], "--isolate", "the cluster sets the number of jobs, and each is isolated"),
        (
            ["--call", "relu(x=())", "--theorem", "dtype_is_kept", "--isolate"],
            "--isolate",
            "a single theorem is checked in this process",
        ),
        (["--theorem", "dtype_is_kept"], "--theorem", "a single theorem is checked on a single call: pass --call, too"),
        (["--cluster", "local", "--jobs", "2"], "--jobs", "the cluster sets the number of jobs"),
    ],
)
def test_an_option_without_effect_is_rejected(oracle, arguments, option, why):
    status, out, err = oracle("verify", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"cnn-oracle: {option} has no effect here: {why}")


def test_under_pytest_an_accepted_finding_is_a_strict_xfail(project):
    folder = project(
        ANY + ACCEPTED.format("relu", "special_values_are_pytorchs") + ACCEPTED.format("relu", "dtype_is_kept")
    )

    def run(*nodes):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", *nodes]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    ran = run(*(f"kernels_of_settings::relu::{name}" for name in ("special_values_are_pytorchs", "dtype_is_kept")))
    assert ran.returncode == 1
    assert "XFAIL kernels_of_settings::relu::special_values_are_pytorchs - accepted: by decision 12" in ran.stdout
    line = "accepted, but no longer occurs: relu dtype_is_kept (by decision 12): remove it from "
    assert f"{line}{folder / 'pyproject.toml'}" in ran.stdout
    project("[tool.cnn-oracle]\nsizes = [0]\n")
    ran = run("kernels_of_settings::relu::dtype_is_kept")
    assert ran.returncode == 2
    assert "block sizes must be whole numbers from 1 to 100,000" in ran.stdout
