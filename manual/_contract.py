"""Sums of products in index notation, carried out as matrix products."""

import numpy as np

from manual._typing import Array


def contract(letters: str, a: Array, b: Array) -> Array:
    """Σ over the letters that the result lacks, e.g. ``contract("no,oi->ni", dy, w)``.

    ``np.einsum`` with two rules added: a letter has one size (einsum would broadcast a size of 1), and the
    product is a (batched) matrix product.

    Raises:
        ValueError: a letter stands for two different sizes.
    """
    terms = letters.split("->")[0].split(",")
    size: dict[str, int] = {}
    for term, array in zip(terms, (a, b), strict=True):
        if len(term) != array.ndim or any(size.setdefault(i, n) != n for i, n in zip(term, array.shape, strict=True)):
            raise ValueError(f"contract({letters!r}): shapes {a.shape} and {b.shape} do not fit these letters")
    result: Array = np.einsum(letters, a, b, optimize=["einsum_path", (0, 1)])
    return result
