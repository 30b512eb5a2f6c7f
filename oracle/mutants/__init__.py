"""How sensitive the judge is: small edits of ``manual`` itself, each of which it must reject.

edits       every small edit of a file's code
variants    manual imported anew, with one file edited
sweep       each edit on trial, by worker processes, like anyone's code
equivalent  the edits that change no answer, each with its reason (reasons/)
ladder      how many of them weaker ways to check would have rejected
page        docs/mutants.md

What is edited: the code of every op and of the private files that ops are made of. What is not: docstrings,
annotations, assertions for the type checker, the words of a refusal (tests compare them verbatim), and what NumPy is
told to warn of. manual/article and manual/convnet.py are no ops: tests/article and the training comparison judge them.
"""
