"""What a result depends on besides the code: versions and hardware, for every report."""

import platform
import re
from pathlib import Path

import numpy as np
import torch


def versions() -> dict[str, str]:
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
