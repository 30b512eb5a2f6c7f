"""One network trained twice, by hand in NumPy and in PyTorch, step for step."""
