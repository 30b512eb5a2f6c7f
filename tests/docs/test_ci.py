"""docs/ci.md: its table can be loaded, every key is explained, and its jobs restore and save one cache."""

import re
from pathlib import Path

import pytest

from cnn_oracle.settings import READERS, Settings, load

PAGE = (Path(__file__).parents[2] / "docs/ci.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL))


def test_the_table_shown_can_be_loaded(tmp_path):
    (path := tmp_path / "pyproject.toml").write_text(BLOCKS["toml"], encoding="utf-8")
    settings = load(tmp_path)
    assert settings.options["max_pool2d"] == {"stride": (None, 2, (1, 2)), "ceil_mode": (False,)}
    changed = [name for name, value in settings._asdict().items() if value != getattr(Settings(path), name)]
    assert {*changed} == {*READERS} - {"convention"}  # shown with its default value


def test_every_key_is_explained():
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == [
        "subject", "dtypes", "convention", "sizes", "max_elements", "options", "accepted",
    ]  # fmt: skip
    assert {*READERS} == {"subject", "dtypes", "convention", "sizes", "max_elements", "options", "accepted"}


def test_the_jobs_restore_and_save_one_cache():
    jobs = pytest.importorskip("yaml").safe_load(BLOCKS["yaml"])["jobs"]
    for job in jobs.values():
        restored, saved = (
            [step for step in job["steps"] if step.get("uses", "").startswith(f"actions/cache/{kind}")]
            for kind in ("restore", "save")
        )
        assert saved[0]["with"].items() <= restored[0]["with"].items()
        assert saved[0]["with"]["key"].startswith(restored[0]["with"]["restore-keys"])
    assert len(jobs) == 2
