"""torchvision's MNIST, importable with every torch. mnist.py imports it only when needed."""

import torch

try:
    import torchvision  # type: ignore[import-untyped]
except RuntimeError as error:
    # PyPI's torchvision is built against CUDA. With a CPU-only torch its operators do not load, but it describes two
    # of them as if they had. Once these are declared, the import succeeds, and the pure Python parts work.
    if "operator torchvision::nms does not exist" not in str(error):
        raise
    # A global, because the declarations last only as long as the object.
    _declarations = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for _operator in ("nms", "qnms"):
        _declarations.define(f"{_operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
    import torchvision


class MNIST(torchvision.datasets.MNIST):  # type: ignore[misc]
    """torchvision's class, under the same name, which is part of the path. It never prefers MNIST/processed/*.pt.

    Early versions of torchvision wrote those files. They have the same data, but no published checksum.
    """

    def _check_legacy_exist(self) -> bool:
        return False
