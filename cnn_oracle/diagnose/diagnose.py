"""The diagnosis of a failure: who is wrong, the likely causes, and where each output is wrong.

Causes are not taken from the smallest call only, because much is zero there. The subject runs again on this call and on
others, and a cause must hold on all of them.
"""

import warnings
from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import chain

import numpy as np

from cnn_oracle.diagnose import arbiter, precision
from cnn_oracle.diagnose.claims import Claim, accepted, cannot_say
from cnn_oracle.diagnose.elements import wrong_element
from cnn_oracle.diagnose.evidence import FUNCTIONS, LEAST, Evidence, Observation, further, observation, of_a_run
from cnn_oracle.diagnose.experiments import dependencies, layouts, nonlinear_in_dy, options
from cnn_oracle.diagnose.lengths import lengths
from cnn_oracle.diagnose.mapping import error_maps
from cnn_oracle.diagnose.matching import allows, explains, known_mistakes
from cnn_oracle.diagnose.positions import inputs, orders, places, steps, terms
from cnn_oracle.diagnose.ratios import ratios, zeros
from cnn_oracle.diagnose.rounding import digits, low_precision
from cnn_oracle.diagnose.special import at_special_values
from cnn_oracle.diagnose.terms import error_forms, other_arrays, scaled_rows
from cnn_oracle.diagnose.variants import variants
from cnn_oracle.diagnosis import Cause, Diagnosis, ErrorMap
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.subject import Subject
from cnn_oracle.theorems import special_values_are_pytorchs
from cnn_oracle.theorems.contract import unstable

FRESH = 40  # failing calls on which a pattern is tested that was found on others


def diagnose(subject: Subject, op: Op, failure: Failure) -> Failure:
    """The failure with its diagnosis. If two runs differ, the verdict becomes NONDETERMINISTIC."""
    case, outputs = failure.case, failure.outputs
    if case is None or outputs is None:
        return failure
    causes, maps = tuple[Cause, ...](), tuple[ErrorMap, ...]()
    try:
        if other := unstable(subject, op, case):
            if other.kind == "nondeterminism":
                failure = failure.replace(verdict=Verdict.NONDETERMINISTIC, what=f"{other.what}; {failure.what}")
            else:
                causes = (Cause("reads another element", other.what),)
        elif (shown := observation(op, failure)) and failure.kind in ("", "convention"):
            with np.errstate(all="ignore"):  # wrong numbers may be infinite
                more = further(subject, op, failure)
                maps = error_maps(shown, more.failing)
                causes = tuple(claim.cause for claim in claims(subject, op, failure, shown, more))
    except Failure:  # another function of the op crashes: look for no causes
        pass
    except Exception as error:  # the failure must not be lost
        warnings.warn(f"{failure.call}: the search for causes failed: {error!r}", RuntimeWarning, stacklevel=2)
    who_is_wrong = None
    if failure.index is not None and failure.against_pytorch:
        with np.errstate(all="ignore"):
            who_is_wrong = arbiter.who_is_wrong(failure, subject)
    return failure.replace(diagnosis=Diagnosis(who_is_wrong, causes, maps))


def claims(
    subject: Subject, op: Op, failure: Failure, shown: Observation, more: Evidence,
    without: Sequence[str] = (),
) -> list[Claim]:  # fmt: skip
    """What holds on all calls; else the length from which a long call fails; else what matches the few wrong ones."""
    found = _of_small_calls(subject, op, failure, shown, more, without)
    runs = failure.theorem in FUNCTIONS and not more.is_slow
    if not found and runs and (text := lengths(subject, op, failure)):
        return [Claim("size", text, cannot_say)]
    if not found and runs and len(more.failing) < LEAST:
        return _known(subject, op, shown, of_a_run(subject, op, failure), without)
    return found


def _of_small_calls(
    subject: Subject, op: Op, failure: Failure, shown: Observation, more: Evidence, without: Sequence[str]
) -> list[Claim]:
    """The known mistakes that match; without any, the first pattern that holds on all calls.

    The known mistakes ``without`` are left out.
    """
    if known := _known(subject, op, shown, more, without):
        return known
    if failure.theorem is special_values_are_pytorchs:
        text = at_special_values(subject, op, shown) if shown.is_comparable else None
        return [Claim("special value", text, cannot_say)] if text else []
    if len(more.failing) < LEAST or not all(one.is_comparable for one in (shown, *more.failing)):
        return []
    fresh = cache(partial(_fresh, subject, op, failure))  # drawn only for a pattern that holds so far
    if claim := accepted(patterns(subject, failure, more), shown, more, fresh):
        return [claim]
    if failure.theorem not in FUNCTIONS or more.is_slow:
        return []
    if text := precision.reduced_precision(subject, op):
        return [Claim("precision", text, cannot_say)]
    if text := wrong_element(subject, op, shown):
        return [Claim("reads another element", text, cannot_say)]
    return []


def _known(subject: Subject, op: Op, shown: Observation, more: Evidence, without: Sequence[str]) -> list[Claim]:
    known = known_mistakes(subject, op, shown, more, without) if len(more.failing) >= LEAST else []
    return [Claim("known mistake", m.description, partial(explains, m), partial(allows, m)) for m in known]


def _fresh(subject: Subject, op: Op, failure: Failure) -> Evidence:
    """Other calls than those of ``more``, with comparable outputs."""
    found = further(subject, op, failure, FRESH, seed=1)
    return found._replace(failing=[one for one in found.failing if one.is_comparable])


def patterns(subject: Subject, failure: Failure, more: Evidence) -> Iterator[Claim]:
    """What can be said of wrong numbers without a known mistake; the most telling first."""
    seen, runs = more.failing, failure.theorem in FUNCTIONS and not more.is_slow
    return chain(
        zeros(seen),
        layouts(subject, seen) if runs else (),
        nonlinear_in_dy(subject, seen) if runs else (),
        low_precision(seen),
        variants(seen),
        ratios(seen),
        orders(seen),
        other_arrays(seen),
        inputs(seen),
        steps(seen),
        places(seen),
        terms(seen),
        dependencies(subject, seen) if runs else (),
        scaled_rows(seen),
        error_forms(seen),
        digits(seen),
        options(subject, seen) if runs else (),
    )
