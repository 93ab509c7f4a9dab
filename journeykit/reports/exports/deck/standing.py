"""Slides of figures: where everyone is and goes, how far they get, where they leave, and through which channel."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit.plots.theme import GREY, persona_colours, stage_colours
from journeykit.reports.exports.chapters import Chapter, notes_of
from journeykit.reports.exports.deck.canvas import Deck, Page
from journeykit.reports.exports.deck.drawing import chart, table
from journeykit.reports.exports.deck.fitting import first_sentence
from journeykit.wording.formats import say_interval
from journeykit.wording.names import in_sentence

__all__ = ["channels", "forecast", "funnel", "leaks", "stages"]

SMALL = '[<0.04]"";0%'  # shares too small for a label
MOST_PERSONAS, MOST_CHANNELS = 5, 8


def begin(deck: Deck, key: str, keys: tuple[str, ...] = (), title: str = "") -> Page:
    """Add a slide that is titled by the first finding of a chapter, with all of its findings in the notes.

    Parameters
    ----------
    keys
        Kinds of findings that the title is to be taken from, the best first.
    title
        A title that says what the slide shows, in place of a finding.
    """
    chapter, material = Chapter(deck.material, key), deck.material
    told = [
        one["sentence"][material.language] for kind in keys for one in material.findings if one["key"] == kind
    ]
    chosen = next((one for one in told if one in chapter.points), next(iter(told or chapter.points), ""))
    title = title or (first_sentence(chosen) if chosen else material.say(f"headings.{key}"))
    return deck.slide(
        title, notes_of(material, list(dict.fromkeys([*filter(None, [chosen]), *chapter.points[:8]])))
    )


def shown(deck: Deck, frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the rows with a figure, of everyone and the first personas, in the order of the report."""
    if frame.empty or column not in frame or "persona" not in frame:
        return pd.DataFrame()
    order = ["all", *list(deck.material.personas)[:12]]
    known = frame[frame["persona"].isin(order) & frame[column].notna()]
    known = known[~known["stage"].isin(deck.unseen)] if "stage" in known else known
    return known.assign(_at=known["persona"].map(order.index)).sort_values("_at", kind="stable")


def stages_in(deck: Deck, frame: pd.DataFrame) -> list[str]:
    """Return the stages that a table has, in the model's order, lapsed last."""
    there = list(dict.fromkeys(frame["stage"].dropna()))
    order = [*deck.material.stages, *there, "lapsed"]
    return sorted(there, key=lambda stage: len(order) if stage == "lapsed" else order.index(stage))


def grid_of(frame: pd.DataFrame, rows: str, column: str, value: str) -> dict[tuple[Any, Any], Any]:
    """Return the values of a table by two of its keys."""
    return {(row[rows], row[column]): row[value] for row in frame.to_dict("records")}


def stages(deck: Deck) -> None:
    """Make the slide with where everyone is now, a stacked bar per persona."""
    frame = deck.material.table("stages_now")
    frame = shown(deck, frame[frame["stage"].notna()] if len(frame) else frame, "share")
    if frame.empty:
        return
    page, there = begin(deck, "stages"), stages_in(deck, frame)
    people = list(dict.fromkeys(frame["persona"]))
    cells, word = grid_of(frame, "persona", "stage", "share"), deck.material.word
    names = [word("stage", stage) for stage in there]
    active = [stage for stage in there if stage != "lapsed"]
    shades = [*stage_colours(len(active)), *([GREY] if len(active) < len(there) else [])]
    series = {
        name: [cells.get((one, stage)) for one in people] for name, stage in zip(names, there, strict=True)
    }
    chart(
        page,
        page.area,
        "stacked",
        [word("persona", one) for one in people],
        series,
        shades,
        form=SMALL,
        top=1.0,
    )
    _limits(page, frame, "share")
    page.close()


def _limits(page: Page, frame: pd.DataFrame, column: str, low: str = "low", high: str = "high") -> None:
    """Add figures with their intervals to the notes."""
    material = page.material
    for row in frame.to_dict("records"):
        between = say_interval(row.get(low), row.get(high), "percent", material.language)
        named = [material.word("persona", row["persona"]), material.word("stage", row["stage"])]
        if between:
            page.note(f"{', '.join(named)}: {material.value(row[column], 'percent')} ({between})")


def forecast(deck: Deck) -> None:
    """Make the slide with what is expected: who stays, moves on and lapses, per persona."""
    frame = deck.material.table("outlook")
    frame = frame[frame["stage"].isna() | (frame["stage"] == "all")] if len(frame) else frame
    frame = shown(deck, frame, "move_share")
    if frame.empty:
        return
    page, say = begin(deck, "forecast", ("moves_soon",)), deck.material.say
    names = [deck.material.word("persona", one) for one in frame["persona"]]
    stay = 1 - frame["move_share"] - frame["lapse_share"]
    series = {
        say("parts.stay"): stay.clip(lower=0),
        say("parts.move"): frame["move_share"],
        say("parts.lapse"): frame["lapse_share"],
    }
    tables = [
        one for one in Chapter(deck.material, "forecast").tables if one["columns"][0]["id"] == "persona"
    ]
    over, under = page.area.rows([1.0, 0.8], gap=10)
    chart(
        page,
        over if tables else page.area,
        "stacked",
        names,
        series,
        ["#9db4c8", deck.accent, GREY],
        form=SMALL,
        top=1.0,
    )
    if tables:
        table(page, under, *cells_of(tables[0]))
        page.note(tables[0]["caption"])
    page.close()


