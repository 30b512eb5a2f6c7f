"""What the ``when`` of a package's entries may name, where the values of options do not tell which calls are meant."""

from math import prod

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.studies.packages.options import each, value


def same_of_an_even_kernel(call: Call) -> bool:
    """Padding "same" has an odd number of cells to share out."""
    return value(call, "padding") == "same" and any(k % 2 == 0 for k in call.arguments["w"][2:])


def padded(call: Call) -> bool:
    """Some axis is padded."""
    return bool(np.any(value(call, "padding")))


def even_size(call: Call) -> bool:
    """A window of channels that has no middle."""
    return bool(call.arguments["size"] % 2 == 0)


def odd_norm(call: Call) -> bool:
    """Powers that keep the sign."""
    return bool(call.arguments["norm_type"] % 2 == 1)


def fewer_cells_by_float32(call: Call) -> bool:
    """The size that interpolate makes is smaller with scales of float32."""
    scales, sizes = value(call, "scale_factor"), call.arguments["x"][2:]
    pairs = zip(sizes, each(scales, len(sizes)), strict=True)
    return scales is not None and any(int(n * float(np.float32(s))) < int(n * s) for n, s in pairs)


def to_one_cell(call: Call) -> bool:
    """Keras' smaller windows are a whole axis, so that its larger ones are larger than that."""
    size, output = call.arguments["x"][2:], each(call.arguments["output_size"], 2)
    return any(o is not None and -(-n // o) == n for n, o in zip(size, output, strict=True))


def several_channels(call: Call) -> bool:
    """More than one on the fine side of a pixel shuffle."""
    a = call.arguments
    return bool(a["x"][-3] // a.get("upscale_factor", 1) ** 2 > 1)


def fewer_samples_than_channels(call: Call) -> bool:
    """A loop over the batch misses channels."""
    n, channels, *_ = call.arguments["x"]
    return bool(n < channels)


def not_a_matrix(call: Call) -> bool:
    """x of one axis, or of more than two."""
    return len(call.arguments["x"]) != 2


def not_the_last_axis(call: Call) -> bool:
    """A softmax along another axis."""
    return bool(call.arguments["dim"] not in (-1, len(call.arguments["x"]) - 1))


def empty_queries(call: Call) -> bool:
    """Queries without numbers."""
    return bool(call.arguments["query"][-1] == 0)


def negative_scale(call: Call) -> bool:
    """Scores of attention are turned around."""
    return bool((value(call, "scale") or 0) < 0)


def no_numbers(call: Call) -> bool:
    """x has none."""
    return 0 in call.arguments["x"]


def several_numbers_a_sample(call: Call) -> bool:
    """The mean over samples is not that over numbers."""
    return bool(prod(call.arguments["x"][1:]) != 1)


def weighted_soft_targets(call: Call) -> bool:
    """Class weights, and a probability for each class."""
    return call.arguments["target"] == call.arguments["x"] and value(call, "weight") is not None


def returned_before_it_is_reduced(call: Call) -> bool:
    """Keras' losses of a vector of no cells, and the mean of one scalar."""
    return bool(call.arguments["x"] == (0,) or (call.arguments["x"] == () and value(call, "reduction") == "mean"))


def mean_of_none(call: Call) -> bool:
    """No losses, or for cross_entropy perhaps none: that depends on the targets, which a call does not tell."""
    return call.op == "cross_entropy" or (no_numbers(call) and value(call, "reduction") == "mean")


def beta2_is_zero(call: Call) -> bool:
    """Adam's second moment is that of the last gradient alone."""
    return bool(value(call, "betas")[1] == 0)


def beta2_is_positive(call: Call) -> bool:
    """Adam's second moment is a mean over steps."""
    return bool(value(call, "betas")[1] > 0)


def adam_in_float32(call: Call) -> bool:
    """No attribute of ONNX' Adam is rounded by float32; an eps of 1e-8 makes no difference."""
    numbers = (*value(call, "betas"), *(call.arguments.get(name, 0) for name in ("eps", "weight_decay")))
    return all(n == float(np.float32(n)) for n in numbers)
