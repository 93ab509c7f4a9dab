"""Money: what the spend on channels brings back, and what the year ahead brings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from journeykit import plots
from journeykit.money.returns import mostly_paid
from journeykit.money.ways import LOOK_BACK_DAYS, UNKNOWN
from journeykit.reports.chapters.leads import lead_of
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.wording.formats import with_currency

__all__ = ["ahead", "spend"]

ALL = "all"
UNTOLD = ("profile", "order")  # of which other chapters say that nothing can be foretold
MOST_CAMPAIGNS, MOST_GROUPS = 12, 16
COUNTED = ["purchases", "revenue", "revenue_low", "revenue_high", "return", "new_customers", "margin_return"]


def spend(page: Page, study: Any) -> None:
    """Show what was spent on channels and what came back; nothing where no costs are known."""
    returns = getattr(study, "returns", None)
    if returns is None:
        return
    read = Reader(page, study)
    page.heading("spend")
    table, about = read.table("returns"), returns.about
    page.say(page.text("prose.spend", cost=about["cost"], days=LOOK_BACK_DAYS))
    if table["revenue"].isna().all():
        page.note(page.text("prose.spend_no_money"))
    read.say("spend")
    _untracked(page, read, about)
    table = table[(table["persona"] == ALL) & table["source"].isna()]
    table[COUNTED] = (
        table[COUNTED].astype(float).mask(table["channel"].isin(list(about["unseen"])))
    )  # nothing is known
    table = table.assign(low=table["revenue_low"] / table["cost"], high=table["revenue_high"] / table["cost"])
    last = table[table["model"] == "last"]
    _returns(page, read, last[last["campaign"].isna()], about)
    _side_by_side(page, read, table[table["campaign"].isna()])
    _campaigns(page, read, last[last["campaign"].notna()])


def _untracked(page: Page, read: Reader, about: dict[str, Any]) -> None:
    """Say what no model can credit, and what was spent without a contact to show for it."""
    if about["purchases"] and about["untracked_share"] > 0:
        said = {"share": about["untracked_share"], "purchases": about["purchases"]}
        page.say(page.text("prose.spend_untracked", **said))
    if about["unknown_share"] > 0:
        page.say(page.text("prose.spend_unknown", share=about["unknown_share"], days=LOOK_BACK_DAYS))
    if about["unseen"]:
        named = read.joined(read.channel(name) for name in about["unseen"])
        page.say(page.text("prose.spend_unseen", channels=named, cost=sum(about["unseen"].values())))
    if read.client.margin:
        page.say(page.text("prose.spend_margin", margin=read.client.margin, even=1 / read.client.margin))
    if about["unplaced"]:
        page.note(page.text("prose.spend_unplaced", rows=about["unplaced"]))


def _returns(page: Page, read: Reader, last: pd.DataFrame, about: dict[str, Any]) -> None:
    """Draw what came back of each paid channel that shows contacts."""
    shown = last[last["return"].notna() & (last["purchases"] > 0)].sort_values("return", ascending=False)
    paid = mostly_paid(about, shown["channel"])
    if not paid.all():
        named = read.joined(read.channel(name) for name in shown.loc[~paid, "channel"])
        page.say(page.text("prose.spend_mixed", channels=named))
    shown = shown[paid]
    if len(shown) < 2:
        return
    drawn = shown.assign(value=shown["return"], label=[_channel(read, name) for name in shown["channel"]])
    drawn["channel"] = drawn["label"]
    axes = plots.amounts(
        drawn[["label", "value", "low", "high"]], xlabel=page.text("axes.spend", one=1), written=_amount(page)
    )
    lead = lead_of(page, "spend", drawn, "value")
    page.figure(axes, page.text("captions.spend", one=1), of="returns", lead=lead)


def _side_by_side(page: Page, read: Reader, table: pd.DataFrame) -> None:
    """Show the channels under the three models beside each other."""
    by_model = {model: own.set_index("channel") for model, own in table.groupby("model")}
    shown = by_model["last"]
    for model in ("markov", "shapley"):
        shown[f"return_{model}"] = by_model[model]["return"]
    shown = shown.sort_values(["cost", "revenue"], ascending=False).reset_index()
    shown = shown[(shown["cost"] > 0) | (shown["purchases"] > 0)]
    page.table(
        _written(page, read, shown), page.text("captions.spend_table"), _forms(shown, "channel"), of="returns"
    )


def _written(page: Page, read: Reader, shown: pd.DataFrame) -> pd.DataFrame:
    spread = [page.spread(row["return"], row["low"], row["high"], "amount") for _, row in shown.iterrows()]
    return shown.assign(channel=[_channel(read, name) for name in shown["channel"]], **{"return": spread})


def _forms(shown: pd.DataFrame, *names: str) -> dict[str, str]:
    forms = dict.fromkeys(names, "text") | {"cost": "amount", "purchases": "whole", "revenue": "amount"}
    forms |= {
        "return": "right",
        "return_markov": "amount",
        "return_shapley": "amount",
        "margin_return": "amount",
    }
    forms |= {"new_customers": "whole", "cost_per_new_customer": "amount", "cpm": "amount", "cpc": "amount"}
    return {name: form for name, form in forms.items() if name in shown and shown[name].notna().any()}


def _campaigns(page: Page, read: Reader, last: pd.DataFrame) -> None:
    shown = last[last["cost"] > 0].sort_values("cost", ascending=False).head(MOST_CAMPAIGNS)
    if shown.empty:
        return
    if shown["purchases"].isna().all():
        page.note(page.text("prose.spend_campaigns_untold"))
        return
    forms = _forms(shown, "channel", "campaign")
    page.table(_written(page, read, shown), page.text("captions.spend_campaigns"), forms, of="returns")


def ahead(page: Page, study: Any) -> None:
    """Show what customers who bought will bring in the year ahead, or say why that cannot be foretold."""
    forecast = getattr(study, "value_forecast", None)
    if forecast is None or forecast.reason in UNTOLD:
        return
    read = Reader(page, study)
    page.heading("ahead")
    if forecast.reason is not None:
        page.note(page.text(f"prose.ahead_none_{forecast.reason}", units=read.units))
        return
    table = read.table("value_outlook")
    _total(page, read, table, forecast)
    read.say("ahead")
    table = table[table["value_expected"].notna()]
    table = _parted(table)
    parted = table[(table["persona"] == ALL) != (table["acquisition_channel"] == ALL)]
    shown = parted.assign(
        label=[_group(read, row) for row in parted.itertuples()],
        value=parted["value_expected"] / parted["customers"],
        low=parted["low"] / parted["customers"],
        high=parted["high"] / parted["customers"],
    )
    if len(shown) > 1:
        drawn = shown.sort_values("value", ascending=False).head(MOST_GROUPS)
        axes = plots.amounts(
            drawn[["label", "value", "low", "high"]],
            xlabel=page.text("axes.ahead", unit=_unit(page, read)),
            written=_amount(page),
        )
        lead = lead_of(page, "ahead", _surely_more(drawn, table), "value", unit=_unit(page, read))
        page.figure(axes, page.text("captions.ahead", unit=_unit(page, read)), of="value_outlook", lead=lead)
    _groups(page, read, table)


def _parted(table: pd.DataFrame) -> pd.DataFrame:
    """Return the groups without those that are everyone again, such as the only channel."""
    everyone = (table["persona"] == ALL) & (table["acquisition_channel"] == ALL)
    most = table.loc[everyone, "customers"].max()
    return table[everyone | (table["customers"] < most)]


def _unit(page: Page, read: Reader) -> str:
    return page.text(f"cards.unit_{read.client.setting}").lower()


def _surely_more(drawn: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return the groups whose whole interval lies above the mean of everyone: what may be chance leads nothing."""
    whole = table[(table["persona"] == ALL) & (table["acquisition_channel"] == ALL)].iloc[0]
    return drawn[drawn["low"] > whole["value_expected"] / whole["customers"]]


