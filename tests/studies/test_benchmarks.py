"""``cnn-oracle study benchmarks`` measures what it says that it measures. No test depends on the clock."""

import json
import subprocess
import sys

import numpy as np
import pytest

from cnn_oracle.call import parse
from cnn_oracle.ops import OPS
from cnn_oracle.studies.benchmarks import growth, layers, page
from cnn_oracle.studies.benchmarks.timing import Times

ONE = Times(2.0, 1.0, 2.0, 1.9, 2.1)


@pytest.mark.parametrize("text", [call for _, call in layers.each()])
def test_every_call_is_one_of_an_op(text):
    call = parse(text, 0)
    assert str(call) == text
    assert set(call.arguments) <= set(OPS[call.op].parameters)


@pytest.mark.parametrize("dtype", page.DTYPES)
@pytest.mark.parametrize(
    "text", ["relu(x=(2, 3))", "prelu(x=(2, 3, 4), w=(3,))", "max_pool2d(x=(1, 2, 4, 4), kernel_size=2)"]
)
def test_both_sides_get_the_same_numbers(text, dtype):
    """Checked for ops whose y and dx are selections or single products, so no rounding can differ."""
    (y, (dx, *_)), (z, (dz, *_)) = (side() for side in layers.sides(text, dtype))
    assert y.dtype == dx.dtype == dtype
    assert np.array_equal(y, z.detach())
    assert np.array_equal(dx, dz)


def test_products_are_those_of_a_convolution():
    assert growth.products("conv2d(x=(2, 3, 5, 7), w=(4, 3, 1, 3), padding=(0, 1))") == 2 * 4 * 3 * 5 * 7 * 3
    sizes = [
        growth.products(f"conv2d(x=({n}, {c}, {h}, {h}), w=({c}, {c}, 3, 3), padding=1)") for n, c, h in growth.SIZES
    ]
    assert max(sizes) >= 1e4 * min(sizes)


def test_the_figures_have_a_row_for_each_call_and_say_whether_the_target_is_met():
    report = page.Report(threads=[1, 2])
    for call in layers.CONVOLUTIONS:
        for n in report.threads:
            report.times[call, "float64", n] = ONE
    lines = page.rows(report, layers.GROUPS[0])
    assert [line[0] for line in lines] == [*layers.CONVOLUTIONS, "geometric mean"]
    assert lines[0] == (layers.CONVOLUTIONS[0], "float64", "2", "1", "2.00", "2.00", "")
    assert lines[-1] == ("geometric mean", "float64", "", "", "2.00", "2.00", "≤ 1: missed")
    assert len(json.loads(json.dumps(report.json()))["times"]) == 8


def test_new_figures_replace_only_the_old_figures():
    old = f"# Speed\n\n{page.BEGIN}\nold\n{page.END}\n\nprose\n"
    figures = page.markdown(page.Report(threads=[1]), None)
    new = page.inserted(old, figures)
    assert new == f"# Speed\n\n{figures}\n\nprose\n"
    assert page.inserted(new, figures) == new
    with pytest.raises(ValueError, match="the page lacks the lines"):
        page.inserted("# Speed\n", figures)


def test_a_page_without_a_place_is_rejected_before_anything_is_measured(tmp_path):
    (tmp_path / "page.md").write_text("nothing")
    command = [sys.executable, "-m", "cnn_oracle", "study", "benchmarks", "--markdown", str(tmp_path / "page.md")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 2
    assert result.stderr.startswith("cnn-oracle: the page lacks the lines")
    assert len(result.stderr.splitlines()) == 1
