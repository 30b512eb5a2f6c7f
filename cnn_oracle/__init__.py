"""Is this gradient right? NumPy formulas of convolutional networks, and yours, against PyTorch.

The Python interface, ``import cnn_oracle as oracle``:

verify      check one op of your code; it returns a Result or raises a Failure
covered     list the ops that a package or module has
adapt       make a subject from a PyTorch, JAX or ONNX function, a layer object, or an NHWC implementation
Result      the verdict on one op
Failure     a theorem that does not hold; an AssertionError

Example:
    >>> import cnn_oracle as oracle
    >>> from cnn_oracle.manual import softmax
    >>> print(oracle.verify("softmax", softmax, examples=5).verdict)
    BOUNDED

The modules, in the order in which a call passes through them; each imports only from those above it:

pages                       generated pages, from templates
call, environment           a call as text that reproduces it; versions, hardware, files
global_state                NumPy's, PyTorch's and Python's: ours around our own code, the subject's around the subject
diagnosis                   why a call failed, and where each output is wrong: frozen data
maps                        where outputs are wrong, drawn as text and as HTML
result                      failures, verdicts, results: all frozen
op, subject                 what an op is; the code under test
calls                       1  which call: geometry by family, sampling, enumeration, shrinking, invalid calls
cases                       2  its arrays and PyTorch's outputs: exact grids, distributions, special values, layouts
run                         3  running the subject; memory that it did not write to; steps of work in one process, in
                               several processes, or on a cluster
compare                     4  bitwise, or within a derived rounding bound
ops                         the table of ops: name → (geometry, comparison)
theorems                    5  what must hold: values, derivatives, contract, rejections
settings, store             [tool.cnn-oracle] of a project; its failing calls, for the next run
mistakes                    known mistakes: wrong derivations of each op
diagnose                    6  why it failed: matching known mistakes, symptoms, precision, arbiter, exact reference
vacuity                     is a pass meaningful?
checks, one_call            all theorems on one call; its verdict, and the smallest call that fails alike
verification                1 → 6 for one op: search, shrink, explain
survey                      many ops and many calls: the only engine
huge                        calls with offsets beyond 2^31 elements, one at a time
adapt, api, pytest_plugin   adapters; ``oracle.verify``; ``pytest --oracle-subject``
training, article           one network trained twice; the article's table of formulas
studies                     how good the oracle is, and what it finds; a folder at the top of the checkout
report, cli                 all results as one page; the command line

The package also has ``manual`` (the formulas, NumPy only), ``reference`` (PyTorch, same names) and ``data``.
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


if not TYPE_CHECKING:  # a type checker would accept every name

    def __getattr__(name: str) -> Any:
        """Import torch and Hypothesis only when they are needed."""
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
    """Reject a mixture: a checkout in the working folder hides the installed package, and half of each would run."""
    here, spec = abspath(__path__[0]), find_spec("cnn_oracle.manual")
    found = abspath(dirname(spec.origin)) if spec and spec.origin else "nowhere"
    if found not in (join(here, "manual"), join(dirname(here), "manual")):
        raise ImportError(
            f"cnn_oracle is in {here}, and cnn_oracle.manual {found}: run pip install -e . in the checkout that is "
            "meant, or run it from another folder"
        )


_must_be_whole()
