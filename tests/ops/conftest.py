"""An op's laws run on any subject: ``pytest tests/ops --oracle-subject PKG``, in a checkout.

The name ``conv2d`` in ``test_conv2d.py`` then refers to the subject's op. In the file of a family, ``under_test``
returns the subject's ops. The other ops in a law remain those of ``manual``. Many laws hold to the last bit, on numbers
for which a direct algorithm does not round. A fast algorithm (Winograd, FFT) rounds there too and fails these laws.
"""

import warnings
from types import ModuleType

import pytest

from cnn_oracle.ops import OPS
from cnn_oracle.subject import OURS


class UnderTest:
    """A subject's op. A law is skipped if it needs a function that the op lacks."""

    def __init__(self, subject, name):
        self._subject, self._op = subject, OPS[name]

    def __getattr__(self, name):
        found = getattr(self._subject.implementation(self._op.name), name, None)
        if found is None:
            pytest.skip(f"{self._subject.name} has no {self._op.name}.{name}")
        if name not in ("forward", "backward"):
            return found
        if "float64" not in self._subject.dtypes(self._op.name):
            pytest.skip(f"{self._subject.name} has no float64, which the laws need")
        return lambda *arrays, **options: self._run(found, self._all_arrays(name, arrays, options), options)

    def _run(self, function, arrays, options):
        """Ignores warnings of the subject, as the oracle does."""
        with warnings.catch_warnings(action="ignore"):
            return function(*arrays, **options)

    def _all_arrays(self, name, arrays, options):
        """All arrays by position, as the oracle passes them: None for each array that a law omits."""
        names = ("dy", *self._op.positional) if name == "backward" else self._op.positional
        return *arrays, *(options.pop(left, None) for left in names[len(arrays) :])


@pytest.fixture(scope="session")
def under_test(subject):
    """A function: name of an op → the subject's op."""
    return lambda name: OPS[name].manual if subject.name == OURS else UnderTest(subject, name)


@pytest.fixture(scope="module", autouse=True)
def _op_of_the_module(request, under_test):
    """Replaces the test module's op, or the ops of its family, by the subject's."""
    stem = request.path.stem.removeprefix("test_")
    names = {OPS[name].manual: name for name in (stem, f"{stem}1d", f"{stem}2d", f"{stem}3d") if name in OPS}
    with pytest.MonkeyPatch.context() as patch:
        for alias, value in [*vars(request.module).items()]:
            if isinstance(value, ModuleType) and value in names:
                patch.setattr(request.module, alias, under_test(names[value]))
        yield


@pytest.fixture(autouse=True)
def _of_manual(request, subject):
    """Skips tests that apply only to ``manual`` if another subject is under test."""
    if request.node.get_closest_marker("of_manual") and subject.name != OURS:
        pytest.skip("applies only to cnn_oracle.manual")
