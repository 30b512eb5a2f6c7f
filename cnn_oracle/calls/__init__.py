"""Step 1, the call: it is drawn, enumerated or given. Some calls are invalid, unsupported or unsafe.

geometry       the valid arguments of each op, by family
sampling       sources of calls: random choices, part of an enumeration, a list
enumeration    every geometry up to a size
shrinking      calls from Hypothesis, and the shrinker of failing calls
invalid        variants of a valid call; PyTorch rejects some of them
unsupported    arguments that PyTorch's function accepts and the op does not
unsafe         calls on which PyTorch reads or writes outside its arrays
disputed       calls on which versions of PyTorch disagree
"""
