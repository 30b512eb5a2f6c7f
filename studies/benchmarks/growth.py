"""How a convolution's cost and memory grow with the number of its products, N·O·C·P·Q·R·S."""

import tracemalloc
from collections.abc import Callable
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cnn_oracle.call import parse
from cnn_oracle.environment import write_atomically
from cnn_oracle.manual import conv2d
from cnn_oracle.studies.benchmarks.layers import sides
from cnn_oracle.studies.benchmarks.timing import compare, threads

SIZES = (  # N, channels in and out, height and width: 3×3 kernels, four decades
    (4, 8, 14), (16, 8, 14), (16, 16, 14), (16, 16, 28), (16, 32, 28), (64, 32, 28), (64, 64, 28), (160, 64, 28),
)  # fmt: skip
MOST_MIB = 64


class Point(NamedTuple):
    """Milliseconds for forward and all gradients, in float64 on one thread; our memory besides the results."""

    call: str
    products: int
    manual: float
    torch: float
    extra_mib: float


def points(progress: Callable[[str], None] = lambda _: None) -> list[Point]:
    rows = []
    for n, c, h in SIZES:
        text = f"conv2d(x=({n}, {c}, {h}, {h}), w=({c}, {c}, 3, 3), b=({c},), padding=1)"
        progress(text)
        with threads(1):
            times = compare(*sides(text, "float64"))
        rows.append(Point(text, products(text), times.manual, times.torch, extra(text) / 2**20))
    return rows


def products(text: str) -> int:
    """N·O·C·P·Q·R·S of a call of conv2d with stride 1 and "same" padding."""
    x, w = (parse(text, 0).arguments[name] for name in "xw")
    return prod((x[0], *w, *x[2:]))


def extra(text: str) -> int:
    """The peak memory, in bytes, of forward or backward, without their arguments and results."""
    arguments = dict(parse(text, 0).arguments)
    x, w, b = (np.zeros(arguments.pop(name)) for name in "xwb")
    y = conv2d.forward(x, w, b, **arguments)
    return max(
        _held(lambda: (conv2d.forward(x, w, b, **arguments),)),
        _held(lambda: conv2d.backward(y, x, w, b, **arguments)),
    )


def _held(f: Callable[[], tuple[Any, ...]]) -> int:
    """The bytes that tracemalloc counts. NumPy reports every array to it."""
    tracemalloc.start()
    try:
        results = f()
        return tracemalloc.get_traced_memory()[1] - sum(int(a.nbytes) for a in results)
    finally:
        tracemalloc.stop()


def slope(rows: list[Point]) -> float:
    """The exponent e of time ~ productsᵉ over the upper half, where the fixed cost of a call is negligible."""
    upper = rows[len(rows) // 2 :]
    exponent: float = np.polyfit(np.log([p.products for p in upper]), np.log([p.manual for p in upper]), 1)[0]
    return exponent


def draw(rows: list[Point], path: Path) -> None:
    """Plot time and memory over the number of products, on logarithmic axes, as a .svg or .png."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 6), dpi=110, layout="constrained")
    time, memory = figure.subplots(2, sharex=True, height_ratios=(3, 2))
    n = [p.products for p in rows]
    time.loglog(n, [p.manual for p in rows], "o-", color="#1f3864", label="NumPy")
    time.loglog(n, [p.torch for p in rows], "s-", color="#f4b183", label="PyTorch")
    time.loglog(n, [rows[-1].manual * k / n[-1] for k in n], ":", color="grey", label="linear")
    time.set(ylabel="ms, forward and all gradients", title="conv2d 3×3, float64, one thread")
    time.legend()
    memory.loglog(n, [p.extra_mib for p in rows], "o-", color="#1f3864")
    memory.axhline(MOST_MIB, color="#c00000", linewidth=1)
    memory.set(ylabel="extra memory, MiB", xlabel="N·O·C·P·Q·R·S")
    picture = BytesIO()
    figure.savefig(picture, format=path.suffix[1:].lower())
    write_atomically(path, picture.getvalue())
