"""Numbers: a sample in Python and a column in the engine are read alike."""

from __future__ import annotations

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeykit.events.numbers import plain_numbers, read_number
from tests.examples import examples

COLUMNS = {
    "points": ["1,234.50", "12.5", "-3", "1,234,567", "$ 5.00", "(7.25)", "8.00-"],
    "commas": ["1.234,50", "12,5", "-3", "€ 5,00", "(7,25)", "8,00-", "100,-", "1.234.567"],
    "blanks": ["1 234,5", "1\u202f234,50 kr", "1'234,00"],
    "open": ["1.234", "12.500"],
    "open beside whole": ["950", "12.500"],
    "words": ["n.v.t.", "abc", "ABC123", "", "1.2E+3", '="12.50"'],
}
CODES = st.sampled_from(["", "€ ", "EUR ", "$"])
AMOUNTS = st.decimals(-(10**7), 10**7, places=2, allow_nan=False, allow_infinity=False)


def in_engine(texts):
    table = ibis.memtable(pd.DataFrame({"text": pd.Series(texts, dtype="str")}))
    found = read_number(
        table["text"], lambda column: column.name("text").as_table().execute()["text"].dropna().tolist()
    )
    return table.select(number=found).execute()["number"]


def same(texts):
    pd.testing.assert_series_equal(
        in_engine(texts), plain_numbers(pd.Series(texts, dtype="str")), check_names=False, check_dtype=False
    )


@pytest.mark.parametrize("texts", COLUMNS.values(), ids=COLUMNS)
def test_a_sample_and_the_whole_column_are_read_alike(texts):
    same(texts)


@settings(max_examples=examples(25, 200))
@given(st.lists(st.tuples(CODES, AMOUNTS), min_size=1, max_size=8), st.booleans())
def test_amounts_in_either_dialect_come_back(given_, comma):
    marks = str.maketrans(",.", ".,") if comma else {}
    texts = [f"{sign}{amount:,.2f}".translate(marks) for sign, amount in given_]
    same(texts)
    assert in_engine(texts).tolist() == [float(amount) for _, amount in given_]
