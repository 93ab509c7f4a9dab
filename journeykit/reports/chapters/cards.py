"""What stands on the card of a persona, in the words of the report's language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from journeykit.findings.people import form_of
from journeykit.reports.cards import NoPersonasFound, PersonaCard
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.portraits import chosen_number
from journeykit.wording import label, say_recruiting
from journeykit.wording.formats import say_interval
from journeykit.wording.names import in_sentence

__all__ = ["build_cards", "effects", "explain_none", "known_of", "trait_name"]

LEAST_EFFECT = 0.2  # standard deviations between a persona and the others that are worth a word
MOST_SAID = 3  # channels, hours, traits
MOST_BESIDE = 14  # rows about who they are, below which there is room on a page


def build_cards(read: Reader) -> list[PersonaCard]:
    """Return the card of each persona that was found."""
    return [_card(read, row) for _, row in read.people[read.people["persona"].isin(read.ids)].iterrows()]


def explain_none(read: Reader) -> NoPersonasFound:
    """Return why no personas were found."""
    found = getattr(read.study, "personas", None)
    null = getattr(found, "null_", {})
    return NoPersonasFound(
        reason=_reason(read, getattr(found, "reason_", "chance")), tried=0 if found is None else chosen_number(found),
        observed=null.get("observed", 0.0), by_chance=null.get("null_mean", float("nan")),
        p_value=null.get("p_value", 1.0), units=read.units, language=read.language,
    )  # fmt: skip


def _reason(read: Reader, reason: str) -> str:
    return "few_people" if reason == "too_few" and read.client.profile_only else reason


def _card(read: Reader, row: pd.Series) -> PersonaCard:
    persona = row["persona"]
    parts = [
        _traits(read, persona),
        _attributes(read, persona),
        _examples(read, persona),
        _recruit(read, persona),
    ]
    return PersonaCard(
        persona, read.persona(persona), read.colours[persona], tuple(_points(read, persona)),
        dict(_rows(read, row)), tuple(part for part in parts if part),
    )  # fmt: skip


def _rows(read: Reader, row: pd.Series) -> Iterator[tuple[str, str]]:
    page, persona = read.page, row["persona"]
    yield page.text("cards.customers"), page.value(row["customers"], "whole")
    yield page.text("cards.share"), page.spread(row["share"], row.get("share_low"), row.get("share_high"))
    if value := _value(read, row):
        yield page.text("cards.value"), value
    if stage := _stage_of(read, persona):
        yield page.text("cards.stage"), read.stage(stage)
    if journey := _journey(read, persona):
        yield page.text("cards.journey"), journey
    for key, block in (("channels", "channel_share."), ("hours", "daypart_share.")):
        if most := _most(read, persona, block):
            yield page.text(f"cards.{key}"), most
    yield from _rating(read, persona)
    sure = "certified" if row.get("certified") else "not_certified"
    yield (
        page.text("cards.stability"),
        page.text(f"cards.{sure}", stability=page.value(row.get("stability"), "percent")),
    )


def _own(read: Reader, table: str, persona: str) -> pd.DataFrame:
    """Return a persona's rows of a table that may be absent, without those that are held back."""
    frame = read.table(table)
    if "persona" not in frame:
        return frame.head(0)
    own = frame[frame["persona"] == persona]
    return own[~own["held_back"].astype(bool)] if "held_back" in own else own


def _value(read: Reader, row: pd.Series) -> str:
    own = _own(read, "value", row["persona"])
    if len(own):
        row = own.iloc[0]
        return read.page.spread(row["value_mean"], row["low"], row["high"], "amount")
    return read.page.value(row["value_mean"], "amount") if pd.notna(row.get("value_mean")) else ""


def _stage_of(read: Reader, persona: str) -> str | None:
    customers = read.units_table()
    if customers.empty or "stage" not in customers:
        return None
    counts = customers.loc[customers["persona"] == persona, "stage"].value_counts()
    counts = counts.drop("lapsed", errors="ignore")
    return counts.index[0] if len(counts) else None


