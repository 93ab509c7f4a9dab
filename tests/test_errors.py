"""Errors say what, where, the nearest known value and the remedy, also from another process."""

from __future__ import annotations

import pickle

from journeykit.errors import ClientFileError, DataError, nearest, unknown


def test_an_error_survives_the_way_back_from_another_process():
    error = DataError("the file is empty", where="a.csv", line=3, remedy="export it again")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert str(error) == "a.csv, line 3: the file is empty. Remedy: export it again."


def test_the_nearest_name_is_offered_only_when_it_is_near():
    assert nearest("Customer_ID", ["customer_id", "page"]) == "customer_id"
    assert nearest("zzz", ["customer_id"]) is None
    assert "Did you mean" not in str(unknown("key", "zzz", ["customer_id"]))
    assert isinstance(unknown("key", "a", ["b"], kind=ClientFileError), ClientFileError)
