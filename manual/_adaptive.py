"""Windows whose size follows from how many there should be.   window p of P over n cells: ⌊p n/P⌋ … ⌈(p+1) n/P⌉"""

from collections.abc import Iterator

from manual._errors import refusal
from manual._typing import Array

Size = int | tuple[int | None, int | None] | None


Cells = Iterator[tuple[int, int, slice, slice]]


def windows(op: str, x: Array, output_size: Size, dy: Array | None = None) -> tuple[tuple[int, int], Cells]:
    """The output's (P, Q), and for each of its cells p, q the rows and columns of its window."""
    pair = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    if x.ndim != 4 or len(pair) != 2 or 0 in x.shape[1 if "max" in op else 2 :]:
        reason = "x must be (N, C, H, W), not empty, and output_size an int or 2 of them"
        raise refusal(op, reason, x=x, output_size=output_size)
    rows, columns = (n if wanted is None else wanted for wanted, n in zip(pair, x.shape[2:], strict=True))
    if not (isinstance(rows, int) and isinstance(columns, int) and min(rows, columns) >= 0):
        raise refusal(op, "output_size must be at least 0", x=x, output_size=output_size)
    if dy is not None and dy.shape != (*x.shape[:2], rows, columns):
        raise refusal(op, f"dy must have y's shape {(*x.shape[:2], rows, columns)}", dy=dy, x=x)
    h, w = x.shape[2:]
    cells = ((p, q, _window(p, rows, h), _window(q, columns, w)) for p in range(rows) for q in range(columns))
    return (rows, columns), cells


def _window(p: int, count: int, n: int) -> slice:
    return slice(p * n // count, -(-(p + 1) * n // count))
