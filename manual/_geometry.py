"""The geometry of windows: the sizes of axes, and the calls that PyTorch rejects. So the file of an op is a formula."""

from operator import index

from ._errors import invalid
from ._typing import Array, Ints

Shape = tuple[int, ...]
AXES = ("", "L", "H, W", "D, H, W")  # by rank
Pads = list[tuple[int, int]]  # (lo, hi) per spatial axis


def output_size(n: int, k: int, t: int, d: int) -> int:
    """⌊(n − d(k−1) − 1)/t⌋ + 1 windows of k taps, stride t, dilation d, fit a padded axis of n elements (E3)."""
    return (n - d * (k - 1) - 1) // t + 1


def padded_size(size: Shape, padding: Pads) -> Shape:
    return tuple(lo + n + hi for n, (lo, hi) in zip(size, padding, strict=True))


def per_axis(op: str, name: str, value: Ints, rank: int, least: int) -> Shape:
    """``value`` as one int for each of ``rank`` axes, as PyTorch reads a geometry argument.

    Raises:
        ValueError: it is not an int or ``rank`` ints, or one of them is below ``least``.
    """
    try:
        ints = tuple(map(index, value)) if isinstance(value, (tuple, list)) else (index(value),) * rank
    except TypeError:
        ints = ()
    if len(ints) == 1:
        ints *= rank
    if len(ints) != rank or min(ints) < least:
        raise invalid(op, f"{name} must be an int or {rank} ints, each at least {least}", **{name: value})
    return ints


def same_dtype(op: str, **arrays: Array | None) -> None:
    present = {name: a for name, a in arrays.items() if a is not None}
    if len({a.dtype for a in present.values()}) > 1:
        raise invalid(op, f"mixed dtypes {', '.join(str(a.dtype) for a in present.values())}", **present)


def same_shape(op: str, dy: Array, x: Array) -> None:
    """Check that dy and x have the same shape and dtype.

    Raises:
        ValueError: they differ.
    """
    same_dtype(op, dy=dy, x=x)
    if dy.shape != x.shape:
        raise invalid(op, "dy must have x's shape", dy=dy, x=x)


def conv(
    op: str, x: Shape, w: Shape, b: Array | None,
    stride: Ints, padding: Ints | str, dilation: Ints, groups: int, dy: Array | None = None,
) -> tuple[Shape, Shape, Pads]:  # fmt: skip
    """Stride, dilation and padding per axis of a convolution, after a check that all shapes fit."""
    rank = int(op[-2])
    shapes = {"x": x, "w": w}
    if len(x) != rank + 2 or len(w) != rank + 2:
        raise invalid(op, f"x must be (N, C, {AXES[rank]}) and w (O, C/groups, {rank} kernel sizes)", **shapes)
    t, d = per_axis(op, "stride", stride, rank, 1), per_axis(op, "dilation", dilation, rank, 1)
    if groups < 1 or x[1] != w[1] * groups or w[0] % groups or not w[0]:
        raise invalid(
            op, f"x has {x[1]} channels; w takes {w[1]} in each group and gives {w[0]}", **shapes, groups=groups
        )
    if b is not None and b.shape != w[:1]:
        raise invalid(op, f"b must be ({w[0]},), one number per output channel", **shapes, b=b.shape)
    pads = _conv_pads(op, padding, w[2:], t, d)
    size = padded_size(x[2:], pads)
    if 0 in x[2:] or 0 in w[2:] or any(n < d * (k - 1) + 1 for n, k, d in zip(size, w[2:], d, strict=True)):
        raise invalid(
            op,
            f"the dilated kernel does not fit into the padded input {size}",
            **shapes,
            padding=padding,
            dilation=dilation,
        )
    y = (x[0], w[0], *map(output_size, size, w[2:], t, d))
    if dy is not None and dy.shape != y:
        raise invalid(op, f"dy must have y's shape {y}", **shapes, dy=dy.shape)
    return t, d, pads


