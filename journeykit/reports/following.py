"""Following: the personas of a client's earlier report, and which of today's they are."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from journeykit.errors import JourneykitError
from journeykit.findings import contrast_personas
from journeykit.personas import (
    PersonaClusterer,
    PersonaMatch,
    align_traits,
    load_personas,
    match_personas,
    personas_of,
)
from journeykit.reports.earlier import folders_with_personas, good_folders

__all__ = ["EarlierPersonas", "earlier_personas", "follow_personas"]

EFFECT = "effect."


@dataclass(frozen=True)
class EarlierPersonas:
    """The personas of an earlier report.

    Attributes
    ----------
    day : str
        The day of that report.
    clusterer : PersonaClusterer
        As it was saved.
    people : Series
        Persona per unit; null for the unassigned.
    table : DataFrame
        The table of personas, by ``persona``.
    """

    day: str
    clusterer: PersonaClusterer = field(repr=False)
    people: pd.Series = field(repr=False)
    table: pd.DataFrame = field(repr=False)

    @property
    def names(self) -> dict[str, dict[str, str]]:
        """Name in ``nl`` and ``en`` per persona."""
        named = self.table[["name_nl", "name_en"]].rename(columns={"name_nl": "nl", "name_en": "en"})
        return named.dropna().to_dict("index")

    @property
    def profile(self) -> pd.DataFrame:
        """Effects that set the personas apart, personas x traits."""
        effects = self.table[[name for name in self.table if str(name).startswith(EFFECT)]]
        return effects.rename(columns=lambda name: str(name).removeprefix(EFFECT))

    def place(self, traits: pd.DataFrame) -> pd.Series | None:
        """Return the persona that units would have had in that report; None when no trait is the same."""
        try:
            aligned = align_traits(self.clusterer, traits)
        except JourneykitError:
            return None
        return personas_of(self.clusterer.predict(aligned), traits.index, self.clusterer.ids_)


def earlier_personas(home: Path, day: dt.date) -> EarlierPersonas | None:
    """Return the personas of the last good report of an earlier day that found any; None when there are none."""
    for folder in reversed(folders_with_personas(good_folders(home, day))):
        with suppress(JourneykitError):
            return _read(folder)
    return None


def _read(folder: Path) -> EarlierPersonas:
    clusterer = load_personas(folder / "models" / "personas.skops")
    customers, table = (
        pd.read_parquet(folder / "tables" / f"{name}.parquet") for name in ("customers", "personas")
    )
    return EarlierPersonas(folder.name, clusterer, _by_unit(customers), table.set_index("persona"))


def _by_unit(customers: pd.DataFrame) -> pd.Series:
    """Return the persona of each unit; the people of an account share the account's."""
    units = customers["account_id"].fillna(customers["customer_id"]).astype("str")
    return customers.set_index(units)["persona"].groupby(level=0).first()


def follow_personas(
    earlier: EarlierPersonas,
    clusterer: PersonaClusterer,
    traits: pd.DataFrame,
    profile: pd.DataFrame,
    *,
    min_group: int = 10,
    fixed: bool = False,
) -> PersonaMatch | None:
    """Match the personas of today to the earlier ones, and give them the ids that they keep.

    Parameters
    ----------
    earlier
        The personas of an earlier report.
    clusterer
        The personas of today; its ids are changed.
    traits, profile
        What today's units are like (`measure_traits`, `measure_profile`).
    min_group
        Smaller personas have no effects.
    fixed
        Whether today's ids stay as they are, as those of saved personas do.

    Returns
    -------
    PersonaMatch or None
        With the new ids. None when ids are fixed and mean other personas than in the earlier report.
    """
    labels = clusterer.predict(align_traits(clusterer, traits))
    today = personas_of(labels, traits.index, clusterer.ids_)
    match = match_personas(
        earlier.people,
        today.rename(index=str),
        profile_before=earlier.profile,
        profile_after=_effects(profile, today, min_group),
        again=earlier.place(traits.rename(index=str)),
    )
    if fixed:
        return match if (match.pairs["before"] == match.pairs["after"]).all() else None
    last = earlier.clusterer.last_id_
    ids = match.ids(last)
    clusterer.keep_ids(ids, last)
    return match.named(ids)


def _effects(profile: pd.DataFrame, personas: pd.Series, min_group: int) -> pd.DataFrame:
    contrasts = contrast_personas(profile, personas, min_group)
    return contrasts.pivot(index="persona", columns="trait", values="effect").astype("float64")
