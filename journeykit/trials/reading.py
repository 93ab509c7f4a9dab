"""Reading a trial out: how often each arm succeeds, whether that is more than chance, and if the split is sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ibis
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from journeykit.clients import Trial
from journeykit.intervals import compare_shares
from journeykit.journeys.statistics import two_shares_p_value
from journeykit.sessions import contacts, unit_of

__all__ = [
    "BETTER", "MISMATCH", "NO_DIFFERENCE", "TRIAL_COLUMNS", "WORSE", "holm", "mismatch_p_value", "read_out",
]  # fmt: skip

ALL = "all"
ALPHA = 0.05
UNSOUND = 0.01  # below it the arms' sizes are not what was planned
BETTER, WORSE, NO_DIFFERENCE, MISMATCH = "better", "worse", "no_difference_shown", "mismatch"
TRIAL_COLUMNS = "trial persona arm customers successes rate lift low high p_value mismatch_p verdict".split()


def read_out(log, personas: pd.Series | None = None) -> pd.DataFrame:
    """Read out the trials of a log's client: everyone, and each persona.

    A success is a customer (an account, where the groups are of accounts) with a primary event from the first day to
    the end of the last, on the client's clock. Everybody in the groups counts, whether ever seen in the log or not: who
    drops out differently per arm is what a trial must not lose. A trial that has not begun is left out; one that has
    not ended has its counts, and no lift and no verdict yet.

    Parameters
    ----------
    log : EventLog
        The events, with `groups`.
    personas
        Persona per `unit_id`; null or absent for units without one, which count in `all` only.

    Returns
    -------
    pandas.DataFrame
        `trial, persona` (or `all`), `arm` (the control first), `customers, successes, rate, lift` (rate less the
        control's), `low, high` (95 %, Newcombe), `p_value` (of `all`: over all arms of all trials; of a persona: over
        all of them and of all personas; Holm), `mismatch_p` and `verdict` (`better`, `worse`, `no_difference_shown`,
        `mismatch`). The control has no lift, and no verdict but `mismatch`; where the split is not
        sound nobody has a lift.

    Notes
    -----
    A persona is told from all behaviour, that after the start of the trial too: where a treatment changes what persona
    somebody seems to be, the arms within a persona are no longer alike. `mismatch_p` within the persona shows that,
    when it is large.
    """
    rows: list[dict[str, Any]] = []
    for trial in log.client.trials:
        if log.as_of_date < trial.start or len(log.groups) == 0:
            continue
        people = _people(log, trial, personas)
        rows += _rows(trial, people, ended=log.as_of_date >= trial.end)
    table = pd.DataFrame(rows, columns=[*TRIAL_COLUMNS, "split_p"])
    table["p_value"] = _corrected(table)
    table["verdict"] = [_verdict(row) for row in table.itertuples()]
    return table[TRIAL_COLUMNS]


def _people(log, trial: Trial, personas: pd.Series | None) -> pd.DataFrame:
    """Return one row per customer (or account) in the trial: ``arm, persona, success``."""
    groups = log.groups[log.groups["trial"] == trial.id]
    by = "account_id" if groups["account_id"].notna().any() else "customer_id"
    people = groups[[by, "arm"]].rename(columns={by: "who"}).reset_index(drop=True)
    people["success"] = people["who"].isin(_successful(log, trial, by))
    people["persona"] = _personas_of(log, people["who"], by, personas)
    return people


def _successful(log, trial: Trial, by: str) -> set[str]:
    table = contacts(log)
    table = table.mutate(who=table["unit_id"] if by == "account_id" else table["customer_id"])
    first, last = (
        pd.Timestamp(day).to_pydatetime() for day in (trial.start, trial.end + pd.Timedelta(days=1))
    )
    at = table["local_timestamp"]
    during = (at >= ibis.literal(first).cast("timestamp(6)")) & (at < ibis.literal(last).cast("timestamp(6)"))
    primary = table["touchpoint"].isin(trial.primary) | table["step"].isin(trial.primary)
    return set(table.filter(during & primary).select("who").distinct().execute()["who"])


def _personas_of(log, who: pd.Series, by: str, personas: pd.Series | None) -> pd.Series:
    if personas is None:
        return pd.Series(None, index=who.index, dtype="str")
    known = personas.dropna().astype("str")
    if by == "account_id" or log.client.unit == "customer":
        return who.map(known)
    table = log.visible
    pairs = table.select("customer_id", unit_id=unit_of(log, table)).distinct().execute()
    return who.map(pairs.drop_duplicates("customer_id").set_index("customer_id")["unit_id"]).map(known)


def _arms(trial: Trial, people: pd.DataFrame) -> list[str]:
    """Return the arms in the order of the file, the control first."""
    found = list(dict.fromkeys(people["arm"]))
    control = trial.control or found[0]
    return [control, *(arm for arm in found if arm != control)]


def _rows(trial: Trial, people: pd.DataFrame, ended: bool) -> Iterator[dict[str, Any]]:
    arms = _arms(trial, people)
    personas = sorted(people["persona"].dropna().unique(), key=lambda name: (len(name), name))
    whole = _mismatch(trial, people, arms)
    for persona in (ALL, *personas):
        own = people if persona == ALL else people[people["persona"] == persona]
        counted = own.groupby("arm")["success"].agg(["size", "sum"]).reindex(arms).fillna(0).astype(int)
        split = _mismatch(trial, own, arms)
        within = 1.0 if persona == ALL else min(1.0, split * len(personas))
        base = counted.iloc[0]
        for arm, (size, hits) in zip(arms, counted.to_numpy(), strict=True):
            row = {
                "trial": trial.id,
                "persona": persona,
                "arm": arm,
                "customers": int(size),
                "successes": int(hits),
            }
            row |= {
                "rate": hits / size if size else np.nan,
                "mismatch_p": split,
                "split_p": min(whole, within),
            }
            sound = row["split_p"] >= UNSOUND
            if ended and sound and arm != arms[0] and size and base["size"]:
                row |= _lift(int(base["sum"]), int(base["size"]), int(hits), int(size))
            yield row


def _lift(base_hits: int, base_size: int, hits: int, size: int) -> dict[str, float]:
    found = compare_shares(base_hits / base_size, base_size, hits / size, size)
    p_value = (
        two_shares_p_value(hits, size, base_hits, base_size)
        if 0 < hits + base_hits < size + base_size
        else 1.0
    )
    return {"lift": found["difference"], "low": found["low"], "high": found["high"], "p_value": p_value}


def _mismatch(trial: Trial, people: pd.DataFrame, arms: list[str]) -> float:
    return mismatch_p_value(
        people["arm"].value_counts().reindex(arms).fillna(0), {arm: trial.ratio.get(arm, 1.0) for arm in arms}
    )


def mismatch_p_value(sizes: pd.Series, ratio: Mapping[str, float]) -> float:
    """Return the p-value that arms differ in size from what was planned (chi-square); null where nobody is in any.

    Parameters
    ----------
    sizes
        Customers per arm.
    ratio
        How large the arms were to be, beside each other.

    Notes
    -----
    Fabijan, A. et al. (2019). Diagnosing sample ratio mismatch in online controlled experiments. KDD '19.

    Examples
    --------
    >>> round(mismatch_p_value(pd.Series({"control": 931, "gift": 497}), {"control": 1, "gift": 1}), 4)
    0.0
    >>> mismatch_p_value(pd.Series({"control": 50, "mail": 100}), {"control": 1, "mail": 2})
    1.0
    """
    from scipy.stats import chi2

    total, shares = float(sizes.sum()), np.array([ratio[arm] for arm in sizes.index], dtype=float)
    if total == 0:
        return np.nan
    expected = total * shares / shares.sum()
    return float(chi2.sf(((sizes.to_numpy(float) - expected) ** 2 / expected).sum(), len(sizes) - 1))


def _corrected(table: pd.DataFrame) -> np.ndarray:
    """Return the p-values of everyone corrected over each other, those of personas over all."""
    everyone = (table["persona"] == ALL).to_numpy()
    p_value = table["p_value"].astype(float).to_numpy()
    corrected = holm(p_value)
    corrected[everyone] = holm(p_value[everyone])
    return corrected


def holm(p_values: ArrayLike) -> np.ndarray:
    """Return p-values corrected for looking at several (Holm); nulls stay null and are not counted.

    Notes
    -----
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6.

    Examples
    --------
    >>> holm([0.01, 0.04, float("nan"), 0.03]).round(2).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    p_values = np.asarray(p_values, dtype=float)
    corrected = np.full(p_values.shape, np.nan)
    order = np.argsort(p_values)[: int(np.isfinite(p_values).sum())]
    stepped = p_values[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return corrected


def _verdict(row: Any) -> str | None:
    if row.split_p < UNSOUND:
        return MISMATCH
    if row.lift != row.lift:
        return None
    if row.p_value >= ALPHA:
        return NO_DIFFERENCE
    return BETTER if row.lift > 0 else WORSE
