"""If PyTorch rejects a call, the subject must reject it too, by any exception.

Its type should be ValueError, or the type that the subject's framework raises.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from cnn_oracle.call import Call, parse
from cnn_oracle.calls.disputed import disputed
from cnn_oracle.calls.invalid import PER_CALL, all_invalid_variants, invalid_variants, wrong_shapes
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.calls.unsupported import VALUES
from cnn_oracle.cases.case import Case, arrays_of, draw, keywords_of
from cnn_oracle.cases.expected import Arrays, Rejection, reference_forward, reference_steps
from cnn_oracle.global_state import theirs
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, finding
from cnn_oracle.run.arguments import fitted
from cnn_oracle.run.subject import is_unsupported
from cnn_oracle.run.workers import running
from cnn_oracle.subject import Subject


def what_pytorch_rejects_is_rejected(subject: Subject, op: Op, call: Call) -> float:
    """The subject raises an exception for calls that PyTorch rejects.

    These calls are invalid variants: they differ from a valid call in one size or option. Any exception is a rejection;
    one of another type than ValueError is a finding of its own.
    """
    for failure in accepted_or_mistyped(subject, op, call):
        raise failure
    return 0.0


def accepted_or_mistyped(subject: Subject, op: Op, call: Call) -> Iterator[Failure]:
    """The findings of ``what_pytorch_rejects_is_rejected``: one for each check of a call that does not hold."""
    for check in _checks(subject, op, call):
        try:
            check()
        except Failure as failure:
            yield failure.replace()


def _checks(subject: Subject, op: Op, call: Call) -> Iterator[Callable[[], None]]:
    dtype = subject.dtypes(op.name)[0]
    rng, case = np.random.default_rng(call.seed), draw(op, call, dtype=dtype)
    for variant in invalid_variants(op, call, rng):
        yield partial(must_raise, subject, op, variant, rng, case)
    if op.kind == "differentiable" and not subject.forward_only(op.name):
        shapes = [*wrong_shapes(case.dy.shape)]
        for i in rng.permutation(len(shapes))[:PER_CALL]:
            shape = shapes[i]
            arguments = [np.ones(shape, case.dtype), *case.arrays.values()]
            reason = f"dy has shape {shape}, y {case.dy.shape}"
            yield partial(must_reject, subject, "backward", arguments, case.keywords, call, reason)
        if subject.ours:
            yield partial(rejects_mixed_dtypes, subject, case)
            yield partial(rejects_out_of_domain, subject, op, case)
            yield partial(rejects_unsupported, subject, op, rng)
    elif op.kind == "step":
        yield partial(rejects_bad_grad_shape, subject, case)


def every_invalid_variant_is_rejected(subject: Subject, op: Op, call: Call) -> float:
    """The subject rejects all invalid variants of a call, not only a few.

    tests/oracle/theorems/test_rejections.py checks this for the project's own code and for mutants of it.
    """
    rng, case = np.random.default_rng(call.seed), draw(op, call, dtype=subject.dtypes(op.name)[0])
    for variant in all_invalid_variants(op, call):
        must_raise(subject, op, variant, rng, case)
    return 0.0


def must_raise(
    subject: Subject, op: Op, call: Call, rng: np.random.Generator | None = None, sound: Case | None = None
) -> None:
    """Check that the subject rejects a call that PyTorch rejects.

    If there is a ``sound`` case, backward must reject the call too, with the cotangent of that case. Unsafe calls are
    skipped. So are calls that only some versions of PyTorch reject.

    Raises:
        Failure: The subject does not reject the call.
    """
    if unsafe(call) or disputed(call):
        return
    rng, dtype = rng or np.random.default_rng(call.seed), np.dtype(subject.dtypes(op.name)[0])
    keywords, arrays = keywords_of(op, call, rng, dtype), arrays_of(op, call, rng, dtype)
    try:
        if op.kind == "step":
            reference_steps(call, arrays["w"], arrays["w"][None], keywords)  # type: ignore[arg-type,index]
        else:
            reference_forward(call, arrays, keywords)
    except Rejection as rejection:
        if not subject.ours and _are_right_as_floats(op, call, arrays, keywords):
            return
        reason, given = f"PyTorch: {str(rejection).splitlines()[0]}", [*arrays.values()]
        also = (TypeError,) if isinstance(rejection, TypeError) else ()
        if op.kind == "step":
            must_reject(subject, "step", given * 2, keywords, call, reason, also)
            return
        must_reject(subject, "forward", given, keywords, call, reason, also)
        if sound and not subject.forward_only(op.name):
            try:
                must_reject(subject, "backward", [sound.dy, *given], keywords, call, reason, also)
            except Failure as failure:  # show the call that reproduces it
                raise failure.replace(call=sound.call, what=f"{failure.what}: {call}") from None


def _are_right_as_floats(op: Op, call: Call, arrays: Arrays, keywords: Mapping[str, Any]) -> bool:
    """Whether PyTorch rejects an optimiser's betas only because they are integers, such as 0."""
    betas, w = keywords.get("betas"), arrays.get("w")
    if op.kind != "step" or w is None or not isinstance(betas, tuple) or all(isinstance(b, float) for b in betas):
        return False
    try:
        reference_steps(call, w, w[None], {**keywords, "betas": tuple(map(float, betas))})
    except Rejection:
        return False
    return True


