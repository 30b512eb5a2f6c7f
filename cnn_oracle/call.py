"""A call as text: ``conv2d(x=(1, 1, 2, 1), w=(1, 1, 2, 1), stride=2)``.

An array is given by its shape. Its values follow from a seed. A failure prints the call in this form, and ``parse``
reads it back. The text is parsed, never evaluated.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """The name of an op, its arguments by name, and the seed of its arrays.

    An array stands as its shape, or as None if it is absent.
    """

    op: str
    arguments: Mapping[str, Any]
    seed: int

    def __str__(self) -> str:
        return f"{self.op}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"


def parse(text: str, seed: int) -> Call:
    """Read a call from its text: the inverse of ``str``.

    Raises:
        ValueError: ``text`` is not one call whose arguments are all keywords with literal values.
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
    """The value of a literal. A list becomes a tuple: PyTorch accepts both."""
    value = ast.literal_eval(node)
    return tuple(value) if isinstance(value, list) else value
