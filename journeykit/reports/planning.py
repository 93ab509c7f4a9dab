"""Planning a trial for a decision of a report: a plan in words, and a list of customers split by chance."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from journeykit import engine
from journeykit.clients import Client
from journeykit.decisions.after import RENEWAL
from journeykit.decisions.deciding import ARMS, COUNTED, HALF, MEASURE_FIRST
from journeykit.errors import DataError, JourneykitError
from journeykit.events.groups import read_consent
from journeykit.events.pseudonyms import pseudonymous, secret_of
from journeykit.reports.outcomes import runs_of
from journeykit.stage_models import LAPSED
from journeykit.touchpoints import safe_identifier
from journeykit.trials import split_by_chance
from journeykit.wording import say_value, text

__all__ = ["TRIAL_ARMS", "plan_trial"]

TRIAL_ARMS = ("control", "treated")
RENEWING = ("renews_less", "unused_renews_less")
STEPPING = ("goes_on_less", "channel_goes_on_less")
LIST_COLUMNS = ["customer_id", "arm", "persona", "stage"]


def plan_trial(client: Client, decision: int, out: str | Path = "reports", seed: int = 0) -> Path:
    """Write the plan of a trial for a decision of the client's last report, and the list of customers.

    On the list stands who the decision is about: of its persona, in its stage now, not lapsed, and who may be
    contacted; no more than the trial needs. The people of an account share its arm.

    Parameters
    ----------
    client
        The client.
    decision
        The decision's rank.
    out
        The folder of the reports.
    seed
        The same report and seed give the same list.

    Returns
    -------
    Path
        The folder ``trials/<id>/`` in the report's folder, with ``plan.md`` and ``customers.csv``.

    Raises
    ------
    JourneykitError
        When there is no report with decisions, or no such decision.
    """
    folder = _last_report(client, Path(out))
    row = _decision(folder, decision)
    people, left_out = _who(client, folder, row)
    listed = _split(client, people, int(row["trial_customers"]), seed)
    home = folder / "trials" / safe_identifier(str(row["finding_id"])).replace("_", "-")
    home.mkdir(parents=True, exist_ok=True)
    listed.to_csv(home / "customers.csv", index=False)
    (home / "plan.md").write_text(_plan(client, folder, row, listed, left_out, seed), encoding="utf-8")
    return home


def _last_report(client: Client, out: Path) -> Path:
    home = out / client.id
    good = [folder for folder, run in runs_of(home) if run.get("status") == "ok"] if home.is_dir() else []
    made = [folder for folder in good if (folder / "tables" / "decisions.parquet").is_file()]
    if not made:
        remedy = f"make one with 'journeykit report {client.id}'"
        raise JourneykitError("there is no report with decisions", where=home, remedy=remedy)
    return made[-1]


def _decision(folder: Path, rank: int) -> dict[str, Any]:
    made = pd.read_parquet(folder / "tables" / "decisions.parquet")
    real = made[made["finding"] != MEASURE_FIRST]
    if rank not in set(real["rank"]):
        there = ", ".join(str(one) for one in sorted(real["rank"])) or "none: nothing is worth acting on"
        raise JourneykitError(f"there is no decision {rank}", where=folder, remedy=f"decisions: {there}")
    return dict(real[real["rank"] == rank].to_dict("records")[0])


def _who(client: Client, folder: Path, row: dict[str, Any]) -> tuple[pd.DataFrame, int]:
    """Return whom a decision is about and who may be contacted, and how many may not."""
    table = pd.read_parquet(folder / "tables" / "customers.parquet")
    mine = table["stage_likely"].notna() & (table["stage_likely"] != LAPSED)
    if isinstance(row["persona"], str):
        mine &= table["persona"] == row["persona"]
    if isinstance(row["stage"], str) and not isinstance(row["page"], str):
        mine &= table["stage_likely"] == row["stage"]
    people = table[mine]
    allowed = _contactable(client)
    if allowed is None:
        return people, 0
    may = people["customer_id"].map(allowed).fillna(False).astype(bool)
    return people[may], int((~may).sum())


def _contactable(client: Client) -> pd.Series | None:
    """Return who may be contacted, by the ids of the report; None where the client file doesn't say."""
    if client.consent is None:
        return None
    connection = engine.connect()
    try:
        told = read_consent(connection, client)
    finally:
        connection.disconnect()
    secret = secret_of(client)
    if told is None or secret is None:
        return told
    return pseudonymous(told.reset_index(), secret).set_index("customer_id")["allowed"]


