"""The judge: draws a call, runs a subject and PyTorch on it, compares, and explains a failure.

load a subject → look the op up → draw a call → run subject and reference → compare → verdict → message or table row
(subjects)       (ops, inputs)    (calls, cases)  (run)                     (compare, theorems)   (verify, cli)
"""
