"""The two types of the book. Shapes are told by the letters of each docstring, not by types."""

from typing import Any, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Ints: TypeAlias = int | tuple[int, ...]  # an int, or one int per spatial axis
