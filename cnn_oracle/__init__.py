"""Is this gradient right? NumPy formulas of convolutional networks, and yours, against PyTorch.

From Python, ``import cnn_oracle as oracle`` offers ``verify``, ``covered``, ``adapt``, ``Failure`` and ``Result``.

The files stand in the order in which a call passes through them; each imports only what stands above it:

pages                       generated pages, from templates
call, environment           a call as text that reproduces it; versions, hardware, files
result, op, subject         verdicts and failures, all frozen; what an op is; the code under test
calls                       1  which call: geometry by family, sampling, enumeration, shrinking, invalid calls
cases                       2  its arrays and PyTorch's outputs: exact grids, distributions, special values, layouts
run                         3  running the subject; memory that it did not write to; steps of work in one process, in
                               several, or on a cluster
compare                     4  bitwise, or within a derived rounding bound
ops                         the table of ops: name → (geometry, comparison)
theorems                    5  what must hold: values, derivatives, contract, rejections
settings, store             [tool.cnn-oracle] of a project; its failing calls, for the next run
mistakes                    the catalogue of known mistakes
diagnose                    6  why it failed: matching known mistakes, symptoms, precision, arbiter, exact reference
vacuity, verification       is a pass meaningful?; 1 → 6 for one op: search, shrink, explain
survey                      many ops and many calls: the only engine
adapt, api, pytest_plugin   subjects made of what people have; ``oracle.verify``; ``pytest --oracle-subject``
training, article           one network trained twice; the article's table of formulas
studies                     how good is the oracle, and what does it find: a folder of its own
report, cli                 all of it as one page; the command line

Beside it lie ``manual`` (the formulas, NumPy only), ``reference`` (PyTorch under the same names) and ``data``.
"""

from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from os.path import abspath, dirname, join
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from cnn_oracle import adapt as adapt
    from cnn_oracle.api import covered as covered
    from cnn_oracle.api import verify as verify
    from cnn_oracle.result import Failure as Failure
    from cnn_oracle.result import Result as Result

__all__ = ["Failure", "Result", "adapt", "covered", "verify"]

_HOMES = {"Failure": "result", "Result": "result", "covered": "api", "verify": "api"}


if not TYPE_CHECKING:  # to a type checker every name would be there

    def __getattr__(name: str) -> Any:
        """torch and Hypothesis are imported when they are first needed."""
        if name == "__version__":
            return version("cnn-oracle")
        if name == "adapt":
            return import_module("cnn_oracle.adapt")
        if name in _HOMES:
            return getattr(import_module(f"cnn_oracle.{_HOMES[name]}"), name)
        raise AttributeError(f"module 'cnn_oracle' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def _must_be_whole() -> None:
    """A working folder that is a checkout comes before what is installed: half of each would run."""
    here, spec = abspath(__path__[0]), find_spec("cnn_oracle.manual")
    found = abspath(dirname(spec.origin)) if spec and spec.origin else "nowhere"
    if found not in (join(here, "manual"), join(dirname(here), "manual")):
        raise ImportError(
            f"cnn_oracle is in {here}, and cnn_oracle.manual {found}: run pip install -e . in the checkout that is "
            "meant, or run it from another folder"
        )


_must_be_whole()
