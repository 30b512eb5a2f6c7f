"""The judge: draws a call, runs a subject and PyTorch on it, compares, and explains a failure.

subjects                    what is on trial: importable code that has some of the ops, or objects from Python
ops, inputs                 the table of ops; the geometry of each, written once
strategies, calls, cases    a call drawn, as text that reproduces it; its arrays (lattices, fills) and PyTorch's answers
run, memory                 the subject's answers; memory that it did not write to
pytorch, unsafe             PyTorch's answers, and what must not be handed to it
compare, bounds             bitwise, or within a derived rounding bound
theorems                    what is true of every op, with its witnesses (differences, higher, edges, layouts, perturb)
signatures, refusals        what a subject must take, and what it must not
judge, verdicts             the search for a failure, its message
mistakes, diagnose          its name, its cause
referee, definitions, probe who is wrong, by differences of each side's forward and by exact arithmetic; how wide a
                            multiplier is

Rooms beside it: adapt, which makes subjects of what people have; campaign, whole small worlds in worker processes;
trial, PyTorch's own kernels in every dtype and layout; training, one network trained twice; article, its table of
formulas; report, all of it as one page; cli, the command line; suite and plugin, which are ``oracle.verify`` and
``pytest --subject``. No step reaches back.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oracle.suite import Failure as Failure
    from oracle.suite import covered as covered
    from oracle.suite import verify as verify

__all__ = ["Failure", "covered", "verify"]


def __getattr__(name: str) -> Any:
    """torch and Hypothesis are imported when they are first needed."""
    if name not in __all__:
        raise AttributeError(f"module 'oracle' has no attribute {name!r}")
    from oracle import suite

    return getattr(suite, name)
