"""The convolutional layer.

E5   printed  Z = W · A_prev + b, A = g(Z)
     general  Z[n,o] = Σ_c A_prev[n,c] ∗ W[o,c] + b[o], a cross-correlation and one number b per filter; A = g(Z)
"""

from .. import conv2d, relu
from .._errors import invalid
from .._typing import Array, Ints


def forward(a_prev: Array, w: Array, b: Array, *, stride: Ints = 1, padding: Ints = 0) -> tuple[Array, Array]:
    """E5: a_prev (N, C, H, W), w (O, C, R, S), b (O,) → Z and A = relu(Z), both (N, O, P, Q)."""
    z = conv2d.forward(a_prev, w, b, stride=stride, padding=padding)
    return z, relu.forward(z)


def matrix_product_as_printed(a_prev: Array, w: Array, b: Array) -> Array:
    """E5 as printed: W (O, C f f) times A (C n n, N), a matrix product, plus b → (N, O, 1, 1).

    Raises:
        ValueError: the matrices do not fit together.
    """
    rows, columns = w.reshape(w.shape[0], -1), a_prev.reshape(a_prev.shape[0], -1).T
    if rows.shape[1] != columns.shape[0]:
        raise invalid(
            "matrix_product_as_printed", f"no product of {rows.shape} and {columns.shape}", a_prev=a_prev, w=w
        )
    z: Array = rows @ columns + b[:, None]
    return z.T[:, :, None, None]


def matrix_product_holds_when(n: int = 6, f: int = 3) -> bool:
    """E5 holds when f = n, a filter as large as the image: the layer is then a dense one."""
    return f == n
