"""The pages and every ``--help``, which users read, have none of the old words."""

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cnn_oracle import cli

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# The worst of them; CHANGELOG.md says what each became
OLD = re.compile(
    r"on trial|bad manners|field trial|small world|mistrusted|hollow|whoever|nobody|without a word|so many|"
    r"referee|witness|lattice|by hand|alarm|refus|withheld|consistent with:|miss ≤|worst/√K",
    re.IGNORECASE,
)
LINK = re.compile(r"docs/generated/\S+|generated/\S+")  # generated pages keep their file names


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_has_none_of_the_old_words(page):
    lines = [LINK.sub("", line) for line in page.read_text().splitlines()]
    assert [line for line in lines if OLD.search(line)] == []


def commands():
    """The words of each command: (), ("verify",), …, ("study", "mutation"), …"""
    group = typer.main.get_command(cli.app)
    yield ()
    for name, command in group.commands.items():
        yield (name,)
        yield from ((name, inner) for inner in getattr(command, "commands", ()))


@pytest.mark.parametrize("words", [*commands()], ids=" ".join)
def test_a_help_text_has_none_of_the_old_words(words):
    shown = CliRunner().invoke(cli.app, [*words, "--help"])
    assert shown.exit_code == 0
    assert [line for line in shown.stdout.splitlines() if OLD.search(line)] == []