def rejects_out_of_domain(subject: Subject, op: Op, case: Case) -> None:
    """Check that the subject rejects values that PyTorch rejects, such as an unknown label or a probability above 1.

    Raises:
        Failure: The subject accepts such a value.
    """
    outside = (-0.5, 1.5, np.nan)
    for name, a in (case.arrays | case.keywords).items():
        if not isinstance(a, np.ndarray) or not a.size or not (name in op.comparison.domain or a.dtype.kind == "i"):
            continue
        numbers = outside if a.dtype.kind == "f" else (-1, *case.call.arguments[op.positional[0]])
        changed = a.copy()
        changed.flat[case.rng.integers(a.size)] = number = case.rng.choice(numbers)
        arrays = {n: changed if n == name else v for n, v in case.arrays.items()}
        keywords = {n: changed if n == name else v for n, v in case.keywords.items()}
        try:
            reference_forward(case.call, arrays, keywords)
        except Rejection as rejection:
            reason = f"{name} holds {number}; PyTorch: {str(rejection).splitlines()[0]}"
            for function, first in (("forward", []), ("backward", [case.dy])):
                must_reject(subject, function, [*first, *arrays.values()], keywords, case.call, reason)


def rejects_unsupported(subject: Subject, op: Op, rng: np.random.Generator) -> None:
    """Check that the subject rejects values that PyTorch accepts but the op does not support.

    Raises:
        Failure: The subject accepts such a value.
    """
    if op.name not in VALUES:
        return
    call = parse(rng.choice([*VALUES[op.name].values()]), 0)
    keywords, arrays = (f(op, call, rng, np.dtype(float)) for f in (keywords_of, arrays_of))
    dy = np.ones_like(reference_forward(call, arrays, keywords))
    for function, first in (("forward", []), ("backward", [dy])):
        must_reject(subject, function, [*first, *arrays.values()], keywords, call, "it is unsupported")


def rejects_bad_grad_shape(subject: Subject, case: Case) -> None:
    """Check that step rejects a gradient whose shape differs from the parameter's.

    The project's own code must also reject another dtype.

    Raises:
        Failure: The subject accepts such a gradient.
    """
    w = case.arrays["w"]
    assert w is not None
    for shape in wrong_shapes(w.shape):
        reason = f"dw has shape {shape}, w {w.shape}"
        must_reject(subject, "step", [w, np.ones(shape, case.dtype)], case.keywords, case.call, reason)
    if subject.ours:
        must_reject(subject, "step", [w, case.dy[0].astype(np.float32)], case.keywords, case.call, "only dw is float32")


def rejects_mixed_dtypes(subject: Subject, case: Case) -> None:
    """Check that the subject rejects an array whose dtype differs from the others.

    Raises:
        Failure: The subject accepts such an array.
    """
    floats = {n: a for n, a in case.keywords.items() if isinstance(a, np.ndarray) and a.dtype.kind == "f"}
    given = {n: a for n, a in (case.arrays | floats).items() if a is not None}
    for name, a in given.items() if len(given) > 1 else ():
        other = {name: a.astype(np.float32)}
        arrays = [other.get(n, v) for n, v in case.arrays.items()]
        keywords = case.keywords | (other if name in case.keywords else {})
        for function, first in (("forward", []), ("backward", [case.dy])):
            must_reject(subject, function, [*first, *arrays], keywords, case.call, f"only {name} is float32")


def must_reject(
    subject: Subject, name: str, arguments: list[Any], keywords: dict[str, Any], call: Call, reason: str,
    also: tuple[type[Exception], ...] = (),
) -> None:  # fmt: skip
    """Check that a function raises. Any exception is a rejection; only its type may be another than it should be."""
    function = getattr(subject.implementation(call.op), name)
    positional = dict(zip(map(str, range(len(arguments))), arguments, strict=True))
    try:
        given, accepted = fitted(function, name, call, positional, keywords)
    except Failure:  # the function has no parameter for an option of this call
        return
    rejections: tuple[type[Exception], ...] = (ValueError, *subject.rejections(call.op), *also)
    try:
        with theirs(), running(name):
            function(*given, **accepted)
    except rejections as error:
        if subject.ours and isinstance(error, ValueError) and not str(error).startswith(f"{call.op}("):
            what = f"{name} rejects in words that are not its own: {error} ({reason})"
            raise finding("exception type", what, call) from error
        return
    except (Exception, SystemExit) as error:
        if is_unsupported(subject, call.op, error):
            return
        what = f"{name} raises {type(error).__name__}, not ValueError, for a call that it should reject ({reason})"
        raise finding("exception type", what, call, quantity=name) from error
    what = f"{name} accepts a call that it should reject ({reason})"
    raise finding("accepts invalid input", what, call, quantity=name)
