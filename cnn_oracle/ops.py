"""The table of ops: name → (geometry, comparison). A new op needs one line here.

The signature, kind and defaults of an op come from its module in ``manual``. Positional arguments are arrays with a
gradient. Keyword-only arguments are options, labels and constants. A module that has ``step`` instead of ``forward``
and ``backward`` is an optimiser.
"""

from difflib import get_close_matches
from functools import partial

from cnn_oracle.calls.geometry import initializers, optimizers, pointwise, products, windows
from cnn_oracle.calls.geometry import losses as loss_geometry
from cnn_oracle.calls.geometry import norms as norm_geometry
from cnn_oracle.cases import distributions, exact_grids
from cnn_oracle.compare.bounds import attention, elementwise, losses, norms, normwise, softmax, steps, sums
from cnn_oracle.compare.bounds.elementwise import distance_to_kink
from cnn_oracle.op import Comparison, Geometry, Op

CONVOLUTION = Comparison((exact_grids.integers,), sums.multilinear, normwise=normwise.bound)
MULTILINEAR = Comparison((exact_grids.integers,), sums.multilinear)
TRILINEAR = Comparison((exact_grids.cubes,), sums.multilinear)
SELECTION = Comparison((exact_grids.distinct, exact_grids.ties), sums.selection, ties=(exact_grids.ties,))
AVERAGE = Comparison((exact_grids.multiples,), sums.average)
ADAPTIVE = Comparison((exact_grids.adaptive_multiples,), sums.adaptive)
INTERPOLATION = Comparison((exact_grids.resampled,), sums.interpolation)
LP_POOL = Comparison((), sums.lp_pool, sums.lp_pool_distance_to_kink)
WEIGHTED_MEAN = Comparison((exact_grids.multiples_of_the_weight,), sums.weighted_mean)
STEEP = {"x": distributions.large_logits}
SOFTMAX = Comparison((), softmax.softmax, domain=STEEP)
LOG_SOFTMAX = Comparison((), softmax.log_softmax, domain=STEEP)
CROSS_ENTROPY = Comparison((), softmax.cross_entropy, domain=STEEP)
LEAKY = Comparison(
    (exact_grids.leaky, exact_grids.leaky_ties), elementwise.bound(elementwise.leaky_relu), distance_to_kink(0),
    ties=(exact_grids.leaky_ties,),
)  # fmt: skip
PRELU = Comparison(
    (exact_grids.slopes, exact_grids.slope_ties), elementwise.prelu, ties=(exact_grids.slope_ties,)
)  # fmt: skip
ELU = Comparison((), elementwise.bound(elementwise.elu), distance_to_kink(0))
SELU = Comparison((), elementwise.bound(elementwise.selu), distance_to_kink(0))
GELU = Comparison((), elementwise.bound(elementwise.gelu))
SILU = Comparison((), elementwise.bound(elementwise.silu))
MISH = Comparison((), elementwise.bound(elementwise.mish))
SIGMOID = Comparison((), elementwise.bound(elementwise.sigmoid))
SIXTHS = (exact_grids.sixths,)
HARDSIGMOID = Comparison(SIXTHS, elementwise.bound(elementwise.hardsigmoid), distance_to_kink(-3, 3), ties=SIXTHS)
HARDSWISH = Comparison(SIXTHS, elementwise.bound(elementwise.hardswish), distance_to_kink(-3, 3), ties=SIXTHS)
TANH = Comparison((), elementwise.bound(elementwise.tanh_))
SOFTPLUS = Comparison((), elementwise.bound(elementwise.softplus), elementwise.softplus_distance_to_kink)
SOFTSIGN = Comparison((), elementwise.bound(elementwise.softsign), distance_to_kink(0))
GLU = Comparison((), elementwise.glu)
DROPOUT = Comparison((exact_grids.kept,), elementwise.bound(elementwise.dropout))
MSE = Comparison((exact_grids.squared_differences,), losses.bound(losses.mse_loss, over_weights=True))
PIECES = (exact_grids.pieces,)
L1 = Comparison(PIECES, losses.bound(losses.l1_loss, over_weights=True), losses.distance_to_kink, ties=PIECES)
SMOOTH_L1 = Comparison(PIECES, losses.bound(losses.smooth_l1_loss), losses.distance_to_kink, ties=PIECES)
HUBER = Comparison(PIECES, losses.bound(losses.huber_loss), losses.distance_to_kink, ties=PIECES)
BCE = Comparison(
    (),
    losses.bound(losses.binary_cross_entropy),
    losses.inside,
    {"x": distributions.near_0_or_1, "target": distributions.fractions},
)
BCE_WITH_LOGITS = Comparison((), losses.bound(losses.binary_cross_entropy_with_logits))
KL_DIV = Comparison((), losses.bound(losses.kl_div), losses.positive, {"target": losses.probabilities})
EMBEDDING = Comparison((exact_grids.rows,), sums.embedding, sums.learnt_rows)
ATTENTION = Comparison((), attention.bound, attention.distance_to_kink, {"query": distributions.large_logits})
SGD = Comparison((), steps.sgd)
FAR = {"x": distributions.large_offset}
BATCH_NORM = Comparison((exact_grids.squares_of_channels,), norms.normalisation, norms.distance_to_kink, FAR)
INSTANCE_NORM = Comparison((exact_grids.squares_of_samples,), norms.normalisation, norms.distance_to_kink, FAR)
RMS_NORM = Comparison((exact_grids.squares_of_rows,), norms.normalisation, norms.distance_to_kink)
NORMALISATION = Comparison(
    (), norms.normalisation, norms.distance_to_kink, FAR
)  # no exact grid: PyTorch's means also divide by 3
LOCAL_RESPONSE_NORM = Comparison((), norms.local_response_norm)
INITIALISER = Comparison((), sums.initialiser)
ADAGRAD = Comparison((), steps.adagrad)
RMSPROP = Comparison((), steps.rmsprop)
ADAM = Comparison((), steps.adam)
ADAMW = Comparison((), steps.adamw)
UNWRITTEN = Comparison((), elementwise.bound(elementwise.unwritten))  # for an op that ``cnn-oracle new`` has begun


