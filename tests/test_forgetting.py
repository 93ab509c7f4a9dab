"""Forgetting a person: every table of every report, and nothing else."""

from __future__ import annotations

import pandas as pd
import pytest

from journeykit.clients import client_from_dict
from journeykit.errors import JourneykitError
from journeykit.events.pseudonyms import known_as, secret_of
from journeykit.reports.forgetting import forget_customer, learned_with


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


def test_a_person_is_found_under_a_pseudonym_and_among_rejected_rows(tmp_path):
    client = client_from_dict({"id": "acme", "name": "Acme", "privacy": {"pseudonymise": True}}, tmp_path)
    assert known_as(client, "a") is None and not list(tmp_path.glob(".*.key")), "looking makes no key"
    secret_of(client)
    folder = tmp_path / "out" / "acme" / "2026-01-31"
    for name in ("tables", "models"):
        (folder / name).mkdir(parents=True)
    pd.DataFrame({"customer_id": [known_as(client, "a"), "b"]}).to_parquet(
        folder / "tables" / "customers.parquet"
    )
    pd.DataFrame({"customer_id": ["a", None], "reason": "no_time"}).to_parquet(
        folder.parent / "rejects.parquet"
    )
    (folder / "models" / "personas.skops").touch()
    changed = forget_customer("a", client, tmp_path / "out")
    assert [path.name for path in changed] == ["customers.parquet", "rejects.parquet"]
    assert pd.read_parquet(folder.parent / "rejects.parquet")["customer_id"].isna().all()
    assert learned_with(changed) == [folder / "models" / "personas.skops"]