def _journey(read: Reader, persona: str) -> str:
    own = _own(read, "typical", persona)
    if own.empty:
        return ""
    shown = " → ".join(read.stage(stage) for stage in own["journey"].iloc[0].split(">"))
    share = float(own["share"].iloc[0])
    return shown if share != share else read.page.text("cards.journey_shown", journey=shown, share=share)


def _most(read: Reader, persona: str, block: str) -> str:
    """Return the commonest channels or hours of a persona with their mean share."""
    means = getattr(read.study, "contrasts", None)
    if means is None or means.empty:
        return ""
    own = means[(means["persona"] == persona) & means["trait"].str.startswith(block)]
    own = own[own["inside"] >= 0.05].nlargest(MOST_SAID, "inside")
    named = [
        f"{_category(read, trait)} {read.page.value(share, 'percent')}"
        for trait, share in zip(own["trait"], own["inside"], strict=True)
    ]
    return ", ".join(named)


def _category(read: Reader, trait: str) -> str:
    block, _, category = trait.partition(".")
    if block == "daypart_share":
        return read.page.text(f"traits.daypart_{category}")
    return label("channel", category, read.language, read.client)


def _rating(read: Reader, persona: str) -> Iterator[tuple[str, str]]:
    own = _own(read, "ratings", persona)
    own = own[own["stage"].isna()] if len(own) else own
    if own.empty:
        return
    row = own.sort_values(["nps", "customers"], na_position="first").iloc[-1]
    key, figure, form = (
        ("nps", row["nps"], "signed") if pd.notna(row["nps"]) else ("rating", row["rating_mean"], "number")
    )
    shown = _between(read, figure, row["low"], row["high"], form)
    if pd.notna(row.get("answered_share")):
        shown = read.page.text("cards.answered", figure=shown, share=float(row["answered_share"]))
    yield read.page.text(f"cards.{key}"), shown
    if pd.notna(row.get("corrected")) and row["answered_share"] < 0.995:
        corrected = _between(read, row["corrected"], row["corrected_low"], row["corrected_high"], form)
        yield read.page.text(f"cards.{key}_corrected"), corrected


def _between(read: Reader, value: float, low: float, high: float, form: str) -> str:
    between = say_interval(low, high, form, read.language, read.client.currency)
    return f"{read.page.value(value, form)} ({between})" if between else read.page.value(value, form)


def trait_name(read: Reader, trait: str) -> str:
    """Return the name of a trait as it stands at the head of a row."""
    return label("trait_head", trait, read.language, read.client)


def effects(read: Reader) -> pd.DataFrame:
    """Return persona, trait and effect, long, from the columns of effect sizes in the table of personas."""
    found = read.people[read.people["persona"].isin(read.ids)]
    columns = [name for name in read.people if str(name).startswith("effect")]
    frame = found.melt("persona", columns, "trait", "effect").dropna(subset=["effect"])
    frame["effect"] = frame["effect"].astype("float64")
    return frame.assign(trait=[str(name).removeprefix("effect").lstrip("._") for name in frame["trait"]])


def _points(read: Reader, persona: str) -> list[str]:
    frame = effects(read)
    own = frame[(frame["persona"] == persona) & (frame["effect"].abs() >= LEAST_EFFECT)]
    more = own[own["effect"] > 0].nlargest(MOST_SAID, "effect")["trait"]
    less = own[own["effect"] < 0].nsmallest(MOST_SAID, "effect")["trait"]
    said = []
    for key, traits in (("more", more), ("less", less)):
        names = ", ".join(in_sentence(trait_name(read, trait)) for trait in traits)
        line = read.page.text(f"cards.{key}", traits=names) if names else ""
        said += [line[:1].upper() + line[1:]] if line else []
    return said


def _heads(read: Reader, *keys: str) -> list[str]:
    return [read.page.text(f"heads.{key}") for key in keys]


def _traits(read: Reader, persona: str) -> dict[str, Any] | None:
    """Return the table of the ten traits that set a persona apart."""
    own = _own(read, "persona_traits", persona)
    if own.empty:
        return None
    rows = []
    for row in own.itertuples():
        form = form_of(row.trait, row.median)
        rows.append([
            trait_name(read, row.trait), read.page.value(row.median, form),
            say_interval(row.low, row.high, form, read.language, read.client.currency) or "–",
            read.page.value(row.rest_median, form),
            ("+" if row.effect > 0 else "") + read.page.value(row.effect, "number"),
        ])  # fmt: skip
    header = _heads(read, "trait", "median", "between", "rest", "effect")
    return {"title": read.page.text("cards.traits"), "header": header, "rows": rows}


