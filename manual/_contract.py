"""Sums of products in index notation, carried out as matrix products."""

from functools import lru_cache
from math import prod
from typing import NamedTuple

from ._geometry import Shape
from ._typing import Array


def contract(letters: str, a: Array, b: Array) -> Array:
    """Sum over the letters that the result does not have, e.g. ``contract("no,oi->ni", dy, w)``.

    Like ``np.einsum``, but a letter has one size (einsum broadcasts a size of 1), and the sum is always a matrix
    product. An operand is copied only if letters that become one axis are not adjacent.

    Raises:
        ValueError: a letter stands for two different sizes.
    """
    left, right, shape, axes = _plan(letters, a.shape, b.shape)
    first, second = _matrices(a, left), _matrices(b, right)
    product = first @ second if first.shape[-1] != 1 else first * second  # matmul is slow for sums of one term
    result: Array = product.reshape(shape).transpose(axes)
    return result


class Matrices(NamedTuple):
    """How an operand becomes matrices: permute its axes, merge them, then possibly exchange rows and columns.

    Its last axis stays last until the exchange, so that a copy moves contiguous memory.
    """

    axes: Shape
    shape: Shape
    exchanged: bool


def _matrices(a: Array, how: Matrices) -> Array:
    merged = a.transpose(how.axes).reshape(how.shape)
    return merged.swapaxes(-1, -2) if how.exchanged else merged


@lru_cache(1024)
def _plan(letters: str, a_shape: Shape, b_shape: Shape) -> tuple[Matrices, Matrices, Shape, Shape]:
    """The matrices of both operands; their product's shape, one axis per letter; its axes in the result's order."""
    terms, result = letters.split("->")
    a, b = terms.split(",")
    size = dict(zip(a + b, a_shape + b_shape, strict=False))
    if any(tuple(map(size.get, term)) != shape for term, shape in ((a, a_shape), (b, b_shape))):
        raise ValueError(f"contract({letters!r}): shapes {a_shape} and {b_shape} do not fit these letters")
    each = "".join(i for i in a if i in b and i in result)
    sums = "".join(i for i in a if i in b and i not in result)
    rows, columns = ("".join(i for i in term if i not in each + sums) for term in (a, b))

    def matrices(term: str, rows: str, columns: str) -> Matrices:
        exchanged = term[-1:] in tuple(rows)
        groups = (columns, rows) if exchanged else (rows, columns)
        shape = (*(size[i] for i in each), *(prod(size[i] for i in group) for group in groups))
        return Matrices(tuple(map(term.index, each + "".join(groups))), shape, exchanged)

    product = each + rows + columns
    axes = tuple(map(product.index, result))
    return matrices(a, rows, sums), matrices(b, sums, columns), tuple(size[i] for i in product), axes
