"""Step 3, running: the outputs of the subject by name, and the work of all checks, on this machine or others.

subject     runs a subject on a case
memory      finds outputs with uninitialised memory
batches     steps of work, with the same outcomes in one process and in several
workers     worker processes, which may crash
cluster     the same on a Dask cluster
"""
