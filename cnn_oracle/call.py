"""A call as text: ``conv2d(x=(1, 1, 2, 1), w=(1, 1, 2, 1), stride=2)``. Arrays are told by shape; a seed fills them.

The text is the reproduction: what a failure prints, ``parse`` reads back. It is parsed, never evaluated.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """An op's name, its arguments by name (arrays as shapes, absent ones as None), and the seed of its arrays."""

    op: str
    arguments: Mapping[str, Any]
    seed: int

    def __str__(self) -> str:
        return f"{self.op}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"


def parse(text: str, seed: int) -> Call:
    """The inverse of ``str``.

    Raises:
        ValueError: ``text`` is not one call with literal keyword arguments.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.args:
            raise ValueError
        arguments = {str(k.arg): _literal(k.value) for k in node.keywords if k.arg}
        if len(arguments) != len(node.keywords):
            raise ValueError
    except (SyntaxError, ValueError):
        raise ValueError(f"call {text!r}: must be like conv2d(x=(1, 1, 3, 3), w=(1, 1, 2, 2), stride=2)") from None
    return Call(node.func.id, arguments, seed)


def _literal(node: ast.expr) -> Any:
    """A list is as good as a tuple, here and for PyTorch."""
    value = ast.literal_eval(node)
    return tuple(value) if isinstance(value, list) else value
