"""A-priori rounding bounds, for inputs on which floating point rounds: how far each element may lie off.

γ_K (rounding.gamma, u the unit roundoff) bounds K roundings in a row relative to the sum of magnitudes, for any order
of summation. A bound is a function (case, u) → answers; a comparison allows the subject's (its dtype's u) plus
PyTorch's (float64's, compare.with_references). None of this is a tolerance chosen by hand: the derivation stands at
each function.
"""
