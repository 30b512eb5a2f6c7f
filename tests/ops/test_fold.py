"""Laws of fold."""

import numpy as np
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import integers
from cnn_oracle.manual import fold, unfold
from cnn_oracle.ops import OPS

OP = OPS["fold"]


@given(call=calls(OP))
def test_is_unfolds_gradient(call):
    case = draw(OP, call, integers)
    x, options = case.arrays["x"], dict(case.keywords)
    y = fold.forward(x, **options)
    del options["output_size"]
    assert np.array_equal(unfold.backward(x, y, **options)[0], y)


@given(call=calls(OP))
def test_fold_of_unfold_counts_the_windows_of_each_element(call):
    case = draw(OP, call, integers)
    options = dict(case.keywords)
    y = fold.forward(np.ones_like(case.arrays["x"]), **options)
    size = options.pop("output_size")
    image = case.rng.integers(-9, 10, y.shape).astype(float)
    columns = unfold.forward(image, **options)
    assert np.array_equal(fold.forward(columns, output_size=size, **options), y * image)
