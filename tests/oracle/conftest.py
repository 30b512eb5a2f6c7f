"""Fixtures of the oracle's own tests."""

import sys

import pytest

from cnn_oracle import cli


@pytest.fixture
def oracle(monkeypatch, capsys):
    """Run ``cnn-oracle`` in this process: (status, standard output, standard error)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["cnn-oracle", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        return stop.value.code or 0, captured.out, captured.err

    return run
