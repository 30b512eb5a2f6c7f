"""Floating point as in IEEE 754 and PyTorch: ∞ and NaN are ordinary values, and raise no warning."""

import numpy as np

ieee = np.errstate(all="ignore")  # ∞ − ∞ and 0 · ∞ are NaN, 1/0 is ∞; decorates functions where they occur
