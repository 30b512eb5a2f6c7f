"""The geometry of ops with a sliding window, and of ops that rearrange, pad or resample an image."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from cnn_oracle.calls.geometry.common import leading_axes, one_or_per_axis
from cnn_oracle.op import Choose

# 6 is d (k − 1) for windows of 3 taps and dilation 3: adjacent windows share a tap. It is more than d + (k − 1).
STRIDES = (1, 2, 3, 4, 6)
OFTEN = 3  # how often a usual padding or stride is among the values: networks nearly always have these

T = TypeVar("T")


class Axis(NamedTuple):
    """One spatial axis: its size n, kernel size k, stride t, padding p and dilation d."""

    n: int
    k: int
    t: int
    p: int
    d: int


def conv(choose: Choose, rank: int) -> dict[str, Any]:
    mode = choose("padding mode", ("explicit", "same"), ("valid",))
    groups = choose("groups", (1, 2, 3))
    c, o = choose("channels", (1, 2, 3)), choose("filters", (1, 2, 3))
    axes = _conv_axes(choose, mode, rank)
    bias = choose("bias", (True, False))
    return {
        "x": (choose("batch", (1, 2, 3), (0,)), c * groups, *(a.n for a in axes)),
        "w": (o * groups, c, *(a.k for a in axes)),
        "b": (o * groups,) if bias else None,
        "stride": one_or_per_axis(a.t for a in axes),
        "padding": one_or_per_axis(a.p for a in axes) if mode == "explicit" else mode,
        "dilation": one_or_per_axis(a.d for a in axes),
        "groups": groups,
    }


def conv_transpose(choose: Choose, rank: int) -> dict[str, Any]:
    groups = choose("groups", (1, 2, 3))
    c, o = choose("channels", (1, 2, 3)), choose("filters", (1, 2, 3))
    axes = _conv_transpose_axes(choose, rank)
    return {
        "x": (choose("batch", (1, 2, 3), (0,)), c * groups, *(a.n for a, _ in axes)),
        "w": (c * groups, o, *(a.k for a, _ in axes)),
        "b": (o * groups,) if choose("bias", (True, False)) else None,
        "stride": one_or_per_axis(a.t for a, _ in axes),
        "padding": one_or_per_axis(a.p for a, _ in axes),
        "output_padding": one_or_per_axis(extra for _, extra in axes),
        "groups": groups,
        "dilation": one_or_per_axis(a.d for a, _ in axes),
    }


def max_pool(choose: Choose, rank: int) -> dict[str, Any]:
    ceil_mode = choose("ceil_mode", (False, True))
    axes = _pool_axes(choose, rank, (1, 2, 3))
    return _pooling(choose, axes) | {"dilation": one_or_per_axis(a.d for a in axes), "ceil_mode": ceil_mode}


def avg_pool(choose: Choose, rank: int) -> dict[str, Any]:
    ceil_mode = choose("ceil_mode", (False, True))
    # only with rank 3, PyTorch rejects a kernel that is larger than the unpadded input
    axes = _pool_axes(choose, rank, (1,), fits_unpadded=rank == 3)
    options = {"ceil_mode": ceil_mode, "count_include_pad": choose("count_include_pad", (True, False))}
    if rank > 1:
        options["divisor_override"] = choose("divisor_override", (None,), (1, 3, -2))
    return _pooling(choose, axes) | options


def lp_pool2d(choose: Choose) -> dict[str, Any]:
    arguments = _pooling(choose, _pool_axes(choose, 2, (1,), padded=False))
    del arguments["padding"]
    return arguments | {
        "norm_type": choose("norm_type", (2.0, 4.0, -2.0), (1.0, 3.0)),
        "ceil_mode": choose("ceil_mode", (False, True)),
    }


def adaptive_pool2d(choose: Choose) -> dict[str, Any]:
    x = (choose("batch", (1, 2, 3), (0,)), choose("channels", (1, 2, 3)), *(choose("size", range(1, 9)) for _ in "hw"))
    output = _along(choose, 2, "output_size", (1, 2, 3, 5, 7), (None,))
    return {"x": x, "output_size": output[0] if output[0] == output[1] is not None else output}


def pad(choose: Choose) -> dict[str, Any]:
    mode = choose("mode", ("constant", "reflect", "replicate", "circular"))
    any_axes = (0,) if mode == "constant" else ()
    padded, others = choose("padded axes", (1, 2, 3), any_axes), choose("other axes", (1, 2), any_axes)
    empty = (0,) if mode in ("constant", "circular") else ()  # the other modes accept only an empty batch
    lead = tuple(choose("size", (1, 2, 3), (0,) if i < others - 1 else empty) for i in range(others))
    size = tuple(choose("size", (1, 2, 3, 5), empty) for _ in range(padded))
    # With reflect and replicate, the first axis keeps an element. With reflect on three axes, each axis keeps one:
    # else PyTorch's gradient is uninitialised memory.
    least = [0 if empty or (i > 0 and (mode, padded) != ("reflect", 3)) else 1 for i in range(padded)]
    return {
        "x": (*lead, *size),
        "pad": tuple(p for n, m in zip(reversed(size), least, strict=True) for p in _pad_axis(choose, mode, n, m)),
        "mode": mode,
        "value": choose("value", (None, 2.5)) if mode == "constant" else None,
    }


def interpolate(choose: Choose) -> dict[str, Any]:
    mode = choose("mode", ("nearest", "bilinear"))
    rank = 2 if mode == "bilinear" else choose("rank", (1, 2, 3))
    images = (
        choose("batch", (1, 2), (0,)),
        choose("channels", (1, 2)),
        *(choose("size", range(1, 7)) for _ in range(rank)),
    )
    arguments: dict[str, Any] = {"x": images, "mode": mode}
    if choose("by", ("size", "scale_factor")) == "size":
        arguments["size"] = one_or_per_axis(_along(choose, rank, "size", range(1, 10)))
    else:
        # nearly 1 and 2 only with rank 2: with rank 1 and 3, PyTorch's gradient then does not match its forward
        nearly = (1.05, 2.05, 2.1, 2.2) if rank == 2 else ()
        factors = _along(choose, rank, "scale_factor", (1.0, 2.0, 1.5, 2.6, 3.0, *nearly))
        arguments["scale_factor"] = factors[0] if len(set(factors)) == 1 else factors
        arguments["recompute_scale_factor"] = choose("recompute_scale_factor", (None,), (True,))
    if mode == "bilinear":
        arguments["align_corners"] = choose("align_corners", (None, True, False))
    return arguments


def _along(
    choose: Choose, rank: int, name: str, values: Sequence[Any], rare: Sequence[Any] = ()
) -> tuple[Any, ...]:  # fmt: skip
    """One value for each axis. They may all come from one choice."""
    if choose("alike", (False, True)):
        return (choose(name, values, rare),) * rank
    return tuple(choose(name, values, rare) for _ in range(rank))


def unfold(choose: Choose) -> dict[str, Any]:
    if choose("single elements", (False,), (True,)):  # a kernel may return a view of the image
        axes = [Axis(choose("size", (1, 2, 3)), 1, 1, 0, 1) for _ in range(2)]
    else:
        axes = _conv_axes(choose, "explicit", 2)
    return {
        "x": _images(choose, axes),
        "kernel_size": one_or_per_axis(a.k for a in axes),
        "dilation": one_or_per_axis(a.d for a in axes),
        "padding": one_or_per_axis(a.p for a in axes),
        "stride": one_or_per_axis(a.t for a in axes),
    }


def fold(choose: Choose) -> dict[str, Any]:
    arguments = unfold(choose)
    n, c, *size = arguments["x"]
    pairs = [
        (v, v) if isinstance(v := arguments[name], int) else v
        for name in ("kernel_size", "dilation", "padding", "stride")
    ]
    positions = [(h + 2 * p - d * (k - 1) - 1) // t + 1 for h, k, d, p, t in zip(size, *pairs, strict=True)]
    return arguments | {
        "x": (n, c * pairs[0][0] * pairs[0][1], positions[0] * positions[1]),
        "output_size": one_or_per_axis(size),
    }


def pixel_shuffle(choose: Choose) -> dict[str, Any]:
    r = choose("upscale_factor", (1, 2, 3))
    h, w = choose("size", (1, 2, 3)), choose("size", (1, 2, 3))  # PyTorch's gradient fails where one is 0
    return {"x": (*leading_axes(choose), choose("channels", (1, 2, 3)) * r * r, h, w), "upscale_factor": r}


def pixel_unshuffle(choose: Choose) -> dict[str, Any]:
    r = choose("downscale_factor", (1, 2, 3))
    h, w = choose("size", (1, 2, 3)) * r, choose("size", (1, 2, 3)) * r
    return {"x": (*leading_axes(choose), choose("channels", (1, 2, 3)), h, w), "downscale_factor": r}


def _conv_axes(choose: Choose, mode: str, rank: int) -> list[Axis]:
    def options(alike: bool) -> tuple[int, int, int, int]:
        k = choose("kernel_size", (1, 2, 3, 4, 5))
        d = choose("dilation", (1,) if alike else (1, 2, 3))
        t = choose("stride", (1,) if mode == "same" else STRIDES)
        pads = (0, *(k // 2,) * OFTEN, 1, 2, 3) if alike else (0, 1, 2, 3, 4, 5)
        return k, t, choose("padding", pads if mode == "explicit" else (0,)), d

    def axis(k: int, t: int, p: int, d: int) -> Axis:
        least = 1 if mode == "same" else max(1, d * (k - 1) + 1 - 2 * p)
        return Axis(choose("size", range(least, max(least, 7) + 3)), k, t, p, d)

    return _axes(choose, rank, options, axis)


def _conv_transpose_axes(choose: Choose, rank: int) -> list[tuple[Axis, int]]:
    """The axes of x, and the output_padding of each. Each axis of y has at least one element."""

    def options(alike: bool) -> tuple[int, int, int, int, int]:
        k, d = choose("kernel_size", (1, 2, 3, 4)), choose("dilation", (1,) if alike else (1, 2, 3))
        t = choose("stride", STRIDES)
        p = choose("padding", (0, *(k // 2,) * OFTEN, 1, 2, 3) if alike else (0, 1, 2, 3))
        return k, t, p, d, choose("output_padding", range(max(t, d)))

    def axis(k: int, t: int, p: int, d: int, extra: int) -> tuple[Axis, int]:
        least = max(1, -((d * (k - 1) + extra - 2 * p) // t) + 1)
        return Axis(choose("size", range(least, least + 4)), k, t, p, d), extra

    return _axes(choose, rank, options, axis)


def _axes(choose: Choose, rank: int, options: Callable[[bool], tuple[int, ...]], axis: Callable[..., T]) -> list[T]:
    """The axes of an image. Half of the draws have the same options on all axes, as nearly all networks have."""
    if choose("alike", (False, True)):
        same = options(True)
        return [axis(*same) for _ in range(rank)]
    return [axis(*options(False)) for _ in range(rank)]


def _pad_axis(choose: Choose, mode: str, n: int, least: int) -> list[int]:
    """The padding before and after an axis of n elements. At least ``least`` elements are not cropped.

    Reflect adds at most n − 1 elements. Circular adds at most as many as remain after a crop.
    """
    pads, left = list[int](), n
    for _ in "lh":
        most = {"reflect": n - 1, "circular": left}.get(mode, 4)
        kept = max([least, *pads]) if mode == "circular" else least
        pads.append(choose("pad", range(most + 1), range(-1, max(kept - left, -2) - 1, -1)))
        left += min(pads[-1], 0)
    return pads


def _pooling(choose: Choose, axes: list[Axis]) -> dict[str, Any]:
    """The arguments of all pooling ops. The stride is None if it is the kernel size, its default."""
    t, k = one_or_per_axis(a.t for a in axes), one_or_per_axis(a.k for a in axes)
    return {
        "x": _images(choose, axes),
        "kernel_size": k,
        "stride": None if t == k else t,
        "padding": one_or_per_axis(a.p for a in axes),
    }


def _pool_axes(
    choose: Choose, rank: int, dilations: Sequence[int], padded: bool = True, fits_unpadded: bool = False
) -> list[Axis]:
    # padding ≥ 3 needs a kernel of 6; 128, 256 and 22 × 6 taps do not fit into a signed or unsigned byte
    kernels = {1: ((1, 2, 3, 4, 6), (128, 256)), 2: ((1, 2, 3, 4, 6), (22,)), 3: ((1, 2, 3), (6,))}[rank]

    def options(alike: bool) -> tuple[int, int, int, int]:
        k, d = choose("kernel_size", *kernels), choose("dilation", (1,) if alike else dilations)
        t = choose("stride", (*STRIDES, *(k,) * OFTEN) if alike else STRIDES)
        pads = (*range(k // 2 + 1), *(k // 2,) * OFTEN) if alike else range(k // 2 + 1)
        return k, t, choose("padding", pads) if padded else 0, d

    def axis(k: int, t: int, p: int, d: int) -> Axis:
        least = max(1, d * (k - 1) + 1 - (0 if fits_unpadded else 2 * p))
        return Axis(choose("size", range(least, max(least, 7) + 3)), k, t, p, d)

    return _axes(choose, rank, options, axis)


def _images(choose: Choose, axes: list[Axis]) -> tuple[int, ...]:
    return (choose("batch", (1, 2, 3), (0,)), choose("channels", (1, 2, 3)), *(a.n for a in axes))
