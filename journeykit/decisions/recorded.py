"""What was recorded of units, in memory: their contacts, what was paid, and their likeliest persona before a step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from journeykit.events.pages import clean_page
from journeykit.facts import paying_touchpoints
from journeykit.journeys.paths import Paths
from journeykit.touchpoints import GIVEN_BACK

__all__ = ["Recorded", "habits_before", "personas_before", "recorded_of"]

MOST_UNITS = 20_000  # of more, so many are drawn by chance: what is at stake is then multiplied
MOST_CHANNELS = 12
FOLDS = 5
DAY = 86_400
NAMES = "unit_id order timestamp touchpoint step channel session page rating value hour weekday marker here".split()


@dataclass(frozen=True)
class Recorded:
    """The contacts of units, and how they stand for everyone.

    Attributes
    ----------
    contacts
        pandas, sorted by unit and order: the columns of `NAMES`, with `day` (days since the first contact of all) and
        `paid` (what was paid less what was given back; missing where the contact is no sale).
    personas
        Persona per `unit_id`; null for who has none.
    days
        Days of the log.
    scale
        How many units each of these stands for.
    paths
        What they are from.
    """

    contacts: pd.DataFrame
    personas: pd.Series
    days: float
    scale: float
    paths: Paths

    @cached_property
    def first_channel(self) -> pd.Series:
        """The channel of each unit's first contact; missing where it has none."""
        firsts = self.contacts.drop_duplicates("unit_id")
        return firsts.set_index("unit_id")["channel"]

    @cached_property
    def steps(self) -> frozenset[str]:
        """What was done, in all."""
        return frozenset(self.contacts["step"].unique())

    @cached_property
    def _coded(self) -> tuple[pd.Index, dict[str, Any]]:
        contacts = self.contacts
        channel = contacts["channel"]
        often = channel.value_counts().index[:MOST_CHANNELS]
        channel = channel.where(channel.isin(often), "other").where(channel.notna(), "none")
        who, units = pd.factorize(contacts["unit_id"])
        habits = {"channel": channel, "daypart": contacts["hour"] // 4, "weekend": contacts["weekday"] >= 5}
        return pd.Index(units), {
            "unit": who,
            **{name: pd.factorize(values) for name, values in habits.items()},
        }

    @property
    def coded(self) -> tuple[pd.Index, dict[str, Any]]:
        """The units, and per contact numbers for its unit (`unit`) and habits (with what each number stands for)."""
        units, coded = self._coded
        return units, dict(coded)

    @property
    def valued(self) -> bool:
        """Whether anything was paid."""
        return bool(self.contacts["paid"].notna().any())

    @property
    def least(self) -> int:
        """The smallest group that is compared."""
        return max(self.paths.min_group, 10)

    @property
    def paid_per_year(self) -> float:
        """What was paid in a year: of the time since anything was first paid, as sales may be recorded later."""
        sales = self.contacts[self.contacts["paid"].notna()]
        days = max(self.days - float(sales["day"].min()), 1.0) if len(sales) else self.days
        return self.per_year(float(sales["paid"].sum())) * self.days / days

    def per_year(self, count: float) -> float:
        """Return how many a year a count in the log stands for."""
        return float(count) * self.scale * 365 / self.days


def recorded_of(paths: Paths, random_state: int = 0) -> Recorded:
    """Return what was recorded of the units of paths; of many, of some that are drawn by chance."""
    units = paths.units
    drawn = units.index
    if len(units) > MOST_UNITS:
        places = np.random.default_rng(random_state).choice(len(units), MOST_UNITS, replace=False)
        drawn = units.index[np.sort(places)]
    table = paths.contacts
    if len(drawn) < len(units):
        import ibis

        table = table.semi_join(ibis.memtable(pd.DataFrame({"unit_id": drawn})), "unit_id")
    table = table.select(*NAMES)
    contacts = table.mutate(page=clean_page(table["page"])).order_by(["unit_id", "order"]).execute()
    first = contacts["timestamp"].min()
    contacts["day"] = (contacts["timestamp"] - first).dt.total_seconds() / DAY
    contacts["paid"] = _paid(contacts, paths.model)
    days = max((paths.moment - first).total_seconds() / DAY, 1.0) if len(contacts) else 1.0
    return Recorded(
        contacts.reset_index(drop=True),
        units["persona"].reindex(drawn),
        days,
        len(units) / max(len(drawn), 1),
        paths,
    )


def _paid(contacts: pd.DataFrame, model: Any) -> pd.Series:
    valued = contacts.loc[contacts["value"].notna(), "touchpoint"].unique()
    kinds = paying_touchpoints(contacts["touchpoint"].unique(), valued, model)
    paid = contacts["value"].where(contacts["touchpoint"].isin(kinds))
    return paid.mask(contacts["touchpoint"].isin(GIVEN_BACK), -contacts["value"].abs())


def habits_before(recorded: Recorded, until: pd.Series) -> pd.DataFrame:
    """Return, per unit, the habits that its contacts up to a place in its order show: counts, one row a unit.

    Contacts by channel, by part of the day and by weekend; nothing of what was done, or of what came later, which a
    step may have made so.

    Parameters
    ----------
    recorded
        What was recorded.
    until
        Per `unit_id`, the order of the last contact that counts.
    """
    units, coded = recorded.coded
    last = until.reindex(units).fillna(-1).to_numpy()
    who = coded.pop("unit")
    counts = recorded.contacts["order"].to_numpy() <= last[who]
    parts = {}
    for name, (codes, levels) in coded.items():
        cells = who[counts] * len(levels) + codes[counts]
        table = np.bincount(cells, minlength=len(units) * len(levels)).reshape(len(units), len(levels))
        parts |= {f"{name}.{level}": table[:, at] for at, level in enumerate(levels)}
    return pd.DataFrame(parts, index=units).reindex(until.index).fillna(0)


def personas_before(recorded: Recorded, until: pd.Series, random_state: int = 0) -> pd.Series:
    """Return each unit's likeliest persona by its habits up to a place in its order.

    A persona is found from all behaviour, so it may mirror a step: those who took it did more, and more of other
    things. What somebody did up to the step cannot. A classifier (naive Bayes on counts) learns which persona goes with
    which habits then; of each unit it says so after learning from others (cross-fitting), so that a persona that only
    later contacts tell apart is told apart from no other, and everybody counts, those without a persona too.

    Parameters
    ----------
    recorded
        What was recorded.
    until
        Per `unit_id`, the order of the last contact that counts.
    random_state
        Seed of the folds.

    Returns
    -------
    pandas.Series
        Persona by `unit_id`; null for all where there are fewer than two.

    Notes
    -----
    Chernozhukov, V. et al. (2018). Double/debiased machine learning for treatment and structural parameters.
    The Econometrics Journal 21 (for cross-fitting).
    """
    known = recorded.personas.reindex(until.index)
    sizes = known.value_counts()
    classes = sizes.index[sizes >= max(recorded.least, 2 * FOLDS)]
    nothing = pd.Series(None, index=until.index, dtype="str")
    if len(classes) < 2:
        return nothing
    habits = habits_before(recorded, until)
    taught = known.isin(classes)
    found = nothing.copy()
    learner = _learner()
    found[taught] = _out_of_fold(learner, habits[taught], known[taught], random_state)
    if not taught.all():
        found[~taught] = learner.fit(habits[taught], known[taught]).predict(habits[~taught])
    return found


def _learner() -> Any:
    from sklearn.naive_bayes import MultinomialNB

    return MultinomialNB()


def _out_of_fold(learner: Any, habits: pd.DataFrame, known: pd.Series, random_state: int) -> np.ndarray:
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=random_state)
    return cross_val_predict(learner, habits, known.astype(str), cv=folds)
