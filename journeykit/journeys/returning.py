"""Returning: who fell silent for long, who came back, after how many days, and what brought them."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.journeys.former import find_former, list_approaches
from journeykit.journeys.misreading import interval_as_read
from journeykit.journeys.pairs import set_beside, switch_test
from journeykit.journeys.paths import ALL, Paths, per_persona
from journeykit.journeys.statistics import wilson
from journeykit.journeys.steps import hold_back, personas_of, units_of

__all__ = ["count_reactivations", "count_returns"]

RETURN_COLUMNS = (
    "persona customers lapsed share low high silent_before returned returned_share returned_low returned_high "
    "silent_days_median former former_returned former_share former_low former_high former_after follow_days"
).split()
BACK_COLUMNS = (
    "persona touchpoint channel sent customers share low high silent_days_median approached approached_returned "
    "approached_share approached_low approached_high other_customers other_returned other_share other_low other_high "
    "p_value"
).split()


def count_returns(paths: Paths) -> pd.DataFrame:
    """Count who has lapsed, and who came back after a long silence.

    Silence is the time in which a customer does nothing; what the brand sends does not end it.

    Returns
    -------
    pandas.DataFrame
        `persona, customers, lapsed` (expected), `share, low, high, silent_before` (units with a silence longer
        than the report's period, now or earlier), `returned` (who did something after it), `returned_share` with its
        interval, `silent_days_median` (of the longest silence of those who came back); then of former customers
        (`find_former`): `former` (buyers that fell silent for longer than `former_after` days and could be followed),
        `former_returned` (of those, did something within `follow_days` after that), `former_share, former_low,
        former_high`; and `held_back`.
    """
    silences = _silences(paths)
    longest = silences.group_by("unit_id").aggregate(
        longest=silences.silent_days.max(), at=silences.timestamp.max()
    )
    known = longest.execute().set_index("unit_id").reindex(paths.units.index)
    open_days = (paths.moment - known["at"].fillna(paths.units["first_at"])).dt.total_seconds() / 86400
    came_back = known["longest"] > paths.follow_days
    silent = came_back | (open_days > paths.follow_days)
    rows = []
    for persona in personas_of(paths):
        units = units_of(paths, persona)
        back, gone = came_back.reindex(units.index), silent.reindex(units.index)
        days = (
            known["longest"].reindex(units.index)[back].median() if back.sum() >= paths.min_group else np.nan
        )
        rows.append(
            (persona, len(units), float(units["p_lapsed"].sum()), int(gone.sum()), int(back.sum()), days)
        )
    columns = ["persona", "customers", "lapsed", "silent_before", "returned", "silent_days_median"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["share"] = frame["lapsed"] / frame["customers"]
    frame["low"], frame["high"] = interval_as_read(paths, "now", frame["lapsed"], frame["customers"])
    base = frame["silent_before"].where(frame["silent_before"] >= paths.min_group)
    frame["returned_share"] = frame["returned"] / base
    frame["returned_low"], frame["returned_high"] = wilson(frame["returned"], base)
    frame = pd.concat([frame, _former_rows(paths, list(frame["persona"]))], axis=1)
    return hold_back(frame[RETURN_COLUMNS], frame["customers"] < paths.min_group, ("persona",))


def _former_rows(paths: Paths, personas: list[str]) -> pd.DataFrame:
    former = find_former(paths)
    counts = [
        former["returned"] if who == ALL else former.loc[former["persona"] == who, "returned"]
        for who in personas
    ]
    table = pd.DataFrame(
        {"former": [len(one) for one in counts], "former_returned": [int(one.sum()) for one in counts]}
    )
    base = table["former"].where(table["former"] >= max(paths.min_group, 1))
    table["former_share"] = table["former_returned"] / base
    table["former_low"], table["former_high"] = wilson(table["former_returned"], base)
    return table.assign(former_after=former.attrs["after"], follow_days=paths.follow_days)


def _silences(paths: Paths) -> Any:
    """Return what each unit did, with the days of silence before it."""
    acts = paths.acts
    before = ibis.window(group_by="unit_id", order_by="order")
    since = acts.timestamp.delta(acts.timestamp.lag().over(before), unit="millisecond") / 86_400_000.0
    named = ("unit_id", "persona", "touchpoint", "channel", "timestamp", "order")
    return acts.select(*named, silent_days=since, silent_from=acts.timestamp.lag().over(before))


def count_reactivations(paths: Paths) -> pd.DataFrame:
    """Count what brought back those who had been silent for longer than the report's period, and whom it was sent to.

    What brought a unit back is the last thing that the brand sent it within a horizon before its return, or else the
    contact with which it returned. A unit counts once for each, however often it came back so. That something was sent
    shortly before does not show that it caused the return.

    Returns
    -------
    pandas.DataFrame
        `persona, touchpoint, channel, sent` (whether the brand sent it), `customers, share, low, high` (of those of the
        persona that came back; Wilson), `silent_days_median` (before the return). Of what is sent, beside that, among
        former customers (`find_former`): `approached` (were sent it in their silence), `approached_returned` (came back
        in time after it), `approached_share, approached_low, approached_high`; `other_customers` (were not sent it, or
        had come back by then), `other_returned, other_share, other_low, other_high`, and `p_value` (`switch_test`: one
        has to be silent for a while to be called at all). `held_back`. Largest first; small groups are left out.
    """
    silences = _silences(paths)
    back = silences.filter(silences.silent_days > paths.follow_days)
    called = _called(paths, back)
    each = per_persona(called)
    counted = each.group_by(["persona", "touchpoint", "channel", "sent"]).aggregate(
        customers=each.unit_id.nunique(), silent_days_median=each.silent_days.median()
    )
    table = counted.execute()
    whole = per_persona(back.select("unit_id", "persona").distinct())
    sizes = whole.group_by("persona").aggregate(n=whole.count()).execute().set_index("persona")["n"]
    keys = ["persona", "touchpoint", "channel", "sent"]  # a log may name no channels at all
    kinds = {"persona": object, "touchpoint": object, "channel": object, "sent": bool}
    table = table[table["customers"] >= paths.min_group].astype(kinds)
    table = table.merge(_approaches(paths).astype(kinds), "outer", keys)
    table["total"] = table["persona"].map(sizes).astype(float)
    table["share"] = table["customers"] / table["total"]
    table["low"], table["high"] = wilson(table["customers"], table["total"])
    order = {who: place for place, who in enumerate(personas_of(paths))}
    table = table.assign(order=table["persona"].map(order))
    table = table.sort_values(
        ["order", "customers", "touchpoint", "channel"],
        ascending=[True, False, True, True],
        ignore_index=True,
    )
    return hold_back(
        table[BACK_COLUMNS], np.zeros(len(table), dtype=bool), ("persona", "touchpoint", "channel", "sent")
    )


def _approaches(paths: Paths) -> pd.DataFrame:
    """Return, per persona and what is sent, the former customers who were sent it beside those who were not."""
    former = find_former(paths)
    sent = list_approaches(paths, former)
    rows = []
    for persona in personas_of(paths):
        own = former if persona == ALL else former[former["persona"] == persona]
        for (touchpoint, channel), part in sent.groupby(["touchpoint", "channel"], dropna=False):
            called = (
                own.index.map(part.set_index("unit_id")["sent_after"])
                .to_series(index=own.index)
                .astype(float)
            )
            called = called.where(called < own["days"])
            groups = [own.loc[called.notna() == one, "returned"] for one in (True, False)]
            one, other = ((int(group.sum()), len(group)) for group in groups)
            if one[1] >= paths.min_group:
                p_value = switch_test(own["days"], own["returned"], called)
                pair = set_beside(one, other, paths.min_group, p_value)
                rows.append([persona, touchpoint, channel, True, *pair.values()])
    return pd.DataFrame(rows, columns=["persona", "touchpoint", "channel", "sent", *BACK_COLUMNS[9:]])


def _called(paths: Paths, back: Any) -> Any:
    """Return per return the contact that brought it: what was sent shortly before, else the contact itself."""
    own = back.select("unit_id", "persona", "order", "silent_days", "touchpoint", "channel")
    if not paths.pushed:
        return own.drop("order").mutate(sent=ibis.literal(False))
    table = paths.contacts.filter(paths.contacts.touchpoint.isin(paths.pushed))
    sent = table.select(
        "unit_id",
        sent_at="timestamp",
        sent_order="order",
        sent_touchpoint="touchpoint",
        sent_channel="channel",
    )
    joined = back.inner_join(sent, "unit_id")
    days = joined.timestamp.delta(joined.sent_at, unit="millisecond") / 86_400_000.0
    near = joined.filter(
        (days >= 0)
        & (days <= paths.horizon_days)
        & (joined.sent_order < joined.order)
        & (joined.sent_at > joined.silent_from)
    )
    last = near.group_by(["unit_id", "order"]).aggregate(
        by=near.sent_touchpoint.argmax(near.sent_order), via=near.sent_channel.argmax(near.sent_order)
    )
    both = own.left_join(last, ["unit_id", "order"])
    return both.select(
        "unit_id", "persona", "silent_days",
        touchpoint=ibis.coalesce(both.by, both.touchpoint), channel=both.by.notnull().ifelse(both.via, both.channel),
        sent=both.by.notnull(),
    )  # fmt: skip
