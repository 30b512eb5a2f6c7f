"""The Python interface: ``oracle.verify("conv2d", forward=f, backward=g)`` is a test in one line."""

import os
from collections.abc import Callable, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any, Unpack

from cnn_oracle import one_call, survey, verification
from cnn_oracle.adapt.declarations import arguments_of, split
from cnn_oracle.call import parse
from cnn_oracle.global_state import ours, show
from cnn_oracle.mistakes import load
from cnn_oracle.ops import look_up
from cnn_oracle.result import Failure, Result, Verdict
from cnn_oracle.subject import Declared, Implementation, Subject
from cnn_oracle.verification import EXAMPLES

Function = Callable[..., Any]


def verify(
    op: str, subject: Any = None, *, forward: Function | None = None, backward: Function | None = None,
    step: Function | None = None, examples: int = EXAMPLES, call: str | None = None, seed: int = 0,
    strict: bool = False, require: str = "", sizes: Sequence[int] = (), max_elements: int | None = None,
    **declared: Unpack[Declared],
) -> Result:  # fmt: skip
    """Check one op of a subject against PyTorch.

    The function draws ``examples`` calls of the op and checks every theorem on each call. Values and gradients must be
    bitwise equal to PyTorch's where floating point is exact, and within a derived rounding bound elsewhere. Then, on
    calls whose numbers are right, the contract is checked: the subject does not write to its inputs, takes every memory
    layout, keeps the dtype, and rejects invalid calls. A contract finding that would make a caller's numbers wrong
    raises; any other is a warning in ``Result.contract``. Calls that the subject does not support are replaced by
    others, and counted in ``Result.unsupported``. All work is done in this process. The same ``seed`` gives the same
    calls. The code's own Python warnings are shown once each.

    Give the code in one of two ways: as ``subject``, or as ``forward`` with ``backward`` (for an optimiser: ``step``).

    Args:
        op: The name of the op, such as ``"conv2d"``. ``cnn-oracle ops`` lists all names.
        subject: A package or module that has the op, its import name (such as ``"mykernels"``), or an object with
            ``forward`` and ``backward`` (or ``step``). ``oracle.adapt`` makes such objects.
        forward: ``forward(x, w, b, *, stride=1, …)`` returns y. It takes NumPy arrays by position and options by
            PyTorch's names, with PyTorch's shapes and defaults.
        backward: ``backward(dy, x, w, b, *, stride=1, …)`` returns a tuple with one gradient per array. ``dy`` has the
            shape of y, each gradient the shape of its array; the gradient of an absent array is None. Without
            ``backward``, only ``forward`` is checked, and ``Result.unchecked`` says so.
        step: ``step(w, dw, state, *, lr=…, …)`` returns the next ``(w, state)``. ``w`` and ``dw`` have the same shape;
            the first ``state`` is None. Only for an optimiser, such as ``"adam"``.
        examples: The number of drawn calls, at least 1. The default is 100.
        call: One call as text, with the shapes of its arrays: ``"relu(x=(2, 3))"``. Then only this call is checked,
            and ``examples`` is ignored. The ``reproduce`` line of a failure contains such a text.
        seed: It determines the drawn calls and the values of all arrays, also of ``call``. 0 or larger, 0 by default.
        strict: Also raise for contract warnings, such as an invalid call that is accepted. False by default.
        require: ``"batch-invariance"``: also raise if the bits of a row depend on the number of rows of the batch, or
            on the place of the row. "" by default: that is allowed.
        sizes: Block sizes of the code, such as ``(48, 1000)``. Further calls have sizes one below them, at them and one
            above. Empty by default: the calls have sizes next to multiples of 8, 16, …, 1,024 in any case.
        max_elements: The number of elements of the largest array of a drawn call. Default: 20,000.
        declared: What the functions support, as in ``adapt.only``: ``options={"dim": (-1,)}``, ``ranks=(2,)``,
            ``gradients``, ``unsupported``, ``when``, ``dtypes``. A subject declares this itself, or by ``adapt.only``.

    Returns:
        The result of the op. Its verdict is EXACT, BOUNDED or NORMWISE, and its ``failure`` is None.

    Raises:
        Failure: A theorem does not hold. A Failure is an AssertionError; its text is the whole message, with the
            smallest failing call that was found.
        ValueError: The op is unknown, the subject does not have it or supports none of the drawn calls, ``call`` cannot
            be used, or the arguments do not fit together.

    Example:
        >>> import numpy as np
        >>> import cnn_oracle as oracle
        >>> def forward(x):
        ...     return np.maximum(x, 0)
        >>> def backward(dy, x):
        ...     return (np.where(x <= 0, 0, dy),)
        >>> result = oracle.verify("relu", forward=forward, backward=backward, examples=5)
        >>> print(result.summary)
        relu: numbers EXACT on 5 calls; 1 contract warning
        >>> [warning.kind for warning in result.contract]
        ['accepts invalid input']

        A wrong gradient raises; here it depends on the sign of dy, not of x:

        >>> def wrong(dy, x):
        ...     return (np.maximum(dy, 0),)
        >>> try:
        ...     oracle.verify("relu", forward=forward, backward=wrong, examples=5)
        ... except oracle.Failure as failure:
        ...     print(failure.verdict, failure.quantity)
        WRONG dx

        One call, and no gradient:

        >>> oracle.verify("relu", forward=forward, call="relu(x=(2, 3))").unchecked
        ('backward',)
    """
    __tracebackhide__ = True
    look_up(op)
    if examples < 1 or seed < 0:
        raise ValueError(f"verify({op!r}, examples={examples}, seed={seed}): at least 1 example, and a seed from 0 on")
    functions = {n: f for n, f in {"forward": forward, "backward": backward, "step": step}.items() if f is not None}
    if (subject is None) == (not functions) or functions.keys() == {"backward"}:
        raise ValueError(f"verify({op!r}): give a subject, or forward and, if there is one, backward, or step")
    if subject is not None and declared:
        raise ValueError(f"verify({op!r}, {next(iter(declared))}=…): declare it in the subject, or by adapt.only")
    _, declared = split("verify", ("examples", "call", "seed", "strict", "require", "sizes", "max_elements"), declared)
    own = Implementation(forward, backward, step, **declared)
    code = _given(op, own, arguments_of(_source(functions), declared)) if functions else _under_test(op, subject)
    code = verification.requiring(code._replace(strict=strict or code.strict), require)
    code = verification.sized(code, sizes, max_elements)
    with ours():
        if call is None:
            (row,) = survey.verify(code, [op], examples=examples, seed=seed)
        else:
            one = parse(call, seed)
            if one.op != op:
                raise ValueError(f"verify({op!r}, call={call!r}): that is a call of {one.op}")
            row = one_call.check_call(code, one)
    show(row.subject_warnings)
    if row.verdict is Verdict.NOT_COVERED:
        raise ValueError(f"verify({op!r}): the subject supports none of {row.drawn:,} calls; {row.summary}")
    by_name = isinstance(subject, str) or code.root is subject
    as_pytest_does = call is None and (examples, seed) == (EXAMPLES, 0)
    if row.failure is None:
        return row._replace(contract=tuple(_reproducible(one, by_name, as_pytest_does) for one in row.contract))
    failure = _reproducible(row.failure, by_name, as_pytest_does)
    raise failure.with_traceback(None) from failure.__cause__


