"""``new``: create the skeleton of an op in a checkout, from the templates beside this module.

Everything is checked before the first file is written. The skeleton can be imported, and it passes the linter. Its laws
and theorems fail, and their messages say what to write.
"""

import ast
import builtins
import keyword
import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from cnn_oracle.cli import checkout

TABLE = "cnn_oracle/ops.py"
TEMPLATES = {"manual": "manual/{}.py", "reference": "reference/{}.py", "test": "tests/ops/test_{}.py"}
TAKEN = {"calls", "draw", "given", "pytest"}  # names that the test's template imports
LONGEST = 40  # letters of a name, so that the lines of the templates are short enough for ruff
GEOMETRY = "pointwise.elementwise"

WROTE = {
    "manual": "write the derivation, forward and backward",
    "reference": "write PyTorch's forward; autograd supplies the gradient",
    "test": "write its laws, of forward and of backward",
}
REMAIN = {
    "cnn_oracle/compare/bounds/elementwise.py": "its formula, as a stable algorithm computes it; the bound follows",
    TABLE: "a comparison with that bound in place of UNWRITTEN; an exact grid, nondifferentiable points",
    "cnn_oracle/mistakes/{}.py": "at least one known mistake",
    "cnn_oracle/report/chapters.py": "its name in a chapter of the report",
    "README.md": "the count of ops",
}


def new(
    op: Annotated[str, typer.Argument(help="The name of the op; PyTorch's name, if it has one.", show_default=False)],
    root: Annotated[
        Path | None, typer.Option(help="The checkout of cnn-oracle; default: the one that contains this package.")
    ] = None,
) -> None:
    """Create the skeleton of an elementwise op of one array x: its files, and its line in the table of ops."""
    check_name(op)
    top = checkout.find(root)
    table = _read(top / TABLE)
    check_free(top, op, table)
    changed = with_row(table, op)
    files = _filled(top, op)
    check_writable([*files, *([top / TABLE] if changed else [])])
    _write_all(files, top / TABLE, changed)
    print(_summary(top, op, changed))


def check_name(op: str) -> None:
    """Check that the name can be that of a module, and that its import hides no other name.

    Raises:
        ValueError: it cannot, or it hides one.
    """
    if not re.fullmatch("[a-z][a-z0-9_]*", op, re.ASCII) or keyword.iskeyword(op) or len(op) > LONGEST:
        raise ValueError(
            f"op {op!r}: a name is lower-case letters, digits and _, begins with a letter, has at most {LONGEST} "
            "of them, and is no keyword"
        )
    if op in TAKEN or op in sys.stdlib_module_names or hasattr(builtins, op):
        raise ValueError(f"op {op!r}: its module would hide another thing of that name; choose another name")


def check_free(top: Path, op: str, table: str) -> None:
    """Check that the op does not exist yet: no op is ever overwritten.

    Raises:
        ValueError: the table or a folder already has the name.
    """
    if op in _keys(table):
        raise ValueError(f"op {op!r} is in the table of {TABLE} already")
    packages = (f"manual/{op}", f"reference/{op}")
    for path in (*(form.format(op) for form in TEMPLATES.values()), *packages):
        if os.path.lexists(top / path):
            raise ValueError(f"op {op!r}: {path} exists already")


def check_writable(paths: list[Path]) -> None:
    """Check that every file can be written, as far as possible without writing it.

    Raises:
        ValueError: a file cannot be written.
    """
    for path in paths:
        folder = path.parent
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            raise ValueError(f"file {str(path)!r}: its folder cannot be written to")
        if path.exists() and not os.access(path, os.W_OK):
            raise ValueError(f"file {str(path)!r}: it cannot be written to")


def row(op: str) -> str:
    """The op's line in the table. Its bound, UNWRITTEN, raises an error, so nothing can pass until it is replaced."""
    return f'    "{op}": ({GEOMETRY}, UNWRITTEN),'


def with_row(table: str, op: str) -> str | None:
    """The table's module, with the op's line after the last op of its kind; None if no place for it is safe."""
    entries, lines = _entries(table), table.split("\n")
    alike = [value for value in entries.values() if ast.unparse(value).startswith(f"({GEOMETRY},")]
    if not alike or "UNWRITTEN" not in _assigned(table):
        return None
    at = alike[-1].end_lineno or 0
    lines.insert(at, row(op) + "\r" * lines[at - 1].endswith("\r"))
    changed = "\n".join(lines)
    try:
        keys = _keys(changed)
    except ValueError:
        return None
    return changed if sorted(keys) == sorted([*entries, op]) else None


def _entries(table: str) -> dict[str, ast.expr]:
    """The rows of the one table that has relu, by the names of their ops."""
    try:
        tree = ast.parse(table)
    except SyntaxError as error:
        raise ValueError(f"{TABLE} is not valid Python: line {error.lineno}: {error.msg}") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            entries = {key.value: value for key, value in pairs if isinstance(key, ast.Constant)}
            if "relu" in entries:
                return {str(name): value for name, value in entries.items()}
    raise ValueError(f"{TABLE} has no table of ops, in which relu is")


def _keys(table: str) -> list[str]:
    return [*_entries(table)]


def _assigned(table: str) -> set[str]:
    targets = [target for node in ast.parse(table).body if isinstance(node, ast.Assign) for target in node.targets]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _read(path: Path) -> str:
    """The text of a file, with its own line ends."""
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def _filled(top: Path, op: str) -> dict[Path, str]:
    from cnn_oracle.pages import fill

    here = Path(__file__).parent
    return {top / path.format(op): fill(here / f"{name}.py.jinja", op=op) for name, path in TEMPLATES.items()}


def _write_all(files: dict[Path, str], table: Path, changed: str | None) -> None:
    """Write all files or none. The table comes last: a line in it without its files would break every command."""
    from cnn_oracle.environment import write_atomically

    written = []
    try:
        for path, text in files.items():
            with path.open("x", encoding="utf-8", newline="\n") as file:
                written.append(path)
                file.write(text)
        if changed is not None:
            write_atomically(table, changed.encode())
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def _summary(top: Path, op: str, changed: str | None) -> str:
    """A summary: the written files, the work that remains, and the commands that check it."""
    wrote = [(path.format(op), WROTE[name]) for name, path in TEMPLATES.items()]
    remain = [(path.format(op), what) for path, what in REMAIN.items()]
    if changed is None:
        where = "which could not be added safely; add it after the last row of its kind"
        remain.insert(0, (TABLE, f"this line of the table, {where}: {row(op).strip()}"))
    else:
        number = changed.split("\n").index(row(op) + "\r" * ("\r\n" in changed)) + 1
        wrote.append((f"{TABLE}:{number}", row(op).strip()))
    width = max(len(path) for path, _ in wrote + remain)
    return "\n".join(
        [
            f"the skeleton of {op} is in {top.absolute()}",
            *(f"  {path:{width}}  {what}" for path, what in wrote),
            "what remains",
            *(f"  {path:{width}}  {what}" for path, what in remain),
            "check it with these commands; all but the layout test fail until the code is written",
            f"  pytest tests/test_layout.py tests/ops/test_{op}.py",
            f"  cnn-oracle verify --op {op}",
        ]
    )
