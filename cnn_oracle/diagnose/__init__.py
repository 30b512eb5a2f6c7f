"""Step 6: why a call failed.

diagnose     combines the parts
matching     finds known mistakes that give exactly the same outputs
symptoms     says what the wrong elements have in common
precision    finds how many bits a multiplier keeps
arbiter      says who is wrong: the subject, PyTorch, or both
exact        computes outputs by definition, in exact arithmetic
"""
