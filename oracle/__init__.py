"""The judge: draws a call, runs a subject and PyTorch on it, compares, and explains a failure.

subjects                    what is on trial: importable code that has some of the ops
ops, inputs                 the table of ops; the geometry of each, written once
strategies, calls, cases    a call drawn, as text that reproduces it; its arrays (lattices, fills) and PyTorch's answers
run, pytorch, unsafe        the subject's answers; PyTorch's, and what must not be handed to it
compare, bounds             bitwise, or within a derived rounding bound
theorems                    what is true of every op, with its witnesses (differences, higher, layouts, perturb)
verify, verdicts, mistakes  the search for a failure, its message, its name

Beside it: train (sides, parting, plots), the training comparison; formulas (claims, printed), the article's table;
cli, the command line. No step reaches back.
"""
