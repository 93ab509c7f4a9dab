"""The way through the stages, drawn: paths from their beginning, and steps between stages, for each persona."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from journeykit.journeys.flows import STAYS
from journeykit.plots import Drawing, draw, lay_out_arcs, lay_out_flows
from journeykit.plots.theme import GREY, stage_colours
from journeykit.reports.chapters.leads import lead_of, lead_of_way
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.stage_models import LAPSED

__all__ = ["show_flows", "show_steps"]

FEW = 0.005  # of a persona: thinner bands are left out
RARE = 0.02  # of the steps out of a stage: rarer ones are left out of the arcs


def show_flows(page: Page, read: Reader) -> None:
    """Show the first few stages of the paths, from left to right."""
    frame = read.counted("flows")
    page.heading("leaks_flows", level=2)
    shown = frame[~frame["held_back"].astype(bool)] if len(frame) else frame
    drawn = list(_views(read, shown, lambda own: _flows_of(page, read, own)))
    if not drawn:
        page.note(page.text("prose.flows_none", units=read.units))
        return
    caption = page.text("captions.flows", units=read.units)
    moves = shown[(shown["persona"] == "all") & shown["to"].isin(read.model.ids)]
    lead = lead_of_way(page, "flows", moves, read.stage)
    page.figure(draw(drawn[0][1]), caption, of="flows", lead=lead, views=_told(drawn))


def show_steps(page: Page, read: Reader) -> None:
    """Show the steps between stages: onward above the line, back below it."""
    frame = read.counted("transitions")
    shown = frame[(frame["from"] != "start") & ~frame["held_back"].astype(bool)] if len(frame) else frame
    shown = _while_active(read, shown)
    drawn = list(_views(read, shown, lambda own: _steps_of(page, read, own)))
    if drawn:
        caption = page.text("captions.steps", few=RARE, units=read.units)
        page.figure(
            draw(drawn[0][1]),
            caption,
            of="transitions",
            lead=_furthest_back(page, read, shown),
            views=_told(drawn),
        )


def _while_active(read: Reader, moves: pd.DataFrame) -> pd.DataFrame:
    """Return the moves without those to an earlier stage after a pause: who comes back so has not stepped back."""
    if moves.empty or "after_pause" not in moves:
        return moves
    order = {stage: at for at, stage in enumerate(read.model.ids)}
    back = moves["to"].map(order) < moves["from"].map(order)
    kept = moves["count"].astype(float) - moves["after_pause"].astype(float).where(back, 0.0)
    part = (kept / moves["count"].astype(float)).fillna(1.0)  # of the steps, and so of their share
    return moves.assign(
        count=kept, **{name: moves[name].astype(float) * part for name in ("share", "low", "high")}
    )


def _furthest_back(page: Page, read: Reader, moves: pd.DataFrame) -> str:
    """Return the lead: the step back that is taken most."""
    order = {stage: at for at, stage in enumerate(read.model.ids)}
    own = moves[(moves["persona"] == "all") & moves["to"].isin(order) & (moves["count"] >= read.least)]
    back = own[own["to"].map(order) < own["from"].map(order)]
    named = back.assign(row=back["from"].map(read.stage), column=back["to"].map(read.stage))
    return lead_of(page, "steps", named, "count")


def _views(read: Reader, frame: pd.DataFrame, laid: Any) -> Iterator[tuple[str, Drawing]]:
    """Yield name and drawing: first of everyone, then of each persona that has enough to draw."""
    for persona in ("all", *read.ids) if len(frame) else ():
        own = frame[frame["persona"] == persona]
        if (own["to"].isin(read.model.ids)).any():
            yield read.persona(persona), laid(own)


def _told(drawn: list[tuple[str, Drawing]]) -> list[dict[str, Any]]:
    return [{"name": name, **drawing.as_dict()} for name, drawing in drawn]


def _colours(read: Reader) -> dict[str, str]:
    stages = read.model.ids
    return dict(zip(stages, stage_colours(len(stages)), strict=True)) | {LAPSED: GREY}


def _flows_of(page: Page, read: Reader, own: pd.DataFrame) -> Drawing:
    """Lay out the paths of one persona."""
    whole = _whole(own)
    nodes = _nodes(page, read, own, whole)
    moves = own[(own["to"] != STAYS) & (own["share"] >= FEW) & (own["count"] >= read.least)]
    told = [
        page.text("parts.flow_band", start=read.stage(row["from"]), to=read.stage(row["to"]), units=read.units,
                  count=row["count"], whole=whole, share=row["share"])
        for row in moves.to_dict("records")
    ]  # fmt: skip
    bands = moves.rename(columns={"from": "stage"})[["place", "stage", "to", "count"]].assign(told=told)
    places = range(1, int(nodes["place"].max()) + 1)
    return lay_out_flows(
        nodes, bands, {place: page.text("parts.flow_place", place=place) for place in places}
    )


def _whole(own: pd.DataFrame) -> float:
    """Return how many units there are: from moves, whose counts are whole, and their shares of them."""
    moves = own[~own["to"].isin([LAPSED, STAYS])]
    largest = moves.loc[moves["count"].idxmax()]
    return float(round(largest["count"] / largest["share"]))


def _nodes(page: Page, read: Reader, own: pd.DataFrame, whole: float) -> pd.DataFrame:
    """Return a node per place and stage, and one for those who lapsed from the place before it."""
    came = own.groupby(["place", "from"], sort=False)["count"].sum()
    gone = own[own["to"] == LAPSED].groupby("place")["count"].sum()
    stays = own[own["to"] == STAYS].set_index(["place", "from"])["count"]
    counted = {(place, stage): count for (place, stage), count in came.items()}
    counted |= {(place + 1, LAPSED): count for place, count in gone.items()}
    order = {name: at for at, name in enumerate([*read.model.ids, LAPSED])}
    colours, rows = _colours(read), []
    for (place, stage), count in sorted(counted.items(), key=lambda item: (item[0][0], order[item[0][1]])):
        still = float(stays.get((place, stage), 0.0))
        few = count < read.least
        key = "few" if few else "node" if still and stage != LAPSED else "end"
        told = page.text(
            f"parts.flow_{key}", stage=read.stage(stage), place=page.text("parts.flow_place", place=place), count=count,
            whole=whole, share=count / whole, units=read.units, still=still, least=read.least,
        )  # fmt: skip
        share = "" if few else page.value(count / whole, "percent")
        rows.append((place, stage, count, read.stage(stage), share, colours[stage], told))
    return pd.DataFrame(rows, columns=["place", "stage", "count", "words", "share", "colour", "told"])


def _steps_of(page: Page, read: Reader, own: pd.DataFrame) -> Drawing:
    """Lay out the steps of one persona."""
    colours, left = _colours(read), own.groupby("from")["count"].sum()
    there = read.in_order({*own["from"], *own["to"]} - {LAPSED})
    lapse = own[own["to"] == LAPSED].set_index("from")["share"]
    stages = pd.DataFrame({
        "stage": there, "count": [float(left.get(stage, 0.0)) for stage in there],
        "words": [read.stage(stage) for stage in there],
        "more": [_share_gone(page, lapse.get(stage)) for stage in there],
        "colour": [colours[stage] for stage in there],
        "told": [page.text("parts.step_node", stage=read.stage(stage), count=left.get(stage, 0.0),
                           share=lapse.get(stage, 0.0)) for stage in there],
    })  # fmt: skip
    often = (own["share"] >= RARE) & (own["count"] >= read.least)
    moves = own[(own["to"] != LAPSED) & often & (own["from"] != own["to"])]
    told = [
        page.text("parts.step_band" if row["days_median"] == row["days_median"] else "parts.step_band_untimed",
                  start=read.stage(row["from"]), to=read.stage(row["to"]), count=row["count"],
                  share=page.spread(row["share"], row["low"], row["high"]), days=row["days_median"])
        for row in moves.to_dict("records")
    ]  # fmt: skip
    return lay_out_arcs(stages, moves[["from", "to", "count"]].assign(told=told))


def _share_gone(page: Page, share: float | None) -> str:
    return "" if share is None or share != share else page.text("parts.step_gone", share=share)