def cells_of(block: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the heads and cells of a table that the report shows."""
    return [column["header"] for column in block["columns"]], [list(map(str, row)) for row in block["cells"]]


def funnel(deck: Deck) -> None:
    """Make the slide with how far everyone gets: bars for all, a table for the personas."""
    _by_stage(deck, "funnel", "share_of_start", "leaks_funnel")


def leaks(deck: Deck) -> None:
    """Make the slide with where they drop out: bars for all, a table for the personas."""
    _by_stage(deck, "drop_off", "drop_off", "leaks_drop")


def _by_stage(deck: Deck, name: str, column: str, key: str) -> None:
    material = deck.material
    frame = shown(deck, material.table(name), column)
    if frame.empty:
        return
    there, people = stages_in(deck, frame), list(dict.fromkeys(frame["persona"]))
    page = begin(deck, key, title=_telling(deck, name, frame[frame["persona"] == people[0]], column))
    cells = grid_of(frame, "persona", "stage", column)
    base, others = people[0], people[1:][:MOST_PERSONAS]
    names = [material.word("stage", stage) for stage in there]
    left, right = page.area.split(0.42)
    values = [cells.get((base, stage)) for stage in there]
    top = 1.12 * max((value for value in values if value is not None), default=1.0)
    series, room = {material.word("persona", base): values}, left if others else page.area
    chart(page, room, "bars", names, series, [deck.accent], legend=False, top=top or 1.0)
    if others:
        heads = [material.say("columns.stage"), *(material.word("persona", one) for one in others)]
        rows = [
            [material.word("stage", stage), *(_share(page, cells.get((one, stage))) for one in others)]
            for stage in there
        ]
        table(page, right, heads, rows, wide=1.25)
    _limits(page, frame, column)
    page.close()


def _telling(deck: Deck, name: str, frame: pd.DataFrame, column: str) -> str:
    """Return what a figure per stage says in one sentence: the last stage that is reached, or where most are lost."""
    order = stages_in(deck, frame)
    last = frame.set_index("stage").loc[order[-1]] if name == "funnel" else None
    row = frame.loc[frame[column].idxmax()] if last is None else last
    stage = order[-1] if last is not None else row["stage"]
    group = deck.material.word("persona", row["persona"])
    values = {
        "stage": deck.material.word("stage", stage),
        "share": float(row[column]),
        "group": in_sentence(group),
    }
    return deck.material.say(f"slides.{'funnel' if name == 'funnel' else 'leaks'}", **values)


def _share(page: Page, value: Any) -> str:
    return page.material.value(value, "percent")


def channels(deck: Deck) -> None:
    """Make the slide with which channels the steps onward are credited to, per stage, for everyone."""
    frame = deck.material.table("channels")
    frame = frame[frame["persona"] == "all"] if len(frame) else frame
    frame = shown(deck, frame, "attribution_markov")
    if frame.empty or frame["channel"].nunique() < 2:
        return
    there, word = stages_in(deck, frame), deck.material.word
    largest = (
        frame.groupby("channel")["attribution_markov"].sum().sort_values(ascending=False, kind="stable").index
    )
    title = deck.material.say("slides.channels", channel=word("channel", largest[0]))
    page = begin(deck, "channels", title=title)
    named, rest = list(largest[:MOST_CHANNELS]), set(largest[MOST_CHANNELS:])
    cells = grid_of(frame, "stage", "channel", "attribution_markov")
    series = {word("channel", one): [cells.get((stage, one)) for stage in there] for one in named}
    shades = list(persona_colours([f"p{number}" for number in range(1, len(named) + 1)]).values())
    if rest:
        sums = [sum(cells.get((stage, one)) or 0 for one in rest) for stage in there]
        series[deck.material.say("values.other")] = sums
        shades.append(GREY)
    chart(
        page, page.area, "stacked", [word("stage", one) for one in there], series, shades, form=SMALL, top=1.0
    )
    page.note(deck.material.say("captions.channels"))
    for row in frame[frame["channel"].isin(named)].to_dict("records"):
        between = say_interval(row.get("low"), row.get("high"), "percent", deck.material.language)
        named = f"{word('stage', row['stage'])}, {word('channel', row['channel'])}"
        page.note(f"{named}: {_share(page, row['attribution_markov'])} ({between})")
    page.close()
