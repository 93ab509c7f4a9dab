"""What to decide: on the first page, each with what was found, what is at stake, what to do and how to know."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit.decisions import MATERIAL
from journeykit.decisions.deciding import COUNTED
from journeykit.facts import measure_revenue
from journeykit.findings import Finding
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.wording import say, say_about
from journeykit.wording.money import say_money, say_money_between

__all__ = ["decisions", "list_decisions"]

FIRST = 3  # on the first page
LONG_DAYS = 365
FORMS = {"rank": "whole", "decision": "text", "at_stake": "right", "customers_more": "whole", "kpi_now": "percent",
         "kpi_others": "percent", "certainty": "percent",
         "trial_customers": "whole", "trial_days": "duration"}  # fmt: skip
SURE = 0.99


def decisions(page: Page, study: Any) -> None:
    """Show the decisions with most at stake; where nothing is worth acting on, what to do first."""
    if study.client.profile_only:
        return
    read, made = Reader(page, study), study.decided
    currency = _currency(study)
    page.heading("decisions", numbered=False)
    if not made.any:
        page.say(made.table[f"action_{page.language}"].iloc[0])
        if made.looked:
            page.note(page.text("prose.decisions_none", looked=made.looked, least=MATERIAL))
    for row, found in list(zip(made.table.to_dict("records"), made.findings, strict=False))[:FIRST]:
        _decision(page, read, row, found, currency)
    if made.any:
        page.note(page.text("prose.decisions"))
    _revenue(page, study, currency)


def _currency(study: Any) -> str | None:
    """Return the currency of the report: the client's, else the only one that the data name."""
    if study.client.currency:
        return str(study.client.currency)
    named = measure_revenue(study.log)["currencies"]
    return named[0] if len(named) == 1 else None


def _decision(page: Page, read: Reader, row: dict[str, Any], found: Finding, currency: str | None) -> None:
    title = say_about(f"decision_titles.{found.key}", found, page.language, read.client)
    valued = row["at_stake"] == row["at_stake"]
    stake = say_money(row["at_stake"], currency, page.language, estimate=True)
    words = page.text("prose.decision_title", title=title, stake=stake) if valued else title
    page.title(f"{row['rank']}. {words}", "decision", level=2)
    told = {
        page.text("parts.decision_found"): say(found, page.language, read.client),
        page.text("parts.decision_stake"): _at_stake(page, read, row, currency),
        page.text("parts.decision_do"): row[f"action_{page.language}"],
        page.text("parts.decision_know"): _how_to_know(page, read, row, found),
        page.text("parts.decision_sure"): _how_sure(page, read, row),
    }
    page.say([f"{name}: {words}" for name, words in told.items()])


def _counted(page: Page, read: Reader, key: str) -> str:
    usual = "accounts" if read.client.setting == "b2b" else "customers"
    return page.text(f"decision_counted.{COUNTED.get(key, usual)}")


def _at_stake(page: Page, read: Reader, row: dict[str, Any], currency: str | None) -> str:
    more = page.spread(row["customers_more"], row["customers_more_low"], row["customers_more_high"], "whole")
    told = {"counted": _counted(page, read, row["finding"]), "more": row["customers_more"]}
    told["more_between"] = more.partition("(")[2].rstrip(")")
    if row["at_stake"] != row["at_stake"]:
        return page.text("prose.decision_stake_customers", **told)
    told |= {
        "stake": say_money(row["at_stake"], currency, page.language, estimate=True),
        "between": say_money_between(row["at_stake_low"], row["at_stake_high"], currency, page.language),
        "worth": say_money(row["worth"], currency, page.language, estimate=True),
    }
    said = page.text("prose.decision_stake", **told)
    if row["margin_at_stake"] != row["margin_at_stake"]:
        return said
    margin = say_money(row["margin_at_stake"], currency, page.language, estimate=True)
    return f"{said} {page.text('prose.decision_stake_margin', margin=margin)}"


def _how_to_know(page: Page, read: Reader, row: dict[str, Any], found: Finding) -> str:
    kpi = say_about(f"decision_kpis.{found.key}", found, page.language, read.client)
    key = "decision_know" if row["trial_days"] <= LONG_DAYS else "decision_know_long"
    told = {"kpi": kpi[:1].lower() + kpi[1:], "now": row["kpi_now"], "days": row["trial_days"]}
    told |= {"customers": row["trial_customers"], "counted": _counted(page, read, row["finding"])}
    return page.text(f"prose.{key}", **told)


def _how_sure(page: Page, read: Reader, row: dict[str, Any]) -> str:
    sure = (
        page.text("parts.decision_nearly_sure", share=SURE)
        if row["certainty"] > SURE
        else page.value(row["certainty"], "percent")
    )
    return page.text("prose.decision_sure", certainty=sure, looked=read.study.decided.looked)


def _revenue(page: Page, study: Any, currency: str | None) -> None:
    """Say what was recorded in all, to hold the stakes beside."""
    revenue, figures = measure_revenue(study.log)["revenue"], study.figures
    if not revenue or "first_day" not in figures or study.decided.yearly != study.decided.yearly:
        return
    days = {"first": page.value(study.decided.paid_from or figures["first_day"], "date")}
    days["last"] = page.value(figures["last_day"], "date")
    said = {"revenue": say_money(revenue, currency, page.language)}
    said["yearly"] = say_money(_yearly(study, revenue), currency, page.language, estimate=True)
    page.say(page.text("prose.decisions_revenue", **days, **said))


def _yearly(study: Any, revenue: float) -> float:
    """Return the revenue of a year, by the days since anything was sold."""
    first = study.decided.paid_from
    return (
        study.decided.yearly if first is None else revenue * 365 / ((study.log.as_of_date - first).days + 1)
    )


def list_decisions(page: Page, read: Reader) -> None:
    """Show all decisions in a table, by what is at stake."""
    made = getattr(read.study, "decided", None)
    if made is None or len(made.table) <= FIRST:
        return
    page.heading("decisions_all", level=2)
    currency = _currency(read.study)
    titles = [
        say_about(f"decision_titles.{found.key}", found, page.language, read.client)
        for found in made.findings
    ]
    table = made.table.assign(
        decision=titles, at_stake=[_in_money(page, row, currency) for row in made.table.itertuples()]
    )
    page.table(pd.DataFrame(table), page.text("captions.decisions"), FORMS, of="decisions")


def _in_money(page: Page, row: Any, currency: str | None) -> str:
    if row.at_stake != row.at_stake:
        return "–"
    between = say_money_between(row.at_stake_low, row.at_stake_high, currency, page.language)
    return f"{say_money(row.at_stake, currency, page.language, estimate=True)} ({between})"
