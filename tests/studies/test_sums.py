"""The study of sums: what it says of NumPy is true, and the page shows each library."""

from itertools import islice
from pathlib import Path

import numpy as np

from cnn_oracle.studies import sums

PAGE = (Path(__file__).parents[2] / "docs/generated/sums.md").read_text()


def test_a_loop_adds_one_after_another():
    (loop,) = [one for one in sums.functions() if one.what == "a loop"]
    found = list(sums.entries_of(loop._replace(dtypes=("float32",))))
    assert [(one.addends, one.accumulator, one.order, one.same_bits) for one in found] == [
        (n, "float32", "one after another", True) for n in sums.LENGTHS
    ]


def test_numpy_adds_pairwise_in_eight_partial_sums():
    """Its documentation says so: np.sum is pairwise along the fast axis."""
    (entry,) = list(sums.entries_of(sums.Function("NumPy", "sum(a)", np.sum, ("float64",))))[1:]
    assert entry.order == (
        "pairwise down to blocks of 120 to 128, each (8 partial sums (i mod 8), each one after another, then pairwise)"
    )


def test_a_layer_is_read_by_its_outputs():
    layer = next(one for one in sums.layers() if (one.library, one.op) == ("PyTorch", "linear"))
    found = list(islice(sums.entries_of(layer._replace(dtypes=("float32",))), 4))
    assert [one.what for one in found] == ["linear, y", "linear, dx", "linear, dw", "linear, db"]
    assert all(one.addends == 171 and one.accumulator == "float32" and one.same_bits for one in found)


def test_the_page_has_each_library():
    assert all(f"| {library} | " in PAGE for library in sums.LIBRARIES)
    assert "bfloat16" in PAGE


def test_a_page_is_written():
    entry = sums.Entry("NumPy", "sum(a)", "n = 3", "float32", 3, "float32", "one after another", True, 90)
    text = sums.markdown([entry, entry._replace(order=sums.addends.NO_TREE, accumulator="", same_bits=None)])
    assert "1 of 2 sums are fixed binary trees" in text
    assert "| NumPy | sum(a) | n = 3 | float32 | 3 | – | not a fixed binary tree | – |" in text
