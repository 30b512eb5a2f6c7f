"""The survey of released packages: ``cnn-oracle survey [PACKAGE …]``.

There is one file per package, with its ops as implementations (cnn_oracle.subject). They only translate: arguments to
the package's own layout, and its results back. They never work around a wrong result. They raise ``Lacks`` for options
that the package has no argument for; a call that the package rejects raises the package's own error. Beside each file
is a TOML file of the same name with the known disagreements, each with its class, the reason for that class, and three
lines that show it.

known      the entries of such a file, checked
conditions the calls of an entry, where a table of options cannot describe them
options    one value for each axis, and options that a package does not have
survey     drawn calls of each op, in worker processes; each failure is shrunk
page       docs/generated/packages.md
"""

PACKAGES = (
    "autograd", "chainer", "dezero", "jax", "numpy_ml", "onnx", "onnxruntime", "scipy", "tensorflow",
)  # fmt: skip
