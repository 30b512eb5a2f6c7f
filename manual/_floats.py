"""Floating point as IEEE 754 has it, and PyTorch: ∞ and NaN are numbers like others, and raise no warning."""

import numpy as np

ieee = np.errstate(all="ignore")  # ∞ − ∞ and 0 · ∞ are NaN, 1/0 is ∞; decorates whatever may meet them
