"""The two types of manual. The letters in each docstring give the shapes; the types do not."""

from typing import Any, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Ints: TypeAlias = int | tuple[int, ...]  # an int, or one int per spatial axis
