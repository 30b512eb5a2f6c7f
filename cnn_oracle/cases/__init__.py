"""Step 2, the case: a call with its arrays and its expected outputs.

case              builds a case: the arrays follow from the seed, the expected outputs come from PyTorch
exact_grids       inputs on which nothing rounds
distributions     labels, masks, probabilities; numbers far from zero
special_values    infinities, NaN, subnormal numbers, ends of domains
layouts           the same numbers in other memory layouts
dtypes            float64, float32, bfloat16, float16
expected          PyTorch's outputs, gradients, tangents and second gradients
"""
