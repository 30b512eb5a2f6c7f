"""Step 6, why a call failed.

diagnose     puts it together
matching     known mistakes that give the very same outputs
symptoms     what wrong numbers have in common
precision    how many bits a multiplier keeps
arbiter      who is wrong: the subject or PyTorch
exact        the outputs by definition, in exact arithmetic
"""
