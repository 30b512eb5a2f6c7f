"""Wrong derivations of average pooling."""

from math import prod
from typing import Any

from manual import avg_pool2d
from manual._geometry import per_axis
from manual._typing import Array


def divided_by_the_kernel(x: Array, **options: Any) -> Array:
    """every window is divided by R·S: what padding and ceil_mode take away from it is not looked at"""
    override = options.get("divisor_override")
    sums = avg_pool2d.forward(x, **(options | {"divisor_override": 1}))
    y: Array = sums / x.dtype.type(override or _cells(options))
    return y


def padding_counted_the_other_way(x: Array, **options: Any) -> Array:
    """count_include_pad is taken the wrong way round"""
    return avg_pool2d.forward(x, **(options | {"count_include_pad": not options.get("count_include_pad", True)}))


def not_divided(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dy goes to every cell of the window whole, not divided by their number"""
    return avg_pool2d.backward(dy, x, **(options | {"divisor_override": 1}))


def divided_by_the_kernel_in_dx(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx divides by R·S where the forward divides by the cells that count"""
    (dx,) = avg_pool2d.backward(dy, x, **(options | {"divisor_override": 1}))
    return (dx / x.dtype.type(options.get("divisor_override") or _cells(options)),)


def _cells(options: dict[str, Any]) -> int:
    return prod(per_axis("avg_pool2d", "kernel_size", options["kernel_size"], 2, 1))
