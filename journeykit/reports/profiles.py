"""A study of customers of whom no events are known: who they are, and nothing of how they travel."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from journeykit.clients import Client
from journeykit.clients.form import Personas
from journeykit.errors import DataError, JourneykitError
from journeykit.events import EventLog
from journeykit.features import WideTraits, learn_people, measure_as_before
from journeykit.findings import Finding
from journeykit.intervals import wilson
from journeykit.journey_maps import JourneyMap
from journeykit.journeys import Journeys
from journeykit.personas import PersonaClusterer, recruit_rules
from journeykit.reports.portraits import list_known
from journeykit.reports.sequences import SequenceStudy
from journeykit.reports.study import Study
from journeykit.reports.tabling import list_tables
from journeykit.stage_models import LAPSED
from journeykit.stages import LIKELY, UNSURE, StageInference

__all__ = ["ProfileStudy", "open_study"]


def open_study(client: Client, log: EventLog, **options: Any) -> Study:
    """Return the study of a client: of journeys, of an order without times, or of people without events.

    Parameters
    ----------
    client, log, options
        As `Study` takes them.
    """
    if log.profile_only:
        return ProfileStudy(client, log, **options)
    return (SequenceStudy if client.in_order else Study)(client, log, **options)


class ProfileStudy(Study):
    """The measurements of customers of whom there is one row each, and no events.

    Personas are made of their attributes. A stage is what a column says, if there is one. All tables of journeys
    are there, with their columns and without rows.
    """

    whiten = "turn"

    @cached_property
    def attributes(self) -> pd.DataFrame:
        """Attributes by unit; of an account with several people, what is known of the first."""
        known = self.log.customers
        named = known.rename_axis("customer_id").reset_index()
        account = named["account_id"] if self.client.unit == "account" and "account_id" in named else None
        unit = named["customer_id"] if account is None else account.fillna(named["customer_id"])
        attributes = named.drop(columns=["customer_id", "account_id"], errors="ignore")
        if account is None:
            return attributes.set_axis(pd.Index(unit, name="unit_id"))
        return attributes.groupby(unit.rename("unit_id")).first()

    @cached_property
    def _measured(self) -> tuple[pd.DataFrame, pd.DataFrame, Any]:
        source = self.client.customers
        try:
            return learn_people(self.attributes, source.activity, source.categories)
        except ValueError as error:
            raise DataError(str(error), where=source.path, remedy="see 'exclude'") from error

    @cached_property
    def _saved(self) -> PersonaClusterer | None:
        """The personas that were learned before and are used here."""
        if self._given is not None or self.client.personas.reuse is None:
            return self._given
        return super()._learned()

    def _learned(self) -> PersonaClusterer:
        if self._saved is not None:
            return self._saved
        clusterer, wide = super()._learned(), self._measured[2]
        clusterer.measure_ = None if wide is None else wide.learned()
        return clusterer

    @cached_property
    def traits(self) -> pd.DataFrame:
        """Who the units are: one row a unit, of their attributes; measured as those of saved personas were."""
        if self._saved is None:
            return self._measured[0]
        where = self.client.personas.reuse or self.client.path
        told = getattr(self._saved, "measure_", None)
        if told is None:
            problem = "the saved personas do not say how a table of customers is measured"
            remedy = "save personas of a table of customers with 'journeykit personas fit'"
            raise JourneykitError(problem, where=where, remedy=remedy)
        try:
            return measure_as_before(self.attributes, WideTraits.restored(told))
        except (KeyError, TypeError, ValueError) as error:
            problem = f"the saved personas hold parts that do not belong together ({error})"
            raise JourneykitError(problem, where=where, remedy="save the personas anew") from error

    @cached_property
    def profile(self) -> pd.DataFrame:
        """The same in measures that can be read."""
        return self._measured[1]

    @cached_property
    def described(self) -> pd.DataFrame:
        """One row a persona, without words; none where chance does as well."""
        return super().described if self.personas.found_ else self._shell.described.head(0)

    @cached_property
    def examples(self) -> pd.DataFrame:
        """Nobody: attributes of one person, together, would tell who it is."""
        return pd.DataFrame(
            columns=["persona", "unit_id", "role", "probability", "second", "second_probability"]
        )

    @cached_property
    def rules(self) -> pd.DataFrame:
        """A short rule per persona by which its people can be recognised; empty when there are none."""
        return recruit_rules(
            self.profile, self.membership["persona"], min_group=self.client.privacy.min_group
        )

    def _unit_attributes(self) -> pd.DataFrame:
        """Return the attributes that tell people apart; of flags whether they hold."""
        told = {name.partition(".")[2].partition(": ")[0]: name for name in self.profile}
        known = self.attributes[[name for name in self.attributes if name in told]]
        flags = [name for name in known if told[name] == f"level_share.{name}"]
        holds = {name: known[name].map({0.0: "False", 1.0: "True"}) for name in flags}
        return known.assign(**holds)

    @cached_property
    def _shell(self) -> Study:
        """A study of a single event: the form of every table, of which no row is used."""
        fitting = {"personas": Personas(), "audit": False, "customers": None, "labels": None}
        client = self.client.model_copy(update=fitting)
        event = {"customer_id": ["x"], "timestamp": ["2026-01-01"], "touchpoint": ["purchase"]}
        return Study(client, EventLog.from_frame(pd.DataFrame(event), client=client))

    @cached_property
    def stages(self) -> StageInference:
        """What a column says of the stage that everybody is in; nothing where there is no such column."""
        shell = self._shell.stages
        empty = {part.name: _head(getattr(shell, part.name)) for part in fields(shell)}
        told = pd.Series(dtype="str") if self.log.labels.empty else self._told()
        return StageInference(**empty | {"table": _stage_table(told, shell.table, self.traits.index)})

    def _told(self) -> pd.Series:
        """Return the stage that the column tells, by unit; of an account the furthest of its people."""
        order = {stage: place for place, stage in enumerate((LAPSED, *self.client.model.ids))}
        labels = self.log.labels.drop_duplicates("customer_id").set_index("customer_id")["stage"]
        accounts = self.log.customers.get("account_id") if self.client.unit == "account" else None
        unit = (
            labels.index
            if accounts is None
            else accounts.reindex(labels.index).fillna(labels.index.to_series())
        )
        ordered = labels.iloc[np.argsort(labels.map(order), kind="stable")]
        return ordered.groupby(pd.Series(unit, labels.index).reindex(ordered.index)).last()

    @cached_property
    def audit(self) -> None:
        """Nothing: other stage models have nothing to read."""
        return None

    @cached_property
    def paths(self) -> None:
        """Nothing: nobody's path is known."""
        return None

    @cached_property
    def journeys(self) -> Journeys:
        """Nothing of what happened; how many are in each stage where a column tells it."""
        shell = self._shell.journeys
        empty = {part.name: _head(getattr(shell, part.name)) for part in fields(shell)}
        table = self.stages.table
        now = (
            {"stages_now": self._stages_now(), "observable": self._observable()}
            if len(self.log.labels)
            else {}
        )
        return replace(shell, **empty | now | {"units": pd.DataFrame(index=table.index)})

    def _observable(self) -> pd.DataFrame:
        named = self.stages.table["stage"].value_counts()
        rows = [{"stage": stage, "contacts": 0, "customers": int(named.get(stage, 0)), "markers": "",
                 "marker_contacts": 0, "observable": stage in named.index, "missing_touchpoints": ""}
                for stage in self.client.model.ids]  # fmt: skip
        return pd.DataFrame(rows)

    def _stages_now(self) -> pd.DataFrame:
        """Count who is in which stage, of those whose stage is told: of everyone and of each persona."""
        table = self.stages.table[self.stages.table["stage"].notna()]
        persona = self.membership["persona"].reindex(table.index)
        groups = {"all": table} | {
            one: table[persona == one] for one in self.personas.ids_ if (persona == one).any()
        }
        rows = [row for one, group in groups.items() for row in self._counted(one, group)]
        return pd.DataFrame(rows, columns=list(self._shell.journeys.stages_now))

    def _counted(self, persona: str, group: pd.DataFrame) -> list[tuple[Any, ...]]:
        named, total = group["stage"].value_counts(), len(group)
        few, rows = total < self.client.privacy.min_group, []
        for stage in (*self.client.model.ids, LAPSED, None):
            count = int(named.get(stage, 0)) if stage else int(group["stage"].isna().sum())
            low, high = (float(bound) for bound in wilson(count, total))
            figures = (np.nan,) * 7 if few else (float(count), count / total, low, high, count, 0, np.nan)
            rows.append((persona, stage, *figures, few))
        return rows

    @cached_property
    def findings(self) -> list[Finding]:
        """What matters, most telling first; nothing of stages, which are told and not estimated."""
        kept = [found for found in super().findings if found.section != "stages"]
        return [replace(found, rank=place) for place, found in enumerate(kept, start=1)]

    @cached_property
    def people(self) -> pd.DataFrame:
        """One row a customer: the unit, and neither a last contact nor a value."""
        known = self.log.customers
        unit = known.index.to_series()
        if self.client.unit == "account" and "account_id" in known:
            unit = known["account_id"].fillna(unit)
        people = {"customer_id": known.index, "unit_id": unit.to_numpy(), "last_touchpoint_at": pd.NaT}
        return pd.DataFrame(people | {"value_total": np.nan})

    @cached_property
    def size(self) -> dict[str, Any]:
        """How many customers and units there are; no contacts, and no days."""
        return {"customers": len(self.people), "units": len(self.traits), "contacts": 0}

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The headline figures, for ``run.json`` and the index."""
        placed = self.membership["persona"].notna()
        certified = int(self.persona_table["certified"].sum()) if len(self.persona_table) else 0
        told = (
            {"unsure_share": float(self.stages.table["stage"].isna().mean())} if len(self.log.labels) else {}
        )
        people = {"personas": certified, "placed_share": float(placed.mean()), **told}
        return {**self.size, **people, "findings": len(self.findings)}

    @cached_property
    def journey_map(self) -> JourneyMap:
        """The form of the map, without rows."""
        found = self._shell.journey_map
        return replace(found, frame=_head(found.frame), advice=_head(found.advice))

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name; what is known of everybody stands above what is known of each persona."""
        empty = {name: _head(self._shell.tables[name]) for name in ("next_actions", "transitions_by_markers")}
        tables = list_tables(self, **empty)
        everybody = list_known(self._unit_attributes(), self.client.privacy.min_group)
        known = [part for part in (everybody, tables["persona_attributes"]) if len(part)]
        return tables | ({"persona_attributes": pd.concat(known, ignore_index=True)} if known else {})

    def save_stages(self, path: str | Path) -> Path:
        """Save nothing, since no stages were learned; return where they would have been."""
        return Path(path)


def _head(part: Any) -> Any:
    """Return a frame without its rows; anything else as it is."""
    return part.head(0) if isinstance(part, pd.DataFrame) else part


def _stage_table(told: pd.Series, form: pd.DataFrame, units: pd.Index) -> pd.DataFrame:
    """Return the stage table: certain where a column tells the stage, missing elsewhere; nothing of the future."""
    table = form.head(0).reindex(units)
    stage = told.reindex(units)
    known = stage.notna()
    table["stage"] = stage.astype("str").where(known, None)
    table["stage_likely"] = table["stage"]
    table["stage_basis"] = known.map({True: LIKELY, False: UNSURE})
    table["stage_confidence"] = known.astype(float).where(known)
    states = [name for name in table if name.startswith("p_") and not name.startswith("p_next_")]
    for name in states:
        table[name] = (stage == name.removeprefix("p_")).astype(float).where(known)
    table["stage_set"] = [[one] if isinstance(one, str) else None for one in table["stage"]]
    return table
