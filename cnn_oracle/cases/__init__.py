"""Step 2, a call's arrays and the outputs that are expected.

case              a call with its arrays and PyTorch's outputs
exact_grids       numbers on which nothing rounds
distributions     labels, masks, probabilities; numbers far from zero
special_values    infinities, NaN, subnormal numbers, ends of domains
layouts           the same numbers in memory in other ways
dtypes            float64, float32, bfloat16, float16
expected          PyTorch's outputs, gradients, tangents and second gradients
"""
