"""An op's laws run on any subject: ``pytest tests/ops --oracle-subject PKG``, in a checkout.

In ``test_conv2d.py`` the name ``conv2d`` then is the subject's; in the file of a family ``under_test`` gives its ops.
The other ops that a law speaks of stay ``manual``'s. Many laws hold to the last bit, on numbers that cannot round: a
fast algorithm, Winograd or an FFT, rounds there too and fails them.
"""

import warnings
from types import ModuleType

import pytest

from cnn_oracle.ops import OPS
from cnn_oracle.subject import OURS


class UnderTest:
    """A subject's op; a law that speaks of a function which it lacks is skipped."""

    def __init__(self, subject, name):
        self._subject, self._op = subject, OPS[name]

    def __getattr__(self, name):
        found = getattr(self._subject.implementation(self._op.name), name, None)
        if found is None:
            pytest.skip(f"{self._subject.name} has no {self._op.name}.{name}")
        if name not in ("forward", "backward"):
            return found
        if "float64" not in self._subject.dtypes(self._op.name):
            pytest.skip(f"{self._subject.name} has no float64, in which laws are asked")
        return lambda *arrays, **options: self._run(found, self._every(name, arrays, options), options)

    def _run(self, function, arrays, options):
        """What it warns of is its own affair, as in the oracle."""
        with warnings.catch_warnings(action="ignore"):
            return function(*arrays, **options)

    def _every(self, name, arrays, options):
        """A subject is given every array by position, as in the oracle: None where a law leaves one out."""
        names = ("dy", *self._op.positional) if name == "backward" else self._op.positional
        return *arrays, *(options.pop(left, None) for left in names[len(arrays) :])


@pytest.fixture(scope="session")
def under_test(subject):
    """The subject's op of a name."""
    return lambda name: OPS[name].manual if subject.name == OURS else UnderTest(subject, name)


@pytest.fixture(scope="module", autouse=True)
def _op_of_the_module(request, under_test):
    """Puts the subject's op, or the ops of its family, in the place of the module's own."""
    stem = request.path.stem.removeprefix("test_")
    names = {OPS[name].manual: name for name in (stem, f"{stem}1d", f"{stem}2d", f"{stem}3d") if name in OPS}
    with pytest.MonkeyPatch.context() as patch:
        for alias, value in [*vars(request.module).items()]:
            if isinstance(value, ModuleType) and value in names:
                patch.setattr(request.module, alias, under_test(names[value]))
        yield


@pytest.fixture(autouse=True)
def _of_manual(request, subject):
    """Skips what is about ``manual`` alone where another subject is under test."""
    if request.node.get_closest_marker("of_manual") and subject.name != OURS:
        pytest.skip("about cnn_oracle.manual alone")
