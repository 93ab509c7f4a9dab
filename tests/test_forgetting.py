"""Forgetting a person: every table of every report, and nothing else."""

from __future__ import annotations

import pandas as pd
import pytest

from journeykit.errors import JourneykitError
from journeykit.reports.forgetting import forget_customer


def test_a_person_leaves_every_table_and_the_others_stay(tmp_path):
    for day in ("2026-01-31", "2026-02-28"):
        folder = tmp_path / "acme" / day / "tables"
        folder.mkdir(parents=True)
        pd.DataFrame({"customer_id": ["a", "b"], "p": [0.1, 0.9]}).to_parquet(folder / "customers.parquet")
        pd.DataFrame({"stage": ["x"]}).to_parquet(folder / "funnel.parquet")
    assert len(forget_customer("a", "acme", tmp_path)) == 2
    assert pd.read_parquet(folder / "customers.parquet")["customer_id"].tolist() == ["b"]
    with pytest.raises(JourneykitError, match="no table holds the customer 'a'"):
        forget_customer("a", "acme", tmp_path)
    with pytest.raises(JourneykitError, match="no reports of this client"):
        forget_customer("a", "other", tmp_path)
