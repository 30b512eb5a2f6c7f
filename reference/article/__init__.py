"""PyTorch's counterpart of each chapter of the article, under the same names; what is no function there is probed."""
