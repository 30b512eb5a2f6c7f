"""Every mutant of a file: operators, comparisons, conditions, constants, names, axes, slices, += to =, omissions."""

import ast
import copy
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

from cnn_oracle import manual

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mod,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)  # a − b is not b − a
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}  # fmt: skip
FUNCTIONS = {
    "max": "min", "min": "max", "maximum": "minimum", "minimum": "maximum", "sum": "prod", "prod": "sum", "any": "all",
    "all": "any", "floor": "ceil", "ceil": "floor", "exp": "expm1", "expm1": "exp", "log": "log1p", "log1p": "log",
    "sqrt": "square", "zeros": "ones", "ones": "zeros", "zeros_like": "ones_like", "ones_like": "zeros_like",
    "argmax": "argmin", "tanh": "sin", "cos": "sin",
}  # fmt: skip
COMMUTE = {"max", "min", "maximum", "minimum", "add", "multiply", "same_shape"}  # exchanged arguments: no mutant
SKIPPED = (ast.Assert, ast.Import, ast.ImportFrom, ast.ClassDef, ast.Raise, ast.withitem)
ROOM = Path(manual.__file__ or "").parent
UNREAD = ("annotation", "returns", "decorator_list", "type_params")  # fields of a node that no call depends on


class Mutant(NamedTuple):
    """One mutant: its file under manual/, its number in the file, and the text before and after the edit."""

    file: str
    number: int
    function: str
    line: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.function}: {self.before}  →  {self.after}"


class Site(NamedTuple):
    """A field of a node, its new value, and the node whose text describes it; None if the replaced node does."""

    node: Any
    field: str
    place: int | None  # in a list
    new: Any
    target: ast.AST | None
    function: str
    line: int

    def put(self, new: Any) -> Any:
        """Set the field, and return its old value."""
        if self.place is None:
            old = getattr(self.node, self.field)
            setattr(self.node, self.field, new)
        else:
            children = getattr(self.node, self.field)
            old, children[self.place] = children[self.place], new
        return old

    def texts(self) -> tuple[str, str]:
        """The text before the edit, and after it."""
        before = "" if self.target is None else _text(self.target)
        old = self.put(self.new)
        try:
            after = "" if self.target is None else _text(self.target)
        finally:  # the tree is kept, and shared by all mutants of the file
            self.put(old)
        if self.target is not None:
            return before, after
        name = _argument(self.node, self.field, self.place or 0)
        return name + _text(old), name + _text(self.new)


def mutants(file: str) -> list[Mutant]:
    """Every mutant of manual/<file>.py. A number distinguishes those with the same text in one function."""
    found, seen = [], dict[tuple[str, str, str], int]()
    for number, site in enumerate(_sites(file)[1]):
        before, after = site.texts()
        key = (site.function, before, after)
        seen[key] = seen.get(key, 0) + 1
        mark = f"  #{seen[key]}" if seen[key] > 1 else ""
        found.append(Mutant(file, number, site.function, site.line, before, after + mark))
    return found


def compiled(mutant: Mutant) -> CodeType:
    """The mutated code of the file."""
    tree, sites = _sites(mutant.file)
    site = sites[mutant.number]
    old = site.put(site.new)
    try:
        return compile(ast.fix_missing_locations(tree), str(path_of(mutant.file)), "exec")
    finally:
        site.put(old)


def path_of(file: str) -> Path:
    return ROOM / f"{file}.py"


@lru_cache(4)
def _sites(file: str) -> tuple[ast.Module, list[Site]]:
    tree = ast.parse(path_of(file).read_text())
    return tree, list(_of_module(tree))


def _of_module(tree: ast.Module) -> Iterator[Site]:
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            yield from _walk(statement, statement.name, _siblings(statement.args), statement.lineno)
        elif isinstance(statement, ast.Assign):
            yield from _walk(statement, "module", {}, statement.lineno)


def _siblings(arguments: ast.arguments) -> dict[str, str]:
    """For each parameter the next one of the same type, which may be confused with it."""
    alike: dict[str, list[str]] = {}
    for a in (*arguments.args, *arguments.kwonlyargs):
        if a.arg != "op" and a.annotation:
            alike.setdefault(ast.unparse(a.annotation), []).append(a.arg)
    return {
        a: b for names in alike.values() if len(names) > 1 for a, b in zip(names, [*names[1:], names[0]], strict=True)
    }


def _walk(node: ast.AST, function: str, siblings: dict[str, str], line: int) -> Iterator[Site]:
    """Every possible edit below a node."""
    for field, place, child in _children(node):
        if isinstance(child, SKIPPED) or field in UNREAD or _is_left(child):
            continue
        at = getattr(child, "lineno", line)
        alone = isinstance(child, ast.stmt) or isinstance(node, (ast.arguments, ast.stmt))
        for new in _replacements(child, siblings, node):
            yield Site(node, field, place, new, None if alone else node, function, at)
        for inner, new in _inner(child):
            yield Site(child, inner, None, new, child, function, at)
        for inner, i, j in _exchanges(child):
            exchanged = [*getattr(child, inner)]
            exchanged[i], exchanged[j] = exchanged[j], exchanged[i]
            yield Site(child, inner, None, exchanged, child, function, at)
        yield from _walk(child, function, siblings, at)


