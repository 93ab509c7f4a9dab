"""DuckDB as ibis drives it, except that a query of a shape that was met before is not compiled again.

Compiling a query takes longer than running it on a small client, and most queries of a report, and nearly all of
the next client's, differ from an earlier one in nothing but their data.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot as sg
from ibis.backends.duckdb import Backend
from ibis.expr.operations.core import Node

__all__ = ["Compiled", "DuckDB", "shape_of"]


class Compiled:
    """SQL by the shape of its query; what was longest unused is forgotten first.

    Examples
    --------
    >>> compiled = Compiled(most=1)
    >>> compiled.keep("a", "SELECT 1", [])
    >>> compiled.find("a", [])
    'SELECT 1'
    >>> compiled.keep("b", "SELECT x FROM held_1", ["held_1"])
    >>> compiled.find("a", []), compiled.find("b", ["held_2"])
    (None, 'SELECT x FROM held_2')
    """

    def __init__(self, most: int = 1000) -> None:
        self.most = most
        self._kept: OrderedDict[Any, tuple[str, list[str]]] = OrderedDict()

    def find(self, shape: Any, held: list[str]) -> str | None:
        """Return the SQL of a shape over the held tables of these names, or none."""
        if shape not in self._kept:
            return None
        self._kept.move_to_end(shape)
        sql, before = self._kept[shape]
        for old, new in zip(before, held, strict=True):
            sql = sql.replace(old, new)
        return sql

    def keep(self, shape: Any, sql: str, held: list[str]) -> None:
        """Keep the SQL of a shape, with the names of the held tables in it."""
        self._kept[shape] = (sql, held)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)


_COMPILED = Compiled()


class DuckDB(Backend):
    """A connection to DuckDB that compiles each shape of query once in a process."""

    def compile(self, expr, /, *, limit=None, params=None, pretty=False) -> str:
        """Return the SQL of an expression; `params` are never kept."""
        shape, held = shape_of(expr.op())
        key = (shape, limit, pretty, ibis.options.sql.fuse_selects)
        if params or not _can_be_kept(key):
            return super().compile(expr, limit=limit, params=params, pretty=pretty)
        if (sql := _COMPILED.find(key, held)) is None:
            sql = super().compile(expr, limit=limit, pretty=pretty)
            _COMPILED.keep(key, sql, held)
        return sql

    def create_table(self, name, /, obj=None, **options) -> ir.Table:
        """Make a table of an expression's rows, in its types; of anything else as ibis does."""
        overwrite = options.pop("overwrite", False)
        if not isinstance(obj, ir.Table) or options or obj.schema().null_fields:
            return super().create_table(name, obj, overwrite=overwrite, **options)
        self._run_pre_execute_hooks(obj)
        into = f"{name}_anew" if overwrite else name
        self._fill(into, obj.schema(), self.compile(obj))
        if overwrite:
            self.raw_sql(f"DROP TABLE IF EXISTS {_quoted(name)}")
            self.raw_sql(f"ALTER TABLE {_quoted(into)} RENAME TO {_quoted(name)}")
        return self.table(name)

    def _fill(self, name: str, schema: ibis.Schema, sql: str) -> None:
        columns = [column.sql(self.dialect) for column in schema.to_sqlglot_column_defs(self.dialect)]
        self.raw_sql(f"CREATE TABLE {_quoted(name)} ({', '.join(columns)})")
        names = ", ".join(map(_quoted, schema.names))
        self.raw_sql(f"INSERT INTO {_quoted(name)} ({names}) {sql}")


def shape_of(query: Node) -> tuple[tuple, list[str]]:
    """Return everything that a query's SQL depends on, and the names of the frames that it holds.

    A query's nodes stand in the order in which they are met, each with its class and its values; another node is its
    number in that order. A frame that is held in memory has another name each time: its place stands for it.
    """
    numbers: dict[int, int] = {}
    shape: list[tuple] = []
    held: list[str] = []

    def seen(value: Any) -> Any:
        if isinstance(value, Node):
            if id(value) not in numbers:
                described = described_as(value)
                numbers[id(value)] = len(shape)
                shape.append(described)
            return Node, numbers[id(value)]
        if isinstance(value, tuple):
            return tuple([seen(part) for part in value])
        if isinstance(value, dict):
            return dict, *[(key, seen(part)) for key, part in value.items()]
        written = repr(value) if isinstance(value, float) else value  # 0.0 is not -0.0, nor a nan itself
        return type(value), written

    def described_as(node: Node) -> tuple:
        if isinstance(node, ops.InMemoryTable):
            held.append(node.name)
            return type(node), len(held), node.schema
        if isinstance(node, ops.DatabaseTable):
            return type(node), node.name, node.schema, node.namespace
        return type(node), *[seen(value) for value in node.__args__]

    seen(query)
    return tuple(shape), held


def _can_be_kept(key: tuple) -> bool:
    try:
        hash(key)
    except TypeError:  # a value in it can't be looked up by
        return False
    return True


def _quoted(name: str) -> str:
    return sg.to_identifier(name, quoted=True).sql("duckdb")
