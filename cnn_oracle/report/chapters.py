"""The text of the page: one chapter per idea, in the article's order. It repeats nothing that comes from code or a run.

In a text, a blank line ends a paragraph, and backquotes mark code. The following marks have a line of their own:
``[figure NAME]`` is a figure, ``[widget]`` the interactive part, ``[verdicts]`` and ``[theorems]`` are the tables of
all ops.
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
        An image is a table of numbers. A gray image has one number for each pixel, from 0 for black to 255 for white.
        A colour image has three tables: red, green and blue. Everything that follows is arithmetic on such tables.

        [figure image]

        A network does not compute in bytes. A byte holds at most 255, and then starts again at 0. So 200 + 100 is 44,
        and neither NumPy nor PyTorch warns. The first step is therefore to convert an image to floating-point numbers,
        with the axes in the order that the layers expect: images, channels, rows, columns.

        [figure bytes]
        """,
        formulas=("E0",),
    ),
    Chapter(
        "convolution", "Convolution",
        """
        Place a small table, the kernel, over a corner of the image. Multiply each number of the kernel by the pixel
        below it, and add the products. The sum is one element of the output. Move the kernel by one pixel and repeat.
        That is the whole operation.

        [figure sliding]

        The numbers of the kernel decide what the output shows. If they are positive above and negative below, the
        output is large where the image gets darker downwards, that is, at an edge. If they sum to one and the middle
        number is the largest, the kernel sharpens the image. The kernels here were chosen; a network learns its own.

        [figure filters]

        Be careful with the name. In mathematics, a convolution first rotates the kernel by 180°. Deep learning does
        not rotate it, and still calls the result a convolution. The proper name is cross-correlation. The formula in
        the article is the mathematical one, and its figures show the other. If a rotation by 180° does not change the
        kernel, the two results are equal. For an edge filter, every sign changes.

        [figure rotation]
        """,
        formulas=("E1", "E1a", "E1b"), ops=("conv2d",),
        mistakes=("conv2d.kernel_rotated", "conv2d.weight_gradient_rotated", "conv2d.bias_added_per_tap"),
    ),
    Chapter(
        "padding", "Padding",
        """
        A 3×3 kernel has only 4×4 positions in a 6×6 image, so the output is smaller than the input. After a few
        layers nothing is left. Padding adds a frame of zeros around the image before the convolution. Without padding,
        the convolution is called valid. If the padding makes the output as large as the input, it is called same.

        [figure valid_and_same]

        There is a second reason for padding. A pixel in the middle is covered by nine positions of a 3×3 kernel, a
        corner by only one. So the border has little influence. The figure counts the outputs that each pixel
        influences. Padding helps, but not completely: with the usual frame of one pixel, a corner still has four of
        nine.

        [figure influence]

        A kernel of even size has no middle, so its frame cannot be equal on both sides. PyTorch adds the extra zero at
        the end of the axis.
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
        The kernel does not have to visit every position. With a stride of two it moves by two pixels, and the output
        has half as many rows and columns. The size of the output is the number of positions at which the window fits.
        It is rounded down, because a window that extends beyond the image does not count.

        [figure stride]

        Rounding down has a consequence: if there is a remainder, the last rows are never read. Their values do not
        change the output, so their gradient is zero. Backward code that omits these rows returns an array that is too
        small.

        [figure remainder]

        Dilation spreads the kernel instead. Its taps are several pixels apart, so it covers more of the image with the
        same number of weights. Set the five numbers yourself.

        [widget]
        """,
        formulas=("E3", "E3a"),
        mistakes=("conv2d.stride_remainder_dropped", "conv2d.dilation_off_by_one", "max_pool2d.dilation_ignored"),
    ),
    Chapter(
        "volumes", "Volumes",
        """
        A colour image has three tables, so a filter also has three tables, one for each channel. The products of all
        channels are added to a single number. One filter therefore makes one output table, whatever the depth of its
        input. Several filters make several tables, which are the channels of the next layer's input.

        [figure volume]

        So a layer's weights have four axes: output channel, input channel, kernel row, kernel column. It is easy to
        exchange the two channel axes, and if both have the same length, no error is raised. If the depths do not
        agree, the call must be rejected. NumPy would silently broadcast a single channel to all of them.
        """,
        formulas=("E4",),
        mistakes=("conv2d.groups_interleaved", "conv_transpose2d.channels_reshaped"),
    ),
    Chapter(
        "layer", "The layer",
        """
        A convolutional layer has three steps: convolve with each filter, add one number per filter, the bias, and
        apply a nonlinear function, the activation, to every element. Without an activation, two layers in a row could
        be replaced by one.

        [figure layer]

        The usual activation is the rectifier, ReLU: negative numbers become zero. It has no derivative at zero. A
        convention is needed there, and PyTorch's is zero.
        """,
        formulas=("E5",), ops=("relu",),
    ),
    Chapter(
        "connections", "Connections and sharing",
        """
        If the image is written as one long column, the layer is a matrix, like that of a dense layer. This matrix is
        special in two ways. Most of its elements are zero, because an output depends on only a few pixels. And the
        others repeat: every row holds the same few weights, at other places.

        [figure connections]

        This is why convolutional layers are small. From 28×28 pixels to 32 channels, a 3×3 layer has 320 parameters. A
        dense layer between the same arrays would have 16,981,120. It is also why the gradient of a weight is a sum over
        all positions: each weight is used at all of them.

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
        Training needs the derivative of the loss with respect to every weight. The chain rule computes it from the
        next layer: `dy`, the gradient of the output, is given, and `dx`, `dw` and `db` are wanted. For a convolution
        all three are short.

        The bias is added to every position of its channel, so `db` is the sum of `dy`. A weight is multiplied by one
        pixel at each position, so `dw` is the sum of these pixels, each times its `dy`. This is again a
        cross-correlation.

        [figure weight_gradient]

        There are two ways to compute `dx`. The first is a scatter. Each element of `dy` belongs to a window of the
        image. Its value times the kernel is added to that window, and where windows overlap, the contributions are
        summed. This form is right for every stride, padding and dilation.

        [figure scatter]

        The second is a gather: pad `dy` with zeros, rotate the kernel by 180°, and convolve. This is the full
        convolution of the article. It returns the same numbers if the stride is one and nothing was padded. For other
        geometries, zeros must be inserted between the elements of `dy`, rows appended, and the border cropped.

        [figure full_convolution]

        The next figure tries every small geometry, and shows on which of them the printed form holds.

        [figure domain]

        The last figure shows the same for every formula of the article that is less general in print.

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
        Pooling makes tables smaller without weights. From each window it keeps the largest number, or the mean. It
        does so for each channel separately.

        In the backward pass of a mean, every element of the window receives the same share of the gradient. In that of
        a maximum, the largest element receives all of it, and the others receive nothing. What if two elements are
        equally large? The article does not say. PyTorch takes the first in row order. After a rectifier such ties are
        common, because many elements are exactly zero.

        [figure pooling]

        The article stores the maxima as a mask of zeros and ones. That is enough if windows do not overlap and there
        are no ties. In general, the gradient is added at the place of each window's maximum.

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
        A CNN has other layers between and after the convolutions: dense layers, activations, normalisations, and at
        the end a loss, which turns the output and the correct label into one number. For each of them, this chapter
        has the formula, the code, the gradient and the verdict.

        Two rules avoid many errors. First, a mean over the batch belongs to the loss, and only there: a layer that
        divides its own gradients by the batch size is wrong for every other loss. Second, a formula that can overflow
        is written so that it does not: softmax subtracts the maximum first, and a cross-entropy starts from logits and
        not from probabilities.
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
        A step of gradient descent moves every weight a little against its gradient. Repeated over batches of images,
        such steps reduce the loss. This chapter uses all chapters before it: if any gradient is wrong, the weights move
        to other values than PyTorch's.

        So one network is trained twice, by the formulas of this page in NumPy and by PyTorch, from the same weights and
        on the same batches. After every step all weights are compared.

        [figure training]

        In float64 the two differ only by rounding. In float32 rounding errors are larger. At some step they may change
        a choice: whether a number is above zero, or which element of a window is the largest. From there on the two
        networks compute different functions, and neither is more correct than the other.

        [figure training_float32]

        [figure first_divergence]

        In the end the predictions count. Here are digits of the test set, with the predictions of both networks.

        [figure digits]

        These are the kernels that the first layer has learnt.

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
        A test that passes means little if it also passes on wrong code. So the code of this page was changed on
        purpose: every operator, comparison, constant and axis, one at a time. The oracle must find each of these
        mutants. The bars also show how many of them weaker checks find.

        [figure baselines]

        The time of the NumPy code, compared with PyTorch on the same numbers:

        [figure speed]

        The results of all ops. The largest error is given as a share of the bound that follows from the op's formula.

        [figure worst]

        [verdicts]

        The theorems that are checked for every op, on drawn geometries and numbers:

        [theorems]
        """,
    ),
)  # fmt: skip