def _reproducible(failure: Failure, by_name: bool, as_pytest_does: bool) -> Failure:
    """The failure with a line that reproduces it where it was found.

    Under pytest, this is no shell line, because only pytest knows its import path, such as ``pythonpath = ["src"]``.
    """
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    if not by_name:
        return failure.replace(source="python", test=test)
    if not test:
        return failure
    if as_pytest_does and failure.theorem is not None:
        return failure.replace(source="pytest")
    return failure.replace(source="python", test=test, subject_name=f'"{failure.subject_name}"')


def covered(subject: Any) -> list[str]:
    """List the ops that a package or module has.

    Use it to write one test per op: ``@pytest.mark.parametrize("op", oracle.covered("mykernels"))``.

    Args:
        subject: A package or module, or its import name.

    Returns:
        The names of the ops, in the order of ``cnn-oracle ops``. There is at least one.

    Raises:
        ValueError: The subject is not a package or module, cannot be imported, or has none of the ops.

    Example:
        >>> import cnn_oracle as oracle
        >>> oracle.covered("cnn_oracle.manual")[:3]
        ['conv1d', 'conv2d', 'conv3d']
    """
    if not isinstance(subject, str | ModuleType):
        raise ValueError(f"covered({subject!r}): give a package or module, or the name of one")
    code = load(subject if isinstance(subject, str) else subject.__name__)
    names = [op.name for op in one_call.covered(code)]
    if not names:
        raise ValueError(one_call.has_none(code))
    return names


def _under_test(op: str, subject: Any) -> Subject:
    """The subject under test. A module is loaded by its import name; an object is named by the code that made it."""
    if isinstance(subject, str):
        return load(subject)
    if isinstance(subject, ModuleType) and not hasattr(subject, "forward") and not hasattr(subject, "step"):
        return load(subject.__name__)
    for kind, adapter in (("Function", "torch_function"), ("Module", "module")):
        if any(c.__name__ == kind and c.__module__.startswith("torch.") for c in _classes(subject)):
            raise ValueError(f"verify({op!r}, …): of a torch {kind} oracle.adapt.{adapter} makes a subject")
    if not hasattr(subject, "forward") and not hasattr(subject, "step"):
        what = f"{type(subject).__name__} has neither forward nor step"
        raise ValueError(f"verify({op!r}, …): {what}; give forward=…, or wrap it by a function of oracle.adapt")
    return _given(op, subject, subject.source if isinstance(subject, Implementation) else _name(subject))


def _classes(thing: Any) -> tuple[type, ...]:
    return thing.__mro__ if isinstance(thing, type) else type(thing).__mro__


def _given(op: str, implementation: Any, source: str) -> Subject:
    return Subject(source, SimpleNamespace(**{op: implementation}))


def _source(functions: dict[str, Function]) -> str:
    return ", ".join(f"{name}={_name(function)}" for name, function in functions.items())


def _name(thing: Any) -> str:
    """The name in source code, or … without such a name, as for a function that is defined inside another."""
    name = str(getattr(thing, "__qualname__", getattr(thing, "__name__", "…")))
    return "…" if "<" in name else name
