"""The narrative: one chapter per idea, in the article's order. It repeats nothing that comes from the code or a run.

In a text, a blank line ends a paragraph, and backquotes mark code. These stand on their own line: ``[figure NAME]`` is
a figure, ``[widget]`` the interactive part, ``[verdicts]`` and ``[theorems]`` are the tables of all ops.
"""

from typing import NamedTuple


class Chapter(NamedTuple):
    """One idea. Apart from the text, the fields are names: of formulas, of ops, of mistakes (op.mistake)."""

    key: str
    title: str
    text: str
    formulas: tuple[str, ...] = ()
    ops: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()  # if empty: all mistakes of its ops
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()  # more ops, under headings, each in a fold

    @property
    def every_op(self) -> tuple[str, ...]:
        return (*self.ops, *(op for _, ops in self.groups for op in ops))


CHAPTERS = (
    Chapter(
        "images", "Images",
        """
        An image is a table of numbers. A gray one has a number for each pixel, 0 for black to 255 for white; a colour
        one has three tables, for red, green and blue. Everything that follows is arithmetic on such tables.

        [figure image]

        A network does not calculate in bytes. A byte ends at 255 and begins again at 0, so that 200 + 100 is 44, and
        neither NumPy nor PyTorch says a word about it. The first thing to do with an image is to make it floating
        point numbers, with the axes in the order that the layers expect: images, channels, rows, columns.

        [figure bytes]
        """,
        formulas=("E0",),
    ),
    Chapter(
        "convolution", "Convolution",
        """
        Lay a small table, the kernel, over a corner of the image. Multiply what lies on top of each other, add the
        products, and write the sum down as one number of the output. Move the kernel by one pixel and do it again.
        That is the whole operation.

        [figure sliding]

        What the output shows depends on the kernel's numbers alone. Where they are positive above and negative below,
        the output is large where the image gets darker downwards: an edge. Where they sum to one and the middle
        stands out, the image is sharpened. Here the kernels are chosen by hand; a network learns them.

        [figure filters]

        One thing to be careful about: in mathematics a convolution first turns the kernel by half a turn. Deep
        learning does not turn it, and calls the result a convolution all the same; its proper name is
        cross-correlation. The formula in the article is the mathematical one, its figures show the other. If a
        rotation by 180° does not change the kernel, both give the same; for an edge filter, every sign changes.

        [figure half_a_turn]
        """,
        formulas=("E1", "E1a", "E1b"), ops=("conv2d",),
        mistakes=("conv2d.kernel_rotated", "conv2d.weight_gradient_rotated", "conv2d.bias_added_per_tap"),
    ),
    Chapter(
        "padding", "Padding",
        """
        A kernel of 3×3 fits only 4×4 times into an image of 6×6, so the output is smaller than the input. After a few
        layers nothing is left. Padding puts a frame of zeros around the image before the kernel is laid on it. Without
        one the convolution is called valid; with just so much that the output is as large as the input, same.

        [figure valid_and_same]

        There is a second reason. A pixel in the middle is seen by nine positions of a 3×3 kernel, a corner by one only:
        the edge has little influence. Count, for each pixel, the outputs it reaches, and padding is seen to help. It
        does not quite cure it: with the usual frame of one pixel the corner still counts four of nine.

        [figure influence]

        Even kernels have no middle, so their frame cannot be the same on both sides. PyTorch puts the odd cell behind.
        """,
        formulas=("E2", "E2a", "E2b", "E2c"), ops=("pad",),
        mistakes=(
            "conv2d.padding_at_the_front", "pad.edge_reflected", "pad.edge_left_out", "pad.sides_exchanged",
            "pad.first_axis_first", "pad.copies_not_counted", "unfold.padding_kept_in_front",
        ),
    ),
    Chapter(
        "stride", "Stride",
        """
        The kernel need not visit every position. With a stride of two it moves by two pixels, and the output has half
        as many rows and columns. The size of the output follows from counting how often the window still fits: round
        down, because a position that sticks out is no position.

        [figure stride]

        Rounding down has a price: where the steps do not come out even, the last rows are never read. Whatever
        stands there, the output does not change, and the gradient there is zero. Backward code that forgets these
        rows returns an array that is too small.

        [figure remainder]

        Dilation spreads the kernel instead: its taps lie several pixels apart and it covers more of the image with
        the same number of weights. Set the five numbers yourself.

        [widget]
        """,
        formulas=("E3", "E3a"),
        mistakes=("conv2d.stride_remainder_dropped", "conv2d.dilation_off_by_one", "max_pool2d.dilation_ignored"),
    ),
    Chapter(
        "volumes", "Volumes",
        """
        A colour image is three tables, and a filter then has three tables as well, one for each channel. All products
        of all channels are added to a single number: one filter makes one output table, whatever the depth of its
        input. Several filters make several tables, which are the channels of the next layer's input.

        [figure volume]

        So a layer's weights have four axes: output channel, input channel, kernel row, kernel column. The two channel
        axes are easily exchanged, and where both have the same length no shape will complain. If the depths do not
        agree, the call must be rejected; NumPy would silently broadcast a single channel to all of them.
        """,
        formulas=("E4",),
        mistakes=("conv2d.groups_interleaved", "conv_transpose2d.channels_reshaped"),
    ),
    Chapter(
        "layer", "The layer",
        """
        A convolutional layer is three steps: convolve with each filter, add one number per filter, the bias, and pass
        every element through a function that bends. Without the last, two layers in a row would be no more than one.

        [figure layer]

        The usual bend is the rectifier: negative numbers become zero. It has a corner at zero, where it has no
        derivative. A convention is needed, and PyTorch's is zero.
        """,
        formulas=("E5",), ops=("relu",),
    ),
    Chapter(
        "connections", "Connections and sharing",
        """
        Write the image as one long column, and the layer becomes a matrix like that of a dense layer. Two things are
        special about it. Most of its entries are zero, since an output looks at a few pixels only. And the others
        repeat: every row holds the same few weights, moved along.

        [figure connections]

        This is why convolutional layers are small. From 28×28 pixels to 32 channels a 3×3 layer has 320 parameters;
        a dense one between the same arrays would have 16,981,120. It is also why a weight's gradient is a sum over all
        positions: each weight is used at every one of them.

        [figure parameters]
        """,
        formulas=("E6", "E6a"), ops=("unfold", "linear"),
        mistakes=(
            "unfold.taps_in_front", "unfold.windows_by_columns", "unfold.columns_as_rows",
            "linear.weight_not_transposed", "conv2d.bias_gradient_over_the_wrong_axes",
        ),
    ),
    Chapter(
        "backpropagation", "Backpropagation of convolution",
        """
        Training needs the derivative of the loss by every weight. The chain rule takes it from the layer behind: given
        `dy`, the gradient of the output, find `dx`, `dw` and `db`. For a convolution all three are short.

        The bias is added to every position of its channel, so `db` is the sum of `dy`. A weight meets one pixel at
        each position, so `dw` is the sum of these pixels, each times its `dy`: again a cross-correlation.

        [figure weight_gradient]

        For `dx` there are two ways to think. One scatters: each element of `dy` has seen a window of the image, so it
        sends its value back into that window, times the kernel, and where windows overlap the parts are added. This
        form is right for every stride, padding and dilation.

        [figure scatter]

        The other gathers: pad `dy` generously, turn the kernel by half a turn and convolve. This is the full
        convolution of the article. It gives the same numbers where the stride is one and nothing was padded; for
        other geometries zeros have to be put between the elements of `dy`, rows appended and the border cropped.

        [figure full_convolution]

        On which geometries the printed form holds can be tried, each by each.

        [figure domain]

        The same was done for every formula of the article that is narrower in print than in general.

        [figure domains]
        """,
        formulas=("E7", "E8", "E9", "E9a", "E10", "E11"), ops=("conv2d", "conv_transpose2d"),
        mistakes=(
            "conv2d.kernel_not_rotated", "conv2d.stride_remainder_dropped", "conv2d.scatter_overwrites",
            "conv2d.steps_not_exchanged", "conv2d.weight_gradient_rotated", "conv2d.averaged_over_the_batch",
            "conv2d.bias_gradient_over_the_wrong_axes", "conv2d.zero_gradients",
        ),
    ),
    Chapter(
        "pooling", "Pooling",
        """
        Pooling makes tables smaller without weights: of each window it keeps the largest number, or the mean. It does
        so for each channel by itself.

        Backwards, a mean gives every cell of its window the same share. A maximum gives everything to the cell that
        won, and nothing to the others. What if two cells are equally large? The article does not say; PyTorch takes the
        first in row order. After a rectifier ties are common, because many cells are exactly zero.

        [figure pooling]

        The article keeps the winners as a mask of zeros and ones. That is enough as long as windows do not overlap and
        nothing is tied. In general the gradient is added to the place of each window's maximum.

        [figure pooling_gradient]
        """,
        formulas=("E12", "E13", "E14"), ops=("max_pool2d", "avg_pool2d"),
        groups=(
            ("Other poolings", (
                "max_pool1d", "max_pool3d", "avg_pool1d", "avg_pool3d", "lp_pool2d", "adaptive_avg_pool2d",
                "adaptive_max_pool2d",
            )),
        ),
    ),
    Chapter(
        "rest", "The rest of a CNN",
        """
        Between and behind the convolutions stand other layers: dense ones, bends, normalisations, and at the end a
        loss that turns the output and the right answer into one number. All are held to the same standard: formula,
        code, gradient, verdict.

        Two rules save much trouble. A mean over the batch belongs to the loss, once; a layer that divides its own
        gradients by the batch size is wrong for every other loss. And what can overflow is written so that it does
        not: softmax subtracts the maximum first, a cross-entropy starts from logits and not from probabilities.
        """,
        formulas=("S1", "S2", "S3", "S4", "S6"),
        mistakes=(
            "linear.averaged_over_the_batch", "softmax.diagonal_only", "batch_norm.mean_term_left_out",
            "batch_norm.unbiased_variance", "cross_entropy.mean_not_divided", "dropout.not_scaled",
        ),
        groups=(
            ("Dense layers and shapes", ("linear", "bilinear", "flatten", "embedding", "scaled_dot_product_attention")),
            ("Activations", (
                "relu", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "mish", "sigmoid", "hardsigmoid",
                "hardswish", "tanh", "softplus", "softsign", "glu", "softmax", "log_softmax",
            )),
            ("Normalisation and dropout", (
                "batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm", "local_response_norm", "dropout",
                "dropout2d",
            )),
            ("Losses", (
                "cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div",
                "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss",
            )),
            ("Convolutions of other ranks, and transposed", (
                "conv1d", "conv3d", "conv_transpose1d", "conv_transpose3d", "fold",
            )),
            ("Resampling", ("interpolate", "pixel_shuffle", "pixel_unshuffle")),
        ),
    ),
    Chapter(
        "training", "Training",
        """
        A step of gradient descent moves every weight a little against its gradient. Repeat it over batches of images
        and the loss falls. All of the chapters so far meet here: a gradient that is wrong anywhere moves
        the weights elsewhere than PyTorch does.

        So one network is trained twice, by the formulas of this page in NumPy and by PyTorch, from the same weights and
        on the same batches. After every step all weights are compared.

        [figure training]

        In float64 the two differ by roundings alone. In float32 roundings are larger, and at some step a number that
        decides something, on which side of zero it lies or which cell of a window is the largest, may fall
        differently. From there the two follow different paths, and neither is the right one.

        [figure training_float32]

        [figure parting]

        What counts in the end are predictions. Here are digits of the test set, with what both networks say.

        [figure digits]

        And this is what the first layer has learnt to look for.

        [figure learnt_filters]
        """,
        formulas=("E15", "S5"), ops=("sgd",),
        mistakes=(
            "sgd.buffer_begins_at_zero", "sgd.weight_decay_decoupled", "sgd.nesterov_without_lookahead",
            "sgd.dampening_ignored",
        ),
        groups=(
            ("Other optimisers", ("adagrad", "rmsprop", "adam", "adamw")),
            ("Initial weights", ("xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal")),
        ),
    ),
    Chapter(
        "evidence", "How far to trust this",
        """
        That a test passes says little, unless it would have failed. So the code of this page was damaged on purpose:
        every operator, comparison, constant and axis was changed, one at a time, and each such edit had to be
        rejected. The bars show what weaker checks would have missed.

        [figure baselines]

        How fast NumPy is at this, beside PyTorch on the same numbers:

        [figure speed]

        Every op, and what came of it. The worst error is a share of the bound that the op's own formula allows.

        [figure worst]

        [verdicts]

        What is asked of every op, each on drawn geometries and numbers:

        [theorems]
        """,
    ),
)  # fmt: skip