def _attributes(read: Reader, persona: str) -> dict[str, Any] | None:
    """Return the table of what is known of the people besides their behaviour."""
    rows = known_of(read, persona)
    header = _heads(read, "attribute", "here", "rest", "missing")
    return {"title": read.page.text("cards.attributes"), "header": header, "rows": rows} if rows else None


def known_of(read: Reader, persona: str) -> list[list[str]]:
    """Return, per attribute or level, its name, the figure of a persona, that of the others and the share missing."""
    own, rows = _own(read, "persona_attributes", persona), []
    for row in own.itertuples():
        name = label("attribute", row.attribute, read.language, read.client)
        if isinstance(row.level, str):
            here, rest = (read.page.value(share, "percent") for share in (row.share, row.rest_share))
            name = f"{name}: {_level(read, row.level)}"
        else:
            form = form_of(f"attribute.{row.attribute}", row.median)
            between = say_interval(row.low, row.high, form, read.language, read.client.currency)
            here = read.page.value(row.median, form) + (f" ({between})" if between else "")
            rest = read.page.value(row.rest_median, form)
        rows.append([name, here, rest, read.page.value(row.missing_share, "percent")])
    return rows


def _level(read: Reader, level: str) -> str:
    return (
        read.page.text("values.yes" if level == "True" else "values.no")
        if level in ("True", "False")
        else label("level", level, read.language, read.client)
    )


def _examples(read: Reader, persona: str) -> dict[str, Any] | None:
    """Return sentences about single customers, who have a letter for a name and rounded figures."""
    own = _own(read, "persona_examples", persona)
    said = [_example(read, row) for row in own.to_dict("records")]
    return {"title": read.page.text("cards.examples"), "points": said} if said else None


def _example(read: Reader, row: dict[str, Any]) -> str:
    facts = "; ".join(_facts(read, row))
    key = (
        "typical" if row["role"] == "typical" else "edge" if isinstance(row["second"], str) else "edge_alone"
    )
    second = read.persona(row["second"]) if isinstance(row["second"], str) else ""
    unit = read.page.text(f"cards.unit_{read.client.setting}")
    values = {
        "unit": unit,
        "letter": row["customer"],
        "facts": facts,
        "sure": row["probability"],
        "second": second,
    }
    return read.page.text(f"cards.example_{key}", **values)


def _facts(read: Reader, row: dict[str, Any]) -> Iterator[str]:
    page = read.page
    if pd.notna(row["contacts"]):
        yield page.text("cards.fact_contacts", contacts=row["contacts"])
    if isinstance(row["channel"], str):
        name = label("channel", row["channel"], read.language, read.client)
        yield page.text("cards.fact_channel", channel=in_sentence(name), share=row["channel_share"])
    if isinstance(row["daypart"], str):
        hours = page.text(f"traits.daypart_{row['daypart']}")
        yield page.text("cards.fact_daypart", daypart=hours, share=row["daypart_share"])
    if pd.notna(row["gap_days"]) and row["gap_days"] > 0:
        yield page.text("cards.fact_gap", gap=row["gap_days"])
    if pd.notna(row["order_value_mean"]):
        yield page.text("cards.fact_order", value=row["order_value_mean"])


def _recruit(read: Reader, persona: str) -> dict[str, Any] | None:
    """Return whom to invite for an interview, and how often that is right."""
    rules = getattr(read.study, "rules", None)
    if rules is None or rules.empty or not (rules["persona"] == persona).any():
        return None
    row = rules[rules["persona"] == persona].iloc[0]
    said = say_recruiting(row, read.language, read.client)
    return {
        "title": read.page.text("cards.recruit"),
        "points": [said],
        "aside": len(_own(read, "persona_attributes", persona)) <= MOST_BESIDE,
    }
