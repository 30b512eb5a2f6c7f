"""What a result depends on besides the code: versions and hardware. Also: atomic writes of result files."""

import os
import platform
import re
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

CI_RUNS = ("2.13.0",)  # the versions of PyTorch that CI runs; the last one is in constraints.txt


class PyTorch(NamedTuple):
    """A version of PyTorch, and whether CI runs that version."""

    version: str
    in_ci: bool

    def __str__(self) -> str:
        known = "which CI runs" if self.in_ci else f"which CI has not run: it runs {CI_RUNS[-1]}"
        return f"PyTorch {self.version}, {known}"


def pytorch() -> PyTorch:
    """The PyTorch of this process."""
    import torch

    here = str(torch.__version__)
    return PyTorch(here, here.partition("+")[0] in CI_RUNS)


def require(what: str, extra: str, *modules: str) -> None:
    """Check that ``modules`` are installed, before anything is computed.

    Args:
        what: the option or command that needs them, for the message.
        extra: the extra of this package that installs them.
        modules: their import names.

    Raises:
        ValueError: one of them is not installed. The message says how to install it.
    """
    if missing := [module for module in modules if find_spec(module) is None]:
        are = "is" if len(missing) == 1 else "are"
        torch = version("torch").partition("+")[0]  # in the command, so that pip keeps this version
        raise ValueError(
            f"{what} needs {', '.join(missing)}, which {are} not installed: "
            f'pip install "cnn-oracle[{extra}]" torch=={torch}'
        )


def versions() -> dict[str, str]:
    """The versions of Python, NumPy, its BLAS, PyTorch and oneDNN."""
    import numpy as np
    import torch

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    onednn = re.search(r"DNN\)? v([\d.]+)", torch.__config__.show())
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas['name']} {blas['version']}",
        "torch": str(torch.__version__),
        "onednn": onednn[1] if onednn else "none",
    }


def hardware() -> dict[str, str | int]:
    """The processor, its instruction set as PyTorch names it, and PyTorch's number of threads."""
    import torch

    return {
        "cpu": _cpu(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
    }


def _cpu() -> str:
    """The model of the processor. On Linux and in containers, platform.processor() does not know it."""
    info = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    return model[1] if model else platform.processor() or platform.machine()


def place(file: str, line: int) -> str:
    """A line of a file, for a message: the path below the working folder, or the name of a file elsewhere."""
    below = os.path.relpath(file)
    return f"{os.path.basename(file) if below.startswith('..') else below}:{line}"


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write ``content`` to a temporary file and rename it to ``path``, so that the file is never incomplete.

    Text is written as UTF-8. A link is followed. If ``path`` is no regular file (/dev/stdout, a pipe), the content is
    written to it directly.

    Raises:
        OSError: the folder is missing or not writable. The old file at ``path`` is unchanged.
    """
    content = content.encode() if isinstance(content, str) else content
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    path = path.resolve()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
