"""``pytest --subject PKG`` runs the theorems here on other code than ``manual``; oracle/plugin.py has the option."""

import os

import hypothesis
import pytest
import torch

from oracle import subjects

# A failure prints the call that reproduces it, so CI may draw the same calls each time and local runs new ones.
hypothesis.settings.register_profile("local", max_examples=100, deadline=None)
hypothesis.settings.register_profile("ci", hypothesis.settings.get_profile("local"), derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")

torch.set_num_threads(1)  # arrays are small: threads only wait for each other


@pytest.fixture(scope="session")
def subject(request):
    return subjects.load(request.config.getoption("--subject") or "manual")