def _children(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            yield field, None, value
        elif isinstance(value, list):
            yield from ((field, i, item) for i, item in enumerate(value) if isinstance(item, ast.AST))


def _is_left(node: ast.AST) -> bool:
    """Whether no edit is made here: a docstring, a call that makes an error message, zip's ``strict``, a type test."""
    if isinstance(node, ast.Call):
        return _name(node.func) in ("invalid", "isinstance")
    return (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) or (
        isinstance(node, ast.keyword) and node.arg == "strict"
    )


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _replacements(node: ast.AST, siblings: dict[str, str], parent: ast.AST) -> Iterator[ast.AST]:
    """The possible replacements of the node."""
    if isinstance(node, ast.Constant):
        yield from (ast.Constant(v) for v in _constants(node.value, isinstance(parent, ast.Compare)))
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in siblings:
        yield ast.Name(siblings[node.id], ast.Load())
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ORDERED) and ast.dump(node.left) != ast.dump(node.right):
        yield ast.BinOp(node.right, node.op, node.left)
    elif isinstance(node, ast.Call) and _name(node.func) == "copy" and not node.args:
        yield node.func.value  # type: ignore[attr-defined]
    elif isinstance(node, ast.AugAssign):
        target = copy.copy(node.target)
        yield ast.Assign([target], node.value, lineno=node.lineno)
        yield ast.Pass(lineno=node.lineno)
    elif (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)) or (
        isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
    ):
        yield ast.Pass(lineno=node.lineno)


def _constants(value: Any, compared: bool) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, float):
        yield 2 * value if value else 1.0
    elif isinstance(value, str):
        if compared:
            yield "neither"
        if "->" in value:
            yield from _letters(value)


def _letters(text: str) -> Iterator[str]:
    """Exchange two adjacent letters."""
    for i in range(len(text) - 1):
        if text[i].isalpha() and text[i + 1].isalpha():
            yield text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def _inner(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """The possible changes of a field of the node."""
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in OPERATORS:
        yield "op", OPERATORS[type(node.op)]()
    elif isinstance(node, ast.BoolOp):
        yield "op", ast.And() if isinstance(node.op, ast.Or) else ast.Or()
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from (("ops", [new()]) for new in COMPARISONS[type(node.ops[0])])
    elif isinstance(node, ast.Compare):
        for i, operator in enumerate(node.ops):
            yield from (("ops", [*node.ops[:i], new(), *node.ops[i + 1 :]]) for new in COMPARISONS[type(operator)])
    elif isinstance(node, ast.If):
        yield from (("test", ast.Constant(value)) for value in (True, False))
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield "ifs", []
    elif isinstance(node, ast.Slice):
        yield from ((field, None) for field in ("lower", "upper", "step") if getattr(node, field) is not None)
    elif isinstance(node, ast.JoinedStr):
        yield from _contracted(node)
    elif isinstance(node, ast.Call):
        if (name := _name(node.func)) in FUNCTIONS:
            new = copy.copy(node.func)
            setattr(new, "attr" if isinstance(new, ast.Attribute) else "id", FUNCTIONS[name])
            yield "func", new
        for i, keyword in enumerate(node.keywords):
            if keyword.arg != "strict":
                yield "keywords", [*node.keywords[:i], *node.keywords[i + 1 :]]


def _contracted(node: ast.JoinedStr) -> Iterator[tuple[str, list[ast.expr]]]:
    """Exchange letters in f"no{p},oi->ni{p}"."""
    chunks = [part.value if isinstance(part, ast.Constant) else "" for part in node.values]
    if not any("->" in str(chunk) for chunk in chunks):
        return
    for i, chunk in enumerate(chunks):
        for text in _letters(str(chunk)):
            yield "values", [*node.values[:i], ast.Constant(text), *node.values[i + 1 :]]


def _exchanges(node: ast.AST) -> Iterator[tuple[str, int, int]]:
    """Exchange adjacent items of a list of arguments or of a tuple. The op's name keeps its place."""
    given = isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load)
    field = "args" if isinstance(node, ast.Call) else "elts" if given else ""
    if field == "args" and _name(node.func) in COMMUTE:  # type: ignore[attr-defined]
        return
    children: list[ast.expr] = getattr(node, field) if field else []
    for i, (a, b) in enumerate(pairwise(children)):
        if _name(a) != "op" and not isinstance(a, ast.Constant) and ast.dump(a) != ast.dump(b):
            yield field, i, i + 1


def _argument(node: ast.AST, field: str, place: int) -> str:
    """``name=`` if the edit is in the default of an argument."""
    if field == "defaults" and isinstance(node, ast.arguments):
        return f"{node.args[place - len(node.defaults)].arg}="
    if field == "kw_defaults" and isinstance(node, ast.arguments):
        return f"{node.kwonlyargs[place].arg}="
    return ""


def _text(node: ast.AST) -> str:
    """The node on one line; only the head of a statement with a body."""
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}:"
    if isinstance(node, ast.For):
        return f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}:"
    if isinstance(node, ast.Slice):
        return f"[{ast.unparse(node)}]"
    return " ".join(ast.unparse(node).split())
