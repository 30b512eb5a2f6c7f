"""A failure as three lines of plain torch, for a bug report. The lines raise an error while the defect exists."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.dtypes import Format
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.studies.torch_defects.judge import Wrong
from cnn_oracle.studies.torch_defects.layouts import as_text, of_arguments_and_dy

POSITIONAL = {"x", "w", "b", "x1", "x2", "query", "key", "value"}  # the other arguments go by keyword
CALLS: Mapping[str, tuple[str, tuple[str, ...]]] = {  # not F.name(…): how the call begins, with which arguments
    "flatten": ("torch.flatten(x", ("x",)),
    "tanh": ("torch.tanh(x", ("x",)),
    "sigmoid": ("torch.sigmoid(x", ("x",)),
    "embedding": ("F.embedding(indices, w", ("w", "indices")),
    # torch draws the random numbers of these itself, so only our name exists
    "dropout": ("dropout.forward(x, mask=mask", ("x", "mask")),
    "dropout2d": ("dropout2d.forward(x, mask=mask", ("x", "mask")),
    "xavier_uniform": ("xavier_uniform.forward(u", ("u",)),
    "xavier_normal": ("xavier_normal.forward(z", ("z",)),
    "kaiming_uniform": ("kaiming_uniform.forward(u", ("u",)),
    "kaiming_normal": ("kaiming_normal.forward(z", ("z",)),
}
NEEDED = {"batch_norm": ("running_mean", "running_var")}  # torch requires these, even if they are None
OPTIMISERS = {"sgd": "SGD", "adagrad": "Adagrad", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW"}


def reproduction(op: Op, case: Case, wrong: Wrong | None) -> str:
    """The import, the tensors, and the call with its expected result; only the call if it ends the process."""
    call = _steps(op, case) if op.kind == "step" else _call(op, case)
    ours = f"; from cnn_oracle.reference import {op.name}" if f"{op.name}.forward(" in call else ""
    tensors = "; ".join(_tensors(op, case))
    lines = f"import torch; import torch.nn.functional as F; torch.set_num_threads(1){ours}", tensors
    return "\n".join(lines) + f"\n{call}{_assertion(case.form, wrong)}"


def _tensors(op: Op, case: Case) -> Iterator[str]:
    form, (arguments, dy) = case.form, of_arguments_and_dy(case.layout, case.call.seed)
    for name, a in case.arrays.items():
        if a is not None:
            yield f"{name} = {_tensor(a, form, arguments)}{'' if op.kind == 'step' else '.requires_grad_()'}"
    for name, v in case.keywords.items():
        if isinstance(v, np.ndarray):
            yield f"{name} = {_tensor(v, form, 'contiguous' if arguments == 'expanded' else arguments)}"
    if op.kind == "step":
        yield f"dws = {', '.join(_tensor(dw, form, dy) for dw in case.dy)}"
    else:
        yield f"dy = {_tensor(case.dy, form, dy)}"


def _call(op: Op, case: Case) -> str:
    present = [n for n, a in case.arrays.items() if a is not None]
    begin, excluded = CALLS.get(op.name, (f"F.{op.name}(", ()))
    given = [n if n in POSITIONAL else f"{n}={n}" for n in present if n not in excluded]
    given += [f"{n}=None" for n in NEEDED.get(op.name, ()) if case.keywords.get(n) is None]
    given += [
        f"{n}={n if isinstance(v, np.ndarray) else repr(v)}"
        for n, v in case.keywords.items()
        if v is not None and n not in excluded
    ]
    forward = begin + ", " * bool(excluded and given) + ", ".join(given)
    gradients = ", ".join(f"d{n}" for n in present) + "," * (len(present) == 1)
    return f"y = {forward}); {gradients} = torch.autograd.grad(y, [{', '.join(present)}], dy)"


def _steps(op: Op, case: Case) -> str:
    options = "".join(f", {n}={v!r}" for n, v in case.keywords.items())
    begin = f"p = torch.nn.Parameter(w.clone()); o = torch.optim.{OPTIMISERS[op.name]}([p]{options}); "
    names = ", ".join(f"w{i}" for i in range(1, len(case.dy) + 1))
    return f'{begin}{names} = [setattr(p, "grad", dw) or o.step() or p.detach().clone() for dw in dws]'


def _assertion(form: Format, wrong: Wrong | None) -> str:
    """The assertion for the wrong element: bitwise on an exact grid in full precision, else within its bound."""
    if wrong is None:
        return ""
    quantity, want = wrong.quantity, _literal(wrong.want, form)
    if wrong.at is None:
        shape = np.shape(wrong.case.expected.get(quantity))  # type: ignore[arg-type]
        return f"; assert {quantity}.shape == {shape}, {quantity}.shape" if quantity else f"  # {wrong.what}"
    element = f"{quantity}[{', '.join(map(str, wrong.at))}]" if wrong.at else quantity
    if np.isnan(wrong.want):
        right = f"{element}.isnan()"
    elif (wrong.case.exact and form.bits == form.sums) or not np.isfinite(wrong.want):
        right = f"{element} == {want}"
    else:
        right = f"abs({element}.item() - {want}) <= {wrong.allowed:.3g}"
    return f'; assert {right}, f"{element} = {{{element}}}, should be {want}"'


def _tensor(a: Array, form: Format, layout: str) -> str:
    """The text of a tensor: its numbers; for an expanded tensor, the numbers that it repeats."""
    floating = a.dtype.kind == "f"
    kept = a[:1] if layout == "expanded" and a.ndim and len(a) else a
    dtype = f", dtype=torch.{form.name}" if floating else f", dtype=torch.{a.dtype.name}" if not a.size else ""
    numbers = f"torch.tensor([{', '.join(_literal(v, form) for v in kept.ravel().tolist())}]{dtype})"
    return as_text(numbers if kept.ndim == 1 else f"{numbers}.reshape({_shape(kept)})", a.shape, layout, floating)


def _shape(a: Array) -> str:
    return ", ".join(map(str, a.shape)) or "()"


def _literal(value: Any, form: Format) -> str:
    """The shortest text of a number that the format allows."""
    if not isinstance(value, float):
        return repr(value)
    if not np.isfinite(value):
        return f"torch.{value}".replace("torch.-", "-torch.")
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else str(form.carrier.type(value))
