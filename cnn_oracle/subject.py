"""Subjects, the code under test: importable packages or modules that have some of the ops, or Python objects."""

import importlib
import os.path
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from inspect import Parameter
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from cnn_oracle.call import Call
from cnn_oracle.environment import place
from cnn_oracle.global_state import theirs, unshown

if TYPE_CHECKING:  # settings that name no op import neither torch nor NumPy
    from cnn_oracle.op import Op

DTYPES = ("float64", "float32")
OURS = "cnn_oracle.manual"
MAX_ELEMENTS = 20_000  # so that a call takes milliseconds


class Limits(NamedTuple):
    """The limits within which a subject is checked. A project declares them in its settings (cnn_oracle.settings).

    Without settings there are no limits: the defaults require everything.

    Attributes:
        dtypes: Only these dtypes are checked. Default: float64 and float32.
        options: Op → option → the values that the option may have. For an array that may be absent: op → array → True,
            False or both, for present and absent. Empty by default: every value.
        convention: ``"pytorch"``, the default: at a tie or a nondifferentiable point, another valid choice than
            PyTorch's fails as a convention. ``"any"``: it is a note. At NaN, another choice is always a note.
        sizes: Block sizes of the subject's own. Further calls have sizes next to them. Empty by default.
        max_elements: The elements of the largest array of a drawn call, except at launch limits. 20,000 by default.
        accepted: Op → the names of the theorems that are known not to hold. Empty by default.
        require: What must hold besides the theorems: ``"batch-invariance"``, the bits of a row do not depend on the
            number of rows or on its place. "" by default: nothing.

    Example:
        >>> from cnn_oracle.subject import Limits
        >>> Limits(dtypes=("float32",)).convention
        'pytorch'
    """

    dtypes: tuple[str, ...] = DTYPES
    options: Mapping[str, Mapping[str, tuple[Any, ...]]] = {}
    convention: str = "pytorch"
    sizes: tuple[int, ...] = ()
    accepted: Mapping[str, tuple[str, ...]] = {}
    max_elements: int = MAX_ELEMENTS
    require: str = ""

    def admit(self, op: "Op", call: Call) -> bool:
        """Tell whether the subject must support a call: whether each of its options has a declared value.

        Args:
            op: The op of the call.
            call: The call. An option that it does not mention has the op's default.

        Returns:
            True if the call is within ``options``.

        Example:
            >>> from cnn_oracle.call import parse
            >>> from cnn_oracle.ops import OPS
            >>> from cnn_oracle.subject import Limits
            >>> limits = Limits(options={"softmax": {"dim": (-1,)}})
            >>> limits.admit(OPS["softmax"], parse("softmax(x=(2, 3), dim=0)", seed=0))
            False
        """
        declared = self.options.get(op.name, {})
        return all(_is_declared(_value(call, op, name), values) for name, values in declared.items())


EVERYTHING = Limits()


