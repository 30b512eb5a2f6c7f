"""Step 3, running: the subject's outputs by name, and the work of all checks, here or elsewhere.

subject     what a subject answers to a case
memory      memory that it asked for and did not write to
batches     steps of work, with the same outcome in one process and in several
workers     worker processes that may die
cluster     the same on a Dask cluster
"""