def _conv_pads(op: str, padding: Ints | str, kernel: Shape, t: Shape, d: Shape) -> Pads:
    if padding == "same":  # an odd zero goes to the end (E2c)
        if any(step > 1 for step in t):
            raise invalid(op, "padding='same' needs stride 1", stride=t, padding=padding)
        total = [d * (k - 1) for k, d in zip(kernel, d, strict=True)]
        return [(n // 2, n - n // 2) for n in total]
    if padding == "valid":
        return [(0, 0)] * len(kernel)
    if isinstance(padding, str):
        raise invalid(op, f"padding must be 'same', 'valid', an int or {len(kernel)} ints", padding=padding)
    return [(p, p) for p in per_axis(op, "padding", padding, len(kernel), 0)]


def conv_transpose(
    op: str, x: Shape, w: Shape, b: Array | None,
    stride: Ints, padding: Ints, output_padding: Ints, groups: int, dilation: Ints, dy: Array | None = None,
) -> tuple[Shape, Shape, Pads, Shape]:  # fmt: skip
    """Stride, dilation and padding per axis of a transposed convolution, and the size of y's axes."""
    rank = int(op[-2])
    shapes = {"x": x, "w": w}
    if len(x) != rank + 2 or len(w) != rank + 2:
        raise invalid(op, f"x must be (N, C, {AXES[rank]}) and w (C, O/groups, {rank} kernel sizes)", **shapes)
    t, d = per_axis(op, "stride", stride, rank, 1), per_axis(op, "dilation", dilation, rank, 1)
    extra = per_axis(op, "output_padding", output_padding, rank, 0)
    if groups < 1 or x[1] != w[0] or w[0] % groups or 0 in w:
        raise invalid(op, f"x has {x[1]} channels; w takes {w[0]}, {groups} groups of them", **shapes, groups=groups)
    if b is not None and b.shape != (w[1] * groups,):
        raise invalid(op, f"b must be ({w[1] * groups},), one number per output channel", **shapes, b=b.shape)
    if any(e >= max(t, d) for e, t, d in zip(extra, t, d, strict=True)):
        reason = "output_padding must be smaller than the stride or the dilation"
        raise invalid(op, reason, output_padding=output_padding, stride=stride, dilation=dilation)
    pads = [(p, p) for p in per_axis(op, "padding", padding, rank, 0)]
    axes = zip(x[2:], w[2:], t, d, extra, pads, strict=True)
    size = tuple((n - 1) * t + d * (k - 1) + 1 + e - 2 * p for n, k, t, d, e, (p, _) in axes)
    if 0 in x[2:] or min(size) < 1:
        raise invalid(op, f"y would be {size}", **shapes, stride=stride, padding=padding)
    y = (x[0], w[1] * groups, *size)
    if dy is not None and dy.shape != y:
        raise invalid(op, f"dy must have y's shape {y}", **shapes, dy=dy.shape)
    return t, d, pads, size


def pool(
    op: str,
    x: Shape,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints,
    ceil_mode: bool,
    dy: Array | None = None,
) -> tuple[Shape, Shape, Shape, Pads]:
    """Kernel, stride, dilation and padding per axis of a pooling op; ``ceil_mode`` becomes padding behind the axis.

    The last window of ceil_mode must begin in the input or in the padding before it; otherwise PyTorch drops it.
    """
    rank = int(op[-2])
    k, p = per_axis(op, "kernel_size", kernel_size, rank, 1), per_axis(op, "padding", padding, rank, 0)
    t = k if stride is None or stride == () else per_axis(op, "stride", stride, rank, 1)
    d = per_axis(op, "dilation", dilation, rank, 1)
    if len(x) != rank + 2 or 0 in x[1:]:
        raise invalid(op, f"x must be (N, C, {AXES[rank]}), only N may be 0", x=x)
    if op == "avg_pool3d" and any(n < k for n, k in zip(x[2:], k, strict=True)):
        raise invalid(
            op, "PyTorch's avg_pool3d wants an unpadded input as large as the kernel", x=x, kernel_size=kernel_size
        )
    if any(2 * p > k for p, k in zip(p, k, strict=True)):
        raise invalid(op, "padding must be at most half the kernel size", x=x, kernel_size=kernel_size, padding=padding)
    windows, pads = [], []
    for n, k1, t1, p1, d1 in zip(x[2:], k, t, p, d, strict=True):
        count = output_size(n + 2 * p1 + (t1 - 1 if ceil_mode else 0), k1, t1, d1)
        if ceil_mode and (count - 1) * t1 >= n + p1:
            count -= 1
        windows.append(count)
        pads.append((p1, max(p1, (count - 1) * t1 + d1 * (k1 - 1) + 1 - n - p1)))
    if min(windows) < 1:
        raise invalid(
            op,
            "the dilated kernel does not fit into the padded input",
            x=x,
            kernel_size=kernel_size,
            padding=padding,
            dilation=dilation,
        )
    if dy is not None and dy.shape != (*x[:2], *windows):
        raise invalid(op, f"dy must have y's shape {(*x[:2], *windows)}", x=x, dy=dy.shape)
    return k, t, d, pads


def axis_of(op: str, x: Array, dim: int, dy: Array | None = None) -> tuple[int, ...]:
    """The axis ``dim`` for NumPy's reductions. It is empty for a scalar, for which PyTorch accepts a dim of 0 or −1."""
    rank = max(x.ndim, 1)
    if not -rank <= dim < rank:
        raise invalid(op, f"dim must lie in {-rank} … {rank - 1}", x=x, dim=dim)
    if dy is not None:
        same_shape(op, dy, x)
    return (dim % rank,) if x.ndim else ()


def windows_of_image(
    op: str, x: Shape, size: Shape, kernel_size: Ints, dilation: Ints, padding: Ints, stride: Ints,
    columns: Array | None = None,
) -> tuple[Shape, Shape, Shape, Pads, Shape]:  # fmt: skip
    """Kernel, dilation, stride, padding and window positions per axis of unfold and fold, x the image's shape."""
    k, d = per_axis(op, "kernel_size", kernel_size, 2, 1), per_axis(op, "dilation", dilation, 2, 1)
    t, p = per_axis(op, "stride", stride, 2, 1), per_axis(op, "padding", padding, 2, 0)
    if len(x) != 4 or 0 in x[1:]:
        raise invalid(op, "x must be (N, C, H, W), only N may be 0", x=x)
    pads = [(n, n) for n in p]
    positions = tuple(map(output_size, padded_size(size, pads), k, t, d))
    if min(positions) < 1:
        raise invalid(
            op, "the dilated kernel does not fit", x=x, kernel_size=kernel_size, padding=padding, dilation=dilation
        )
    shape = (x[0], x[1] * k[0] * k[1], positions[0] * positions[1])
    if columns is not None and columns.shape != shape:
        raise invalid(op, f"the columns must be {shape}", x=x, columns=columns)
    return k, d, t, pads, positions
