"""After the purchase: ratings, selling more, the aha moment, coming back, advocates, and the loop."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit.journeys.aha import STAYS
from journeykit.reports.chapters.linking import show_aftercare, show_won_back
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.wording import label
from journeykit.wording.sentences import say_behaviour

__all__ = ["after_purchase"]

MOST = 6  # contacts that brought people back in the table


def after_purchase(page: Page, study: Any) -> None:
    """Show what follows the purchase, each part as far as the data go; or say why not."""
    read = Reader(page, study)
    page.heading("after")
    if read.unobserved("after"):
        return
    page.say(page.text("prose.after", units=read.units))
    page.heading("after_ratings", level=2)
    if not read.say("ratings"):
        few = len(read.table("ratings")) > 0
        page.note(page.text("prose.ratings_few" if few else "prose.after_none", units=read.units))
    if not read.untimed("after"):
        _selling(page, read)
        _aha(page, read)
        show_aftercare(page, read)
        _returns(page, read)
        show_won_back(page, read)
    _advocates(page, read)


def _days(read: Reader) -> float:
    return read.study.journeys.follow_days


def _rows(read: Reader, name: str) -> pd.DataFrame:
    """Return what can be shown of a table: everyone and the personas of the report, with their names."""
    frame = read.table(name)
    if frame.empty:
        return frame
    frame = frame[frame["persona"].isin(["all", *read.ids]) & ~frame["held_back"].astype(bool)]
    return frame.assign(who=frame["persona"], persona=[read.persona(who) for who in frame["persona"]])


def _spread(page: Page, frame: pd.DataFrame, form: str = "percent", *names: str) -> list[str]:
    value, low, high = names or ("share", "low", "high")
    return [page.spread(*cells, form) for cells in zip(frame[value], frame[low], frame[high], strict=True)]


def _selling(page: Page, read: Reader) -> None:
    page.heading("after_selling", level=2)
    frame = _rows(read, "sales")
    if frame.empty:
        why = read.table("sales").attrs.get("why", "few")
        page.note(page.text(f"prose.sales_{why}", units=read.units))
    else:
        told = frame["groups"].iloc[0]
        page.say(page.text(f"prose.sales_by_{told}"))
        read.say("sales", most=6)
        shown = frame.assign(
            kind=[page.text(f"values.{kind}") for kind in frame["kind"]], share=_spread(page, frame)
        )
        forms = {"persona": "text", "kind": "text", "buyers": "whole", "share": "right", "orders": "whole"}
        forms |= {"value_mean": "amount"} if shown["value_mean"].notna().any() else {}
        shown = shown.rename(columns={"value_mean": "order_value"})
        forms = {("order_value" if name == "value_mean" else name): form for name, form in forms.items()}
        page.table(shown, page.text("captions.sales", days=_days(read)), forms, of="sales")
    if not read.say("levers"):
        page.note(page.text("prose.levers_none"))


def _aha(page: Page, read: Reader) -> None:
    page.heading("after_aha", level=2)
    frame = _rows(read, "aha")
    frame = frame[frame["p_value"].notna()] if len(frame) else frame
    if frame.empty:
        page.note(page.text("prose.aha_none", units=read.units))
        return
    _buying(page, read, frame[frame["outcome"] != STAYS])
    frame = frame[frame["outcome"] == STAYS]
    if frame.empty:
        return
    row = frame.iloc[0]
    since = page.text(f"values.since_{row['since']}")
    page.say(
        page.text("prose.aha", days=row["days"], since=since, start=row["stay_from"], end=row["stay_to"])
    )
    if not read.say("aha"):
        page.note(page.text("prose.aha_unproven"))
    shown = _behaviours(page, read, frame)
    forms = {"persona": "text", "behaviour": "text", "customers": "whole", "did_share": "percent"}
    forms |= {"stay_share": "percent", "other_stay_share": "percent", "effect": "right", "p_value": "p_value"}
    page.table(shown, page.text("captions.aha"), forms, of="aha")


def _behaviours(page: Page, read: Reader, frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(
        behaviour=[
            say_behaviour(row.behaviour, row.at_least, read.language, read.client) for row in frame.itertuples()
        ],
        effect=_spread(page, frame, "points", "effect", "low", "high"),
    )  # fmt: skip


def _buying(page: Page, read: Reader, frame: pd.DataFrame) -> None:
    """Show what was done between a first commitment and buying, and how often it ended in buying."""
    if frame.empty:
        return
    row = frame.iloc[0]
    since = page.text(f"values.since_{row['since']}")
    again = row["since"] == "order"
    page.say(page.text("prose.aha_buys_again" if again else "prose.aha_buys", days=row["days"], since=since))
    if not read.say("aha_buys"):
        page.note(page.text("prose.aha_buys_unproven"))
    shown = _behaviours(page, read, frame.groupby("persona", sort=False).head(MOST))
    forms = {"persona": "text", "behaviour": "text", "customers": "whole", "did_share": "percent"}
    forms |= {"buy_share": "percent", "other_buy_share": "percent", "effect": "right", "p_value": "p_value"}
    page.table(
        shown,
        page.text("captions.aha_buys_again" if again else "captions.aha_buys", days=row["days"], since=since),
        forms,
        of="aha",
    )


def _returns(page: Page, read: Reader) -> None:
    page.heading("after_returns", level=2)
    page.say([one for one in read.findings("stages", most=20) if one.key == "lapsed_share"][:1])
    read.say("returns")
    frame = _rows(read, "lapsed")
    frame = frame[frame["returned_share"].notna()] if len(frame) else frame
    if frame.empty:
        page.note(page.text("prose.returns_none", units=read.units))
        return
    shown = frame.assign(
        returned_share=_spread(page, frame, "percent", "returned_share", "returned_low", "returned_high")
    )
    forms = {"persona": "text", "silent_before": "whole", "returned": "whole", "returned_share": "right"}
    if frame["former_share"].notna().any():
        shown["former_share"] = _spread(page, frame, "percent", "former_share", "former_low", "former_high")
        forms |= {"former": "whole", "former_share": "right"}
    days = {"days": _days(read), "units": read.units}
    page.table(
        shown, page.text("captions.returns", **days), forms | {"silent_days_median": "duration"}, of="lapsed"
    )
    back = _rows(read, "reactivations")
    back = back[back["who"] == "all"].head(MOST) if len(back) else back
    if len(back):
        shown = back.assign(
            touchpoint=[label("touchpoint", name, read.language, read.client) for name in back["touchpoint"]],
            channel=[read.channel(name) for name in back["channel"]],
            share=_spread(page, back), silence_before=back["silent_days_median"],
        )  # fmt: skip
        forms = {
            "touchpoint": "text",
            "channel": "text",
            "sent": "text",
            "customers": "whole",
            "share": "right",
        }
        caption = page.text("captions.reactivations", days=read.client.period.horizon_days)
        page.table(shown, caption, forms | {"silence_before": "duration"}, of="reactivations")


def _advocates(page: Page, read: Reader) -> None:
    page.heading("after_advocates", level=2)
    frame = _rows(read, "advocates")
    if frame.empty:
        page.note(page.text("prose.advocates_none", units=read.units))
    else:
        read.say("advocates")
        everyone = frame[frame["who"] == "all"]
        shown = everyone.assign(
            kind=[_kind(read, kind) for kind in everyone["kind"]], share=_spread(page, everyone)
        )
        forms = {"kind": "text", "advocates": "whole", "share": "right"}
        page.table(shown, page.text("captions.advocates", units=read.units), forms, of="advocates")
    referrals = _rows(read, "referrals")
    if referrals.empty:
        page.note(page.text("prose.referrals_none", units=read.units))
        return
    shown = referrals.assign(
        referrals_per_referrer=_spread(page, referrals, "number", "referrals_per_referrer", "low", "high")
    )
    forms = {"persona": "text", "referrers": "whole", "referrals": "whole", "referrals_per_referrer": "right"}
    page.table(shown, page.text("captions.referrals", units=read.units), forms, of="referrals")
    if read.client.in_order:
        return
    page.heading("after_loop", level=2)
    if not read.say("loop"):
        page.note(page.text("prose.loop_none", units=read.units))


def _kind(read: Reader, kind: str) -> str:
    own = {"any", "promoter", "referrer"}
    return (
        read.page.text(f"values.advocate_{kind}")
        if kind in own
        else label("touchpoint", kind, read.language, read.client)
    )
