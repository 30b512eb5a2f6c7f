"""A-priori rounding bounds, for inputs on which floating point rounds: how far each element may be off.

γ_K (rounding.gamma, with the unit roundoff u) bounds K roundings in a row, relative to the sum of magnitudes, for any
order of summation. A bound is a function (case, u) → one array for each output. A comparison allows the bound of the
subject, with the u of its dtype, plus that of PyTorch in float64 (compare.with_references). No bound is tuned: each
function states its derivation.
"""
