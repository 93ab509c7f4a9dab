"""A report as exports find it: a notebook with blocks, and tables and findings beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
from nbformat.v4 import new_code_cell, new_notebook, new_output

from journeykit.reports.blocks import BLOCK
from journeykit.reports.shapes import shaped

STAGES = ["awareness", "consideration", "purchase", "loyalty"]
NASTY = [
    "Een heel lange naam " * 10, "😀 lachers", "عملاء المساء", "晚间访客", "=cmd|'/c calc'!A1", "a\x00b\x0bc", "+1",
    "-2", "@SUM(A1)", "\tx", "<b>&amp;</b>", "{=1}",
]  # fmt: skip


def names_of(count: int, nasty: bool = False) -> dict[str, str]:
    plain = [f"Groep {number}" for number in range(1, count + 1)]
    return {f"p{place}": NASTY[place - 1] if nasty else name for place, name in enumerate(plain, 1)}


def hand_made(personas: int = 2, nasty: bool = False) -> dict[str, pd.DataFrame]:
    """Return small tables that can be counted by hand."""
    names = names_of(personas, nasty)
    ids, of_all = list(names), ["all", *names]
    cells = [(persona, stage, place) for persona in of_all for place, stage in enumerate(STAGES)]
    grid = pd.DataFrame(cells, columns=["persona", "stage", "place"])
    share = 0.4 - 0.1 * grid["place"]
    people = pd.DataFrame({"persona": ids, "name_nl": names.values(), "name_en": names.values()})
    people = people.assign(
        customers=100, share=1 / max(personas, 1), share_low=0.1, share_high=0.9, stability=0.8
    )
    people = people.assign(certified=True, value_mean=12.5, key="weekend_share+")
    people["effect.weekend_share"] = 0.5
    drop = grid[["persona", "stage"]].assign(
        been=50, left=40.0, lapsed=10.0, drop_off=0.25 + 0.1 * grid["place"]
    )
    now = grid[["persona", "stage"]].assign(
        customers=100 * share, share=share, low=share - 0.05, high=share + 0.05
    )
    ahead = pd.DataFrame(
        {"persona": of_all, "stage": None, "customers": 100.0, "moves": 30.0, "move_share": 0.3}
    )
    funnel = grid[["persona", "stage"]].assign(
        reached=100 - 20 * grid["place"], share_of_start=1 - 0.2 * grid["place"]
    )
    channels = pd.concat([
        grid[["persona", "stage"]].assign(channel=channel, touches=40, paid=False, attribution_markov=part,
                                          low=part - 0.1, high=part + 0.1, customers=50, held_back=False)
        for channel, part in (("email", 0.6), ("web", 0.4))
    ])  # fmt: skip
    journey = now.assign(
        drop_off=drop["drop_off"], drop_off_low=0.2, drop_off_high=0.6, days_median=5.0, days_low=4.0, days_high=6.0,
        top_channels="email, web", top_touchpoints="view_item", skipped_share=0.1, back_share=0.1, activity="Zoeken",
        question="Wie is dit?", recommendation="Bel terug", rating=7.0, rating_low=6.5, rating_high=7.5, friction=0.2,
    ).drop(columns=["low", "high"])  # fmt: skip
    value = pd.DataFrame({"persona": of_all, "customers": 100, "buyers": 50, "value_total": 5000.0, "value_mean": 100.0,
                          "low": 90.0, "high": 110.0, "share_of_value": 0.5, "share_of_customers": 0.5})  # fmt: skip
    single = pd.DataFrame(
        {
            "customer_id": ["geheim-1", "geheim-2"],
            "persona": ids[:1] * 2 if ids else None,
            "stage": "purchase",
        }
    )
    return {
        "personas": people, "stages_now": now.assign(named=20, held_back=False), "funnel": funnel.assign(
            share_of_previous=0.8, low=funnel["share_of_start"] - 0.05, high=funnel["share_of_start"], days_median=3.0,
            been=50, skipped_share=0.1, skipped_low=0.0, skipped_high=0.2, held_back=False),
        "drop_off": drop.assign(low=0.2, high=0.6, basis="probabilities", held_back=False), "channels": channels,
        "journey_map": journey, "value": value.assign(top_tenth_share=0.3, held_back=False),
        "outlook": ahead.assign(lapses=10.0, lapse_share=0.1, forward_share=0.2, back_share=0.05, return_share=0.05,
                                days_median=12.0, days_low=2.0, days_high=40.0, held_back=False),
        "customers": single, "next_actions": single.assign(message="bel geheim-1"),
        "evidence": pd.DataFrame({"stage": STAGES, "touchpoints": [["view_item"], [], ["purchase"], []], "contacts": 5,
                                  "units": 3, "markers_seen": [[], [], ["purchase"], []],
                                  "missing": [[], ["wishlist"], [], []],
                                  "observable": True}),
        "persona_traits": pd.DataFrame({"persona": ids, "trait": "channel_share.email", "effect": 1.5, "median": 0.4,
                                        "low": 0.3, "high": 0.5, "rest_median": 0.1}),
    }  # fmt: skip


def finding(key: str, section: str, **more: Any) -> dict[str, Any]:
    said = {"nl": f"Zin over {key} in het Nederlands.", "en": f"Sentence about {key} in English."}
    return {
        "key": key, "section": section, "rank": 1, "persona": None, "stage": None, "customers": 412,
        "numbers": {"share": 0.25}, "interval": [0.2, 0.3], "p_value": 0.01, "evidence": "drop_off", "sentence": said,
    } | more  # fmt: skip


FINDINGS = [
    finding("personas_found", "personas", evidence="personas"),
    finding("stage_largest", "stages", evidence="stages_now"),
    finding("leaks_at", "leaks", persona="p1", stage="purchase"),
    finding("moves_soon", "next_steps", evidence="outlook"),
    finding("nps", "voices", numbers={"nps": 31.0}, interval=[None, None], evidence="ratings"),
]  # fmt: skip


def blocks_for(language: str, name: str, **more: Any) -> list[dict[str, Any]]:
    told = [one["sentence"][language] for one in FINDINGS]
    return [
        {"block": "cover", "client": name, "title": "Klantreisrapport", "day": "31 maart 2026",
         "as_of": "31 maart 2026",
         "facts": {"Reis per": "klant"}, "colour": "#c2571a", "language": language, "note": None, "logo": None,
         "made_by": "journeykit"},
        {"block": "heading", "key": "summary", "id": "summary", "level": 1, "number": "", "text": "Samenvatting"},
        {"block": "facts", "facts": {"klanten": "200"}},
        {"block": "points", "points": told, "notes": [None] * len(told)},
        {"block": "heading", "key": "summary_do", "id": "summary_do", "level": 2, "number": "", "text": "Wat te doen"},
        {"block": "points", "points": ["Bel terug."], "notes": [None]},
        {"block": "client", "setting": "b2c", "least": 10, "template": None, "touchpoints": {},
         "stages": [[stage, f"Fase {stage}"] for stage in STAGES]} | more,
        {"block": "record", "as_of": "2026-03-31", "figures": {}, "inputs": []},
    ]  # fmt: skip


def make_report(
    folder: Path,
    tables: dict[str, pd.DataFrame] | None = None,
    language: str = "nl",
    name: str = "Acme",
    **more: Any,
):
    """Write tables and findings to a folder, and return the notebook of the report."""
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for key, table in (hand_made() if tables is None else tables).items():
        shaped(table).to_parquet(folder / "tables" / f"{key}.parquet", index=False)
    findings = more.pop("findings", FINDINGS)
    (folder / "findings.json").write_text(json.dumps(findings), encoding="utf-8")
    outputs = [new_output("display_data", {BLOCK: block}) for block in blocks_for(language, name, **more)]
    return nbformat.from_dict(new_notebook(cells=[new_code_cell("", outputs=outputs)]))
