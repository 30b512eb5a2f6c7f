"""How good is the oracle, and what does it find? A study uses the oracle but is not part of it.

mutation           mutants of ``manual``: which of them are killed
known_mistakes     wrong derivations: how soon each is rejected, how often it is uniquely identified
sizes              mistakes past a size: which are rejected, and whether a failure names the block
causes             what mistakes are called that are not in the catalogue: known ones left out, and those of unlisted
unlisted           wrong derivations that are not among the known mistakes; the oracle must reject them all the same
false_positives    correct implementations (known_good): none may be called wrong
coverage           which classes of geometry the drawn calls cover; evidence writes the page
torch_defects      PyTorch's own kernels, in every dtype and layout
packages           released packages compared with PyTorch
benchmarks         how long the formulas take, compared with PyTorch
"""
