"""Former customers: buyers who fell silent for long, what they were sent in that silence, and who came back."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from journeykit.journeys.paths import Paths
from journeykit.journeys.selling import ORDERS

__all__ = ["find_former", "list_approaches", "usual_silence"]

LEAST_GAPS = 2  # of a buyer, for its usual gap to be told
SLOWEST = 0.95  # of buyers have a usual gap that is shorter
TIMES = 2.0  # the usual gap of even the slowest buyers, from which on a silence is long


def usual_silence(paths: Paths) -> float:
    """Return after how many days without doing anything a buyer is a former customer.

    The report's period; longer where these buyers usually leave more time between two contacts: twice the median gap of
    the slowest twentieth of them, so that who comes once a year is not gone after three months.
    """
    gaps = _gaps(paths)
    usual = gaps.group_by("unit_id").aggregate(n=gaps.count(), gap=gaps.days.median())
    known = usual.filter(usual.n >= LEAST_GAPS).execute()["gap"].astype(float)
    slowest = known.quantile(SLOWEST) if len(known) else 0.0
    return float(max(paths.follow_days, TIMES * slowest))


def _gaps(paths: Paths):
    """Return the days between two things that a buyer did one after the other, from its first order on."""
    acts = _acts_of_buyers(paths)
    before = ibis.window(group_by="unit_id", order_by="order")
    gaps = acts.mutate(
        days=acts.timestamp.delta(acts.timestamp.lag().over(before), unit="millisecond") / 86_400_000.0
    )
    return gaps.filter(gaps.days.notnull())


def _acts_of_buyers(paths: Paths):
    acts = paths.acts
    orders = acts.filter(acts.touchpoint.isin(ORDERS))
    bought = orders.group_by("unit_id").aggregate(bought_order=orders.order.min())
    joined = acts.select("unit_id", "persona", "timestamp", "order").inner_join(bought, "unit_id")
    return joined.filter(joined.order >= joined.bought_order)


def find_former(paths: Paths) -> pd.DataFrame:
    """Return the buyers who fell silent for long, each once, and whether they came back.

    A buyer is a former customer after `usual_silence` days without doing anything since its first order; the first
    such silence counts. Everybody is followed for the report's period from then on; who fell silent too late for that
    is left out. Who never bought is no former customer.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``unit_id``: ``persona, silent_from, returned`` (did something in time), ``days`` (from the last
        thing done to the return, or to the end of what is followed). ``attrs["after"]`` holds the days of silence.
    """
    after = usual_silence(paths)
    acts = _acts_of_buyers(paths)
    order = ibis.window(group_by="unit_id", order_by="order")
    moment = ibis.literal(paths.moment.to_pydatetime()).cast("timestamp(6)")
    next_at = acts.timestamp.lead().over(order)
    silent = ibis.coalesce(next_at, moment).delta(acts.timestamp, unit="millisecond") / 86_400_000.0
    spells = acts.mutate(silent=silent, back=next_at.notnull())
    long = spells.filter(spells.silent > after)
    first = ibis.row_number().over(ibis.window(group_by="unit_id", order_by="order"))
    long = long.mutate(turn=first).filter(lambda t: t.turn == 0)
    frame = long.select("unit_id", "persona", "silent", "back", silent_from="timestamp").execute()
    limit = after + paths.follow_days
    known = (paths.moment - frame["silent_from"]).dt.total_seconds() / 86400 >= limit
    frame = frame[known].set_index("unit_id").sort_index()
    in_time = frame["back"].astype(bool) & (frame["silent"] <= limit)
    found = frame.assign(returned=in_time, days=np.minimum(frame["silent"].astype(float), limit))
    found = found[["persona", "silent_from", "returned", "days"]]
    found.attrs["after"] = after
    return found


def list_approaches(paths: Paths, found: pd.DataFrame) -> pd.DataFrame:
    """Return what former customers were first sent or shown in their silence, of each kind, in time to be answered.

    What comes less than a horizon before the end of what is followed (or after it) is left out: who gets it has not as
    long to answer as the others, and counts as not approached by then.

    Parameters
    ----------
    paths
        The paths of a log.
    found
        Its former customers (`find_former`).

    Returns
    -------
    pandas.DataFrame
        ``unit_id, touchpoint, channel, sent_after`` (days since they fell silent).
    """
    former = found.reset_index()[["unit_id", "silent_from", "days"]]
    if not paths.pushed or former.empty:
        return pd.DataFrame(columns=["unit_id", "touchpoint", "channel", "sent_after"])
    table = paths.contacts.filter(paths.contacts.touchpoint.isin(paths.pushed))
    spells = ibis.memtable(former.assign(silent_from=former["silent_from"].astype("datetime64[us]")))
    joined = table.select("unit_id", "touchpoint", "channel", "timestamp").inner_join(spells, "unit_id")
    days = joined.timestamp.delta(joined.silent_from, unit="millisecond") / 86_400_000.0
    latest = found.attrs["after"] + paths.follow_days - paths.horizon_days
    inside = joined.mutate(after=days).filter(
        lambda t: (t.after > 0) & (t.after < t.days) & (t.after <= latest)
    )
    firsts = inside.group_by(["unit_id", "touchpoint", "channel"]).aggregate(sent_after=inside.after.min())
    return firsts.execute().sort_values(["touchpoint", "channel", "unit_id"], ignore_index=True)
