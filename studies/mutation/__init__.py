"""How sensitive the oracle is: small edits of ``manual`` itself, each of which it must reject.

edits       every small edit of a file's code
importing   manual imported anew, with one file edited
run         each edit on trial, by worker processes, like anyone's code
equivalent  the edits that change no answer, each with its reason (reasons/)
baselines   how many of them weaker ways to check would have rejected
page        docs/generated/mutants.md

What is edited: the code of every op and of the private files that ops are made of. What is not: docstrings,
annotations, assertions for the type checker, the words of a refusal (tests compare them verbatim), and what NumPy is
told to warn of. manual/article and manual/convnet.py are no ops: tests/article and the training comparison judge them.
Nor are manual/_for_op.py, which names an op's functions, and manual/_plain_convolution.py: tests/manual judges these.
"""
