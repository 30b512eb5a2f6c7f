"""A second import of ``manual``, with one file mutated. Code that has imported the original keeps it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType, SimpleNamespace

import cnn_oracle.manual
from cnn_oracle.studies.mutation.mutants import Mutant, compiled, path_of
from cnn_oracle.subject import OURS, Subject


class _Edit(MetaPathFinder, Loader):
    """Finds one module, and loads it from the given code."""

    def __init__(self, name: str, file: str, code: CodeType) -> None:
        self.name, self.file, self.code = name, file, code

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        return spec_from_file_location(fullname, path_of(self.file), loader=self) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, vars(module))


# The size of a block: so small that a small call has several
BLOCKS = {
    f"{OURS}._correlation": ("BLOCK_BYTES", 2**8),
    f"{OURS}._elementwise": ("BLOCK_ELEMENTS", 4),
    f"{OURS}._normalise": ("BLOCK_BYTES", 2**6),
}


def subject_of(mutant: Mutant, op: str, in_blocks: bool = False) -> Subject:
    """The mutated op as a subject, like any other code; perhaps computed block by block.

    Raises:
        Exception: any error that the mutated file raises when it is imported.
    """
    finder = _Edit(f"{OURS}.{mutant.file}", mutant.file, compiled(mutant))
    with _without_manual():
        sys.meta_path.insert(0, finder)
        try:
            module = import_module(f"{OURS}.{op}")
            for name, (size, small) in BLOCKS.items() if in_blocks else ():
                if name in sys.modules:
                    setattr(sys.modules[name], size, small)
        finally:
            sys.meta_path.remove(finder)
    return Subject("manual, edited", SimpleNamespace(**{op: module}), ours=True, strict=True)


@contextmanager
def _without_manual() -> Iterator[None]:
    """Hide the original ``manual`` meanwhile; afterwards, restore it and forget the modules that were imported."""
    right = cnn_oracle.manual
    kept = {name: sys.modules.pop(name) for name in _of_manual()}
    try:
        yield
    finally:
        for name in _of_manual():
            del sys.modules[name]
        sys.modules.update(kept)
        cnn_oracle.manual = right  # an import sets its package's attribute, too


def _of_manual() -> list[str]:
    return [name for name in sys.modules if f"{name}.".startswith(f"{OURS}.")]