def _amount(page: Page) -> Callable[[float], str]:
    """Return how amounts are written along an axis."""
    currency = page.client.currency
    return lambda value: (
        with_currency(value, currency, page.language, 0)
        if currency and float(value).is_integer()
        else page.value(value, "amount")
    )


def _channel(read: Reader, name: str) -> str:
    return read.page.text("parts.unknown_channel") if name == UNKNOWN else read.channel(name)


def _group(read: Reader, row: Any) -> str:
    if row.persona != ALL:
        return read.persona(row.persona)
    return read.page.text("parts.came_by", channel=_channel(read, row.acquisition_channel))


def _total(page: Page, read: Reader, table: pd.DataFrame, forecast: Any) -> None:
    """Say what all bring together, and from what it follows."""
    about, whole = forecast.about, table[(table["persona"] == ALL) & (table["acquisition_channel"] == ALL)]
    row = whole.iloc[0]
    if row["value_expected"] == row["value_expected"]:
        said = {
            "value": row["value_expected"],
            "low": row["low"],
            "high": row["high"],
            "customers": row["customers"],
        }
        page.say(
            page.text(
                "prose.ahead_total", day=page.day_of(read.study.log), _units=(read.units, read.units), **said
            )
        )
    if forecast.kind == "contracts":
        page.say(page.text("prose.ahead_contracts", days=about["period_days"]))
        return
    page.say(page.text("prose.ahead_purchases"))
    if about["often"] != ALL:
        page.say(page.text(f"prose.ahead_by_{about['often']}"))
    if about["held_days"] is not None:
        page.note(page.text("prose.ahead_missed", days=about["held_days"]))


def _groups(page: Page, read: Reader, table: pd.DataFrame) -> None:
    """Show the groups that are parted by persona or by channel, with what a new customer cost there."""
    shown = table[(table["persona"] == ALL) | (table["acquisition_channel"] == ALL)]
    returns = read.table("returns")
    costs = pd.Series(dtype=float)
    if len(returns):
        rows = returns[(returns["model"] == "last") & (returns["persona"] == ALL)]
        rows = rows[rows["source"].isna() & rows["campaign"].isna()]
        costs = rows.set_index("channel")["cost_per_new_customer"].astype(float)
    shown = shown.assign(
        each=shown["value_expected"] / shown["customers"],
        cost_per_new_customer=np.where(
            shown["persona"] == ALL, shown["acquisition_channel"].map(costs).astype(float), np.nan
        ),
        value_expected=[
            page.spread(row.value_expected, row.low, row.high, "amount") for row in shown.itertuples()
        ],
        persona=[read.persona(who) for who in shown["persona"]],
        acquisition_channel=[
            page.text("parts.all_channels") if name == ALL else _channel(read, name)
            for name in shown["acquisition_channel"]
        ],
    )
    forms = {
        "persona": "text",
        "acquisition_channel": "text",
        "customers": "whole",
        "value_expected": "right",
    }
    forms |= {"each": "amount", "cost_per_new_customer": "amount"}
    forms = {name: form for name, form in forms.items() if shown[name].notna().any()}
    page.table(shown, page.text("captions.ahead_table"), forms, of="value_outlook")
