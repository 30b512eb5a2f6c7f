"""Pages are templates: a value that is missing is an error, and the command line starts without jinja2."""

import subprocess
import sys

import pytest
from jinja2 import UndefinedError

from cnn_oracle import pages
from cnn_oracle.environment import versions

TEMPLATE = """# torch {{ versions().torch }}
{% for name, count in counts.items() %}
{{ [name | cell, count | thousands, (count / 10000) | percent(1)] | row }}
{% endfor %}
"""


@pytest.fixture
def module(tmp_path):
    """The path of a module, with a template beside it."""
    (tmp_path / "table.md.jinja").write_text(TEMPLATE)
    return str(tmp_path / "table.py")


def test_the_template_beside_a_module_is_filled(module):
    text = pages.render(module, counts={"a|b": 7104, "<c>": 5})
    assert text == f"# torch {versions()['torch']}\n| a\\|b | 7,104 | 71.0% |\n| <c> | 5 | 0.1% |\n"


def test_a_value_that_is_missing_is_an_error(module):
    with pytest.raises(UndefinedError, match="'counts' is undefined"):
        pages.render(module)


def test_the_command_line_starts_without_jinja2():
    code = "import sys, cnn_oracle.cli, cnn_oracle.pages; assert 'jinja2' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
