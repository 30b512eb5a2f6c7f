"""The judge: draws a call, runs a subject and PyTorch on it, compares, and explains a failure.

subjects                    what is on trial: importable code that has some of the ops
ops, inputs                 the table of ops; the geometry of each, written once
strategies, calls, cases    a call drawn, as text that reproduces it; its arrays (lattices, fills) and PyTorch's answers
run, pytorch, unsafe        the subject's answers; PyTorch's, and what must not be handed to it
compare, bounds             bitwise, or within a derived rounding bound
theorems                    what is true of every op, with its witnesses (differences, higher, layouts, perturb)
judge, verdicts, mistakes   the search for a failure, its message, its name
referee, definitions, probe who is wrong, by differences of each side's forward and by exact arithmetic; how wide a
                            multiplier is

Rooms beside it: campaign, whole small worlds in worker processes; training, one network trained twice; article, its
table of formulas; cli, the command line. No step reaches back.
"""
