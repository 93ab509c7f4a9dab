"""A study with known content, for the tests of reports: two personas, the five stages of a model."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from journeykit.clients import client_from_dict
from journeykit.findings import Finding

NAMES = {
    "p1": {"nl": "E-maillezers die doordeweeks komen", "en": "Email readers who come on weekdays"},
    "p2": {"nl": "Avondbezoekers", "en": "Evening visitors"},
}
FORMS = ("share", "low", "high")


def fake_client(language: str = "nl", **more):
    """Return a client read through the universal model."""
    given = {"id": "acme", "name": "Acme & Zoon <b>", "language": language, "stage_model": "universal"}
    return client_from_dict(given | {"brand": {"colour": "#0b5fa5"}, "timezone": "Europe/Amsterdam"} | more)


def fake_study(client=None, *, personas: bool = True, journeys: bool = True, unseen: tuple = ()):
    """Return an object with the attributes of a study."""
    client = client or fake_client()
    stages = list(client.model.ids)
    tables = {"customers": _customers(stages)}
    tables["observable"] = pd.DataFrame({"stage": stages, "observable": [s not in unseen for s in stages]})
    if journeys:
        tables |= {
            "journey_map": _map(stages),
            "funnel": _funnel(stages),
            "transitions": _transitions(stages),
            "flows": _flows(stages),
        }
        tables |= {"skips": _skips(), "channels": _channels(stages), "pages": _pages()}
        tables["recommendations"] = _advice(stages)
        tables |= {"evaluation": _evaluation(), "reliability": _reliability()}
    log = SimpleNamespace(
        client=client, moment=pd.Timestamp("2026-03-31 22:00"),
        customers=pd.DataFrame(),
        sources=pd.DataFrame({"source": ["orders.csv"], "rows": [1210], "used": [1203], "rejected": [7]}),
        rejects=pd.DataFrame({"source": "orders.csv", "row": range(7), "reason": ["no_time"] * 4 + ["duplicate"] * 3}),
    )  # fmt: skip
    people = _people() if personas else _people().head(0)
    figures = {"customers": 600, "contacts": 12034, "personas": 2 if personas else 0, "unsure_share": 0.125,
               "first_day": "2025-04-01", "last_day": "2026-03-31"}  # fmt: skip
    labels = {"labels": 300, "labels_left_out": 1}
    return SimpleNamespace(
        stages=SimpleNamespace(reader=SimpleNamespace(about=labels, recorded=None)), client=client, log=log,
        persona_table=people, tables=tables, figures=figures, paths=None, doubts=pd.DataFrame({"doubt": []}),
        personas=None,
        reading=SimpleNamespace(kind="recorded", units=600), journeys=SimpleNamespace(follow_days=90.0),
        findings=_findings() if journeys else [], write=lambda folder: _write(tables, Path(folder)),
    )  # fmt: skip


def _write(tables, folder: Path) -> None:
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_parquet(folder / "tables" / f"{name}.parquet")
    (folder / "findings.json").write_text("[]", encoding="utf-8")


def _people() -> pd.DataFrame:
    return pd.DataFrame({
        "persona": ["p1", "p2"], "name_nl": [NAMES["p1"]["nl"], NAMES["p2"]["nl"]],
        "name_en": [NAMES["p1"]["en"], NAMES["p2"]["en"]], "customers": [340, 200], "share": [340 / 600, 200 / 600],
        "stability": [0.91, 0.84], "certified": [True, True], "value_mean": [184.2, 61.75],
        "effect.channel.email": [0.62, -0.71], "effect.daypart.evening": [-0.8, 1.1], "effect.weekend": [-0.55, 0.4],
        "effect.order_value": [0.3, -0.25], "effect.gap_days": [-0.1, 0.35],
    })  # fmt: skip


def _customers(stages: list[str]) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.full(len(stages) + 1, 0.4), 600)
    names = [*stages, "lapsed"]
    frame = pd.DataFrame(chances, columns=[f"p_{name}" for name in names])
    best = frame.to_numpy().argmax(axis=1)
    top = frame.to_numpy().max(axis=1)
    frame.insert(0, "customer_id", [f"c{number}" for number in range(600)])
    frame.insert(1, "persona", ["p1"] * 340 + ["p2"] * 200 + [None] * 60)
    frame["stage"] = [names[one] if sure > 0.5 else None for one, sure in zip(best, top, strict=True)]
    frame["stage_likely"] = [names[one] for one in best]
    frame["stage_confidence"] = top
    frame["stage_likely"] = [names[one] for one in best]
    frame["stage_basis"] = ["likely" if sure > 0.5 else "unsure" for sure in top]
    ahead = rng.dirichlet([*np.full(len(stages), 0.2), 3, 0.6], 600)
    frame[[*(f"p_next_{name}" for name in stages), "p_next_stay", "p_next_lapsed"]] = ahead
    return frame


def _map(stages: list[str]) -> pd.DataFrame:
    rows = []
    for number, persona in enumerate(("p1", "p2", "all")):
        for place, stage in enumerate(stages):
            drop = 0.12 + 0.09 * place + 0.05 * number
            rows.append({
                "persona": persona, "stage": stage, "customers": 90 - 12 * place, "share": 0.3 - 0.05 * place,
                "drop_off": drop, "drop_off_low": drop - 0.05, "drop_off_high": drop + 0.06,
                "days_median": 6.0 + 4 * place, "days_low": 4.0 + 4 * place, "days_high": 9.0 + 5 * place,
                "top_channels": ["email", "search"], "top_touchpoints": ["email_open", "view_item"],
                "skipped_share": 0.1, "back_share": 0.07, "recommendation": None,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _funnel(stages: list[str]) -> pd.DataFrame:
    rows = [
        {"persona": persona, "stage": stage, "reached": 600 - 90 * place,
         "share_of_start": max(0.05, 1 - 0.2 * place - 0.04 * number), "share_of_previous": 0.8,
         "low": 0.5, "high": 0.9}
        for number, persona in enumerate(("all", "p1", "p2")) for place, stage in enumerate(stages)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _transitions(stages: list[str]) -> pd.DataFrame:
    names = [*stages, "lapsed"]
    rows = []
    for place, start in enumerate(stages):
        weights = np.array([0.5 ** abs(place + 1 - other) for other in range(len(names))])
        weights[place] = 0
        rows += [
            {"persona": "all", "from": start, "to": end, "count": int(100 * share), "share": share, "low": share / 2,
             "high": (1 + share) / 2, "days_median": 5.0, "held_back": False}
            for end, share in zip(names, weights / weights.sum(), strict=True)
        ]  # fmt: skip
    return pd.DataFrame(rows)


def _flows(stages: list[str]) -> pd.DataFrame:
    """600 begin at the first stage; at each place 100 stay, 4 lapse and the others go on, in p1 a third of that."""
    rows, there = [], 600
    for place, (start, end) in enumerate(zip(stages, [*stages[1:], None], strict=True), start=1):
        counts = {"lapsed": 4, "stay": 96} if end else {"stay": there}
        counts |= {end: there - 100} if end else {}
        rows += [("all", place, start, to, count, count / 600) for to, count in counts.items()]
        rows += [("p1", place, start, to, round(count / 3), count / 600) for to, count in counts.items()]
        there -= 100
    columns = ["persona", "place", "from", "to", "count", "share"]
    return pd.DataFrame(rows, columns=columns).assign(held_back=False)


def _skips() -> pd.DataFrame:
    return pd.DataFrame({
        "persona": "all", "skipped_stages": [0, 1, 2], "customers": [300, 120, 40],
        "later_stage_reached_share": [0.61, 0.58, 0.31], "low": [0.55, 0.49, 0.19], "high": [0.66, 0.67, 0.46],
        "effect": [np.nan, -0.03, -0.30], "p_value": [np.nan, 0.42, 0.0004],
    })  # fmt: skip


def _channels(stages: list[str]) -> pd.DataFrame:
    rows = [
        {"persona": "all", "stage": stage, "channel": channel, "touches": 300 - 40 * place - 30 * number, "paid": False,
         "attribution_markov": 0.4 - 0.1 * number, "attribution_shapley": 0.38, "attribution_last": 0.5}
        for place, stage in enumerate(stages) for number, channel in enumerate(("email", "search", "social", "store"))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _pages() -> pd.DataFrame:
    return pd.DataFrame({
        "page": ["/", "/sale", "/blog/how-to-choose"], "landings": [900, 410, 120], "bounce_share": [0.32, 0.41, 0.77],
        "exit_share": [0.2, 0.3, 0.7], "continue_share": [0.68, 0.59, 0.23], "sales_completed": [80, 30, 1],
        "sessions": [1500, 700, 160], "sale_share": [0.08, 0.06, 0.01], "sale_low": [0.07, 0.04, 0.0],
        "sale_high": [0.1, 0.08, 0.03], "low": [0.29, 0.36, 0.69], "high": [0.35, 0.46, 0.84],
    })  # fmt: skip


def _advice(stages: list[str]) -> pd.DataFrame:
    """Return two channels per cell; of p1 in the second stage the researcher wrote what to do."""
    rows = []
    for persona in ("all", "p1", "p2"):
        for number, stage in enumerate(stages):
            own = {"persona": persona, "stage": stage, "message": "Kom maar kijken", "drop_off": 0.4}
            own |= {"drop_off_low": 0.3, "drop_off_high": 0.5, "best_persona": "p1", "best_drop_off": 0.3}
            own |= {"customers_more": 12.0 - number if persona == "p2" else np.nan, "customers_more_low": 4.0}
            own |= {"customers_more_high": 20.0, "value_more": 1234.5, "value_more_low": 300.0}
            own |= {"value_more_high": 2500.0}
            if persona == "p1" and number == 1:
                rows.append({**own, "action": "Bel eerst de winkel", "basis": "written"})
            for channel, effect in (("email", 0.4), ("search", 0.2)):
                words = {"channel": channel, "content": "Reviews", "action": f"Doe iets {number}"}
                measured = {"basis": "measured", "effect": effect, "low": effect - 0.1, "high": effect + 0.1}
                rows.append({**own, **words, **measured})
    frame = pd.DataFrame(rows)
    return frame.assign(place=frame.groupby(["persona", "stage"]).cumcount() + 1)


def _evaluation() -> pd.DataFrame:
    return pd.DataFrame({"method": ["model", "rule"], "macro_f1": [0.6, 0.47], "skill": [0.5, 0.1]})


def _reliability() -> pd.DataFrame:
    return pd.DataFrame(
        {"predicted": [0.1, 0.4, 0.8], "observed": [0.12, 0.37, 0.83], "customers": [100, 60, 30]}
    )


def _findings() -> list[Finding]:
    one = {"persona": NAMES["p1"]}
    return [
        Finding("leaks_at", {"share": 0.39}, 0.34, 0.45, "journey_map", "p1", "decision", 412, names=one),
        Finding(
            "advise_measured",
            {"channel": "email", "share": 0.4, "at_stake": 5},
            0.3,
            0.5,
            "recommendations",
            "p1",
            "decision",
            100,
            names=one | {"action": {"nl": "Toon reviews", "en": "Show reviews"}},
        ),
        Finding("nps", {"nps": 31.0}, 22.0, 40.0, "customers", "all", None, 120),
        Finding("rejects", {"rejected": 7, "share": 7 / 1210, "reason": "no_time"}, evidence="rejects"),
    ]
