"""Sums of products in index notation, carried out as matrix products."""

from functools import lru_cache
from math import prod
from typing import NamedTuple

from manual._typing import Array


def contract(letters: str, a: Array, b: Array) -> Array:
    """Σ over the letters that the result lacks, e.g. ``contract("no,oi->ni", dy, w)``.

    As ``np.einsum``, but a letter has one size (einsum would broadcast a size of 1), and the sum is always a matrix
    product. An operand is copied only where letters that become one axis stand apart.

    Raises:
        ValueError: a letter stands for two different sizes.
    """
    left, right, axes = _plan(letters)
    size = dict(zip(left.letters + right.letters, a.shape + b.shape, strict=False))
    if any(tuple(map(size.get, m.letters)) != array.shape for m, array in ((left, a), (right, b))):
        raise ValueError(f"contract({letters!r}): shapes {a.shape} and {b.shape} do not fit these letters")
    first, second = _matrices(left, a), _matrices(right, b)
    product = first @ second if first.shape[-1] != 1 else first * second  # one term: matmul is slow at adding nothing
    rest = [size[i] for i in left.rows + right.columns]
    result: Array = product.reshape(*product.shape[:-2], *rest).transpose(axes)
    return result


class Matrices(NamedTuple):
    """An operand's letters, and which of them are the rows and which the columns of a matrix, one for each other."""

    letters: str
    rows: str
    columns: str
    axes: tuple[int, ...]  # in the order in which the memory is read: others, and rows or columns
    others: int
    middle: int  # where the last group begins
    turned: bool  # whether these are the rows: what lies together in memory stays together


def _matrices(m: Matrices, a: Array) -> Array:
    a = a.transpose(m.axes)
    a = a.reshape(*a.shape[: m.others], prod(a.shape[m.others : m.middle]), prod(a.shape[m.middle :]))
    return a.swapaxes(-1, -2) if m.turned else a


@lru_cache
def _plan(letters: str) -> tuple[Matrices, Matrices, tuple[int, ...]]:
    """Both operands, and the axes of their product in the order of the result."""
    terms, result = letters.split("->")
    a, b = terms.split(",")
    others = "".join(i for i in a if i in b and i in result)
    sums = "".join(i for i in a if i in b and i not in result)
    rows, columns = ("".join(i for i in term if i not in others + sums) for term in (a, b))
    axes = tuple(map((others + rows + columns).index, result))
    return _operand(a, others, rows, sums), _operand(b, others, sums, columns), axes


def _operand(letters: str, others: str, rows: str, columns: str) -> Matrices:
    turned = letters[-1:] in tuple(rows)
    first, last = (columns, rows) if turned else (rows, columns)
    axes = tuple(map(letters.index, others + first + last))
    return Matrices(letters, rows, columns, axes, len(others), len(others) + len(first), turned)
