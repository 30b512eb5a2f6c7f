"""What a result depends on besides the code: versions and hardware; and results on disk, whole or not there."""

import os
import platform
import re
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

CI_RUNS = ("2.13.0",)  # the versions of PyTorch that CI has run; the last is that of constraints.txt


class PyTorch(NamedTuple):
    """The PyTorch that a result was compared with, and whether CI has run that version."""

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
    """Say which extra of this package has what is missing, before anything is computed.

    Raises:
        ValueError: one of ``modules`` is not installed.
    """
    if missing := [module for module in modules if find_spec(module) is None]:
        are = "is" if len(missing) == 1 else "are"
        torch = version("torch").partition("+")[0]  # named, so that pip does not put another in its place
        raise ValueError(
            f"{what} needs {', '.join(missing)}, which {are} not installed: "
            f'pip install "cnn-oracle[{extra}]" torch=={torch}'
        )


def versions() -> dict[str, str]:
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
    import torch

    return {
        "cpu": _cpu(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
    }


def _cpu() -> str:
    """The processor's model; platform.processor() knows it on neither Linux nor in containers."""
    info = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    return model[1] if model else platform.processor() or platform.machine()


def write_atomically(path: Path, content: str | bytes) -> None:
    """Put ``content`` at ``path`` in one move, so that no reader and no crash ever sees half of it; text as UTF-8.

    A link is followed; what is no regular file (/dev/stdout, a pipe) is written to as it is.

    Raises:
        OSError: the folder is missing or cannot be written to; what stood at ``path`` is still there.
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
