"""The formulas of convolutional networks in NumPy: one file per op, forward and backward."""
