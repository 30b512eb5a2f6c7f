"""The rows of a batch: what the other rows hold is nothing to a row."""

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases.case import Case, arrays_of, draw, keywords_of, replace, with_expected
from cnn_oracle.cases.distributions import large_logits, large_offset, normal
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import ARRAY_KEYWORDS, Op
from cnn_oracle.result import finding
from cnn_oracle.run.subject import backward, forward, known, run_all
from cnn_oracle.subject import Subject
from cnn_oracle.theorems.contract import RUNS, all_of, differing

FIRST = ("x", "x1", "query")  # the first array of an op that may have a batch
PER_SAMPLE = ("target", "mask")  # may have fewer axes than the first array
ROWS = (*FIRST, "x2", "key", "value", *PER_SAMPLE, "weight", "pos_weight", "attn_mask")  # arrays that may have rows
UNBOUNDED = (normal, large_logits, large_offset)


def rows_do_not_depend_on_other_rows(subject: Subject, op: Op, call: Call) -> float:
    """A row of y and dx has the same bits whatever numbers the other rows of the batch hold.

    Ops whose rows interact are left out, and so are calls on which PyTorch's own numbers of the row change.
    """
    if names := batched(op, call):
        for dtype in subject.dtypes(op.name):
            case = draw(op, call, dtype=dtype)
            outputs = _known(subject, op, case)
            if not _has_rows_of(case, names, outputs["y"]):
                break
            row = int(case.rng.integers(len(case.dy)))
            other = _with_other_rows(op, case, names, row)
            place = differing_row(outputs, run_all(subject, op, other), names, row)
            if place and _values_matter(subject, op, case, other, names, row):
                what = f"{place} changes if the other rows of {' and '.join(names)} hold other numbers"
                raise finding("rows", f"in {dtype}, {what}", call)
    return 0.0


def batched(op: Op, call: Call) -> tuple[str, ...]:
    """The arrays whose first axis is the batch. None if there are fewer than two rows, or if the rows interact."""
    a, first = call.arguments, op.positional[0]
    shape = a[first]
    if first not in FIRST or not shape or shape[0] < 2 or not _are_independent(op, call, len(shape)):
        return ()
    shapes = {n: a.get(n) for n in (*op.positional, *ARRAY_KEYWORDS) if n in ROWS}
    return tuple(
        n for n, of in shapes.items() if of and of[0] == shape[0] and (len(of) == len(shape) or n in PER_SAMPLE)
    )


def _are_independent(op: Op, call: Call, rank: int) -> bool:
    """Whether the rows of the first array do not interact, by the definition of the op."""

    def option(name: str) -> object:
        return call.arguments.get(name, op.parameters[name].default) if name in op.options else None

    dim, pads, normalized = option("dim"), call.arguments.get("pad", ()), call.arguments.get("normalized_shape", ())
    if isinstance(dim, int) and dim % rank == 0:
        return False
    if option("reduction") not in (None, "none") or any(pads[2 * rank - 2 :]) or len(normalized) >= rank:
        return False
    if op.name == "batch_norm":
        return not option("training")
    least = {"linear": 2, "bilinear": 2, "scaled_dot_product_attention": 3}
    return rank >= least.get(op.name, 1)


def _known(subject: Subject, op: Op, case: Case) -> Outputs:
    gradients = {} if subject.forward_only(op.name) else known(backward, subject, case)
    return known(forward, subject, case) | gradients


def _has_rows_of(case: Case, names: tuple[str, ...], y: Array | None) -> bool:
    """Whether y has a row for each row of the first array, and its rows are not empty."""
    x = case.arrays[names[0]]
    return x is not None and y is not None and y.shape == case.dy.shape and y.shape[:1] == x.shape[:1] and y.size > 0


def _with_other_rows(op: Op, case: Case, names: tuple[str, ...], row: int) -> Case:
    """The case with other numbers in all rows but one. What PyTorch expects of it is not computed.

    Where the op takes all numbers, the others are much larger or smaller: code may decide by the largest number.
    """
    scale = case.dtype.type(case.rng.choice([1 / 8, 8]))
    arrays = {
        n: a if a is None or op.comparison.domain.get(n, normal) not in UNBOUNDED else a * scale
        for n, a in arrays_of(op, case.call, case.rng, case.dtype).items()
    }
    keywords = keywords_of(op, case.call, case.rng, case.dtype)
    dy = case.rng.standard_normal(case.dy.shape) * scale
    return replace(
        case,
        arrays={n: _but(a, arrays[n], row) if n in names else a for n, a in case.arrays.items()},
        keywords={n: _but(a, keywords[n], row) if n in names else a for n, a in case.keywords.items()},
        dy=_but(case.dy, dy, row),
        mutated=[],
        notes=[],
    )


def _but(a: Array | None, others: Array | None, row: int) -> Array | None:
    """The others, with one row of a. A mask may be boolean in one draw and not in the next: it stays as it is."""
    if a is None or others is None or a.dtype.kind != others.dtype.kind:
        return a
    others = others.astype(a.dtype)
    others[row] = a[row]
    return others


def differing_row(first: Outputs, second: Outputs, names: tuple[str, ...], row: int) -> str:
    """The first place where the bits of one row differ, such as y[0,1], or "" if there is none."""
    compared = [q for q in ("y", *(f"d{n}" for n in names)) if q in first and q in second]
    return differing({q: _only(first[q], row) for q in compared}, {q: _only(second[q], row) for q in compared})


def _only(a: Array | None, row: int) -> Array | None:
    """The array with zeros in all rows but one."""
    if a is None or not a.ndim:
        return a
    kept = np.zeros_like(a)
    kept[row : row + 1] = a[row : row + 1]
    return kept


def _values_matter(subject: Subject, op: Op, case: Case, other: Case, names: tuple[str, ...], row: int) -> bool:
    """Whether the numbers make the difference: not chance, not the place in memory, and not in PyTorch as well."""
    if differing_row(case.expected, with_expected(op, other).expected, names, row):
        return False
    copies = {n: None if a is None else a.copy() for n, a in other.arrays.items()}
    keywords = {n: v.copy() if isinstance(v, np.ndarray) else v for n, v in other.keywords.items()}
    place = replace(other, arrays=copies, keywords=keywords, dy=other.dy.copy())

    def run(values: Case) -> Outputs:
        for a, b in zip(all_of(place), all_of(values), strict=True):
            a[...] = b
        return run_all(subject, op, place)

    before, after = run(case), run(other)
    return bool(differing_row(before, after, names, row)) and not any(
        differing_row(before, run(case), names, row) or differing_row(after, run(other), names, row)
        for _ in range(RUNS)
    )