class Implementation(NamedTuple):
    """One op of a subject: its functions, its dtypes, and the exceptions by which it rejects a call.

    The functions of ``oracle.adapt`` return one. ``oracle.verify`` takes one as its subject. A module may define the
    same names instead, except ``source``.

    Attributes:
        forward: ``forward(x, w, b, *, …)`` returns y. The arguments are NumPy arrays, in PyTorch's shapes.
        backward: ``backward(dy, x, w, b, *, …)`` returns a tuple with one gradient per array. None, the default, says
            that there is no gradient to check.
        step: ``step(w, dw, state, *, …)`` returns ``(w, state)``; only for optimisers. None by default.
        dtypes: The dtypes to check. Default: float64 and float32.
        rejections: The exceptions by which it rejects an invalid call, besides ValueError. On such a call any exception
            is a rejection; another type than these is a contract warning. Default: ValueError.
        unsupported: The exceptions that say "this valid call is not supported", besides NotImplementedError. Empty by
            default. An exception whose text says "not supported", "unsupported" or "not implemented" says the same.
        options: Option → the values that are supported: ``{"groups": (1,), "dim": (-1,)}``. Empty by default: all.
        ranks: The numbers of axes of the first array that are supported, such as ``(2,)``. Empty by default: all.
        gradients: The arrays whose gradient ``backward`` returns, such as ``("x",)`` for a loss without a gradient for
            the target. Empty by default: all.
        when: ``when(call)`` tells whether a call is supported. None, the default: every call.
        source: The Python expression that made it, for messages.
        input_gradient: ``input_gradient(dy, shape of x, w, *, …)`` of a convolution returns dx. None by default, like
            the other two functions: it is not checked.
        weight_gradient: ``weight_gradient(dy, x, shape of w, *, …)`` of a convolution returns dw.
        running_statistics: ``running_statistics(x, running_mean, running_var, *, …)`` of a norm returns the next two.

    Example:
        >>> import numpy as np
        >>> import cnn_oracle as oracle
        >>> from cnn_oracle.subject import Implementation
        >>> relu = Implementation(lambda x: np.maximum(x, 0), dtypes=("float32",))
        >>> oracle.verify("relu", relu, examples=5).unchecked
        ('backward', 'float64')
    """

    forward: Callable[..., Any] | None = None
    backward: Callable[..., Any] | None = None
    step: Callable[..., Any] | None = None
    dtypes: tuple[str, ...] = DTYPES
    rejections: tuple[type[Exception], ...] = (ValueError,)
    source: str = "…"
    unsupported: tuple[type[Exception], ...] = ()
    options: Mapping[str, tuple[Any, ...]] = {}
    ranks: tuple[int, ...] = ()
    gradients: tuple[str, ...] = ()
    when: Callable[[Call], bool] | None = None
    input_gradient: Callable[..., Any] | None = None
    weight_gradient: Callable[..., Any] | None = None
    running_statistics: Callable[..., Any] | None = None


class Declared(TypedDict, total=False):
    """What an implementation may declare, as in ``Implementation``. The adapters take it as keyword arguments."""

    dtypes: tuple[str, ...]
    options: Mapping[str, tuple[Any, ...]]
    ranks: tuple[int, ...]
    unsupported: tuple[type[Exception], ...]
    gradients: tuple[str, ...]
    when: Callable[[Call], bool] | None


