"""Subjects: importable packages or modules that have some of the ops, or objects from Python."""

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from inspect import Parameter
from typing import TYPE_CHECKING, Any, NamedTuple

from cnn_oracle.call import Call

if TYPE_CHECKING:  # settings that name no op wait for neither torch nor NumPy
    from cnn_oracle.op import Op

DTYPES = ("float64", "float32")
OURS = "cnn_oracle.manual"


class Limits(NamedTuple):
    """What a subject is asked for, where its project says that it is less than everything (cnn_oracle.settings).

    ``dtypes``: only these. ``options``: of an op, the values that an option may have; of an array, whether it is
    given. ``convention`` "any" leaves out ties and kinks. ``sizes``: some axes have these. ``accepted``: theorems of an
    op that are known not to hold.
    """

    dtypes: tuple[str, ...] = DTYPES
    options: Mapping[str, Mapping[str, tuple[Any, ...]]] = {}
    convention: str = "pytorch"
    sizes: tuple[int, ...] = ()
    accepted: Mapping[str, tuple[str, ...]] = {}

    def admit(self, op: "Op", call: Call) -> bool:
        """Whether each option of the call is declared; what the call leaves out has the op's default."""
        declared = self.options.get(op.name, {})
        return all(_is_declared(_value(call, op, name), values) for name, values in declared.items())


EVERYTHING = Limits()


class Implementation(NamedTuple):
    """One op, as a module of its own would have it; ``said`` is how it was written.

    ``backward`` is None where there is none. ``dtypes`` are those that it takes, ``refusals`` what it raises for a call
    that it does not take. A module may have all but ``said``, too.
    """

    forward: Callable[..., Any] | None = None
    backward: Callable[..., Any] | None = None
    step: Callable[..., Any] | None = None
    dtypes: tuple[str, ...] = DTYPES
    rejections: tuple[type[Exception], ...] = (ValueError,)
    said: str = "…"


class Subject(NamedTuple):
    """Code on trial: the name to import it by, and what it has under an op's name.

    ``own`` is this project's own code, which is held to more: its refusals name their op, and dtypes are never mixed.
    ``loader`` makes it again from its name, in another process; what has none stays in this one.
    """

    name: str
    root: Any
    own: bool = False
    limits: Limits = EVERYTHING
    loader: Callable[[str], "Subject"] | None = None

    def __reduce__(self) -> Any:
        """Another process imports it by its name.

        Raises:
            TypeError: it was made of objects.
        """
        if self.loader is None:
            raise TypeError(f"subject {self.name!r} is made of Python objects: it stays in its process")
        return _again, (self.loader, self.name, self.limits)

    def implementation(self, op: str) -> Any | None:
        """What the subject has of that name with ``forward`` and ``backward`` (or ``step``), or None."""
        found = getattr(self.root, op, None)
        if found is None and hasattr(self.root, "__path__") and find_spec(f"{self.name}.{op}"):
            found = _imported(f"{self.name}.{op}")
        return found if hasattr(found, "forward") or hasattr(found, "step") else None

    def forward_only(self, op: str) -> bool:
        """Whether it says that it has no backward, by ``backward = None``; to have none without a word is a fault."""
        return getattr(self.implementation(op), "backward", ...) is None

    def dtypes(self, op: str) -> tuple[str, ...]:
        """The dtypes in which it is judged, the widest first.

        Raises:
            ValueError: it names others.
        """
        named = getattr(self.implementation(op), "dtypes", DTYPES)
        if isinstance(named, str) or not {*named} or not {*named} <= {*DTYPES}:
            raise ValueError(f"subject {self.name!r}: dtypes of {op} must be some of {DTYPES}, not {named!r}")
        both = tuple(dtype for dtype in DTYPES if dtype in named and dtype in self.limits.dtypes)
        if not both:
            raise ValueError(f"subject {self.name!r}: {op} has {', '.join(named)}, not {', '.join(self.limits.dtypes)}")
        return both

    def rejections(self, op: str) -> tuple[type[Exception], ...]:
        """What it raises for a call that it does not take."""
        return getattr(self.implementation(op), "rejections", (ValueError,))


def load(name: str) -> Subject:
    """The subject of that importable name. ``manual`` is ours, unless another package of that name can be imported.

    Raises:
        ValueError: it cannot be imported.
    """
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"subject {name!r}: give the name that it is imported by, like mykernels, not a path")
    if name == "manual" and not _is_elsewhere(name):
        name = OURS
    return Subject(name, _imported(name), own=name == OURS, loader=load)


def _again(loader: Callable[[str], Subject], name: str, limits: Limits) -> Subject:
    return loader(name)._replace(limits=limits)


def _is_elsewhere(name: str) -> bool:
    """Whether another module of that name can be imported than the folder of ours, as in a checkout."""
    spec, ours = find_spec(name), find_spec(OURS)
    return spec is not None and ours is not None and spec.origin != ours.origin


def _imported(name: str) -> Any:
    try:
        return import_module(name)
    except (Exception, SystemExit) as error:
        raise ValueError(f"subject {name!r}: {type(error).__name__}: {error}") from None


def is_array(name: str, op: "Op") -> bool:
    """Whether an argument is an array, in positional order or by keyword."""
    from cnn_oracle.op import ARRAY_KEYWORDS

    return name in op.positional or name in ARRAY_KEYWORDS


def _value(call: Call, op: "Op", name: str) -> Any:
    """An option's value; of an array, whether it is given."""
    default = op.parameters[name].default
    value = call.arguments.get(name, default)
    return value is not None and value is not Parameter.empty if is_array(name, op) else value


def _is_declared(value: Any, declared: tuple[Any, ...]) -> bool:
    """One value for all axes is the same as one for each; (1, 2) is there if 1 and 2 are."""
    if any(_same(value, one) for one in declared):
        return True
    if isinstance(value, tuple):
        return all(any(_same(member, one) for one in declared) for member in value)
    return any(isinstance(one, tuple) and one and all(_same(value, member) for member in one) for one in declared)


def _same(a: Any, b: Any) -> bool:
    """Equal, and to Python True is 1; a float that is written without a point is the same number."""
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)
