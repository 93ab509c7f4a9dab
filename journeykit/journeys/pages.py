"""Pages: where visits start, stop, go on and end in a sale."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd

from journeykit.events.pages import clean_page
from journeykit.journeys.paths import Paths
from journeykit.journeys.statistics import wilson

__all__ = ["PAGE_COLUMNS", "SALES", "measure_pages"]

PAGE_COLUMNS = (
    "page landings bounce_share exit_share continue_share sales_completed low high sessions sale_share sale_low "
    "sale_high"
).split()
SALES = ("purchase", "repeat_purchase", "contract_signed")


def measure_pages(paths: Paths) -> pd.DataFrame:
    """Measure what visits do on each page.

    A visit is a session, of what a visitor did: an advertisement that was shown or a mail that was sent meanwhile is no
    click. Query strings, fragments and e-mail addresses are taken out of the page first. Pages
    seen in fewer visits than the smallest group are left out.

    Returns
    -------
    pandas.DataFrame
        `page, landings` (visits that start there), `bounce_share` (of landings, visits without a second contact
        and without a sale) with its Wilson interval `low, high`, `exit_share` (of the visits with the page, those
        that end there), `continue_share` (those that go on), `sales_completed` (sales on the page, or, when a sale
        has no page of its own, on the last page before it), `sessions` (visits with the page), `sale_share` (of
        those, the share with a sale) with its interval. Empty without page data. In `attrs`: `visits` and
        `visits_with_sale` of the site as a whole.
    """
    visits = paths.acts.select("unit_id", "session", "order", "page", "step")
    if not visits.filter(visits.page.notnull()).limit(1).count().execute():
        return pd.DataFrame(columns=PAGE_COLUMNS)
    with (
        paths.kept("pages", _with_clean_pages(visits)) as visits,
        paths.kept("visits", _visits(visits)) as whole,
    ):
        table = _per_page(visits, whole).execute().set_index("page")
        table = table.join(_sales(visits, whole).execute().set_index("page"))
        site = whole.filter(whole.landing.notnull())
        told = site.aggregate(visits=site.count(), visits_with_sale=site.sale.sum()).execute().iloc[0]
    shares = _with_shares(table[table["sessions"] >= paths.min_group], paths.min_group)
    shares.attrs = told.to_dict()
    return shares


def _with_clean_pages(visits: Any) -> Any:
    """Clean each address once, however many visits it has."""
    known = visits.select(raw="page").filter(lambda t: t.raw.notnull()).distinct()
    clean = known.mutate(clean=clean_page(known.raw))
    joined = visits.left_join(clean, visits.page == clean.raw)
    return joined.select("unit_id", "session", "order", "step", page=joined.clean)


def _per_page(visits: Any, visit: Any) -> Any:
    pages = visits.filter(visits.page.notnull()).select("unit_id", "session", "page").distinct()
    both = pages.inner_join(visit, ["unit_id", "session"])
    landed = both.page == both.landing
    return both.group_by("page").aggregate(
        sessions=both.count(),
        landings=landed.cast("int64").sum(),
        bounces=(landed & (both.contacts == 1) & (both.sale == 0)).cast("int64").sum(),
        exits=(both.page == both.exit).cast("int64").sum(),
        with_sale=both.sale.sum(),
    )


def _visits(visits: Any) -> Any:
    return visits.group_by(["unit_id", "session"]).aggregate(
        contacts=visits.count(),
        sale=visits.step.isin(SALES).cast("int64").max(),
        landing=visits.page.argmin(visits.order, where=visits.page.notnull()),
        exit=visits.page.argmax(visits.order, where=visits.page.notnull()),
    )


def _sales(visits: Any, whole: Any) -> Any:
    """Count the sales on each page; only visits with a sale are looked at."""
    visits = visits.semi_join(whole.filter(whole.sale > 0), ["unit_id", "session"])
    so_far = ibis.window(group_by=["unit_id", "session"], order_by="order", preceding=None, following=0)
    paged = visits.mutate(
        paged_at=ibis.ifelse(visits.page.notnull(), visits.order, ibis.null("int64")).max().over(so_far)
    )
    since = ibis.window(
        group_by=["unit_id", "session", "paged_at"], order_by="order", preceding=None, following=0
    )
    placed = paged.mutate(on=paged.page.max().over(since))
    sold = placed.filter(placed.step.isin(SALES) & placed["on"].notnull())
    return sold.group_by(page=sold["on"]).aggregate(sales_completed=sold.count())


def _with_shares(table: pd.DataFrame, min_group: int) -> pd.DataFrame:
    table["sales_completed"] = table["sales_completed"].fillna(0).astype(int)
    landings = table["landings"].where(table["landings"] >= min_group)
    table["bounce_share"] = table["bounces"] / landings
    table["low"], table["high"] = wilson(table["bounces"], landings)
    table["exit_share"] = table["exits"] / table["sessions"]
    table["continue_share"] = 1 - table["exit_share"]
    table["sale_share"] = table["with_sale"] / table["sessions"]
    table["sale_low"], table["sale_high"] = wilson(table["with_sale"], table["sessions"])
    table = table.reset_index().sort_values(["sessions", "page"], ascending=[False, True], ignore_index=True)
    return table[PAGE_COLUMNS]
