"""Which element is read wrongly: the subject runs on basis vectors, and the other factors are 1, 2, 3, …"""

import numpy as np

from cnn_oracle.cases.case import Case, replace
from cnn_oracle.compare.bounds.common import present
from cnn_oracle.diagnose import precision
from cnn_oracle.diagnose.evidence import Observation
from cnn_oracle.diagnose.experiments import rerun
from cnn_oracle.diagnose.variants import outputs_of
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.subject import Subject

LARGEST = 64  # the largest number of basis vectors: only small geometries are tried

Index = tuple[int, ...]


def wrong_element(subject: Subject, op: Op, shown: Observation) -> str | None:
    """Which elements an element of a multilinear op reads, and which it should read.

    y is tested with basis vectors of x, and a gradient with basis vectors of dy. The result is a sentence such as
    ``y[0,1] reads x[1,2]; it should read x[0,1]``. None if the products do not add up to the value of the element.
    """
    quantity, name = shown.quantity, "x" if shown.quantity == "y" else "dy"
    case = _numbered(shown.case, name)
    if not precision.probeable(op) or name not in ("dy", *case.arrays):
        return None
    a = case.dy.astype(np.float64) if name == "dy" else case.as_float64(name)
    if a.size > LARGEST:
        return None

    def ours(e: Array) -> Array:
        return rerun(subject, shown, _with(case, name, e))

    def torchs(e: Array) -> Array:
        return present(outputs_of(op, _with(case, name, e))[quantity])

    got, wanted = ours(a), torchs(a)
    if not (got != wanted).any():
        return None
    index: Index = tuple(map(int, np.argwhere(got != wanted)[0]))
    here = f"{quantity}{_place(index)}"
    if offset := float(ours(np.zeros(a.shape))[index]):
        return f"{here} is {offset:g} where {name} is zero"
    own, theirs = ({i: float(side(_unit(a, i))[index]) for i in np.ndindex(a.shape)} for side in (ours, torchs))
    products = [factor * a[i] for i, factor in own.items()]
    if abs(sum(products) - got[index]) > shown.slack * sum(map(abs, products)):  # it is not linear
        return None
    return _difference(here, name, own, theirs, _labels(case, quantity, name))


def _difference(
    here: str, name: str, own: dict[Index, float], theirs: dict[Index, float], labels: dict[float, str]
) -> str | None:
    """How the factors of the elements differ from what they should be."""
    wrongly, missed = [i for i in own if own[i] and not theirs[i]], [i for i in own if theirs[i] and not own[i]]
    if wrongly and missed and own[wrongly[0]] == theirs[missed[0]]:
        return f"{here} reads {name}{_place(wrongly[0])}; it should read {name}{_place(missed[0])}"
    if wrongly:
        return f"{here} reads {name}{_place(wrongly[0])}, which it should not"
    if missed:
        return f"{here} does not read {name}{_place(missed[0])}"
    unlike = next((i for i in own if own[i] != theirs[i]), None)
    if unlike is None:
        return None
    got, wanted = labels.get(own[unlike]), labels.get(theirs[unlike])
    if got and wanted:
        return f"{here} multiplies {name}{_place(unlike)} by {got}; it should be by {wanted}"
    return f"{here} reads {name}{_place(unlike)} with another factor than it should"


def _numbered(case: Case, name: str) -> Case:
    """The case with 1, 2, 3, … in the arrays that are factors of the named one, so that no factor is zero."""
    arrays = {
        n: a if a is None or n in (name, "b") else np.arange(1.0, a.size + 1).reshape(a.shape).astype(a.dtype)
        for n, a in case.arrays.items()
    }
    return replace(case, arrays=arrays)


def _labels(case: Case, quantity: str, name: str) -> dict[float, str]:
    """The value of each factor → its name, such as w[0,1], if the products have two factors."""
    others = [n for n in case.arrays if n not in (name, "b", quantity.removeprefix("d"))]
    if len(others) != 1 or case.arrays[others[0]] is None:
        return {}
    a = present(case.arrays[others[0]])
    return {float(a[i]): f"{others[0]}{_place(i)}" for i in np.ndindex(a.shape)}


def _with(case: Case, name: str, e: Array) -> Case:
    """The case with one array replaced, and with a bias of zero."""
    arrays = {n: np.zeros_like(a) if n == "b" and a is not None else a for n, a in case.arrays.items()}
    if name == "dy":
        return replace(case, arrays=arrays, dy=e.astype(case.dtype))
    return replace(case, arrays=arrays | {name: e.astype(case.dtype)})


def _unit(a: Array, index: tuple[int, ...]) -> Array:
    e = np.zeros(a.shape)
    e[index] = 1
    return e


def _place(index: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, index))}]"
