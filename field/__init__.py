"""Released packages on trial: ``python -m field [PACKAGE …]``.

One file per package: its ops as implementations (oracle.subjects), which translate and do nothing else: arguments to
the package's own layout, its answers back. A wrong answer is never worked around. What the package has no argument for
raises ``Lacks``; what it refuses, it refuses by itself. ``KNOWN`` are the disagreements that have been looked into.

known      a disagreement: its class, why it is of that class, three lines that show it
options    one for each axis, and those that a package has not
trial      drawn calls of each op, in worker processes; each failure made small
page       docs/field-trials.md
"""

from field.known import Class as Class
from field.known import Known as Known
from field.known import Lacks as Lacks

__all__ = ["PACKAGES", "Class", "Known", "Lacks"]

PACKAGES = (
    "autograd", "chainer", "dezero", "jax", "numpy_ml", "onnx", "onnxruntime", "scipy", "tensorflow",
)  # fmt: skip
