"""PyTorch, under the same file names: forward only, because autograd supplies every gradient."""
