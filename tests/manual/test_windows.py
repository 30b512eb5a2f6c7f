"""The linear maps of manual/_windows.py and their adjoints: ⟨A u, v⟩ = ⟨u, Aᵀ v⟩, bitwise on integers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.manual._contract import contract
from cnn_oracle.manual._geometry import output_size, padded_size
from cnn_oracle.manual._windows import columns, crop, gather, over_windows, pad, scatter

ranks = st.integers(1, 3)
seeds = st.integers(0, 2**32 - 1)


def integers(rng, *shape):
    return rng.integers(-99, 100, shape).astype(float)


@given(data=st.data(), rank=ranks, seed=seeds)
def test_crop_is_the_adjoint_of_pad(data, rank, seed):
    rng = np.random.default_rng(seed)
    size = data.draw(st.tuples(*[st.integers(0, 5)] * rank))
    pads = data.draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=rank, max_size=rank))
    u, v = integers(rng, 2, *size), integers(rng, 2, *padded_size(size, pads))
    assert np.vdot(pad(u, pads), v) == np.vdot(u, crop(v, pads))


def drawn_windows(data, rank):
    """The sizes of the axes, and a kernel, stride and dilation that fit."""
    axis = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(0, 4))
    kernel, stride, dilation, more = zip(*data.draw(st.lists(axis, min_size=rank, max_size=rank)), strict=True)
    return tuple(d * (k - 1) + 1 + m for k, d, m in zip(kernel, dilation, more, strict=True)), kernel, stride, dilation


@given(data=st.data(), rank=ranks, seed=seeds)
def test_scatter_is_the_adjoint_of_gather(data, rank, seed):
    rng = np.random.default_rng(seed)
    size, kernel, stride, dilation = drawn_windows(data, rank)
    positions = tuple(map(output_size, size, kernel, stride, dilation))
    x, u = integers(rng, 2, 3, *size), integers(rng, 2, 3, *kernel, *positions)
    assert np.vdot(gather(x, kernel, stride, dilation), u) == np.vdot(x, scatter(u, size, stride, dilation))


@given(data=st.data(), rank=ranks, seed=seeds)
def test_columns_are_the_windows_with_the_batch_beside_the_positions(data, rank, seed):
    size, *geometry = drawn_windows(data, rank)
    x = integers(np.random.default_rng(seed), 2, 3, *size)
    u = np.moveaxis(gather(x, *geometry), 1, 1 + rank)
    assert np.array_equal(columns(x, *geometry), u)


@given(data=st.data(), rank=ranks, seed=seeds, combine=st.sampled_from([np.add, np.maximum]))
def test_over_windows_combines_the_taps_of_each_window(data, rank, seed, combine):
    size, *geometry = drawn_windows(data, rank)
    x = integers(np.random.default_rng(seed), 2, 3, *size)
    y = over_windows(combine, x, *geometry)
    assert np.array_equal(y, combine.reduce(gather(x, *geometry), tuple(range(2, 2 + rank))))
    assert not np.shares_memory(x, y)


def test_gather_lists_every_window_in_row_order():
    u = gather(np.arange(12.0).reshape(3, 4), (2, 2), (1, 2), (1, 1))
    assert u.shape == (2, 2, 2, 2)
    assert u[:, :, 1, 1].tolist() == [[6, 7], [10, 11]]


def test_padding_beyond_the_array_is_the_value():
    assert pad(np.ones((1, 2)), [(0, 1), (2, 0)], -np.inf).tolist() == [[-np.inf] * 2 + [1, 1], [-np.inf] * 4]


def test_contract_never_broadcasts():
    with pytest.raises(ValueError, match=r"contract\('ni,oi->no'\): shapes \(2, 1\) and \(3, 4\) do not fit"):
        contract("ni,oi->no", np.ones((2, 1)), np.ones((3, 4)))


@given(sizes=st.tuples(*[st.integers(0, 4)] * 4), seed=seeds)
def test_contract_is_einsum(sizes, seed):
    g, n, i, o = sizes
    rng = np.random.default_rng(seed)
    a, b = integers(rng, n, g, i), integers(rng, g, o, i)
    assert np.array_equal(contract("ngi,goi->ngo", a, b), np.einsum("ngi,goi->ngo", a, b))