_TABLE: dict[str, tuple[Geometry, Comparison]] = {
    "conv1d": (partial(windows.conv, rank=1), CONVOLUTION),
    "conv2d": (partial(windows.conv, rank=2), CONVOLUTION),
    "conv3d": (partial(windows.conv, rank=3), CONVOLUTION),
    "conv_transpose1d": (partial(windows.conv_transpose, rank=1), CONVOLUTION),
    "conv_transpose2d": (partial(windows.conv_transpose, rank=2), CONVOLUTION),
    "conv_transpose3d": (partial(windows.conv_transpose, rank=3), CONVOLUTION),
    "unfold": (windows.unfold, MULTILINEAR),
    "fold": (windows.fold, MULTILINEAR),
    "linear": (products.linear, MULTILINEAR),
    "bilinear": (products.bilinear, TRILINEAR),
    "max_pool1d": (partial(windows.max_pool, rank=1), SELECTION),
    "max_pool2d": (partial(windows.max_pool, rank=2), SELECTION),
    "max_pool3d": (partial(windows.max_pool, rank=3), SELECTION),
    "avg_pool1d": (partial(windows.avg_pool, rank=1), AVERAGE),
    "avg_pool2d": (partial(windows.avg_pool, rank=2), AVERAGE),
    "avg_pool3d": (partial(windows.avg_pool, rank=3), AVERAGE),
    "lp_pool2d": (windows.lp_pool2d, LP_POOL),
    "adaptive_avg_pool2d": (windows.adaptive_pool2d, ADAPTIVE),
    "adaptive_max_pool2d": (windows.adaptive_pool2d, SELECTION),
    "pad": (windows.pad, SELECTION),
    "interpolate": (windows.interpolate, INTERPOLATION),
    "pixel_shuffle": (windows.pixel_shuffle, SELECTION),
    "pixel_unshuffle": (windows.pixel_unshuffle, SELECTION),
    "relu": (pointwise.elementwise, SELECTION),
    "leaky_relu": (pointwise.leaky_relu, LEAKY),
    "prelu": (pointwise.prelu, PRELU),
    "elu": (pointwise.elu, ELU),
    "selu": (pointwise.elementwise, SELU),
    "gelu": (pointwise.gelu, GELU),
    "silu": (pointwise.elementwise, SILU),
    "mish": (pointwise.elementwise, MISH),
    "sigmoid": (pointwise.elementwise, SIGMOID),
    "hardsigmoid": (pointwise.elementwise, HARDSIGMOID),
    "hardswish": (pointwise.elementwise, HARDSWISH),
    "tanh": (pointwise.elementwise, TANH),
    "softplus": (pointwise.softplus, SOFTPLUS),
    "softsign": (pointwise.elementwise, SOFTSIGN),
    "glu": (pointwise.glu, GLU),
    "dropout": (pointwise.dropout, DROPOUT),
    "dropout2d": (pointwise.dropout2d, DROPOUT),
    "flatten": (pointwise.flatten, SELECTION),
    "embedding": (products.embedding, EMBEDDING),
    "scaled_dot_product_attention": (products.scaled_dot_product_attention, ATTENTION),
    "softmax": (pointwise.softmax, SOFTMAX),
    "log_softmax": (pointwise.softmax, LOG_SOFTMAX),
    "nll_loss": (loss_geometry.nll_loss, WEIGHTED_MEAN),
    "cross_entropy": (loss_geometry.cross_entropy, CROSS_ENTROPY),
    "batch_norm": (norm_geometry.batch_norm, BATCH_NORM),
    "instance_norm": (norm_geometry.instance_norm, INSTANCE_NORM),
    "layer_norm": (norm_geometry.layer_norm, NORMALISATION),
    "group_norm": (norm_geometry.group_norm, NORMALISATION),
    "rms_norm": (norm_geometry.rms_norm, RMS_NORM),
    "local_response_norm": (norm_geometry.local_response_norm, LOCAL_RESPONSE_NORM),
    "xavier_uniform": (initializers.xavier_uniform, INITIALISER),
    "xavier_normal": (initializers.xavier_normal, INITIALISER),
    "kaiming_uniform": (initializers.kaiming_uniform, INITIALISER),
    "kaiming_normal": (initializers.kaiming_normal, INITIALISER),
    "mse_loss": (loss_geometry.weighted_pair, MSE),
    "l1_loss": (loss_geometry.weighted_pair, L1),
    "smooth_l1_loss": (loss_geometry.smooth_l1_loss, SMOOTH_L1),
    "huber_loss": (loss_geometry.huber_loss, HUBER),
    "binary_cross_entropy": (loss_geometry.binary_cross_entropy, BCE),
    "binary_cross_entropy_with_logits": (loss_geometry.binary_cross_entropy_with_logits, BCE_WITH_LOGITS),
    "kl_div": (loss_geometry.kl_div, KL_DIV),
    "sgd": (optimizers.sgd, SGD),
    "adagrad": (optimizers.adagrad, ADAGRAD),
    "rmsprop": (optimizers.rmsprop, RMSPROP),
    "adam": (optimizers.adam, ADAM),
    "adamw": (optimizers.adam, ADAMW),
}
OPS = {name: Op(name, *row, __name__) for name, row in _TABLE.items()}


def look_up(name: str) -> Op:
    """The op of this name.

    Raises:
        ValueError: no op has this name. The message suggests the nearest name, or lists all of them.
    """
    if name in OPS:
        return OPS[name]
    if not isinstance(name, str):
        raise ValueError(f"no op {name!r}: an op is given by its name, like 'conv2d'")
    near = get_close_matches(name, OPS, 1)
    raise ValueError(
        f"no op {name!r}" + (f"; did you mean {near[0]!r}?" if near else f"; the ops are {', '.join(OPS)}")
    )
