"""The settings of a project: the table ``[tool.cnn-oracle]`` of its pyproject.toml. Unknown keys are errors.

Ops and theorems are imported only if the table names some. So a project without a table does not wait for the import
of torch and NumPy.
"""

import json
import os.path
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cnn_oracle.subject import DTYPES, MAX_ELEMENTS, Limits, is_array

if TYPE_CHECKING:
    from cnn_oracle.op import Op

LARGEST = 100_000  # the largest block: with a longer axis, each call takes seconds
MOST_ELEMENTS = 10_000_000
CONVENTIONS = ("pytorch", "any")
NONE = "None"  # stands for None, which TOML lacks; no option of PyTorch has this text as a value


class Accepted(NamedTuple):
    """An accepted finding: a theorem that does not hold for an op, and the reason why it need not hold."""

    op: str
    theorem: str
    reason: str


class Settings(NamedTuple):
    """The settings of a project, or the defaults.

    Attributes:
        path: the pyproject.toml that has the table, or None if there is none.
        subject: the subject to which the settings apply, or None for every subject.
        dtypes: the dtypes of the subject, the widest first. Empty: the dtypes that each subject declares.
        options: op → option → the values that the subject supports. For an optional array: whether it is given.
        convention: "any" accepts another valid choice than PyTorch's at ties and nondifferentiable points.
        sizes: block sizes of the subject; further calls have sizes next to them.
        max_elements: the elements of the largest array of a drawn call.
        accepted: the accepted findings.
    """

    path: Path | None
    subject: str | None = None
    dtypes: tuple[str, ...] = ()
    options: Mapping[str, Mapping[str, tuple[Any, ...]]] = {}
    convention: str = "pytorch"
    sizes: tuple[int, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    max_elements: int = MAX_ELEMENTS

    def of(self, subject: str) -> "Settings":
        """These settings if they name this subject, or none; else the defaults."""
        return self if self.subject in (None, subject) else Settings(self.path)

    @property
    def limits(self) -> Limits:
        """The limits of the calls that the subject must support, and its accepted findings."""
        accepted: dict[str, tuple[str, ...]] = {}
        for finding in self.accepted:
            accepted[finding.op] = (*accepted.get(finding.op, ()), finding.theorem)
        return Limits(
            self.dtypes or DTYPES, self.options, self.convention, self.sizes, accepted, max_elements=self.max_elements
        )  # fmt: skip


def load(folder: Path) -> Settings:
    """The settings of the nearest pyproject.toml, in ``folder`` or above it. Without a table: the defaults.

    Raises:
        ValueError: the file cannot be read or parsed, or the table has an unknown key or value. The message is one
            line with the file, the key, the value, and what is possible.
    """
    above = (folder.resolve(), *folder.resolve().parents)
    path = next((file for place in above if os.path.isfile(file := place / "pyproject.toml")), None)
    if path is None:
        return Settings(None)
    tools = _read(path).get("tool")
    if not isinstance(tools, dict):
        return Settings(None)
    if "cnn_oracle" in tools:
        raise ValueError(f"{path}: tool.cnn_oracle is no table of the oracle; it is called [tool.cnn-oracle]")
    if "cnn-oracle" not in tools:
        return Settings(None)
    table = _Entry(path, "tool.cnn-oracle", tools["cnn-oracle"]).table("key", READERS)
    return Settings(path, **{name: READERS[name](entry) for name, entry in table.items()})


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ValueError(f"{path}: TOML must be UTF-8, and this is not") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: no TOML: {error}") from None
    except RecursionError:
        raise ValueError(f"{path}: no TOML: arrays or tables are nested too deeply") from None
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from None


class _Entry(NamedTuple):
    """A value of the table, with its file and its key."""

    path: Path
    key: str
    value: Any

    def wrong(self, says: str) -> ValueError:
        return ValueError(f"{self.path}: {self.key} = {_text(self.value)}: {says}")

    def table(self, what: str, known: Iterable[str]) -> "dict[str, _Entry]":
        """The entries of a table.

        Raises:
            ValueError: a name is not in ``known``. ``what`` says what the names are, for the message.
        """
        entries = self.entries()
        for name, entry in entries.items():
            if name not in (names := [*known]):
                raise entry.wrong(f"no such {what}; {_possible(name, f'{what}s', names)}")
        return entries

    def entries(self) -> "dict[str, _Entry]":
        if not isinstance(self.value, dict):
            raise self.wrong("must be a table")
        return {name: _Entry(self.path, f"{self.key}.{_key(name)}", value) for name, value in self.value.items()}

    def array(self, of: str) -> list[Any]:
        if not isinstance(self.value, list):
            raise self.wrong(f"must be an array of {of}")
        return self.value

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.wrong("must be a text, and not empty")
        return self.value


def _subject(entry: _Entry) -> str:
    if not all(part.isidentifier() for part in entry.text().split(".")):
        raise entry.wrong("give the name that it is imported by, like mykernels, not a path")
    return entry.text()


def _dtypes(entry: _Entry) -> tuple[str, ...]:
    named = entry.array("dtypes")
    if not named or not all(dtype in DTYPES for dtype in named):
        raise entry.wrong(f"must be some of {', '.join(DTYPES)}")
    return tuple(dtype for dtype in DTYPES if dtype in named)


def _convention(entry: _Entry) -> str:
    if entry.value not in CONVENTIONS:
        raise entry.wrong(f"must be {' or '.join(map(_text, CONVENTIONS))}")
    return entry.text()


def _sizes(entry: _Entry) -> tuple[int, ...]:
    sizes = entry.array("sizes")
    if not all(type(size) is int and 0 < size <= LARGEST for size in sizes):
        raise entry.wrong(f"block sizes must be whole numbers from 1 to {LARGEST:,}")
    return tuple(sizes)


def _max_elements(entry: _Entry) -> int:
    if type(entry.value) is not int or not 0 < entry.value <= MOST_ELEMENTS:
        raise entry.wrong(f"must be a whole number from 1 to {MOST_ELEMENTS:,}")
    return entry.value


def _options(entry: _Entry) -> dict[str, dict[str, tuple[Any, ...]]]:
    declared = {}
    for name, of_op in entry.entries().items():
        op = _op(name, of_op)
        declared[name] = {option: _values(e, op, option) for option, e in of_op.table("option", _optional(op)).items()}
    return declared


def _op(name: str, entry: _Entry) -> "Op":
    from cnn_oracle.ops import look_up

    try:
        return look_up(name)
    except ValueError as error:
        raise entry.wrong(str(error)) from None


def _optional(op: "Op") -> list[str]:
    """The options of an op and its optional arrays. Not the state of an optimiser, which the oracle keeps itself."""
    arrays_too = op.kind != "step"
    return [n for n, p in op.parameters.items() if not is_array(n, op) or (arrays_too and p.default is None)]


def _values(entry: _Entry, op: "Op", option: str) -> tuple[Any, ...]:
    """The values of an option. A single value is read as an array of one."""
    values = tuple(map(_frozen, entry.value if isinstance(entry.value, list) else [entry.value]))
    must_be, fits = _kind(op, option)
    if not values or not all(map(fits, values)):
        raise entry.wrong(f"values of {option} must be {must_be}, at least one")
    return values


def _frozen(value: Any) -> Any:
    """The value as it stands in a call: an array becomes a tuple, "None" becomes None."""
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return None if value == NONE else value


def _kind(op: "Op", option: str) -> tuple[str, Callable[[Any], bool]]:
    """Which values an option can have, by its default: a text for the message, and a test.

    The test checks only the type. PyTorch decides whether it accepts the value.
    """
    default = op.parameters[option].default
    if is_array(option, op):
        return "true (it is given) or false (it is not)", lambda value: isinstance(value, bool)
    if isinstance(default, bool):
        return "true or false", lambda value: isinstance(value, bool)
    if isinstance(default, str):
        return "texts", lambda value: isinstance(value, str)
    if isinstance(default, float):
        return "numbers", _is_number
    if isinstance(default, tuple):
        return f"arrays of {len(default)} numbers, like [{_text(default)}]", partial(_are_numbers, len(default))
    if isinstance(default, int) and option != "padding":
        return "whole numbers, or arrays of them", lambda value: all(map(_is_int, _members(value)))
    if isinstance(default, int):
        return "whole numbers, arrays of them, or texts", lambda v: isinstance(v, str) or all(map(_is_int, _members(v)))
    return 'numbers, texts, true, false, "None", or arrays of these', lambda value: all(map(_is_plain, _members(value)))


def _members(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_numbers(count: int, value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == count and all(map(_is_number, value))


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, int | float | str)


def _accepted(entry: _Entry) -> tuple[Accepted, ...]:
    findings: list[Accepted] = []
    for number, value in enumerate(entry.array("tables"), 1):
        finding = _finding(_Entry(entry.path, f"{entry.key} #{number}", value))
        if finding[:2] in [earlier[:2] for earlier in findings]:
            raise entry.wrong(f"{finding.theorem} of {finding.op} is accepted twice")
        findings.append(finding)
    return tuple(findings)


def _finding(entry: _Entry) -> Accepted:
    parts = entry.table("key", Accepted._fields)
    if absent := [name for name in Accepted._fields if name not in parts]:
        raise entry.wrong(f"has no {absent[0]}; an accepted finding has {', '.join(Accepted._fields)}")
    op, theorem, reason = (parts[name].text() for name in Accepted._fields)
    row = _op(op, parts["op"])

    from cnn_oracle import theorems

    names = [one.__name__ for one in theorems.of(row)]
    if theorem not in names:
        raise parts["theorem"].wrong(f"no theorem of {op}; {_possible(theorem, 'theorems', names)}")
    return Accepted(op, theorem, reason)


READERS: Mapping[str, Callable[[_Entry], Any]] = {
    "subject": _subject,
    "dtypes": _dtypes,
    "options": _options,
    "convention": _convention,
    "sizes": _sizes,
    "max_elements": _max_elements,
    "accepted": _accepted,
}


def _possible(name: str, what: str, names: list[str]) -> str:
    if near := get_close_matches(name, names, 1):
        return f"did you mean {near[0]}?"
    return f"the {what} are {', '.join(names)}" if names else f"there are no {what}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else _text(name)


def _text(value: Any) -> str:
    """A value on one line, almost as it stands in the file."""
    return json.dumps(value, ensure_ascii=False, default=str)
