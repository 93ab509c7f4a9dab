"""What changed since the last report: shares of then and now, with intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journeykit.intervals import compare_shares
from journeykit.journeys.statistics import adjust_p_values
from journeykit.personas import PersonaMatch

__all__ = ["list_changes", "moves_table", "persona_changes"]

COLUMNS = [
    "figure", "persona", "stage", "before", "after", "difference", "low", "high", "significant",
    "p_value", "p_adjusted", "customers",
]  # fmt: skip
ALPHA = 0.05  # expected share of false ones among the changes that are called significant


def list_changes(
    before: dict[str, pd.DataFrame],
    after: dict[str, pd.DataFrame],
    stages: tuple[str, ...],
    match: PersonaMatch | None = None,
    min_group: int = 10,
) -> pd.DataFrame:
    """Compare two reports of a client.

    Parameters
    ----------
    before, after
        The tables ``customers`` and ``drop_off`` of both reports.
    stages
        The stages of the model, in order.
    match
        What became of the personas, when both reports have any.
    min_group
        Smaller groups are left out.

    Returns
    -------
    DataFrame
        One row a figure, persona and stage: ``stage_share`` (expected share of customers in the stage, or
        lapsed) and ``drop_off``, for everyone and for each persona that was found again, and the rows of
        `persona_changes`; the difference with its 95 % interval, its ``p_value``, the same after false-discovery
        control over all that was tested (``p_adjusted``), ``customers`` now, and whether the change is
        ``significant``: after that control, or, of what was not tested (who is new, gone or moved), by its
        interval. Significant changes come first, the largest before the smaller.
    """
    kept = [] if match is None else [one.after for one in match.pairs.itertuples() if one.before == one.after]
    rows: list[dict[str, Any] | None] = []
    for persona in ["all", *kept]:
        people = [_of(table["customers"], persona, min_group) for table in (before, after)]
        rows += [_stage_share(persona, stage, *people) for stage in (*stages, "lapsed")]
        rows += [_drop_off(persona, stage, before["drop_off"], after["drop_off"]) for stage in stages]
    rows += [] if match is None else persona_changes(match, min_group)
    return _controlled(pd.DataFrame([row for row in rows if row is not None], columns=COLUMNS))


def _controlled(table: pd.DataFrame) -> pd.DataFrame:
    """Return the changes after false-discovery control, significant ones first."""
    p_values = table["p_value"].astype("float64")
    adjusted = adjust_p_values(p_values)
    tested = p_values.notna()
    kept = table["significant"].astype(bool).where(~tested, adjusted <= ALPHA)
    found = table.assign(p_value=p_values, p_adjusted=adjusted, significant=kept.astype(bool))
    size = found["difference"].astype("float64").abs().fillna(0.0)
    order = found.assign(size=size).sort_values(["significant", "size"], ascending=False, kind="stable").index
    return found.loc[order].reset_index(drop=True)


def persona_changes(match: PersonaMatch, min_group: int = 10) -> list[dict[str, Any]]:
    """Return what became of the personas, as rows of the table of changes.

    ``persona_share`` (share of those placed), ``persona_born`` and ``persona_gone`` (the same, with 0 on the other
    side), ``persona_merged`` (of those who were in the persona, the share that is now in the one that it went up in),
    ``persona_split`` (of those who are in the persona, the share that was in the one that it came from) and
    ``persona_moved`` (of those who were in the persona, the share that is in another one now).
    """
    sizes = match.sizes[match.sizes[["customers_before", "customers_after"]].max(axis=1) >= min_group]
    figure = np.select(
        [sizes["from"].isna(), sizes["to"].isna()], ["persona_born", "persona_gone"], "persona_share"
    )
    rows = sizes.assign(
        figure=figure,
        persona=sizes["to"].fillna(sizes["from"]),
        stage=None,
        customers=sizes["customers_after"],
    )
    rows["p_value"] = rows["p_value"].where(figure == "persona_share")  # who is new or gone was not tested
    found = rows.reindex(columns=COLUMNS).to_dict("records")
    new, gone = set(match.births), set(match.deaths)
    for name, table, persona in (
        ("persona_merged", match.merges[match.merges["from"].isin(gone)], "from"),
        ("persona_split", match.splits[match.splits["to"].isin(new)], "to"),
        ("persona_moved", _leaving(match), "from"),
    ):
        shown = table[table["of"] >= min_group]
        found += [_flow(name, row[persona], row) for row in shown.to_dict("records")]
    return found


def _leaving(match: PersonaMatch) -> pd.DataFrame:
    """Return, of each persona that was found again, who left it for another one."""
    pairs = dict(zip(match.pairs["after"], match.pairs["before"], strict=True))
    stays = match.stays[match.stays["persona"].isin(pairs)]
    low, high = 1 - stays["high"], 1 - stays["low"]
    names = stays["persona"].map(pairs)
    return stays.assign(**{"from": names, "share": 1 - stays["share"], "low": low, "high": high})


def _flow(figure: str, persona: str, row: dict[str, Any]) -> dict[str, Any]:
    shares = {
        "before": np.nan,
        "after": row["share"],
        "difference": np.nan,
        "low": row["low"],
        "high": row["high"],
    }
    told = {"significant": row["low"] > 0, "p_value": np.nan, "customers": row["of"]}
    return {"figure": figure, "persona": persona, "stage": None, **shares, **told}


def moves_table(match: PersonaMatch, min_group: int = 10) -> pd.DataFrame:
    """Return who went from which persona to which, blank where too few were in it."""
    table = match.moves[["from", "to", "customers", "of", "share", "low", "high", "returned", "p_value"]]
    small = table["of"] < min_group
    figures = [name for name in table if name not in ("from", "to")]
    blank = table[figures].astype("float64").mask(small)
    return table.assign(**{name: blank[name] for name in figures}, held_back=small)


def _of(customers: pd.DataFrame, persona: str, least: int) -> pd.DataFrame:
    own = customers if persona == "all" else customers[customers["persona"] == persona]
    return own if len(own) >= least else own.head(0)


def _row(persona: str, figure: str, stage: str, before: float, n: float, after: float, m: float):
    if not (n > 0 and m > 0) or np.isnan(before) or np.isnan(after):
        return None
    named = {"figure": figure, "persona": persona, "stage": stage, "before": before, "after": after}
    return named | compare_shares(before, n, after, m) | {"customers": m}


def _stage_share(persona: str, stage: str, before: pd.DataFrame, after: pd.DataFrame):
    name = f"p_{stage}"
    if name not in before or name not in after:
        return None
    old, new = before[name].dropna(), after[name].dropna()
    return _row(persona, "stage_share", stage, float(old.mean()), len(old), float(new.mean()), len(new))


def _drop_off(persona: str, stage: str, before: pd.DataFrame, after: pd.DataFrame):
    pair = []
    for table in (before, after):
        own = table[(table["persona"] == persona) & (table["stage"] == stage)]
        if own.empty:
            return None
        pair += [float(own["drop_off"].iloc[0]), float(own["left"].iloc[0])]
    return _row(persona, "drop_off", stage, *pair)
