"""The training comparison: one network, trained in NumPy and in PyTorch, step by step."""
