"""``manual`` imported anew with one file edited, beside the right one: what holds on to that keeps it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType, SimpleNamespace

from oracle.mutants.edits import Mutant, compiled, path_of
from oracle.subjects import Subject


class _Edited(MetaPathFinder, Loader):
    """Finds one module, and loads it from code that is given."""

    def __init__(self, name: str, file: str, code: CodeType) -> None:
        self.name, self.file, self.code = name, file, code

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        return spec_from_file_location(fullname, path_of(self.file), loader=self) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, vars(module))


# What is computed at a time, so little that a small call has several blocks
BLOCKS = {
    "manual._correlation": ("MOST", 2**8), "manual._elementwise": ("BLOCK", 4), "manual._normalise": ("MOST", 2**6),
}  # fmt: skip


def subject_of(mutant: Mutant, op: str, in_blocks: bool = False) -> Subject:
    """The op with the edit in it, on trial like anyone's code, perhaps block by block.

    Raises:
        Exception: whatever the edited file raises when it is imported.
    """
    finder = _Edited(f"manual.{mutant.file}", mutant.file, compiled(mutant))
    with _without_manual():
        sys.meta_path.insert(0, finder)
        try:
            module = import_module(f"manual.{op}")
            for name, (size, small) in BLOCKS.items() if in_blocks else ():
                if name in sys.modules:
                    setattr(sys.modules[name], size, small)
        finally:
            sys.meta_path.remove(finder)
    return Subject("manual, edited", SimpleNamespace(**{op: module}), own=True)


@contextmanager
def _without_manual() -> Iterator[None]:
    """Nobody else sees what is imported meanwhile."""
    kept = {name: sys.modules.pop(name) for name in [*sys.modules] if name.partition(".")[0] == "manual"}
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "manual"]:
            del sys.modules[name]
        sys.modules.update(kept)
