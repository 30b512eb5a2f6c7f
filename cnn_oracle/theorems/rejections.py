"""What PyTorch refuses, a subject must refuse, too: by a ValueError, or as its framework does."""

from typing import Any

import numpy as np

from cnn_oracle.call import Call, parse
from cnn_oracle.calls.disputed import disputed
from cnn_oracle.calls.invalid import PER_CALL, all_invalid_variants, invalid_variants, wrong_shapes
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.calls.unsupported import VALUES
from cnn_oracle.cases.case import Case, arrays_of, draw, keywords_of
from cnn_oracle.cases.expected import Rejection, reference_forward, reference_steps
from cnn_oracle.op import Op
from cnn_oracle.result import Failure
from cnn_oracle.subject import Subject


def what_pytorch_rejects_is_rejected(subject: Subject, op: Op, call: Call) -> float:
    """A call that makes PyTorch raise, one size or option away from a sound one, makes the subject raise ValueError."""
    dtype = subject.dtypes(op.name)[0]
    rng, case = np.random.default_rng(call.seed), draw(op, call, dtype=dtype)
    for neighbour in invalid_variants(op, call, rng):
        must_raise(subject, op, neighbour, rng, case)
    if op.kind == "differentiable" and not subject.forward_only(op.name):
        shapes = [*wrong_shapes(case.dy.shape)]
        for i in rng.permutation(len(shapes))[:PER_CALL]:
            shape = shapes[i]
            arguments = [np.ones(shape, case.dtype), *case.arrays.values()]
            reason = f"dy has shape {shape}, y {case.dy.shape}"
            must_reject(subject, "backward", arguments, case.keywords, call, reason)
        if subject.own:
            rejects_mixed_dtypes(subject, case)
            rejects_out_of_domain(subject, op, case)
            rejects_unsupported(subject, op, rng)
    elif op.kind == "step":
        rejects_bad_grad_shape(subject, case)
    return 0.0


def every_invalid_variant_is_rejected(subject: Subject, op: Op, call: Call) -> float:
    """Not a few of them, as above, but all.

    Asked of our own code by tests/oracle/theorems/test_rejections.py, and of edits of it.
    """
    rng, case = np.random.default_rng(call.seed), draw(op, call, dtype=subject.dtypes(op.name)[0])
    for neighbour in all_invalid_variants(op, call):
        must_raise(subject, op, neighbour, rng, case)
    return 0.0


def must_raise(
    subject: Subject, op: Op, call: Call, rng: np.random.Generator | None = None, sound: Case | None = None
) -> None:
    """What PyTorch refuses, the subject must refuse; its backward, too, with the cotangent of a ``sound`` neighbour.

    What must not be handed to PyTorch, or what its versions disagree about, is not asked.

    Raises:
        Failure: it does not.
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
        reason, given = f"PyTorch: {str(rejection).splitlines()[0]}", [*arrays.values()]
        also = (TypeError,) if isinstance(rejection, TypeError) else ()
        if op.kind == "step":
            must_reject(subject, "step", given * 2, keywords, call, reason, also)
            return
        must_reject(subject, "forward", given, keywords, call, reason, also)
        if sound and not subject.forward_only(op.name):
            try:
                must_reject(subject, "backward", [sound.dy, *given], keywords, call, reason, also)
            except Failure as failure:
                raise failure.replace(reproducer=sound.call) from None


def rejects_out_of_domain(subject: Subject, op: Op, case: Case) -> None:
    """A number that PyTorch refuses for its value, as a label that is no class or a probability above 1.

    Raises:
        Failure: the subject accepts it.
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
    """What PyTorch takes and the op, as it says, does not, is refused like anything else.

    Raises:
        Failure: the subject accepts it.
    """
    if op.name not in VALUES:
        return
    call = parse(rng.choice([*VALUES[op.name].values()]), 0)
    keywords, arrays = (f(op, call, rng, np.dtype(float)) for f in (keywords_of, arrays_of))
    dy = np.ones_like(reference_forward(call, arrays, keywords))
    for function, first in (("forward", []), ("backward", [dy])):
        must_reject(subject, function, [*first, *arrays.values()], keywords, call, "it is left out")


def rejects_bad_grad_shape(subject: Subject, case: Case) -> None:
    """The gradient that a step is given has its parameter's shape; and its dtype, of our own code.

    Raises:
        Failure: another is accepted.
    """
    w = case.arrays["w"]
    assert w is not None
    for shape in wrong_shapes(w.shape):
        reason = f"dw has shape {shape}, w {w.shape}"
        must_reject(subject, "step", [w, np.ones(shape, case.dtype)], case.keywords, case.call, reason)
    if subject.own:
        must_reject(
            subject, "step", [w, case.dy[0].astype(np.float32)], case.keywords, case.call, "dw alone is float32"
        )


def rejects_mixed_dtypes(subject: Subject, case: Case) -> None:
    """No array may be of another dtype than the rest.

    Raises:
        Failure: one is.
    """
    floats = {n: a for n, a in case.keywords.items() if isinstance(a, np.ndarray) and a.dtype.kind == "f"}
    given = {n: a for n, a in (case.arrays | floats).items() if a is not None}
    for name, a in given.items() if len(given) > 1 else ():
        other = {name: a.astype(np.float32)}
        arrays = [other.get(n, v) for n, v in case.arrays.items()]
        keywords = case.keywords | (other if name in case.keywords else {})
        for function, first in (("forward", []), ("backward", [case.dy])):
            must_reject(subject, function, [*first, *arrays], keywords, case.call, f"{name} alone is float32")


def must_reject(
    subject: Subject, name: str, arguments: list[Any], keywords: dict[str, Any], call: Call, reason: str,
    also: tuple[type[Exception], ...] = (),
) -> None:  # fmt: skip
    try:
        getattr(subject.implementation(call.op), name)(*arguments, **keywords)
    except (*subject.rejections(call.op), *also) as error:
        if subject.own and isinstance(error, ValueError) and not str(error).startswith(f"{call.op}("):
            raise Failure(f"{name} rejects in words that are not its own: {error} ({reason})", call) from error
        return
    except (Exception, SystemExit) as error:
        what = f"{name} raises {type(error).__name__}, not ValueError, for a call that it should reject ({reason})"
        raise Failure(what, call) from error
    raise Failure(f"{name} accepts a call that it should reject ({reason})", call)
