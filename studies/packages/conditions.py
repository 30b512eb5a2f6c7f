"""The conditions that ``when`` of a known disagreement may name, where a table of options cannot say which calls."""

from math import prod

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.studies.packages.options import each, value


def same_of_an_even_kernel(call: Call) -> bool:
    """Padding "same" must distribute an odd number of elements."""
    return value(call, "padding") == "same" and any(k % 2 == 0 for k in call.arguments["w"][2:])


def padded(call: Call) -> bool:
    """At least one axis has padding."""
    return bool(np.any(value(call, "padding")))


def even_size(call: Call) -> bool:
    """The window of channels has an even size, so it has no middle."""
    return bool(call.arguments["size"] % 2 == 0)


def odd_norm(call: Call) -> bool:
    """The norm is odd, so its powers keep the sign."""
    return bool(call.arguments["norm_type"] % 2 == 1)


def fewer_cells_by_float32(call: Call) -> bool:
    """The output of interpolate is smaller with scales in float32."""
    scales, sizes = value(call, "scale_factor"), call.arguments["x"][2:]
    pairs = zip(sizes, each(scales, len(sizes)), strict=True)
    return scales is not None and any(int(n * float(np.float32(s))) < int(n * s) for n, s in pairs)


def to_one_cell(call: Call) -> bool:
    """Keras' smaller windows cover a whole axis, so its larger windows are larger than the axis."""
    size, output = call.arguments["x"][2:], each(call.arguments["output_size"], 2)
    return any(o is not None and -(-n // o) == n for n, o in zip(size, output, strict=True))


def several_channels(call: Call) -> bool:
    """The side with more pixels of a pixel shuffle has more than one channel."""
    a = call.arguments
    return bool(a["x"][-3] // a.get("upscale_factor", 1) ** 2 > 1)


def fewer_samples_than_channels(call: Call) -> bool:
    """There are fewer samples than channels, so a loop over the batch misses channels."""
    n, channels, *_ = call.arguments["x"]
    return bool(n < channels)


def not_a_matrix(call: Call) -> bool:
    """x has one axis, or more than two."""
    return len(call.arguments["x"]) != 2


def not_the_last_axis(call: Call) -> bool:
    """The softmax runs along another axis than the last."""
    return bool(call.arguments["dim"] not in (-1, len(call.arguments["x"]) - 1))


def empty_queries(call: Call) -> bool:
    """The queries have no elements."""
    return bool(call.arguments["query"][-1] == 0)


def negative_scale(call: Call) -> bool:
    """The scale is negative, so the order of the attention scores is reversed."""
    return bool((value(call, "scale") or 0) < 0)


def no_numbers(call: Call) -> bool:
    """x has no elements."""
    return 0 in call.arguments["x"]


def several_numbers_a_sample(call: Call) -> bool:
    """Each sample has several elements, so the mean over samples is not the mean over elements."""
    return bool(prod(call.arguments["x"][1:]) != 1)


def weighted_soft_targets(call: Call) -> bool:
    """There are class weights, and the targets are probabilities of the classes."""
    return call.arguments["target"] == call.arguments["x"] and value(call, "weight") is not None


def returned_before_it_is_reduced(call: Call) -> bool:
    """Keras' losses of an empty vector, and the mean of one scalar."""
    return bool(call.arguments["x"] == (0,) or (call.arguments["x"] == () and value(call, "reduction") == "mean"))


def mean_of_none(call: Call) -> bool:
    """The mean is over no losses. For cross_entropy this depends on the targets, which a call does not hold."""
    return call.op == "cross_entropy" or (no_numbers(call) and value(call, "reduction") == "mean")


def beta2_is_zero(call: Call) -> bool:
    """beta2 is 0: Adam's second moment uses only the last gradient."""
    return bool(value(call, "betas")[1] == 0)


def beta2_is_positive(call: Call) -> bool:
    """beta2 is positive: Adam's second moment is a mean over steps."""
    return bool(value(call, "betas")[1] > 0)


def adam_in_float32(call: Call) -> bool:
    """float32 rounds no attribute of ONNX' Adam. The rounding of eps = 1e-8 makes no difference."""
    numbers = (*value(call, "betas"), *(call.arguments.get(name, 0) for name in ("eps", "weight_decay")))
    return all(n == float(np.float32(n)) for n in numbers)
