"""Mutation testing: how sensitive the oracle is. It must kill each mutant, a copy of ``manual`` with one small edit.

mutants     every mutant of a file
importing   a second import of manual, with one file mutated
run         each mutant under test, in worker processes, like any other subject
equivalent  the equivalent mutants, each with its reason (reasons/)
baselines   how many mutants weaker checks would have killed
page        docs/generated/mutants.md

Mutants change the code of every op and of the private files that ops use. They do not change docstrings, annotations,
assertions for the type checker, the text of error messages (tests compare it verbatim), or the warnings that NumPy is
set to give. Four parts are not ops. Other tests check them: tests/article checks manual/article, the training
comparison checks manual/convnet.py, and tests/manual checks manual/_for_op.py and manual/_plain_convolution.py.
"""
