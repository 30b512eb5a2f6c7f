"""Known defects of PyTorch (defects.toml), and whether they occur on this machine.

Each defect is checked by running its lines in a new process. Some kernels differ by instruction set, so a defect may
occur on one machine and not on another.
"""

import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from cnn_oracle.run.workers import processors
from cnn_oracle.studies.torch_defects.findings import in_a_new_process

IMPORT = "import torch; import torch.nn.functional as F; torch.set_num_threads(1)"
DIES = "ends the process"
ENDS = {"wrong": ("AssertionError",), "rejected": ("RuntimeError", "NotImplementedError"), "dies": ()}


class Defect(NamedTuple):
    """``seen``: the test for the defect, or where it occurred. ``ends``: how its lines end if the defect is there."""

    title: str
    seen: str
    ends: str
    lines: str

    @property
    def text(self) -> str:
        return f"{IMPORT}\n{self.lines}"


class Sighting(NamedTuple):
    """``there`` is None if the lines ended neither well nor as expected of the defect: readers must judge ``how``."""

    defect: Defect
    there: bool | None
    how: str


def known() -> list[Defect]:
    """The defects of defects.toml."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return [Defect(**defect) for defect in tomllib.loads(text)["defect"]]


def look(defects: Sequence[Defect], environment: Mapping[str, str] = {}) -> list[Sighting]:
    """Whether each defect occurs here, each in its own process."""
    with ThreadPoolExecutor(processors()) as pool:
        return list(pool.map(lambda defect: look_for(defect, environment), defects))


def look_for(defect: Defect, environment: Mapping[str, str] = {}) -> Sighting:
    """Whether the defect occurs here. One that is wrong or rejected may also end the process."""
    how = in_a_new_process(defect.text, environment)
    if not how:
        return Sighting(defect, False, "")
    return Sighting(defect, True if how.startswith((*ENDS[defect.ends], DIES)) else None, how)
