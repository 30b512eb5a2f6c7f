"""How long the formulas take, beside PyTorch: ``cnn-oracle study benchmarks``.

timing     two functions by turns, on as many threads as told; the ratio of their times
layers     which ops at which sizes, and their targets
training   one step of the network of the training comparison
oracle     exact comparisons each second, and what starting and importing cost
memory     what a convolution takes besides its results, and how its cost grows
page       all of it as a table, as JSON, and as the figures of docs/speed.md
"""
