"""Expressions over columns, such as ``quantity * unit_price``, read without running any code."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import ibis

from journeykit.errors import ClientFileError, unknown

__all__ = ["columns_in", "evaluate", "is_expression"]

_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_QUOTED = re.compile(r"`([^`]+)`")


def is_expression(text: str) -> bool:
    """Tell whether a text calculates with columns, rather than naming one.

    Examples
    --------
    >>> is_expression("quantity * unit_price"), is_expression("sales_value")
    (True, False)
    """
    try:
        tree, _ = _parsed(text)
    except SyntaxError:
        return False
    return isinstance(tree, ast.BinOp | ast.UnaryOp)


def columns_in(text: str) -> list[str]:
    """Return the columns that an expression uses; quote a name with spaces in backticks.

    Examples
    --------
    >>> columns_in("`unit price` * 2 - discount")
    ['unit price', 'discount']
    """
    tree, names = _parsed(text)
    used = [names.get(node.id, node.id) for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return sorted(dict.fromkeys(used), key=text.index)


def evaluate(text: str, columns: Mapping[str, Any], *, where: Any = None) -> Any:
    """Return the value of an expression over numeric columns (frames, ibis columns or numbers).

    Raises
    ------
    ClientFileError
        When a column is unknown, or the expression holds anything but columns, numbers, + - * / or and brackets.

    Examples
    --------
    >>> evaluate("(a + 1) * 2", {"a": 3})
    8
    >>> evaluate("total - (back or 0)", {"total": 9, "back": None})
    9
    """
    tree, names = _parsed(text)

    def value(node: ast.AST) -> Any:
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            return _first_known([value(part) for part in node.values])
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return node.value
        if isinstance(node, ast.Name):
            name = names.get(node.id, node.id)
            if name not in columns:
                raise unknown("column", name, columns, where=where, kind=ClientFileError)
            return columns[name]
        remedy = "use columns, numbers, + - * /, brackets, and `or` for what counts where nothing is written"
        raise ClientFileError(f"the expression {text!r} cannot be calculated", where=where, remedy=remedy)

    return value(tree)


def _first_known(values: list[Any]) -> Any:
    """Return the first value that is known: ``refund or 0`` is 0 where no refund is written."""
    if any(isinstance(value, ibis.Expr) for value in values):
        return ibis.coalesce(*values)
    return next((value for value in values if value is not None and value == value), None)


def _parsed(text: str) -> tuple[ast.expr, dict[str, str]]:
    names: dict[str, str] = {}

    def plain(match: re.Match[str]) -> str:
        names[f"_quoted_{len(names)}"] = match.group(1)
        return f"_quoted_{len(names) - 1}"

    return ast.parse(_QUOTED.sub(plain, text.strip()), mode="eval").body, names