class Subject(NamedTuple):
    """The code under test: a package, a module, or an object whose attributes are named like ops.

    ``load`` makes a Subject from an import name or a path; ``oracle.verify`` makes one from Python objects.

    Attributes:
        name: The import name, the path, or the Python expression that made it. Messages show it.
        root: The package, module or object. ``root.conv2d`` is the implementation of conv2d.
        ours: True for this project's own code. It must satisfy more: it supports every call, each of its errors names
            the op, and it rejects mixed dtypes. False by default.
        strict: True if contract warnings fail. Always so for our own code. False by default.
        limits: What the subject must support. By default everything.
        loader: A function that loads the subject again from its name, in another process. None, the default, means
            that the subject stays in this process.

    Example:
        >>> from types import SimpleNamespace
        >>> from cnn_oracle.manual import relu
        >>> from cnn_oracle.subject import Subject
        >>> subject = Subject("mykernels", SimpleNamespace(relu=relu))
        >>> subject.implementation("relu") is relu, subject.implementation("conv2d")
        (True, None)
    """

    name: str
    root: Any
    ours: bool = False
    strict: bool = False
    limits: Limits = EVERYTHING
    loader: Callable[[str], "Subject"] | None = None

    def __reduce__(self) -> Any:
        """Pickle only the name: another process imports the subject by it.

        Raises:
            TypeError: The subject is made of Python objects.
        """
        if self.loader is None:
            raise TypeError(f"subject {self.name!r} is made of Python objects: it stays in its process")
        return _again, (self.loader, self.name, self.strict, self.limits)

    def implementation(self, op: str) -> Any | None:
        """Get the implementation of an op.

        Args:
            op: The name of the op. If the subject is a package, the submodule of this name counts too.

        Returns:
            An object with ``forward`` (and perhaps ``backward``) or ``step``. None if the subject does not have it.

        Raises:
            ValueError: The submodule cannot be imported.

        Example:
            >>> from cnn_oracle.subject import load
            >>> load("cnn_oracle.manual").implementation("relu").__name__
            'cnn_oracle.manual.relu'
        """
        found = getattr(self.root, op, None)
        if found is None and hasattr(self.root, "__path__") and find_spec(module := f"{self.root.__name__}.{op}"):
            found = _imported(self.name, lambda: import_module(module))
        return found if hasattr(found, "forward") or hasattr(found, "step") else None

    def expected(self, op: "Op") -> str:
        """Say what an op must be, if the subject has a plain function of its name.

        Args:
            op: The op.

        Returns:
            One line, or "" if there is no such function.

        Example:
            >>> from cnn_oracle.ops import OPS
            >>> from cnn_oracle.subject import load
            >>> load("torch.nn.functional").expected(OPS["relu"])
            'relu is a plain function; it must be a class, module or object with forward(x) and backward(dy, x)'
        """
        found = getattr(self.root, op.name, None)
        if found is None or not callable(found) or self.implementation(op.name) is not None:
            return ""
        arrays = ", ".join(op.positional)
        functions = f"forward({arrays}) and backward(dy, {arrays})"
        if op.kind == "step":
            functions = "step(w, dw, state)"
        return f"{op.name} is a plain function; it must be a class, module or object with {functions}"

    def forward_only(self, op: str) -> bool:
        """Tell whether an op has no gradient to check.

        Args:
            op: The name of the op.

        Returns:
            True if the implementation says so by ``backward = None``. A missing ``backward`` is a fault, not a
            declaration: then the answer is False.

        Example:
            >>> from cnn_oracle.subject import load
            >>> load("cnn_oracle.manual").forward_only("relu")
            False
        """
        return getattr(self.implementation(op), "backward", ...) is None

    def dtypes(self, op: str) -> tuple[str, ...]:
        """List the dtypes in which an op is checked.

        Args:
            op: The name of the op.

        Returns:
            Those of float64 and float32 that the implementation and the limits have, float64 first.

        Raises:
            ValueError: The implementation names other dtypes, or none that is within the limits.

        Example:
            >>> from cnn_oracle.subject import load
            >>> load("cnn_oracle.manual").dtypes("relu")
            ('float64', 'float32')
        """
        named = getattr(self.implementation(op), "dtypes", DTYPES)
        if isinstance(named, str) or not {*named} or not {*named} <= {*DTYPES}:
            raise ValueError(f"subject {self.name!r}: dtypes of {op} must be some of {DTYPES}, not {named!r}")
        both = tuple(dtype for dtype in DTYPES if dtype in named and dtype in self.limits.dtypes)
        if not both:
            raise ValueError(f"subject {self.name!r}: {op} has {', '.join(named)}, not {', '.join(self.limits.dtypes)}")
        return both

    def rejections(self, op: str) -> tuple[type[Exception], ...]:
        """List the exceptions by which an op rejects an invalid call.

        Args:
            op: The name of the op.

        Returns:
            Exception types; ``(ValueError,)`` unless the implementation names others.
        """
        return getattr(self.implementation(op), "rejections", (ValueError,))

    def lacks(self, op: "Op", call: Call) -> str:
        """Say why the subject does not support a call, by what its implementation declares.

        Args:
            op: The op of the call.
            call: A call that PyTorch accepts.

        Returns:
            The option, rank or "when" that excludes the call; "" if the implementation declares nothing against it.
            A call outside the declared ``ranks`` is named by its rank: ``"0-d"``, ``"3-d"``. An array that must be
            present is named ``"b=None"``, and a text with its value: ``'padding="same"'``.

        Example:
            >>> from types import SimpleNamespace
            >>> from cnn_oracle.call import parse
            >>> from cnn_oracle.ops import OPS
            >>> from cnn_oracle.subject import Implementation, Subject
            >>> rows = Implementation(lambda x, *, dim: x, options={"dim": (-1,)})
            >>> subject = Subject("rows", SimpleNamespace(softmax=rows))
            >>> subject.lacks(OPS["softmax"], parse("softmax(x=(2, 3), dim=0)", seed=0))
            'dim'

        Raises:
            ValueError: ``when`` raises.
        """
        implementation = self.implementation(op.name)
        declared: Mapping[str, tuple[Any, ...]] = getattr(implementation, "options", None) or {}
        for name, values in declared.items():
            value = _value(call, op, name)
            if not _is_declared(value, tuple(values)):
                absent = is_array(name, op) and not value
                return f"{name}=None" if absent else f'{name}="{value}"' if isinstance(value, str) else name
        rank = rank_of(op, call)
        if (ranks := getattr(implementation, "ranks", ())) and rank not in ranks:
            return f"{rank}-d"
        when = getattr(implementation, "when", None)
        try:
            return "when" if callable(when) and not when(call) else ""
        except Exception as error:
            what = f"when of {op.name} raises {type(error).__name__}: {error}"
            raise ValueError(f"subject {self.name!r}: {what} on {call}") from error

    def gradients(self, op: "Op") -> tuple[str, ...]:
        """List the arrays whose gradients are checked.

        Args:
            op: The op.

        Returns:
            The names of the arrays, in the order of the op's signature. All of them, unless the implementation
            declares fewer.
        """
        declared = getattr(self.implementation(op.name), "gradients", ())
        return tuple(name for name in op.positional if not declared or name in declared)

    def check(self, op: "Op") -> None:
        """Check that what the implementation of an op declares can be used.

        Args:
            op: The op.

        Raises:
            ValueError: A declared name is no option or array of the op, or a declaration is no tuple.

        Example:
            >>> from types import SimpleNamespace
            >>> from cnn_oracle.ops import OPS
            >>> from cnn_oracle.subject import Implementation, Subject
            >>> rows = Implementation(lambda x, *, dim: x, options={"axis": (-1,)})
            >>> try:
            ...     Subject("rows", SimpleNamespace(softmax=rows)).check(OPS["softmax"])
            ... except ValueError as error:
            ...     print(error)
            subject 'rows': options of softmax: no argument 'axis'; it has x, dim
        """
        implementation = self.implementation(op.name)
        options, ranks, gradients, unsupported, when = (
            getattr(implementation, name, None) or ()
            for name in ("options", "ranks", "gradients", "unsupported", "when")
        )

        def must(holds: bool, what: str) -> None:
            if not holds:
                raise ValueError(f"subject {self.name!r}: {what}")

        must(isinstance(options, Mapping) or options == (), f"options of {op.name} must be a dict, not {options!r}")
        for name in options:
            has = ", ".join(op.parameters)
            must(name in op.parameters, f"options of {op.name}: no argument {name!r}; it has {has}")
            values = options[name]
            must(_is_some(values), f"options of {op.name}: {name} must be a tuple of values, not {values!r}")
        must(
            _is_some(ranks) and all(isinstance(rank, int) for rank in ranks),
            f"ranks of {op.name} must be a tuple of numbers of axes, not {ranks!r}",
        )
        must(
            _is_some(gradients) and {*gradients} <= {*op.positional},
            f"gradients of {op.name} must be a tuple of some of {op.positional}, not {gradients!r}",
        )
        must(
            _is_some(unsupported) and all(isinstance(one, type) and issubclass(one, Exception) for one in unsupported),
            f"unsupported of {op.name} must be a tuple of exception types, not {unsupported!r}",
        )
        must(callable(when) or when == (), f"when of {op.name} must be a function of a call, not {when!r}")