def _split(client: Client, people: pd.DataFrame, needed: int, seed: int) -> pd.DataFrame:
    """Return the list: as many as are needed, drawn and split by chance."""
    by = "account_id" if client.unit == "account" else "customer_id"
    people = people.rename(columns={"stage_likely": "likely"}).sort_values(
        [by, "customer_id"], ignore_index=True
    )
    units = people.drop_duplicates(by, ignore_index=True)[[by, "persona", "likely"]]
    if len(units) < ARMS:
        problem = f"{len(units)} could take part now, and a trial needs two at least"
        raise DataError(
            problem, where=client.path, remedy="choose another decision, or wait for a later report"
        )
    if len(units) > needed:
        drawn = np.random.default_rng(seed).choice(len(units), max(needed, ARMS), replace=False)
        units = units.iloc[np.sort(drawn)].reset_index(drop=True)
    units["arm"] = split_by_chance(units, ["persona", "likely"], TRIAL_ARMS, seed)
    listed = people.merge(units[[by, "arm"]], on=by).rename(columns={"stage": "named", "likely": "stage"})
    return listed[LIST_COLUMNS]


def _plan(
    client: Client, folder: Path, row: dict[str, Any], listed: pd.DataFrame, left_out: int, seed: int
) -> str:
    """Return the plan in the client's language."""
    language = client.language
    usual = "accounts" if client.setting == "b2b" else "customers"
    told = {
        "title": row["kpi"], "client": client.name, "rank": row["rank"], "action": row[f"action_{language}"],
        "day": say_value(folder.name, "date", language), "found": _found(folder, row, language), "seed": seed,
        "listed": len(listed),
        "left_out": left_out, "needed": row["trial_customers"], "days": row["trial_days"], "now": row["kpi_now"],
        "counted": text(f"decision_counted.{COUNTED.get(row['finding'], usual)}", language), "kpi": row["kpi"],
        "target": row["kpi_now"] + HALF * row["customers_more"] / row["per_year"], "others": row["kpi_others"],
        "control": TRIAL_ARMS[0], "treated": TRIAL_ARMS[1],
    }  # fmt: skip
    parts = [f"# {text('plan.title', language, **told)}", text("plan.made", language, **told)]
    for name in ("why", "what", "who", "size", "figure", "after"):
        parts += [f"## {text(f'plan.{name}_head', language)}", text(f"plan.{name}", language, **told)]
        if name == "who" and left_out:
            parts.append(text("plan.who_left_out", language, **told))
        if name == "who" and len(listed) < row["trial_customers"]:
            parts.append(text("plan.who_more", language, **told))
    return "\n\n".join([*parts, _client_file(client, folder, row)]) + "\n"


def _found(folder: Path, row: dict[str, Any], language: str) -> str:
    findings = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    return next((one["sentence"][language] for one in findings if one["id"] == row["finding_id"]), "")


def _client_file(client: Client, folder: Path, row: dict[str, Any]) -> str:
    """Return what to put in the client file afterwards."""
    name = safe_identifier(str(row["finding_id"])).replace("_", "-")
    start = dt.date.fromisoformat(folder.name) + dt.timedelta(days=1)
    end = start + dt.timedelta(days=int(row["trial_days"]))
    group = "{path: customers.csv, columns: {customer_id: customer_id, group: arm}}"
    told = {"id": name, "start": start, "end": end, "group": group, "control": TRIAL_ARMS[0]}
    told |= {"planned": int(row["trial_customers"]), "primary": f"[{', '.join(_primary(client, row))}]"}
    keys = [f"{'-' if key == 'id' else ' '} {key}: {value}" for key, value in told.items()]
    lines = ["```yaml", "trials:", *(f"  {line}" for line in keys), "```"]
    return "\n".join(lines)


def _primary(client: Client, row: dict[str, Any]) -> list[str]:
    """Return what counts as a success: a renewal, a purchase, or what shows that somebody went on from the stage."""
    if row["finding"] in RENEWING:
        return [RENEWAL]
    ids = list(client.model.ids)
    if row["finding"] not in STEPPING or row["stage"] not in ids:
        return ["purchase"]
    later = client.model.stages[ids.index(row["stage"]) + 1 :]
    return list(dict.fromkeys(marker for stage in later for marker in stage.markers))
