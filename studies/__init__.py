"""How good is the oracle, and what does it find? Each study uses the oracle and is no part of it.

mutation           small edits of ``manual``: which of them are rejected
known_mistakes     wrong derivations: how soon each is rejected, how surely it is named
false_positives    right implementations (known_good): none may be called wrong
coverage           which classes of geometry drawn calls reach; evidence makes the page
torch_defects      PyTorch's own kernels, in every dtype and layout
packages           released packages compared with PyTorch
benchmarks         how long the formulas take beside PyTorch
"""
