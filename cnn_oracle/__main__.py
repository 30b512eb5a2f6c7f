"""``python -m cnn_oracle``: the same as ``cnn-oracle``."""

from cnn_oracle.cli import main

main()
