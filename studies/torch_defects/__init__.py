"""PyTorch's own kernels on trial, in every dtype and layout, against ``manual`` in float64."""
