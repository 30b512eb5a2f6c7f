"""PyTorch's own kernels under test: every dtype and layout, compared with ``manual`` in float64."""
