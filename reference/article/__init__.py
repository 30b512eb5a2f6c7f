"""PyTorch's counterparts of the article's chapters, under the same names. Where it has no function, it is probed."""
