"""Step 1, which call: its geometry, drawn or enumerated; calls that PyTorch rejects, or that are unsafe for it.

geometry       what each op may be called with, by family
sampling       where calls come from: drawn by a policy, part of an enumeration, given
enumeration    every geometry up to a size
shrinking      calls as Hypothesis draws them, and a failing one made small
invalid        neighbours of a sound call, of which PyTorch rejects some
unsupported    what PyTorch's function takes and the op does not
unsafe         calls on which PyTorch writes outside its arrays
disputed       calls about which versions of PyTorch disagree
"""
