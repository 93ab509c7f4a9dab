"""Who the customers are: the personas, how they differ, and how sure the groups are."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit import plots
from journeykit.reports.chapters.reading import SUBJECTS, Reader
from journeykit.reports.page import Page
from journeykit.wording import label

__all__ = ["personas"]

MOST_TRAITS = 12  # traits in the figure of the profile


def personas(page: Page, study: Any) -> None:
    """Show the personas: sizes, profile, a card each and the certificate; or say that there are none."""
    read = Reader(page, study)
    page.heading("personas")
    if not read.ids:
        page.note(page.text("prose.personas_none"))
        return
    page.say(page.text("prose.personas"))
    read.say("personas")
    _sizes(page, read)
    _changes(page, read)
    _profile(page, read)
    page.heading("personas_cards", level=2)
    page.cards([_card(page, read, row) for _, row in _found(read).iterrows()])
    _certainty(page, read)


def _found(read: Reader) -> pd.DataFrame:
    return read.people[read.people["persona"].isin(read.ids)]


def _sizes(page: Page, read: Reader) -> None:
    frame = read.people[read.people["persona"] != "all"]
    drawn = pd.DataFrame({
        "label": [read.persona(persona) for persona in frame["persona"]],
        "share": frame["share"].astype(float).to_numpy(),
        "shown": [f"{page.value(row.share, 'percent')}  ({page.value(row.customers, 'whole')})"
                  for row in frame.itertuples()],
        "colour": [read.colours.get(persona, read.colours["unassigned"]) for persona in frame["persona"]],
    })  # fmt: skip
    between = {"share_low", "share_high"} <= set(frame)
    if between:
        drawn[["low", "high"]] = frame[["share_low", "share_high"]].astype(float).to_numpy()
    page.heading("personas_sizes", level=2)
    caption = page.text("captions.sizes_between" if between else "captions.sizes", units=read.units)
    page.figure(plots.persona_sizes(drawn, xlabel=page.text("axes.share")), caption)
    units = read.units_table()
    left = float(units["persona"].isna().mean()) if len(units) else 0.0
    key = "prose.unassigned" if left > 0.0005 else "prose.unassigned_none"
    page.say(page.text(key, share=left, units=read.units))


def _changes(page: Page, read: Reader) -> None:
    """Say what became of the personas of an earlier report: first which were found again, then what differs."""
    order = SUBJECTS["changes"]
    found = sorted(read.findings("changes", most=30), key=lambda finding: order.index(finding.key))
    if found:
        page.heading("personas_changes", level=2)
        page.say(found)


def effects(read: Reader) -> pd.DataFrame:
    """Return persona, trait and effect, long, from the columns of effect sizes in the table of personas."""
    columns = [name for name in read.people if str(name).startswith("effect")]
    frame = _found(read).melt("persona", columns, "trait", "effect").dropna(subset=["effect"])
    frame["effect"] = frame["effect"].astype("float64")
    return frame.assign(trait=[str(name).removeprefix("effect").lstrip("._") for name in frame["trait"]])


def _trait(read: Reader, trait: str) -> str:
    words = label("trait", trait, read.language, read.client)
    return words[:1].upper() + words[1:]


def _profile(page: Page, read: Reader) -> None:
    frame = effects(read)
    if frame.empty:
        return
    most = frame.groupby("trait")["effect"].agg(lambda values: values.abs().max()).nlargest(MOST_TRAITS).index
    frame = frame[frame["trait"].isin(most)]
    frame = frame.assign(order=frame["trait"].map({trait: number for number, trait in enumerate(most)}))
    frame = frame.sort_values(["order", "persona"])
    drawn = pd.DataFrame({
        "trait": [_trait(read, trait) for trait in frame["trait"]],
        "persona": [read.persona(persona) for persona in frame["persona"]],
        "effect": frame["effect"].astype(float), "colour": frame["persona"].map(read.colours),
    })  # fmt: skip
    page.heading("personas_profile", level=2)
    drawn_axes = plots.persona_profile(drawn, xlabel=page.text("axes.effect"))
    page.figure(drawn_axes, page.text("captions.profile", units=read.units))


def _card(page: Page, read: Reader, row: pd.Series) -> dict[str, Any]:
    rows = {
        page.text("cards.customers"): page.value(row["customers"], "whole"),
        page.text("cards.share"): page.value(row["share"], "percent"),
    }
    if pd.notna(row.get("value_mean")):
        rows[page.text("cards.value")] = page.value(row["value_mean"], "amount")
    stage = _stage_of(read, row["persona"])
    if stage:
        rows[page.text("cards.stage")] = read.stage(stage)
    rows[page.text("cards.stability")] = page.value(row.get("stability"), "percent")
    return {
        "title": read.persona(row["persona"]), "colour": read.colours[row["persona"]], "lead": "",
        "points": _traits_of(page, read, row["persona"]), "rows": rows,
    }  # fmt: skip


def _stage_of(read: Reader, persona: str) -> str | None:
    customers = read.units_table()
    if customers.empty or "stage" not in customers:
        return None
    counts = (
        customers.loc[customers["persona"] == persona, "stage"].value_counts().drop("lapsed", errors="ignore")
    )
    return counts.index[0] if len(counts) else None


def _traits_of(page: Page, read: Reader, persona: str) -> list[str]:
    frame = effects(read)
    own = frame[(frame["persona"] == persona) & (frame["effect"].abs() >= 0.2)]
    more = own[own["effect"] > 0].nlargest(3, "effect")["trait"]
    less = own[own["effect"] < 0].nsmallest(3, "effect")["trait"]
    said = []
    for key, traits in (("more", more), ("less", less)):
        names = ", ".join(label("trait", trait, read.language, read.client) for trait in traits)
        line = page.text(f"cards.{key}", traits=names) if names else ""
        said += [line[:1].upper() + line[1:]] if line else []
    return said


def _certainty(page: Page, read: Reader) -> None:
    page.heading("personas_certainty", level=2)
    page.say(page.text("prose.personas_how"))
    frame = _found(read)
    shown = frame.assign(persona=[read.persona(persona) for persona in frame["persona"]])
    forms = {"persona": "text", "customers": "whole", "share": "percent", "stability": "percent", "certified": "text",
             "value_mean": "amount"}  # fmt: skip
    kept = {name: form for name, form in forms.items() if name in shown and shown[name].notna().any()}
    page.table(shown, page.text("captions.certificate"), kept)
