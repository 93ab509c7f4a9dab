"""Finding: a statement in numbers, and how findings are controlled and ranked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from journeykit.journeys.statistics import adjust_p_values

__all__ = ["SECTIONS", "Finding", "control", "headlines", "rank"]

# the part of a report to which each kind of finding belongs
SECTIONS = {
    "personas": (
        "personas_found", "everyone_placed", "no_personas", "persona_size", "persona_uncertain", "persona_stands_out",
    ),
    "changes": (
        "personas_again", "personas_again_some", "persona_stayed", "persona_born", "persona_gone", "persona_merged",
        "persona_split", "persona_moved", "persona_grown", "persona_shrunk",
        "stage_share_risen", "stage_share_fallen", "lapsed_risen", "lapsed_fallen", "drop_off_risen", "drop_off_fallen",
    ),
    "value": ("buyers", "buyers_free", "persona_worth", "value_concentration", "ahead_more_persona",
              "ahead_more_channel", "spend_returns_most", "spend_returns_least"),
    "stages": ("stage_largest", "stage_unsure", "lapsed_share"),
    "next_steps": ("moves_soon", "lapses_soon"),
    "leaks": ("drops_at_purchase", "leaks_at", "leaks_more_at", "reaches_stage", "reactivated", "persona_differs",
              "recorded_differs"),
    "skips": ("stage_skipped", "skips_cost", "skips_gain", "skips_harmless", "back_steps", "back_after_low_rating",
              "back_after_complaint"),
    "timing": ("slow_stage",),
    "channels": ("channel_contributes", "entry_point", "talking_buys", "interactive_buys", "paid_or_earned"),
    "entering": (
        "entry_goes_on", "entry_stays", "cohort_further", "cohort_less_far", "comes_back", "comes_back_more",
        "comes_back_less", "active_in_month",
    ),
    "content": (
        "content_most", "content_leads", "content_leads_less", "magnet_most", "magnet_further", "magnet_less_far",
        "entry_offer", "entry_offer_beside", "entry_offer_leads", "attends",
    ),
    "pages": ("page_bounces", "page_left_most", "page_completes", "page_sells", "page_without_sales"),
    "voices": ("nps", "mean_rating", "referrals", "advocates", "loop_closes", "referred_further", "referred_less_far"),
    "after": (
        "upsells", "upsells_more", "cross_sells", "cross_sells_more", "lever_taken", "aha_moment", "aha_buys",
        "returns_with", "sent_before_return", "complaints_after_help", "won_back",
    ),
    "accounts": ("people_per_account", "wins_with_people", "roles_filled", "wins_with_role"),
    "actions": (
        "advise_tested", "advise_measured", "advise_playbook", "advise_no_channel", "advise_written", "what_if",
        "what_if_value",
    ),
    "decisions": (
        "goes_on_less", "channel_goes_on_less", "page_loses", "landing_loses", "dissatisfied_silent", "renews_less",
        "unused_renews_less",
    ),
    "trials": ("trial_better", "trial_worse", "trial_no_difference", "trial_mismatch"),
    "caveats": (
        "stage_not_observable", "journeys_not_observable", "rejects", "unmapped_touchpoints", "window_opens_late",
        "few_customers", "nothing_left_out", "holds_under_all_models", "flips_with_model", "unsure_under_models",
        "seen_under_few_models",
    ),
}  # fmt: skip
# the numbers that say what a finding is about, rather than how much
SUBJECT = (
    "channel",
    "page",
    "content",
    "magnet",
    "offer",
    "touchpoint",
    "behaviour",
    "trait",
    "kind",
    "lever",
    "role",
    "signal",
    "skipped",
    "cohort",
    "month",
    "to",
    "figure",
    "conclusion",
    "outcome",
    "sign",
    "place",
    "trial",
    "arm",
)
_SECTION_OF = {key: section for section, keys in SECTIONS.items() for key in keys}


@dataclass(frozen=True)
class Finding:
    """A statement about a client's customers, in numbers only.

    Attributes
    ----------
    key
        What kind of statement it is.
    numbers
        The figures of the statement. `at_stake` is the number of customers concerned, times the size of the
        effect; `value_at_stake` is the same in the value that these customers bring on average.
    low, high
        95 % interval of the main figure.
    evidence
        Name of the table from which it follows.
    persona, stage
        Whom and where it is about; null: everyone, everywhere.
    customers
        Base of the main figure.
    p_value
        Where something was tested; `numbers["p_adjusted"]` after false-discovery control.
    rank
        1 is what matters most.
    names
        Names that the data gave, per blank and language: `{"persona": {"nl": …, "en": …}}`.
    """

    key: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    evidence: str = ""
    persona: str | None = None
    stage: str | None = None
    customers: int | None = None
    p_value: float | None = None
    rank: int | None = None
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def section(self) -> str:
        """The part of a report to which the finding belongs."""
        return _SECTION_OF.get(self.key, "summary")

    @property
    def id(self) -> str:
        """What the finding is about, the same in every report: its key, persona, stage and subject.

        Examples
        --------
        >>> Finding("page_bounces", {"page": "/blog/x", "share": 0.9}).id
        'page_bounces:/blog/x'
        """
        subject = [str(self.numbers[name]) for name in SUBJECT if self.numbers.get(name) is not None]
        return ":".join([self.key, *(part for part in (self.persona, self.stage) if part), *subject])

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain values, for JSON."""
        return {
            "id": self.id,
            "key": self.key,
            "section": self.section,
            "rank": self.rank,
            "persona": self.persona,
            "stage": self.stage,
            "customers": None if self.customers is None else int(self.customers),
            "numbers": {name: _plain(value) for name, value in self.numbers.items()},
            "interval": [_plain(self.low), _plain(self.high)],
            "p_value": _plain(self.p_value),
            "evidence": self.evidence,
        }


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (np.bool_, bool)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return None if value is None else str(value)


