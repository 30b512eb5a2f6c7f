"""torchvision's MNIST, importable under every torch. mnist.py imports it, late."""

import torch

try:
    import torchvision  # type: ignore[import-untyped]
except RuntimeError as error:
    # PyPI's torchvision is built against CUDA. Under a CPU-only torch its operators do not load, yet it describes two
    # of them as if they had. Once these are declared the import goes through, and what is pure Python works.
    if "operator torchvision::nms does not exist" not in str(error):
        raise
    # A global, because the declarations end with the object.
    _declarations = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for _operator in ("nms", "qnms"):
        _declarations.define(f"{_operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
    import torchvision


class MNIST(torchvision.datasets.MNIST):  # type: ignore[misc]
    """torchvision's, under the same name, which is part of the path; it never prefers MNIST/processed/*.pt.

    Early versions left those files behind; they hold the same data in a form that has no published checksum.
    """

    def _check_legacy_exist(self) -> bool:
        return False