def load(name: str) -> Subject:
    """Load a subject by its import name.

    Args:
        name: The import name of a package or module, such as ``"mykernels"``, or the path of a Python file:
            ``"src/mykernels.py"``. After a colon, the path may have the name of a class or an object in that file, or
            of an op: ``"src/mykernels.py:Fast"``. ``"manual"`` is short for ``"cnn_oracle.manual"``, unless another
            package of that name can be imported.

    Returns:
        The subject. Another process can load it again.

    Raises:
        ValueError: The name is neither an import name nor the path of a file, or the import raises.

    Example:
        >>> from cnn_oracle.subject import load
        >>> load("cnn_oracle.manual").name
        'cnn_oracle.manual'
    """
    if path := re.fullmatch(r"(.*\.py)(?::([\w.]+))?", name):
        if not os.path.isfile(path[1]):
            raise ValueError(f"subject {name!r}: there is no such file")
        return Subject(name, _named(name, _imported(name, lambda: _from_file(path[1])), path[2]), loader=load)
    if not all(part.isidentifier() for part in name.split(".")):
        says = "give the name that it is imported by, like mykernels, or the path of a file, like src/mykernels.py"
        raise ValueError(f"subject {name!r}: {says}")
    if name == "manual" and not _is_elsewhere(name):
        name = OURS
    root = _imported(name, lambda: import_module(name))
    return Subject(name, root, ours=name == OURS, strict=name == OURS, loader=load)


