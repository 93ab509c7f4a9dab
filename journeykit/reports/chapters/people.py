"""Who the customers are: the personas, how they differ, and how sure the groups are."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit import plots
from journeykit.reports.chapters.cards import build_cards, effects, explain_none, known_of, trait_name
from journeykit.reports.chapters.leads import lead_of
from journeykit.reports.chapters.linking import show_accounts
from journeykit.reports.chapters.reading import SUBJECTS, Reader
from journeykit.reports.page import Page
from journeykit.wording.formats import say_interval

__all__ = ["by_counts", "personas", "personas_number"]

MOST_TRAITS = 12  # traits in the figure of the profile


def personas(page: Page, study: Any) -> None:
    """Show the personas: sizes, profile, a card each and the certificate; or say that there are none."""
    read = Reader(page, study)
    page.heading("personas")
    if not read.ids:
        page.note(str(explain_none(read)))
        known_of_everybody(page, read)
        show_accounts(page, read)
        _number(page, read)
        return
    page.say(page.text(read.kind("prose.personas")))
    read.say("personas")
    _sizes(page, read)
    _worth(page, read)
    show_accounts(page, read)
    _changes(page, read)
    _profile(page, read)
    _map(page, read)
    page.heading("personas_cards", level=2)
    page.cards([card.block() for card in build_cards(read)])
    _tree(page, read)
    _certainty(page, read)
    _number(page, read)


def personas_number(page: Page, study: Any) -> None:
    """Show how the number of personas was chosen, apart from the chapter."""
    _number(page, Reader(page, study))


def known_of_everybody(page: Page, read: Reader) -> None:
    """Show what is known of the people where they fall into no groups, and no events tell more of them."""
    rows = known_of(read, "all") if read.client.profile_only else []
    if rows:
        page.heading("people_known", level=2)
        frame = pd.DataFrame(rows, columns=["attribute", "known_figure", "rest", "missing_share"])
        forms = {"attribute": "text", "known_figure": "right", "missing_share": "right"}
        page.table(frame, page.text("captions.people_known", units=read.units), forms, limit=60)


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
    page.figure(
        plots.persona_sizes(drawn, xlabel=page.text("axes.share")),
        caption,
        of="personas",
        lead=lead_of(page, "sizes", drawn[frame["persona"].isin(read.ids).to_numpy()], "share"),
    )
    units = read.units_table()
    left = float(units["persona"].isna().mean()) if len(units) else 0.0
    key = "prose.unassigned" if left > 0.0005 else "prose.unassigned_none"
    page.say(page.text(key, share=left, units=read.units))


def _worth(page: Page, read: Reader) -> None:
    """Show what part of the customers and of the value each persona is."""
    frame = read.table("value")
    if "persona" in frame:
        frame = frame[frame["persona"].isin(read.ids) & frame["share_of_value"].notna()]
    if len(frame) < 2:
        return
    drawn = pd.DataFrame({
        "label": [read.persona(persona) for persona in frame["persona"]],
        "share": (frame["share_of_customers"] / frame["share_of_customers"].sum()).to_numpy(float),
        "worth": (frame["share_of_value"] / frame["share_of_value"].sum()).to_numpy(float),
        "shown": [page.spread(row.value_mean, row.low, row.high, "amount") for row in frame.itertuples()],
        "colour": [read.colours[persona] for persona in frame["persona"]],
    })  # fmt: skip
    page.heading("personas_worth", level=2)
    names = {"customers": page.text("axes.of_units", units=read.units), "value": page.text("axes.worth")}
    axes = plots.persona_worth(drawn, xlabel=page.text("axes.share_of_all"), **names)
    lead = lead_of(page, "worth", drawn.assign(mean=frame["value_mean"].to_numpy(float)), "mean")
    page.figure(axes, page.text("captions.worth", units=read.units), of="value", lead=lead)


def _changes(page: Page, read: Reader) -> None:
    """Say what became of the personas of an earlier report: first which were found again, then what differs."""
    order = SUBJECTS["changes"]
    found = sorted(read.findings("changes", most=30), key=lambda finding: order.index(finding.key))
    if found:
        page.heading("personas_changes", level=2)
        page.say(found)


def _profile(page: Page, read: Reader) -> None:
    frame = effects(read)
    if frame.empty:
        return
    most = frame.groupby("trait")["effect"].agg(lambda values: values.abs().max()).nlargest(MOST_TRAITS).index
    frame = frame[frame["trait"].isin(most)]
    frame = frame.assign(order=frame["trait"].map({trait: number for number, trait in enumerate(most)}))
    frame = frame.sort_values(["order", "persona"])
    drawn = pd.DataFrame({
        "trait": [trait_name(read, trait) for trait in frame["trait"]],
        "persona": [read.persona(persona) for persona in frame["persona"]],
        "effect": frame["effect"].astype(float), "colour": frame["persona"].map(read.colours),
    })  # fmt: skip
    page.heading("personas_profile", level=2)
    drawn_axes = plots.persona_profile(drawn, xlabel=page.text("axes.effect"))
    lead = lead_of(page, "profile", drawn, "effect")
    page.figure(drawn_axes, page.text("captions.profile", units=read.units), of="persona_traits", lead=lead)


def _map(page: Page, read: Reader) -> None:
    """Show everybody as a dot; the map is of one moment and is not kept as a table."""
    drawn = getattr(read.study, "persona_map", None)
    if drawn is None or drawn.empty:
        return
    middle = pd.DataFrame(drawn.attrs["centres"])
    middle = middle[middle["persona"].isin(read.ids)]
    middle["label"] = [read.persona(persona) for persona in middle["persona"]]
    middle["colour"] = middle["persona"].map(read.colours)
    colours = drawn["persona"].map(read.colours).fillna(read.colours["unassigned"])
    dots = pd.DataFrame(
        {"x": drawn["x"], "y": drawn["y"], "colour": colours, "sure": drawn["persona_confidence"]}
    )
    page.heading("personas_map", level=2)
    page.figure(
        plots.persona_map(dots, centres=middle), page.text(read.kind("captions.map"), units=read.units)
    )


def _tree(page: Page, read: Reader) -> None:
    """Show the few questions by which most people can be put in their persona."""
    frame, tree = read.table("persona_tree"), getattr(read.study, "rule_tree", None)
    if frame.empty or tree is None:
        return
    page.heading("personas_tree", level=2)
    between = say_interval(tree.fidelity_low, tree.fidelity_high, "percent", read.language)
    values = {
        "fidelity": tree.fidelity,
        "between": f" ({between})" if between else "",
        "base": tree.base_rate,
    }
    page.say(page.text("prose.personas_tree", units=read.units, **values))
    shown = frame.assign(
        rule=frame[f"rule_{read.language}"], persona=[read.persona(persona) for persona in frame["persona"]]
    )
    forms = {"rule": "text", "persona": "text", "customers": "whole", "purity": "percent"}
    page.table(shown, page.text("captions.tree"), forms, of="persona_tree")


def _certainty(page: Page, read: Reader) -> None:
    page.heading("personas_certainty", level=2)
    page.say(page.text("prose.personas_how"))
    found = read.study.personas
    null = getattr(found, "null_", None)
    if null and null["draws"]:
        values = {"observed": null["observed"], "chance": null["null_mean"], "p": null["p_value"]}
        page.say(page.text(_measure(found), units=read.units, **values))
    frame = _found(read)
    shown = frame.assign(persona=[read.persona(persona) for persona in frame["persona"]])
    forms = {"persona": "text", "customers": "whole", "share": "percent", "stability": "percent", "certified": "text",
             "value_mean": "amount"}  # fmt: skip
    kept = {name: form for name, form in forms.items() if name in shown and shown[name].notna().any()}
    page.table(shown, page.text("captions.certificate"), kept, of="personas")


def _measure(found: object) -> str:
    """Return the sentence of what was measured: a share of the spread, or nats a person, which is no share."""
    return "prose.personas_foretell" if by_counts(found) else "prose.personas_beat"


def by_counts(found: object) -> bool:
    """Tell whether personas are a mixture of counts, and not groups of traits."""
    return getattr(found, "classes_", None) is not None


def _number(page: Page, read: Reader) -> None:
    """Show how the number of personas was chosen."""
    frame = read.table("candidates")
    if frame.empty:
        return
    page.heading("personas_number", level=2)
    picked = frame.loc[frame["picked"], "k"]
    chosen = int(frame.loc[frame["chosen"], "k"].iloc[0])
    if picked.empty:
        page.say(page.text("prose.personas_number_given", k=chosen))
    else:
        same = "_same" if picked.nunique() == 1 else ""
        halves = "_halves" if "overlap" in set(frame["criterion"]) else ""
        key = f"prose.personas_number{halves}{same if read.ids else '_none'}"
        page.say(page.text(key, low=picked.min(), high=picked.max(), k=chosen, units=read.units))
    if frame["k"].nunique() > 1:
        axes = plots.persona_candidates(_judged(page, frame), xlabel=page.text("axes.number_of_personas"))
        page.figure(axes, page.text("captions.candidates"), of="candidates")


def _judged(page: Page, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the scores with the words of the figure, each criterion between its worst and its best."""
    least = frame.groupby("criterion")["score"].transform("min")
    spread = frame.groupby("criterion")["score"].transform("max") - least
    return frame.assign(
        shown=[page.value(score, "score") for score in frame["score"]],
        score=((frame["score"] - least) / spread.where(spread > 0)).fillna(0.0),
        criterion=[page.text(f"axes.criterion_{criterion}") for criterion in frame["criterion"]],
    )
