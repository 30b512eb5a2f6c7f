"""The formulas of convolutional networks by hand, in NumPy: one file per op, forward and backward."""
