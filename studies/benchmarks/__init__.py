"""How long the formulas take, compared with PyTorch: ``cnn-oracle study benchmarks``.

timing     two functions in alternating turns, on a given number of threads; the ratio of their times
layers     which ops are measured at which sizes, and the targets
training   one step of the network of the training comparison
checks     exact comparisons per second, and the time for start-up and imports
growth     the memory that a convolution needs besides its results, and how its cost grows
page       the results as a table, as JSON, and as the figures of docs/speed.md
"""
