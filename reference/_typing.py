from typing import TypeAlias

Ints: TypeAlias = int | tuple[int, ...]  # an int, or one int per spatial axis
