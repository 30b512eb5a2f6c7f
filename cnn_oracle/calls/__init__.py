"""Step 1, which call: its geometry, drawn or enumerated; calls that PyTorch rejects, or that are unsafe for it.

geometry       what each op may be called with, by family
sampling       calls drawn at random, and the same for Hypothesis
enumeration    every geometry up to a size
sources        drawn calls, part of an enumeration, one call; and how a failing one is made smaller
invalid        neighbours of a sound call, of which PyTorch rejects some
unsupported    what PyTorch's function takes and the op does not
unsafe         calls on which PyTorch writes outside its arrays
disputed       calls about which versions of PyTorch disagree
"""
