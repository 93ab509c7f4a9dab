"""Queries of a shape that was met before: the SQL is that of a fresh compilation, and the data are one's own."""

from __future__ import annotations

import ibis
import pandas as pd
import pytest
from ibis.backends.duckdb import Backend

from journeykit.duckdb_engine import DuckDB
from journeykit.engine import connect

ROWS = pd.DataFrame({"who": ["a", "a", "b"], "at": [1, 2, 3], "paid": [1.5, None, -2.0]})


@pytest.fixture
def table():
    return connect().create_table("rows", ROWS)


QUERIES = {
    "minus one": lambda t: t.mutate(x=ibis.literal(-1)),
    "minus two": lambda t: t.mutate(x=ibis.literal(-2)),
    "one": lambda t: t.mutate(x=ibis.literal(1)),
    "one as a fraction": lambda t: t.mutate(x=ibis.literal(1.0)),
    "true": lambda t: t.mutate(x=ibis.literal(True)),
    "nought": lambda t: t.mutate(x=ibis.literal(0.0)),
    "minus nought": lambda t: t.mutate(x=ibis.literal(-0.0)),
    "one column": lambda t: t.select("who"),
    "another column": lambda t: t.select("at"),
    "renamed": lambda t: t.select(at="who", who="at"),
    "in another order": lambda t: t.order_by(t["at"].desc()),
    "in order": lambda t: t.order_by("at"),
    "of one": lambda t: t.filter(t["who"] == "a"),
    "of another": lambda t: t.filter(t["who"] == "b"),
    "of several": lambda t: t.filter(t["who"].isin(["a", "b"])),
    "sums": lambda t: t.group_by("who").aggregate(paid=t["paid"].sum(), n=t.count()),
    "a window": lambda t: t.mutate(n=ibis.row_number().over(ibis.window(group_by="who", order_by="at"))),
    "a window of all": lambda t: t.mutate(n=ibis.row_number().over(ibis.window(order_by="at"))),
    "joined": lambda t: t.join(t.view(), "who"),
    "joined on the left": lambda t: t.left_join(t.view(), "who"),
    "the first": lambda t: t.limit(1),
    "the second": lambda t: t.limit(1, offset=1),
}


@pytest.mark.parametrize("again", range(2))
@pytest.mark.parametrize("name", QUERIES)
def test_the_sql_of_a_shape_is_that_of_a_fresh_compilation(table, name, again):
    query = QUERIES[name](table)
    found, fresh = table.get_backend().compile(query), Backend.compile(table.get_backend(), query)
    without_counters = [pd.Series([sql]).str.replace(r"t\d+", "t", regex=True)[0] for sql in (found, fresh)]
    assert without_counters[0] == without_counters[1]


def test_a_query_of_a_known_shape_reads_its_own_rows():
    sums = []
    for paid in (1.0, 2.0):
        mine = connect().create_table("rows", ROWS.assign(paid=paid))
        sums.append(mine["paid"].sum().execute())
        held = ibis.memtable(pd.DataFrame({"who": ["a"], "times": [paid]}))
        sums.append(mine.inner_join(held, "who")["times"].sum().execute())
    assert sums == [3.0, 2.0, 6.0, 4.0]


def test_a_shape_is_compiled_once(table, monkeypatch):
    compiled = []
    whole = Backend.compile
    monkeypatch.setattr(
        Backend, "compile", lambda *args, **options: compiled.append(1) or whole(*args, **options)
    )
    for number in (71_001, 71_001, 71_002):
        table.filter(table["at"] < number).count().execute()
    assert len(compiled) == 2


def test_a_table_is_made_in_the_types_of_its_expression_and_may_take_its_own_place(table):
    connection = table.get_backend()
    assert isinstance(connection, DuckDB)
    summed = table.group_by("who").aggregate(at=table["at"].sum(), paid=table["paid"].max())
    made = connection.create_table("rows", summed, overwrite=True)
    assert dict(made.schema()) == dict(connection.table("rows").schema()) == dict(summed.schema())
    assert made.order_by("who").execute().values.tolist() == [["a", 3, 1.5], ["b", 3, -2.0]]
    with pytest.raises(Exception, match="already exists"):
        connection.create_table("rows", made.limit(1))
