"""Released packages on trial: ``cnn-oracle survey [PACKAGE …]``.

One file per package: its ops as implementations (cnn_oracle.subject), which translate and do nothing else: arguments to
the package's own layout, its answers back. A wrong answer is never worked around. What the package has no argument for
raises ``Lacks``; what it refuses, it refuses by itself. ``KNOWN`` are the disagreements that have been looked into.

known      a disagreement: its class, why it is of that class, three lines that show it
options    one for each axis, and those that a package has not
survey     drawn calls of each op, in worker processes; each failure made small
page       docs/generated/field-trials.md
"""

from cnn_oracle.studies.packages.known import Class as Class
from cnn_oracle.studies.packages.known import Known as Known
from cnn_oracle.studies.packages.known import Lacks as Lacks

__all__ = ["PACKAGES", "Class", "Known", "Lacks"]

PACKAGES = (
    "autograd", "chainer", "dezero", "jax", "numpy_ml", "onnx", "onnxruntime", "scipy", "tensorflow",
)  # fmt: skip
