"""Findings about personas: whether there are any, how large, how they differ, what they are worth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from journeykit.findings.finding import Finding
from journeykit.journeys.statistics import wilson

__all__ = ["contrast_personas", "persona_findings", "value_findings"]

_FORMS = (
    ("active_days", "number"), ("share", "percent"), ("weekend", "percent"), ("gap", "duration"), ("days", "duration"),
    ("value", "amount"),
)  # fmt: skip
_NOT_TRAITS = ("first_contact_at", "last_contact_at", "last_touchpoint_at", "persona")
_NO_CONTRASTS = {
    "persona": pd.Series(dtype="str"), "trait": pd.Series(dtype="str"), "effect": pd.Series(dtype="float64"),
    "inside": pd.Series(dtype="float64"), "outside": pd.Series(dtype="float64"), "customers": pd.Series(dtype="int64"),
}  # fmt: skip
STANDS_OUT = 0.5
LEAST_GAP = 0.05  # difference between two shares that is worth a sentence


def contrast_personas(profile: pd.DataFrame, personas: pd.Series, min_group: int = 10) -> pd.DataFrame:
    """Compare each persona with everyone else in measures that can be read.

    Parameters
    ----------
    profile
        One row per unit, of numbers; null where not observed.
    personas
        Persona id per unit; null where not placed.

    Returns
    -------
    pandas.DataFrame
        `persona, trait, effect` (difference of means in pooled standard deviations, Cohen's d), `inside, outside`
        (means), `customers`; strongest first within a persona. Descriptive: the personas were made from behaviour,
        so that no p-value belongs to these differences.

    Examples
    --------
    >>> profile = pd.DataFrame({"channel_share.email": [0.9, 0.7, 0.2, 0.0]}, index=list("abcd"))
    >>> personas = pd.Series(["p1", "p1", "p2", "p2"], index=list("abcd"))
    >>> contrast_personas(profile, personas, min_group=1)["effect"].round(1).tolist()
    [5.0, -5.0]
    """
    numbers = profile.select_dtypes("number").drop(columns=list(_NOT_TRAITS), errors="ignore").astype(float)
    who = personas.reindex(numbers.index)
    parts = [
        _contrast(numbers, who, persona, min_group) for persona in sorted(who.dropna().unique(), key=_place)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(_NO_CONTRASTS)


def _place(persona: str) -> tuple[int, str]:
    return len(persona), persona


def _contrast(numbers: pd.DataFrame, who: pd.Series, persona: str, min_group: int) -> pd.DataFrame:
    inside, outside = numbers[who == persona], numbers[who.notna() & (who != persona)]
    n, m = inside.count(), outside.count()
    weight = ((n - 1) * inside.var() + (m - 1) * outside.var()) / (n + m - 2).where(n + m > 2)
    spread = np.sqrt(weight).where(weight > 1e-12)
    effect = (inside.mean() - outside.mean()) / spread
    table = pd.DataFrame(
        {"effect": effect, "inside": inside.mean(), "outside": outside.mean(), "customers": n}
    )
    table = table[(n >= min_group) & (m >= min_group)].dropna(subset=["effect"])
    table = (
        table.sort_values("effect", key=abs, ascending=False, kind="stable")
        .rename_axis("trait")
        .reset_index()
    )
    return table.assign(persona=persona)[["persona", "trait", "effect", "inside", "outside", "customers"]]


def is_year(name: str, *values: float) -> bool:
    """Tell whether the values of a column are years of the calendar, by its name and by what they are.

    Examples
    --------
    >>> is_year("Year_Birth", 1970.0), is_year("geboortejaar", 1982, 1991), is_year("years_member", 12)
    (True, True, False)
    """
    known = [value for value in values if pd.notna(value)]
    named = any(part in name.lower() for part in ("year", "jaar", "yob"))
    return named and bool(known) and all(1000 <= value < 3000 for value in known)


def form_of(trait: str, *values: float) -> str:
    """Return how a trait's values are written."""
    if trait.startswith("attribute."):
        return "year" if is_year(trait.partition(".")[2], *values) else "number"
    return next((form for part, form in _FORMS if part in trait.partition(".")[0] + trait), "number")


def persona_findings(
    personas: pd.Series | None,
    certificate: pd.DataFrame | None,
    found: bool | None,
    profile: pd.DataFrame | None,
    min_group: int,
) -> Iterator[Finding]:
    """Find what the personas say."""
    if personas is None:
        return
    total, placed = len(personas), personas.dropna()
    if found is False or placed.empty:
        yield Finding("no_personas", {"at_stake": total}, evidence="personas", customers=total)
        return
    low, high = wilson(len(placed), total)
    numbers = {"k": placed.nunique(), "share": len(placed) / total, "at_stake": total}
    key = "personas_found" if len(placed) < total else "everyone_placed"
    yield Finding(key, numbers, float(low), float(high), "personas", customers=total)
    sizes = placed.value_counts().loc[lambda n: n >= min_group]
    for persona, size in sizes.items():
        low, high = wilson(size, len(placed))
        numbers = {"share": size / len(placed), "at_stake": size * 0.2}
        yield Finding(
            "persona_size", numbers, float(low), float(high), "personas", persona, customers=int(size)
        )
    yield from _unstable(certificate, sizes)
    if profile is not None:
        yield from _standing_out(contrast_personas(profile, personas, min_group), sizes)


def _unstable(certificate: pd.DataFrame | None, sizes: pd.Series) -> Iterator[Finding]:
    if certificate is None or "certified" not in certificate:
        return
    certificate = certificate.set_index("persona") if "persona" in certificate else certificate
    for persona, row in certificate[~certificate["certified"].astype(bool)].iterrows():
        if persona in sizes.index and pd.notna(row["stability"]):
            size = int(sizes[persona])
            numbers = {"stability": float(row["stability"]), "at_stake": size * 0.1}
            yield Finding(
                "persona_uncertain", numbers, evidence="personas", persona=str(persona), customers=size
            )


def _standing_out(contrasts: pd.DataFrame, sizes: pd.Series) -> Iterator[Finding]:
    seen = ~contrasts["trait"].str.contains("_share") | (
        (contrasts["inside"] - contrasts["outside"]).abs() >= LEAST_GAP
    )
    strong = contrasts[
        (contrasts["effect"].abs() >= STANDS_OUT) & seen & contrasts["persona"].isin(sizes.index)
    ]
    for row in strong.groupby("persona", sort=False).head(2).itertuples():
        numbers = {
            "trait": row.trait, "value": row.inside, "other": row.outside, "effect": row.effect,
            "form": form_of(row.trait, row.inside), "at_stake": sizes[row.persona] * min(abs(row.effect), 3) / 10,
        }  # fmt: skip
        yield Finding(
            "persona_stands_out", numbers, None, None, "personas", row.persona, customers=int(row.customers)
        )


def _buyers(row: Any, least: int) -> Finding:
    """Return how many bought, and how many of these paid nothing: counts of what was recorded."""
    low, high = wilson(row.buyers, row.customers)
    numbers = {"bought": int(row.buyers), "share": row.buyers / row.customers, "at_stake": row.buyers * 0.2}
    free = getattr(row, "paid_nothing", 0)
    numbers |= {"free": int(free)} if free >= least else {}
    return Finding(
        "buyers_free" if "free" in numbers else "buyers",
        numbers,
        float(low),
        float(high),
        "value",
        customers=int(row.customers),
    )


def value_findings(value: pd.DataFrame, least: int = 10) -> Iterator[Finding]:
    """Find who brings the value."""
    shown = value[~value["held_back"].astype(bool)] if len(value) else value
    for row in shown.itertuples():
        if row.persona == "all":
            yield _buyers(row, least)
            if pd.notna(row.top_tenth_share) and row.top_tenth_share > 0.1:
                numbers = {"top": 0.1, "share": row.top_tenth_share, "at_stake": row.buyers * 0.1}
                yield Finding("value_concentration", numbers, None, None, "value", customers=int(row.buyers))
        elif pd.notna(row.share_of_value) and abs(row.share_of_value - row.share_of_customers) >= 0.05:
            numbers = {"share": row.share_of_value, "share_customers": row.share_of_customers}
            numbers["at_stake"] = row.customers * abs(row.share_of_value - row.share_of_customers)
            yield Finding(
                "persona_worth", numbers, None, None, "value", row.persona, customers=int(row.customers)
            )
