"""Value: what customers who bought will bring in the year ahead, one by one and together, with intervals that hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from journeykit.events import EventLog
from journeykit.facts import in_one_money, list_sales, selling_touchpoints
from journeykit.forecasts import buying
from journeykit.forecasts.contracts import Contracts, find_contracts, renew_from
from journeykit.forecasts.grouping import CHECKED, PART, choose_groupings, draw_models, hold_out, missed
from journeykit.sessions import contacts

__all__ = ["ALL", "UNKNOWN", "ValueForecast", "acquisition_channels", "forecast_value"]

ALL, UNKNOWN = "all", "unknown"
DRAWS = 500
FEWEST = 30  # units that bought: of fewer nothing is foretold
AT_ONCE = 2_000  # customers drawn together
FORECAST_COLUMNS = ["p_alive", "purchases_expected", "value_expected", "value_low", "value_high"]
OUTLOOK_COLUMNS = ["persona", "acquisition_channel", "customers", "value_expected", "low", "high"]


@dataclass(frozen=True)
class ValueForecast:
    """What customers will bring in the 365 days after a log's moment.

    Attributes
    ----------
    table
        One row a unit that bought: its id (``account_id`` in b2b, else ``customer_id``), ``p_alive``,
        ``purchases_expected``, ``value_expected``, and ``value_low``, ``value_high`` (95 %).
    outlook
        Sums of groups: ``persona, acquisition_channel`` (each also `all`), ``customers, value_expected, low, high``.
    reason
        Why nothing is foretold: ``profile``, ``order`` (no times), ``silence``, ``currencies``, ``values`` (none are
        known) or ``few``; None where something is.
    kind
        ``purchases`` or ``contracts``.
    about
        How: ``often``, ``much`` (the groupings), ``orders_a_day``, ``missed`` (by how much sums
        of months held out were missed, as logs; with it the intervals of groups are widened), ``held_days`` (of those
        that were missed by more than chance explains, or None); ``period_days``,
        ``contract_share``.
    """

    table: pd.DataFrame
    outlook: pd.DataFrame
    reason: str | None = None
    kind: str | None = None
    about: dict[str, Any] = field(default_factory=dict)


def acquisition_channels(log: EventLog) -> pd.Series:
    """Return the channel of each unit's first contact, by ``unit_id``; `unknown` where it has none."""
    table = contacts(log)
    first = table.filter(table["order"] == 0).select("unit_id", "channel").execute()
    channels = first.set_index("unit_id")["channel"].sort_index()
    return channels.where(channels.notna(), UNKNOWN).astype("str")


def forecast_value(
    log: EventLog,
    personas: pd.Series | None = None,
    personas_at: Callable[[pd.Timestamp], pd.Series] | None = None,
    *,
    silent: bool = False,
    random_state: int = 0,
    draws: int = DRAWS,
    days: float = buying.YEAR_DAYS,
) -> ValueForecast:
    """Foretell what each unit that bought will bring in the 365 days, or as many as asked, after a log's moment.

    How often is learned by BG/NBD and how much by gamma-gamma, for everybody, or apart by the channel of the first
    contact or by persona where that foretells months better that were held out. Where sales come back after a fixed
    period they are contracts, and the chance of renewal is learned from those that fell due, and from use where that
    helps. Intervals hold what is uncertain in the parameters and in what anybody does.

    Parameters
    ----------
    log
        The events, as of their moment.
    personas
        Persona by ``unit_id``; null: unassigned.
    personas_at
        Gives the personas as they were known at an earlier moment; without it they are not tried as groups, as
        personas of today know what was bought since.
    silent
        Whether the events end too long before the day for anything to be foretold.

    Returns
    -------
    ValueForecast

    Notes
    -----
    Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). Counting your customers the easy way. Marketing Science 24.
    """
    sales = list_sales(log)
    reason = _why_not(log, sales, silent)
    if reason:
        return _nothing(log, reason)
    groups = pd.DataFrame({"channel": acquisition_channels(log)})
    known = pd.Series(dtype="str") if personas is None else personas
    groups["persona"] = known.reindex(groups.index)
    random = np.random.default_rng(random_state)
    contracts = find_contracts(sales, log.moment)
    if contracts is not None:
        told, value, about = _contracted(log, contracts, random, draws, days)
        low, high = np.quantile(value, [0.025, 0.975], axis=1)
        sums = _Sums(groups.reindex(told.index), draws)
        sums.add(told.index, value, told["worth"].to_numpy())
        table = told.assign(low=low, high=high)
        kind = "contracts"
    else:
        table, sums, about = _bought(log, sales, groups, personas_at, random, draws, days)
        kind = "purchases"
    outlook = sums.outlook(about.get("missed", 0.0), random)
    return ValueForecast(_shaped(log, table), outlook, None, kind, about)


def _why_not(log: EventLog, sales: pd.DataFrame, silent: bool) -> str | None:
    if log.profile_only:
        return "profile"
    if log.client.in_order:
        return "order"
    if silent:
        return "silence"
    if not in_one_money(log):
        return "currencies"
    sold = sales[sales["sale"].astype(bool)]
    if sold["unit_id"].nunique() < FEWEST:
        return "few"
    return None if (sold["value"] > 0).any() else "values"


def _nothing(log: EventLog, reason: str) -> ValueForecast:
    table = pd.DataFrame(columns=[_unit(log), *FORECAST_COLUMNS])
    return ValueForecast(table, pd.DataFrame(columns=OUTLOOK_COLUMNS), reason)


def _unit(log: EventLog) -> str:
    return "account_id" if log.client.unit == "account" else "customer_id"


