"""Step 6: why a call failed.

diagnose      combines the parts
evidence      further calls on which the subject fails in the same way, and calls on which it is right
claims        statements about the wrong numbers, and which of them hold on all these calls
matching      known mistakes that give exactly the same outputs
variants      PyTorch's numbers for another call: an option at its default, an array rounded
ratios        the right numbers times a number, an expression in the sizes of the call, or an array
positions     another order of the elements, some places of an axis, some values of an input
terms         products of inputs, and errors that are a combination of few arrays
experiments   what the output depends on: whether it is linear in dy, which arrays it reads, their memory layout
elements      which single element is read wrongly
rounding      outputs that are nearly right
special       which special value is to blame
precision     how many bits a multiplier keeps
summation     in which order a sum is added, and how many bits its accumulator keeps
sum_orders    such an order in words
addends       an output of an op as a sum of addends
batch_invariance   whether a row depends on the number of rows
plain_calls   calls with chosen sizes
mapping       where each output is wrong, for a map
arbiter       who is wrong: the subject, PyTorch, or both
exact         outputs by definition, in exact arithmetic
"""
