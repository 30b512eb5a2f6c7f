"""Mistakes past a size: kernels that are right up to one block, and wrong beyond it. ``block`` is the size of a block.

A kernel works in tiles: of rows, of channels, of the terms of a sum. A mistake at the end of a tile, between two tiles,
in a reduction over tiles, in an index of few bits or at a launch limit does not show where one tile is enough. Each
function is such a mistake of the ops that its decorator names. It is right where no size is larger than ``block``.
"""
