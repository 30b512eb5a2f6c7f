"""The axes start_dim … end_dim merged into one.

y[…,k,…]          = x[…,i,…,j,…]      k counts i,…,j in row order
dx[…,i,…,j,…]     = dy[…,k,…]
"""

from ._errors import invalid
from ._typing import Array


def forward(x: Array, *, start_dim: int = 0, end_dim: int = -1) -> Array:
    """x (A, …, B, C, …, D, E) → y (A, …, B·C·…·D, E), a copy; a scalar becomes (1,).

    Raises:
        ValueError: a dim is out of range, or start_dim is after end_dim.
    """
    rank = max(x.ndim, 1)
    if not (-rank <= start_dim < rank and -rank <= end_dim < rank and start_dim % rank <= end_dim % rank):
        raise invalid("flatten", f"need 0 ≤ start_dim ≤ end_dim < {rank}", x=x, start_dim=start_dim, end_dim=end_dim)
    start, end = start_dim % rank, end_dim % rank + 1
    length = 1
    for n in x.shape[start:end]:
        length *= n
    return x.copy("C").reshape(*x.shape[:start], length, *x.shape[end:])


def backward(dy: Array, x: Array, *, start_dim: int = 0, end_dim: int = -1) -> tuple[Array]:
    """dy of y's shape → dx of x's shape, a copy."""
    y = forward(x, start_dim=start_dim, end_dim=end_dim)
    if dy.shape != y.shape:
        raise invalid("flatten", f"dy must have y's shape {y.shape}", x=x, dy=dy)
    return (dy.copy("C").reshape(x.shape),)