def _shaped(log: EventLog, table: pd.DataFrame) -> pd.DataFrame:
    names = {"alive": "p_alive", "purchases": "purchases_expected", "worth": "value_expected"}
    names |= {"low": "value_low", "high": "value_high"}
    told = table.rename(columns=names)[FORECAST_COLUMNS]
    told["value_low"] = told[["value_low", "value_expected"]].min(axis=1)
    told["value_high"] = told[["value_high", "value_expected"]].max(axis=1)
    return told.rename_axis(_unit(log)).sort_index().reset_index()


def _contracted(
    log: EventLog, contracts: Contracts, random: np.random.Generator, draws: int, days: float
) -> tuple[pd.DataFrame, np.ndarray, dict[str, Any]]:
    """Return the forecast of renewals one by one, draws of their value, and how they were made."""
    table = contacts(log)
    table = table.filter(~table["touchpoint"].isin(selling_touchpoints(log)))
    rows = table.select("unit_id", "timestamp", "touchpoint", "channel").execute()
    use = pd.concat([
        rows[["unit_id", "timestamp"]].assign(what="t " + rows["touchpoint"]),
        rows.loc[rows["channel"].notna(), ["unit_id", "timestamp"]].assign(what="c " + rows["channel"].dropna()),
    ])  # fmt: skip
    told, value = renew_from(contracts, use, log.moment, random, days=days, draws=draws)
    usual = contracts.terms["days"].mode().iloc[0]
    return told, value, {"period_days": float(usual), "contract_share": contracts.share}


def _bought(log, sales, groups, personas_at, random, draws, days):
    """Return the forecast of purchases one by one, the sums of groups, and how they were made."""
    history = buying.tell_history(sales, log.moment, log.client.timezone)

    def groups_at(moment: pd.Timestamp) -> pd.DataFrame:
        then = groups[["channel"]].copy()
        then["persona"] = None if personas_at is None else personas_at(moment).reindex(then.index)
        return then

    known = sales, log.moment, log.client.timezone
    held = hold_out(*known, groups_at)
    often, much = choose_groupings(held)
    mine = groups.reindex(history.index)
    parameters, place = draw_models(history, mine, often, "buying", draws, random)
    spending, paid_place = draw_models(history, mine, much, "spending", draws, random)
    times, paid = history["x"].sum() + len(history), history["paid"].sum()
    about = {
        "often": often,
        "much": much,
        "orders_a_day": float(history["orders"].sum() / times),
    }
    others = [hold_out(*known, lambda _: mine.assign(persona=None), part) for part in CHECKED if part != PART]
    about["missed"], about["held_days"] = missed([held, *others], often, random)
    sums, parts = _Sums(mine, draws), []
    for rows in np.array_split(np.arange(len(history)), max(1, -(-len(history) // AT_ONCE))):
        part = history.iloc[rows]
        how = parameters[:, place[rows]], spending[:, paid_place[rows]]
        found = buying.buy_from(part, *how, random, days, paying=float(paid / times))
        low, high = np.quantile(found["value"], [0.025, 0.975], axis=1)
        sums.add(part.index, found["value"], found["worth"])
        told = {name: found[name] for name in ("alive", "purchases", "worth")} | {"low": low, "high": high}
        parts.append(pd.DataFrame(told, index=part.index))
    table = pd.concat(parts)
    table["purchases"] *= about["orders_a_day"]
    return table, sums, about


class _Sums:
    """Sums over the customers of each persona and channel of acquisition, draw by draw."""

    def __init__(self, groups: pd.DataFrame, draws: int) -> None:
        groups = groups.assign(persona=groups["persona"].astype(object).where(groups["persona"].notna(), ""))
        self.codes, cells = pd.factorize(pd.MultiIndex.from_frame(groups[["persona", "channel"]].astype(str)))
        self.codes = pd.Series(self.codes, groups.index)
        self.cells = pd.DataFrame(list(cells), columns=["persona", "channel"])
        self.draws, self.worth = np.zeros((len(self.cells), draws)), np.zeros(len(self.cells))
        self.customers = np.zeros(len(self.cells), int)

    def add(self, units: pd.Index, value: np.ndarray, worth: np.ndarray) -> None:
        codes = self.codes[units].to_numpy()
        np.add.at(self.draws, codes, value)
        np.add.at(self.worth, codes, worth)
        np.add.at(self.customers, codes, 1)

    def outlook(self, off: float, random: np.random.Generator) -> pd.DataFrame:
        """Return a row a group, whole or parted, `all` first.

        ``off`` is by how much sums may be wrong beside chance, on the scale of logs.
        """
        factor = np.exp(off * random.standard_normal(self.draws.shape[1]) - off * off / 2)
        rows = []
        personas = [ALL, *sorted({name for name in self.cells["persona"] if name})]
        channels = [ALL, *sorted(self.cells["channel"].unique())]
        for persona in personas:
            for channel in channels:
                mine = (self.cells["persona"] == persona) | (persona == ALL)
                mine &= (self.cells["channel"] == channel) | (channel == ALL)
                number = int(self.customers[mine].sum())
                if number:
                    rows.append((persona, channel, number, *self._sum(mine.to_numpy(), factor)))
        return pd.DataFrame(rows, columns=OUTLOOK_COLUMNS)

    def _sum(self, mine: np.ndarray, factor: np.ndarray) -> tuple[float, float, float]:
        total, worth = self.draws[mine].sum(axis=0) * factor, float(self.worth[mine].sum())
        low, high = np.quantile(total, [0.025, 0.975])
        return worth, min(float(low), worth), max(float(high), worth)