def control(findings: Iterable[Finding], alpha: float = 0.05) -> list[Finding]:
    """Return the findings that stand after false-discovery control (Benjamini-Hochberg).

    Untested findings pass. Candidates whose key starts with `_` were tested but are not worth a sentence; they
    count as tests and are then left out.
    """
    findings = list(findings)
    adjusted = adjust_p_values([np.nan if found.p_value is None else found.p_value for found in findings])
    kept = []
    for found, p in zip(findings, adjusted, strict=True):
        if found.key.startswith("_") or p > alpha:
            continue
        numbers = {**found.numbers, "p_adjusted": float(p)} if np.isfinite(p) else found.numbers
        kept.append(replace(found, numbers=numbers))
    return kept


def rank(findings: Iterable[Finding], customers: float = 0.0, value: float = 0.0) -> list[Finding]:
    """Return findings in order of what is at stake, with their rank; caveats come last, in the given order.

    Parameters
    ----------
    customers, value
        How many units there are, and what they brought in all. The stake of a finding is then the mean of its part
        of all customers and its part of all value; where no value is known, its part of the customers.
    """
    findings = list(findings)
    matters = [found for found in findings if found.section != "caveats"]
    matters.sort(key=lambda found: -_stake(found, customers, value))
    ordered = [*matters, *(found for found in findings if found.section == "caveats")]
    return [replace(found, rank=place) for place, found in enumerate(ordered, start=1)]


def _stake(found: Finding, customers: float, value: float) -> float:
    people, worth = (_number(found, name) for name in ("at_stake", "value_at_stake"))
    if not customers > 0:
        return people
    share = people / customers
    return share if worth is None or not value > 0 else (share + worth / value) / 2


def _number(found: Finding, name: str) -> Any:
    given = found.numbers.get(name)
    known = given is not None and np.isfinite(given)
    return float(given) if known else (0.0 if name == "at_stake" else None)


def headlines(findings: Sequence[Finding], most: int = 5) -> list[Finding]:
    """Return the findings for a summary, by rank: the first of each section, then the first of other kinds.

    What to do and what changed have a place of their own in a summary, and are left out here.
    """
    ordered = [
        found
        for found in sorted(findings, key=lambda one: one.rank or 10**9)
        if found.section not in ("caveats", "actions", "changes", "decisions")
    ]
    firsts = {found.section: found for found in reversed(ordered)}
    kinds = {found.key: found for found in reversed(ordered)}
    chosen = sorted(firsts.values(), key=lambda one: one.rank or 10**9)
    chosen += [found for found in ordered if found is kinds[found.key] and found not in chosen]
    return sorted(chosen[:most], key=lambda one: one.rank or 10**9)
