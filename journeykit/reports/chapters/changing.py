"""What changed since the last report: figures of then and now, with intervals, significant ones first."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit import plots
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page

__all__ = ["changes", "changes_sentence"]

DRAWN = ("stage_share", "drop_off", "persona_share")
MOST = 16  # figures that are drawn


def changes(page: Page, study: Any) -> None:
    """Show what differs from the last report, or say that there is none to compare with."""
    read = Reader(page, study)
    page.heading("changes")
    table = getattr(study, "changes", None)
    if table is None:
        page.note(page.text("prose.changes_first"))
        return
    sentence = changes_sentence(read)
    if not sentence:
        page.note(page.text("prose.changes_none", day=table.attrs["day"], least=read.least, units=read.units))
        return
    page.say(page.text("prose.changes", day=table.attrs["day"]), sentence)
    page.say(_told(read))
    _persona_matching(page, read, table)
    _drawn(page, read, table)
    _rows(page, read, table)


def _tested(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["p_value"].notna()]


def changes_sentence(read: Reader) -> str:
    """Return one sentence on how much changed since the last report; empty when nothing was compared."""
    table = getattr(read.study, "changes", None)
    tested = _tested(table) if table is not None else pd.DataFrame()
    if tested.empty:
        return ""
    changed = tested[tested["significant"].astype(bool)]
    values = {"day": table.attrs["day"], "changed": len(changed), "tested": len(tested)}
    if changed.empty:
        return read.page.text("prose.changes_still", **values)
    most = changed.iloc[0]
    what = _what(read, most.figure, most.persona, most.stage)
    return read.page.text("prose.changes_most", what=what, before=most.before, after=most.after, **values)


def _what(read: Reader, figure: str, persona: str, stage: Any) -> str:
    """Return what a figure is about, as it stands in a sentence."""
    named = {"stage": read.stage(stage)} if isinstance(stage, str) else {}
    lapsed = figure == "stage_share" and stage == "lapsed"
    key = f"prose.change_{'lapsed_share' if lapsed else figure}"
    named = {} if lapsed else named
    return read.page.text(key, group=read.group(persona), **named)


def _told(read: Reader) -> list[Any]:
    """Return the findings about figures and personas, most telling first."""
    return read.findings("figures", "changes", most=8)


def _persona_matching(page: Page, read: Reader, table: pd.DataFrame) -> None:
    """Say how today's personas were held against the earlier ones."""
    match = getattr(read.study, "persona_match", None)
    if match is not None and not len(match.births) + len(match.deaths):
        page.say(page.text("prose.changes_matched_all"))
    elif match is not None:
        page.say(
            page.text(
                "prose.changes_matched", kept=len(match.pairs), born=len(match.births), gone=len(match.deaths)
            )
        )
    elif read.ids:
        page.note(page.text("prose.changes_unmatched"))


def _label(read: Reader, row: Any) -> str:
    """Return the head of a figure's row: what, where, and of whom."""
    stage = read.stage(row.stage) if isinstance(row.stage, str) else ""
    words = [
        read.page.text(f"parts.{row.figure}"),
        stage,
        "" if row.persona == "all" else read.persona(row.persona),
    ]
    return " · ".join(word for word in words if word)


def _drawn(page: Page, read: Reader, table: pd.DataFrame) -> None:
    shown = _tested(table)
    shown = shown[shown["figure"].isin(DRAWN)].head(MOST)
    points = {name: 100 * shown[of].astype(float) for name, of in
              (("value", "difference"), ("low", "low"), ("high", "high"))}  # fmt: skip
    frame = pd.DataFrame({
        "label": [_label(read, row) for row in shown.itertuples()], **points, "significant": shown["significant"],
    })  # fmt: skip
    axes = plots.differences(
        frame, xlabel=page.text("axes.difference"), sure=page.text("parts.significant"),
        unsure=page.text("parts.within_chance"),
    )  # fmt: skip
    page.figure(axes, page.text("captions.changes", day=table.attrs["day"]))


def _rows(page: Page, read: Reader, table: pd.DataFrame) -> None:
    """Show all figures that were tested; what became of personas besides is in the sentences and the file."""
    tested = _tested(table)
    shown = tested.assign(
        what=[_label(read, row) for row in tested.itertuples()],
        difference=[page.spread(row.difference, row.low, row.high, "points") for row in tested.itertuples()],
    )
    forms = {
        "what": "text",
        "before": "percent",
        "after": "percent",
        "difference": "right",
        "p_adjusted": "p_value",
    }
    page.table(shown, page.text("captions.changes_table", day=table.attrs["day"]), forms, limit=25)
