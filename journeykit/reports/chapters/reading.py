"""How the chapters read a study: its tables with names for ids, its findings by subject."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from journeykit.plots import persona_colours
from journeykit.reports.page import Page
from journeykit.reports.small_cells import blank_small_cells
from journeykit.wording import label
from journeykit.wording.names import in_sentence
from journeykit.wording.texts import has_text

__all__ = ["SUBJECTS", "Reader"]

SUBJECTS = {
    "personas": ("personas_found", "everyone_placed", "no_personas", "persona_size", "persona_uncertain",
                 "persona_stands_out",
                 "persona_worth", "value_concentration"),
    "changes": ("personas_again", "personas_again_some", "persona_stayed", "persona_born", "persona_gone",
                "persona_merged", "persona_split", "persona_grown", "persona_shrunk", "persona_moved"),
    "figures": ("stage_share_risen", "stage_share_fallen", "lapsed_risen", "lapsed_fallen", "drop_off_risen",
                "drop_off_fallen"),
    "stages": ("stage_largest", "stage_unsure", "lapsed_share"),
    "forecast": ("moves_soon", "lapses_soon"),
    "leaks": ("leaks_at", "leaks_more_at", "reaches_stage", "back_steps", "recorded_differs"),
    "purchase": ("buyers", "drops_at_purchase"),
    "comparing": ("persona_differs",),
    "skips": ("stage_skipped", "skips_cost", "skips_gain", "skips_harmless"),
    "time": ("slow_stage",),
    "spend": ("spend_returns_most", "spend_returns_least"),
    "ahead": ("ahead_more_persona", "ahead_more_channel"),
    "channels": ("channel_contributes", "entry_point"),
    "entries": ("entry_goes_on", "entry_stays"),
    "cohorts": ("cohort_further", "cohort_less_far"),
    "retention": ("comes_back", "comes_back_more", "comes_back_less"),
    "activity": ("active_in_month",),
    "content": ("content_most", "content_leads", "content_leads_less"),
    "magnets": ("magnet_most", "magnet_further", "magnet_less_far"),
    "offers": ("entry_offer", "entry_offer_beside", "entry_offer_leads", "attends"),
    "contrasts": ("talking_buys", "interactive_buys", "paid_or_earned"),
    "pages": ("page_left_most", "page_bounces", "page_completes", "page_sells", "page_without_sales"),
    "ratings": ("nps", "mean_rating"),
    "sales": ("upsells", "upsells_more", "cross_sells", "cross_sells_more"),
    "levers": ("lever_taken",),
    "aha": ("aha_moment",),
    "aha_buys": ("aha_buys",),
    "returns": ("reactivated", "returns_with", "sent_before_return"),
    "won_back": ("won_back",),
    "dissatisfaction": ("back_after_low_rating", "back_after_complaint"),
    "aftercare": ("complaints_after_help",),
    "account_people": ("people_per_account", "wins_with_people"),
    "account_roles": ("roles_filled", "wins_with_role"),
    "advocates": ("advocates", "referrals"),
    "loop": ("loop_closes", "referred_further", "referred_less_far"),
    "actions": ("advise_tested", "advise_measured", "advise_playbook", "advise_no_channel", "advise_written"),
    "what_if": ("what_if", "what_if_value"),
    "trials": ("trial_better", "trial_worse", "trial_no_difference", "trial_mismatch"),
    "measure": ("stage_not_observable", "journeys_not_observable"),
    "audit": ("holds_under_all_models", "flips_with_model", "unsure_under_models", "seen_under_few_models"),
    "data": ("rejects", "unmapped_touchpoints", "window_opens_late", "few_customers", "nothing_left_out"),
}  # fmt: skip


class Reader:
    """A study read for a page: tables with ids and names, in the page's language."""

    def __init__(self, page: Page, study: Any) -> None:
        self.page, self.study, self.client = page, study, study.client
        self.language, self.model = page.language, study.client.model
        self.units = page.text(f"parts.units_{self.client.setting}")
        self.least = self.client.privacy.min_group
        people = study.persona_table
        shown = people if people is not None else pd.DataFrame()
        self.people = shown[shown["persona"].notna()] if len(shown) else shown
        self.ids = [p for p in self.people.get("persona", []) if p not in ("all", "unassigned")]
        if not self.ids:
            page.per_persona = ""
        self.colours = persona_colours([*self.ids, "all", "unassigned"])
        self.unseen = self._unseen()

    def _unseen(self) -> list[str]:
        """Return the stages that the data cannot show, in order; none where they show no stage at all."""
        observed = self.table("observable")
        if observed.empty or not observed["observable"].any():
            return []
        return self.in_order(observed.loc[~observed["observable"].astype(bool), "stage"])

    def shows_stages(self) -> bool:
        """Return whether the data show any stage; where they show none, the chances say nothing."""
        evidence, chances = self.table("evidence"), self.units_table()
        chances = chances.reindex(columns=[f"p_{name}" for name in self.model.ids])
        return not chances.isna().all(axis=None) and (evidence.empty or bool(evidence["observable"].any()))

    def unobserved(self, chapter: str) -> bool:
        """Say that a chapter cannot be written, where no events are known; return whether that is so."""
        if self.client.profile_only:
            self.page.note(self.page.text(f"unobserved.{chapter}", units=self.units))
        return self.client.profile_only

    def untimed(self, part: str) -> bool:
        """Say that a part cannot be written, where events have an order and no times; return whether that is so."""
        if self.client.in_order:
            self.page.note(self.page.text(f"untimed.{part}", units=self.units))
        return self.client.in_order

    def after_the_end(self) -> bool:
        """Say that nothing can be told of what comes, so long after the last event; return whether that is so."""
        silence = getattr(self.study, "silence", None)
        if silence is not None:
            day = self.page.value(silence.last_day, "date")
            told = {"day": day, "days": silence.days, "longest": silence.longest_days}
            self.page.note(self.page.text("prose.long_silence", **told, units=self.units))
        return silence is not None

    def kind(self, key: str) -> str:
        """Return the key of a text, or of its variant where no events are known, or no times of them."""
        variant = "people" if self.client.profile_only else "order" if self.client.in_order else ""
        return f"{key}_{variant}" if variant and has_text(f"{key}_{variant}", self.language) else key

    def left_out(self) -> None:
        """Say which stages are left out because the data cannot show them, if there are any."""
        if self.unseen:
            self.page.note(
                self.page.text("prose.unseen", count=len(self.unseen), stages=self.listed(self.unseen))
            )

    def listed(self, stages: Iterable[str]) -> str:
        """Return the names of stages as they stand in a sentence: Awareness, Search and Purchase."""
        return self.joined(self.stage(stage) for stage in stages)

    def joined(self, names: Iterable[str]) -> str:
        """Return names as they stand in a sentence, with an *and* before the last."""
        *most, last = names
        return f"{', '.join(most)} {self.page.text('names.and')} {last}" if most else last

    def table(self, name: str) -> pd.DataFrame:
        """Return one of the study's tables as it leaves the study, empty when there is none."""
        return blank_small_cells(name, self.counted(name), self.least)

    def counted(self, name: str) -> pd.DataFrame:
        """Return one of the study's tables as it was counted, small cells too: to add up, never to show."""
        found = self.study.tables.get(name)
        return pd.DataFrame() if found is None else found.reset_index(drop=True)

    def units_table(self) -> pd.DataFrame:
        """Return the table of customers with a row per unit: in a b2b setting, one per account."""
        frame = self.table("customers")
        if self.client.setting == "b2b" and "account_id" in frame:
            return frame.drop_duplicates("account_id").reset_index(drop=True)
        return frame

    def persona(self, persona: Any) -> str:
        """Return the name of a persona, of everyone, or of those without one."""
        if persona is None or persona != persona or persona == "unassigned":
            return self.page.text("parts.unassigned")
        if persona == "all":
            return self.page.text("parts.everyone")
        row = self.people[self.people["persona"] == persona]
        named = row[f"name_{self.language}"].iloc[0] if len(row) else None
        return (
            named
            if isinstance(named, str) and named
            else label("persona", persona, self.language, self.client)
        )

    def group(self, persona: Any) -> str:
        """Return the name of a persona, or of everyone, as it stands in a sentence."""
        if persona == "all":
            return self.page.text("names.phrases.group_all", noun=self.units)
        return self.page.text("names.phrases.group", persona=in_sentence(self.persona(persona)))

    def stage(self, stage: Any) -> str:
        """Return the name of a stage; of lapsed and unsure too."""
        if stage is None or stage != stage:
            return self.page.text("parts.unsure")
        return label("stage", stage, self.language, self.client)

    def channel(self, name: Any) -> str:
        """Return the name of a channel; a dash where none is known."""
        return label("channel", name, self.language, self.client) if isinstance(name, str) else "–"

    def names(self, kind: str, ids: Any, most: int = 3) -> str:
        """Return ids, in a list or joined by commas, as names joined by commas."""
        given = ids.split(", ") if isinstance(ids, str) else ids if isinstance(ids, (list, tuple)) else []
        return ", ".join(label(kind, one, self.language, self.client) for one in given[:most]) or "–"

    def findings(self, *subjects: str, most: int = 5) -> list[Any]:
        """Return the findings about subjects, most telling first."""
        keys = [key for subject in subjects for key in SUBJECTS[subject]]
        return [finding for finding in self.study.findings if finding.key in keys][:most]

    def people_of(self, frame: pd.DataFrame) -> list[str]:
        """Return the personas to show from a table: those found, or everyone when there are none."""
        there = set(frame["persona"]) if "persona" in frame else set()
        return [persona for persona in self.ids if persona in there] or [p for p in ("all",) if p in there]

    def in_order(self, stages: Iterable[str]) -> list[str]:
        """Return stages in the order of the model, lapsed last."""
        given = set(stages)
        return [stage for stage in (*self.model.ids, "lapsed") if stage in given]

    def seen(self, stages: Iterable[str]) -> list[str]:
        """Return the stages that the data can show, in order."""
        hidden = [*self.unseen, *(["lapsed"] if self.client.in_order else [])]
        return [stage for stage in self.in_order(stages) if stage not in hidden]

    def say(self, *subjects: str, most: int = 5) -> bool:
        """Write the findings about subjects as a list; return whether there were any."""
        found = self.findings(*subjects, most=most)
        self.page.say(found)
        return bool(found)