def _again(loader: Callable[[str], Subject], name: str, strict: bool, limits: Limits) -> Subject:
    with unshown():  # the process that waits has shown the warnings of the import
        return loader(name)._replace(strict=strict, limits=limits)


def _is_elsewhere(name: str) -> bool:
    """Whether another module of that name can be imported than the folder of ours, as in a checkout."""
    spec, ours = find_spec(name), find_spec(OURS)
    return spec is not None and ours is not None and spec.origin != ours.origin


def _imported(name: str, run: Callable[[], Any]) -> Any:
    """What ``run`` imports. ``name`` is that of the subject.

    Raises:
        ValueError: the import raises. The message has the file and the line of the subject's own code.
    """
    try:
        with theirs():
            return run()
    except (Exception, SystemExit) as error:
        says = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ValueError(f"subject {name!r}: {_where(error)}{type(error).__name__}: {says}") from None


def _where(error: BaseException) -> str:
    """The last line of the subject's own code, its folder's, that an exception of the import passed through."""
    frames = [(one.filename, one.lineno or 0) for one in traceback.extract_tb(error.__traceback__)]
    machinery = (__file__, importlib.__file__)
    places = [(file, line) for file, line in frames if file not in machinery and not file.startswith("<")]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno or 0))
    own = [one for one in places if one[0].startswith(os.path.dirname(places[0][0]))]
    return f"{place(*own[-1])}: " if own else ""


def _from_file(path: str) -> Any:
    """The module of a file. It can import what lies beside it; in a package, it is imported as a part of it."""
    file = os.path.realpath(path)
    folder, stem = os.path.split(file.removesuffix(".py"))
    parts = [] if stem == "__init__" else [stem]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    name = ".".join(parts)
    known = sys.modules.get(name) or (find_spec(name) if len(parts) > 1 or stem.isidentifier() else None)
    there = getattr(known, "__file__", getattr(known, "origin", None))
    if there and os.path.realpath(there) == file:
        return import_module(name)
    name = f"{stem}_of_{sha256(file.encode()).hexdigest()[:8]}"  # another module has its name
    if name not in sys.modules:
        spec = spec_from_file_location(name, file)
        assert spec
        assert spec.loader
        sys.modules[name] = module = module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def _named(subject: str, root: Any, name: str | None) -> Any:
    """The object of that name in a module: one that has ops, or one op. Without a name: the module."""
    for part in (name or "").split(".") if name else ():
        if not hasattr(root, part):
            raise ValueError(f"subject {subject!r}: the file has no {name}")
        root = getattr(root, part)
    if name and (isinstance(root, FunctionType) or hasattr(root, "forward") or hasattr(root, "step")):
        return SimpleNamespace(**{part: root})
    return root


def is_array(name: str, op: "Op") -> bool:
    """Whether an argument is an array, in positional order or by keyword."""
    from cnn_oracle.op import ARRAY_KEYWORDS

    return name in op.positional or name in ARRAY_KEYWORDS


def rank_of(op: "Op", call: Call) -> int:
    """The number of axes of the first array."""
    return len(call.arguments[op.positional[0]])


def _value(call: Call, op: "Op", name: str) -> Any:
    """An option's value; of an array, whether it is given."""
    default = op.parameters[name].default
    value = call.arguments.get(name, default)
    return value is not None and value is not Parameter.empty if is_array(name, op) else value


def _is_some(values: Any) -> bool:
    return isinstance(values, tuple | list | set | frozenset | range)


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
