"""Two groups side by side: dissatisfaction and going back, help and complaints, winning back, people per account."""

from __future__ import annotations

import pandas as pd

from journeykit.findings.linking import pairs_of
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.wording import label, say

__all__ = ["show_accounts", "show_aftercare", "show_dissatisfied", "show_won_back"]

OVER_TIME = {  # tested by Mantel and Byar: at the same moments
    "aftercare": "prose.may_be_timing_help",
    "reactivations": "prose.may_be_timing_approach",
}
MOST = 6  # differences that may be chance which are still told
PAIR = {"customers": "whole", "share": "right", "other_customers": "whole", "other_share": "right"}


def show_dissatisfied(page: Page, read: Reader) -> None:
    """Show who goes back to an earlier stage after a sign of dissatisfaction, beside those who are satisfied."""
    page.heading("leaks_dissatisfied", level=2)
    days, frame = _days(read), _rows(read, "dissatisfaction")
    if frame.empty:
        page.note(page.text("prose.dissatisfied_none", units=read.units, days=days))
        return
    _say(page, read, "dissatisfaction")
    shown = frame.assign(
        sign_given=[_sign(read, row) for row in frame.to_dict("records")],
        low_rating_back=_spread(page, frame, "back_share", "low", "high"),
        high_rating_back=_spread(page, frame, "other_share", "other_low", "other_high"),
    )
    forms = {"persona": "text", "sign_given": "text", "customers": "whole", "low_rating_back": "right"}
    forms |= {"other_customers": "whole", "high_rating_back": "right", "p_value": "p_value"}
    page.table(shown, page.text("captions.dissatisfied", days=days), forms, of="dissatisfaction")


def show_aftercare(page: Page, read: Reader) -> None:
    """Show who complains after help, beside those without help."""
    page.heading("after_help", level=2)
    days, frame = _days(read), _rows(read, "aftercare")
    frame = frame[frame["p_value"].notna()] if len(frame) else frame
    if frame.empty:
        page.note(page.text("prose.help_none", days=days))
        return
    _say(page, read, "aftercare")
    shown = frame.assign(
        helped_share=_spread(page, frame, "share", "low", "high"),
        unhelped_share=_spread(page, frame, "other_share", "other_low", "other_high"),
    )
    forms = {"persona": "text", "customers": "whole", "helped_share": "right", "other_customers": "whole"}
    page.table(
        shown, page.text("captions.help", days=days), forms | {"unhelped_share": "right"}, of="aftercare"
    )


def show_won_back(page: Page, read: Reader) -> None:
    """Show which former customers came back, with and without having been approached."""
    page.heading("after_won_back", level=2)
    frame = _rows(read, "reactivations")
    frame = frame[(frame["who"] == "all") & frame["p_value"].notna()] if len(frame) else frame
    if frame.empty:
        page.note(page.text("prose.won_back_none", units=read.units))
        return
    _say(page, read, "reactivations", "won_back")
    shown = frame.assign(
        touchpoint=[label("touchpoint", name, read.language, read.client) for name in frame["touchpoint"]],
        approached_share=_spread(page, frame, "approached_share", "approached_low", "approached_high"),
        not_approached_share=_spread(page, frame, "other_share", "other_low", "other_high"),
    )
    forms = {"touchpoint": "text", "approached": "whole", "approached_share": "right"}
    forms |= {"other_customers": "whole", "not_approached_share": "right"}
    silence = read.table("lapsed")["former_after"].max()
    page.table(shown, page.text("captions.won_back", silence=silence), forms, of="reactivations")


def show_accounts(page: Page, read: Reader) -> None:
    """Show how many people take part per account, in which roles, and what that goes with."""
    people = _rows(read, "account_people")
    if people.empty:
        return
    page.heading("accounts_people", level=2)
    _say(page, read, "account_people")
    since = page.text(f"values.since_{people['since'].iloc[0]}")
    told = {"days": _days(read), "since": since}
    forms = {"persona": "text", "accounts": "whole", "people_mean": "number", "people_median": "number"}
    forms |= {"at_least": "whole", "won_many": "right", "won_few": "right"}
    _both(
        page,
        people,
        "won_many",
        "won_few",
        page.text("captions.account_people", **told),
        forms,
        "account_people",
    )
    roles = _rows(read, "account_roles")
    roles = roles[roles["who"] == "all"] if len(roles) else roles
    if roles.empty:
        page.note(page.text("prose.roles_none"))
        return
    _say(page, read, "account_roles")
    roles = roles.assign(
        role_in_account=[label("level", role, read.language, read.client) for role in roles["role"]]
    )
    roles["accounts_share"] = _spread(page, roles, "accounts_share", "accounts_low", "accounts_high")
    forms = {"role_in_account": "text", "accounts": "whole", "accounts_share": "right"}
    forms |= {"won_with": "right", "won_without": "right"}
    _both(
        page,
        roles,
        "won_with",
        "won_without",
        page.text("captions.account_roles", **told),
        forms,
        "account_roles",
    )


def _both(page: Page, frame: pd.DataFrame, one: str, other: str, caption: str, forms: dict, of: str) -> None:
    """Show a table with the share of either group in a column of its own, where any is known."""
    shares = {one: _spread(page, frame, "share", "low", "high")}
    shares[other] = _spread(page, frame, "other_share", "other_low", "other_high")
    known = frame["share"].notna().any()
    kept = {name: form for name, form in forms.items() if known or name not in (one, other, "at_least")}
    page.table(frame.assign(**shares), caption, kept, of=of)


def _say(page: Page, read: Reader, table: str, subject: str = "") -> None:
    """Say what was found; a difference that may be chance is said to be so."""
    found = read.findings(subject or table, most=20)
    page.say(found)
    told = {_about(one) for one in found}
    rest = [one for one in pairs_of(table, read.table(table)) if _about(one) not in told]
    for one in rest[:MOST]:
        page.say(_doubted(page, table, say(one, read.language, read.client)))


def _doubted(page: Page, table: str, said: str) -> str:
    """Say why a difference may be none: by chance, or because the ways into the two groups take different time."""
    return page.text(OVER_TIME.get(table, "prose.may_be_chance"), said=said)


def _about(found) -> tuple:
    return found.key, *(found.numbers.get(name) for name in ("touchpoint", "sign", "role", "share"))


def _days(read: Reader) -> float:
    return read.study.journeys.follow_days


def _rows(read: Reader, name: str) -> pd.DataFrame:
    """Return what can be shown of a table: everyone and the personas of the report, with their names."""
    frame = read.table(name)
    if frame.empty:
        return frame
    frame = frame[frame["persona"].isin(["all", *read.ids]) & ~frame["held_back"].astype(bool)]
    return frame.assign(who=frame["persona"], persona=[read.persona(who) for who in frame["persona"]])


def _spread(page: Page, frame: pd.DataFrame, value: str, low: str, high: str) -> list[str]:
    return [page.spread(*cells) for cells in zip(frame[value], frame[low], frame[high], strict=True)]


def _sign(read: Reader, row: dict) -> str:
    if row["signal"] == "rating":
        return label("touchpoint", row["touchpoint"], read.language, read.client)
    return read.page.text(f"values.signal_{row['signal']}")
