"""Study: everything that is measured for one client's report, each part made once, when it is asked for."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from journeykit.checks import find_doubts
from journeykit.clients import Client
from journeykit.decisions import Decisions
from journeykit.errors import DataError
from journeykit.events import EventLog, Silence, silence_of
from journeykit.facts import Reading, choose_reading
from journeykit.features import measure_profile, measure_traits
from journeykit.findings import Finding, contrast_personas, observe
from journeykit.forecasts import ValueForecast
from journeykit.journey_maps import JourneyMap, chart_journey
from journeykit.journeys import (
    Journeys,
    StageModelAudit,
    audit_stage_models,
    map_journeys,
)
from journeykit.models import load_model
from journeykit.money import ChannelReturns, measure_returns
from journeykit.personas import (
    PersonaClusterer,
    PersonaMatch,
    RuleTree,
    align_traits,
    describe_personas,
    draw_map,
    personas_of,
    pick_examples,
    recruit_rules,
    rule_tree,
    save_personas,
)
from journeykit.reports.comparing import compare_reports
from journeykit.reports.following import EarlierPersonas, earlier_personas, follow_personas
from journeykit.reports.portraits import spread_effects
from journeykit.reports.tabling import list_customers, list_tables
from journeykit.reports.valuing import decide_for, foretell_value
from journeykit.reports.writing import describe_data, write_study
from journeykit.sessions import contacts
from journeykit.stages import StageInference, draw_paths, infer_stages, save_stages
from journeykit.trials import read_out
from journeykit.wording import name_personas

__all__ = ["Study"]

_ANY = 10**9  # where no personas are found, any number may have been one


class Study:
    """The measurements of one client as of one moment.

    Parameters
    ----------
    client
        The client.
    log
        Its events, as of the day of the report.
    random_state
        Seed of everything that draws by chance.
    home
        The folder of the client's reports. With the personas of an earlier one, those of today keep their ids and
        their names; without it they are numbered and named anew.
    personas
        Personas that were fitted before, on the traits of this log; they are learned when None.
    verbose
        1 tells on standard error how far the learning of personas is.
    """

    whiten: bool | str = True  # how the traits come, for `PersonaClusterer`

    def __init__(
        self,
        client: Client,
        log: EventLog,
        *,
        random_state: int = 0,
        home: str | Path | None = None,
        personas: PersonaClusterer | None = None,
        verbose: int = 0,
    ) -> None:
        if log.profile_only and type(self) is Study:
            raise DataError(
                "journeys need events, and only customers are known here",
                where=client.path,
                remedy="look at their personas with 'open_study', as notebook 20-personas and the report do",
            )
        self.client, self.log, self.random_state, self.verbose = client, log, random_state, verbose
        self._given, self.home = personas, None if home is None else Path(home)

    @cached_property
    def traits(self) -> pd.DataFrame:
        """Who the units are: one row a unit, adjusted for stage."""
        return measure_traits(self.log)

    @cached_property
    def profile(self) -> pd.DataFrame:
        """The same in measures that can be read."""
        return measure_profile(self.log)

    @property
    def personas(self) -> PersonaClusterer:
        """The fitted personas, or the saved ones that the client file names; with the ids that they keep."""
        return self._followed[0]

    @property
    def persona_match(self) -> PersonaMatch | None:
        """What became of the personas of the earlier report; None where there is nothing to compare."""
        return self._followed[1]

    @cached_property
    def earlier(self) -> EarlierPersonas | None:
        """The personas of the last report of an earlier day that found any."""
        return None if self.home is None else earlier_personas(self.home, self.log.as_of_date)

    @cached_property
    def _followed(self) -> tuple[PersonaClusterer, PersonaMatch | None]:
        """The personas with the ids that they keep, and what became of the earlier ones."""
        clusterer, saved = self._learned(), bool(self.client.personas.reuse)
        if self.earlier is None or not clusterer.found_:
            return clusterer, None
        least = self.client.privacy.min_group
        match = follow_personas(
            self.earlier, clusterer, self.traits, self.profile, min_group=least, fixed=saved
        )
        return clusterer, match

    def _learned(self) -> PersonaClusterer:
        if self._given is not None:
            return self._given
        if self.client.personas.reuse:
            return load_model(self.client.resolve(self.client.personas.reuse))
        wanted, units = self.client.personas.k, len(self.traits)
        if wanted != "auto" and wanted > units:
            problem = f"the client file asks for {wanted} personas, and there are only {units} to group"
            raise DataError(problem, where=self.client.path, remedy="set k under 'personas' to auto")
        chance = {"random_state": self.random_state, "verbose": self.verbose}
        least = self.client.personas.min_contacts
        return PersonaClusterer(k=wanted, whiten=self.whiten, min_contacts=least, **chance).fit(self.traits)

    @cached_property
    def membership(self) -> pd.DataFrame:
        """Per unit its ``persona`` (null: unassigned) and the probability of it."""
        if not self.personas.found_:
            return pd.DataFrame(
                {"persona": None, "persona_confidence": float("nan")}, index=self.traits.index
            )
        traits = align_traits(self.personas, self.traits)
        names = personas_of(self.personas.predict(traits), traits.index, self.personas.ids_)
        sure = self.personas.predict_proba(traits).max(axis=1)
        return pd.DataFrame(
            {"persona": names.astype("str"), "persona_confidence": sure}, index=self.traits.index
        )

    @cached_property
    def contrasts(self) -> pd.DataFrame:
        """What sets each persona apart, in measures that can be read, strongest first."""
        return contrast_personas(self.profile, self.membership["persona"], self.client.privacy.min_group)

    @cached_property
    def described(self) -> pd.DataFrame:
        """One row a persona, without words."""
        described = describe_personas(
            self.personas,
            self.traits,
            self.profile,
            attributes=self._unit_attributes(),
            min_group=self.client.privacy.min_group,
        )
        return described.reset_index(drop=True)

    @cached_property
    def persona_names(self) -> pd.DataFrame:
        """The name of each persona in ``nl`` and ``en``, by persona; one that was found again keeps its name."""
        keys = self.described.set_index("persona")["key"]
        traits = {persona: key.split("|") if key else [] for persona, key in keys.items()}
        match = self.persona_match
        kept = {} if match is None or self.earlier is None else self.earlier.names
        return name_personas(traits, self.client.vocabulary, kept)

    @cached_property
    def persona_table(self) -> pd.DataFrame:
        """One row a persona: its names, size, stability, value and effect sizes; empty when there are none."""
        table = self.described.copy()
        names = self.persona_names.reindex(table["persona"])
        table.insert(1, "name_nl", names["nl"].to_numpy())
        table.insert(2, "name_en", names["en"].to_numpy())
        return table.merge(spread_effects(self.contrasts), "left", "persona")

    @cached_property
    def examples(self) -> pd.DataFrame:
        """Typical customers of each persona, and customers at its edge, by unit."""
        if not self.personas.found_:
            return pd.DataFrame(
                columns=["persona", "unit_id", "role", "probability", "second", "second_probability"]
            )
        return pick_examples(self.personas, self.traits, min_group=self.client.privacy.min_group)

    @cached_property
    def rules(self) -> pd.DataFrame:
        """A short rule per persona by which its people can be recognised; empty when there are none."""
        known, least = self._unit_attributes(), self.client.privacy.min_group
        return recruit_rules(self.profile, self.membership["persona"], attributes=known, min_group=least)

    @cached_property
    def rule_tree(self) -> RuleTree | None:
        """A few questions that lead to a persona; None when there are fewer than two."""
        if self.membership["persona"].nunique() < 2:
            return None
        return rule_tree(self.profile, self.membership["persona"], min_group=self.client.privacy.min_group)

    @cached_property
    def persona_map(self) -> pd.DataFrame | None:
        """Everybody's place among the personas in two dimensions; None when there are none."""
        return draw_map(self.personas, self.traits) if self.personas.found_ else None

    def _unit_attributes(self) -> pd.DataFrame | None:
        """Return attributes by unit; of an account with several people, those of the first."""
        known = self.log.customers
        if known.empty or not len(known.columns):
            return None
        joined = self.people[["customer_id", "unit_id"]].merge(known, left_on="customer_id", right_index=True)
        attributes = joined.drop(columns=["customer_id", "account_id"], errors="ignore")
        return attributes.groupby("unit_id").first()

    @cached_property
    def stages(self) -> StageInference:
        """Everybody's stage, next move, and how far that can be trusted."""
        return infer_stages(
            self.log,
            horizon_days=self.client.period.horizon_days,
            personas=self.membership["persona"],
            random_state=self.random_state,
        )

    @cached_property
    def silence(self) -> Silence | None:
        """The silence before the day of the report, where it is too long for a forecast."""
        return silence_of(self.log)

    @cached_property
    def doubts(self) -> pd.DataFrame:
        """What looks like a fault of measuring, as `check` tells it."""
        return find_doubts(self.log, overlaps=False)

    @cached_property
    def audit(self) -> StageModelAudit | None:
        """What other stage models say of the same data; None unless the client file asks for it."""
        if not self.client.audit:
            return None
        known = {} if len(self.log.labels) else {self.client.stage_model: self.stages}
        personas = self.membership["persona"]
        return audit_stage_models(self.log, None, personas, self.random_state, known=known)

    @property
    def reading(self) -> Reading:
        """Whether stages are read from what was recorded, or inferred, and why."""
        return choose_reading(self.log)

    @cached_property
    def paths(self) -> pd.DataFrame | None:
        """The stages that everybody went through, as inferred; None where they are read from what was recorded."""
        if self.stages.classifier is None or self.reading.kind == "recorded":
            return None
        return draw_paths(self.stages.reader, self.log, self.membership["persona"], self.random_state)

    @cached_property
    def journeys(self) -> Journeys:
        """What happened on the way, per persona and stage."""
        return map_journeys(
            self.log,
            self.membership["persona"],
            self.stages.table,
            inferred=self.paths,
            random_state=self.random_state,
        )

    @cached_property
    def journey_map(self) -> JourneyMap:
        """The map of personas and stages, joined to the playbook."""
        return chart_journey(self.journeys, self.client, last_id=self._last_id())

    def _last_id(self) -> int:
        """Return the highest number that a persona ever had; any may have been, where none are found now."""
        before = 0 if self.earlier is None else self.earlier.clusterer.last_id_
        return max(before, self.personas.last_id_) if self.personas.found_ else _ANY

    @cached_property
    def findings(self) -> list[Finding]:
        """What matters, most telling first."""
        return observe(
            self.journeys,
            log=self.log,
            personas=self.membership["persona"],
            certificate=self.persona_table,
            found=self.personas.found_,
            profile=self.profile,
            names=self.persona_names,
            client=self.client,
            audit=self.audit,
            since=None if self.persona_match is None else (self.persona_match, self.earlier),
            changes=self.changes,
            advice=self.journey_map.advice,
            returns=self.returns,
            outlook=self.value_forecast,
            trials=self.trials,
            decided=self.decided.findings,
        )

    @cached_property
    def value_forecast(self) -> ValueForecast:
        """What customers will bring in the year ahead; empty, with a reason, where nothing can be foretold."""
        return foretell_value(self)

    @cached_property
    def returns(self) -> ChannelReturns | None:
        """What came back of what was spent on channels; None where no costs are known."""
        return measure_returns(self.log, self.membership["persona"], self.random_state)

    @cached_property
    def decided(self) -> Decisions:
        """What is worth acting on, by what is at stake."""
        return decide_for(self)

    @cached_property
    def trials(self) -> pd.DataFrame:
        """What the trials showed that the client file names, of everyone and of each persona."""
        return read_out(self.log, self.membership["persona"])

    @cached_property
    def people(self) -> pd.DataFrame:
        """One row a customer: the unit, the last contact and the total value."""
        table = contacts(self.log)
        grouped = table.group_by(["customer_id", "unit_id"]).aggregate(
            last_touchpoint_at=table["timestamp"].max(), value_total=table["value"].sum()
        )
        return grouped.order_by(["unit_id", "customer_id"]).execute()

    @cached_property
    def customers(self) -> pd.DataFrame:
        """One row a customer: persona, stage, forecast and value; people of an account share the account's."""
        return list_customers(self)

    @cached_property
    def size(self) -> dict[str, Any]:
        """How much data there is: customers, units, contacts, and the first and the last day of the client's clock."""
        zone = self.client.timezone
        days = (moment.tz_localize("UTC").tz_convert(zone).date().isoformat() for moment in self.log.span())
        return {
            "customers": len(self.people),
            "units": len(self.traits),
            "contacts": int(contacts(self.log).count().execute()),
            **dict(zip(("first_day", "last_day"), days, strict=True)),
        }

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The headline figures, for ``run.json`` and the index."""
        stages, placed = self.stages.table, self.membership["persona"].notna()
        return {
            **self.size,
            "personas": int(self.persona_table["certified"].sum()) if len(self.persona_table) else 0,
            "placed_share": float(placed.mean()),
            "unsure_share": float(stages["stage"].isna().mean()),
            "lapsed_share": float(stages["p_lapsed"].mean()),
            "findings": len(self.findings),
            "value_total": float(self.people["value_total"].sum()),
        }

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name, as they are written to ``tables/*.parquet``."""
        return list_tables(self)

    @cached_property
    def changes(self) -> pd.DataFrame | None:
        """What changed since the last report of an earlier day; None where there is none."""
        return None if self.home is None else compare_reports(self, self.home)

    def save_personas(self, path: str | Path) -> Path:
        """Save the personas, with a card beside."""
        reused = self.client.personas.reuse is not None
        return save_personas(self.personas, path, None if reused else describe_data(self))

    def save_stages(self, path: str | Path) -> Path:
        """Save the stage classifier, with a card beside."""
        return save_stages(self.stages, path)

    def write(self, folder: str | Path) -> None:
        """Write tables, models and findings to a folder."""
        write_study(self, Path(folder))
