"""The ops in PyTorch, under the same file names: only forward, because autograd computes every gradient."""
