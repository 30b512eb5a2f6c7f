"""The survey of released packages: ``cnn-oracle survey [PACKAGE …]``.

One file per package: its ops as implementations (cnn_oracle.subject), which translate and do nothing else: arguments to
the package's own layout, its answers back. A wrong answer is never worked around. What the package has no argument for
raises ``Lacks``; what it rejects, it rejects by itself. Beside each lies a TOML file of the same name: the
disagreements that have been looked into, each with its class, why it is of that class, and three lines that show it.

known      the entries of such a file, checked
conditions the calls that an entry is about, where options do not tell
options    one for each axis, and those that a package has not
survey     drawn calls of each op, in worker processes; each failure made small
page       docs/generated/packages.md
"""

PACKAGES = (
    "autograd", "chainer", "dezero", "jax", "numpy_ml", "onnx", "onnxruntime", "scipy", "tensorflow",
)  # fmt: skip
