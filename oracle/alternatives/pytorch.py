"""PyTorch itself, of which float64 is what the judge trusts: every op that has a forward."""

from typing import Any

from oracle import adapt
from oracle.ops import OPS


def __getattr__(name: str) -> Any:
    if name not in OPS or OPS[name].kind == "step":
        raise AttributeError(name)
    return adapt.torch_function(OPS[name].reference.forward, dtypes=("float64",))
