"""StageReader: everything learned about stages from one log, ready to read that log or another."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from journeykit.errors import JourneykitError
from journeykit.features.signals import signals_at
from journeykit.stages.classifier import StageClassifier
from journeykit.stages.conformal import prediction_sets
from journeykit.stages.drift import count_bins, reference_bins
from journeykit.stages.hmm import StageChain
from journeykit.stages.leaning import lean
from journeykit.stages.naming import name_from
from journeykit.stages.periods import count_periods
from journeykit.stages.persona_chain import PersonaChain
from journeykit.stages.recorded import Recorded, measure_recorded
from journeykit.stages.snapshots import COMPANION, posterior_columns

__all__ = ["Reading", "StageReader", "mix", "with_taught"]

CHUNK = 50_000
DOUBT = 0.3
STUDENT_SHARE = 0.3  # how much the student counts beside the chain that knows personas


@dataclass(frozen=True)
class Reading:
    """What was read at a moment.

    Attributes
    ----------
    nowcast : DataFrame
        Rows × states, rows sum to 1.
    inside : DataFrame of bool
        Rows × states: which states are in the row's set.
    named : Series of bool
        Per row whether the likeliest state is sure enough to be named.
    """

    nowcast: pd.DataFrame
    inside: pd.DataFrame
    named: pd.Series


@dataclass
class StageReader:
    """A chain model, a classifier taught with hindsight, and one corrected by labels.

    Attributes
    ----------
    stage_model : str
        The id of the stage model that was read through.
    states : tuple of str
        The stages in order, then ``lapsed``.
    observable : numpy.ndarray of bool
        Which states the learned log can show.
    chain : StageChain
        The hidden Markov model.
    student : StageClassifier or None
        Taught by hindsight; None when the log is too small to learn from.
    companion : PersonaChain or None
        The chain that knows personas, averaged with the student.
    recorded : Recorded or None
        Where the log's contacts can be taken at their word: reads stages from them, in place of the student.
    corrected : StageClassifier or None
        Learned from given labels.
    corrected_share : float
        How much the corrected classifier counts beside the student.
    leaning : numpy.ndarray or None
        How a few given labels tilt what the student says; see `learn_leaning`.
    thresholds : numpy.ndarray or None
        Per state the smallest probability that still belongs in a set; None puts every state in it.
    naming : float
        The probability above which a state is named; see `naming_threshold`.
    doubt : float
        Without a classifier: how much of the probability is spread evenly over what can be seen.
    moves : dict of numpy.ndarray
        Weekly transition matrices of ``all`` and of personas.
    about : dict
        Plain facts for the card.
    reference : dict
        What another log is held against: ``signals`` (bins and shares), ``steps`` (shares of the contacts),
        ``markers`` and ``unit``.
    people : Series or None
        The persona of each unit of the log at hand; not saved.
    """

    stage_model: str
    states: tuple[str, ...]
    observable: np.ndarray
    chain: StageChain
    student: StageClassifier | None = None
    companion: PersonaChain | None = None
    recorded: Recorded | None = None
    corrected: StageClassifier | None = None
    corrected_share: float = 0.0
    leaning: np.ndarray | None = None
    thresholds: np.ndarray | None = None
    naming: float = name_from(None)
    doubt: float = DOUBT
    moves: dict[str, np.ndarray] = field(default_factory=dict)
    about: dict = field(default_factory=dict)
    reference: dict = field(default_factory=dict)
    people: pd.Series | None = field(default=None, repr=False)

    @property
    def classifier(self) -> StageClassifier | None:
        """The classifier that speaks last."""
        return self.corrected or self.student

    @property
    def learned(self) -> bool:
        """Whether stages can be told apart by more than the chain alone."""
        return self.recorded is not None or self.classifier is not None

    def check(self, log) -> None:
        """Refuse a log that is read through another stage model.

        Raises
        ------
        JourneykitError
            With both models' ids, the stages that differ and the remedy.
        """
        other, own = log.client.model, self.states[:-1]
        if other.id != self.stage_model or tuple(other.ids) != own:
            raise JourneykitError(
                f"these stages were learned for the stage model {self.stage_model!r}, and client "
                f"{log.client.id!r} is read through {other.id!r}: {_difference(own, other.ids)}",
                remedy=f"learn stages of this client with 'journeykit stages fit {log.client.id}', or write "
                f"'stage_model: {self.stage_model}' in its client file",
            )

    def measure(self, log, moments, units=None) -> pd.DataFrame:
        """Return signals and the chains' posteriors, indexed by ``unit_id`` and ``at``."""
        periods = count_periods(log, moments, units)
        known = posterior_columns(self.chain.latest(periods), periods.index, self.states)
        signals = signals_at(log, moments, units)
        if self.companion is not None:
            told = self.companion.latest(periods, self.people)
            known = known.join(posterior_columns(told, periods.index, self.states, COMPANION))
        if self.recorded is not None:
            known = known.join(measure_recorded(log, moments, units))
        return signals.join(known.reindex(signals.index))

    def read(self, signals: pd.DataFrame, observable: np.ndarray | None = None) -> Reading:
        """Infer probabilities and sets from measured signals.

        Parameters
        ----------
        signals : DataFrame
            From `measure`.
        observable : numpy.ndarray of bool, optional
            Which states the log at hand can show; default those of the learned log.
        """
        possible = self.observable if observable is None else self.observable & observable
        chances = self._chances(signals) * possible
        total = chances.sum(axis=1, keepdims=True)
        chances = np.where(total > 1e-9, chances / np.maximum(total, 1e-9), possible / possible.sum())
        inside = self._inside(chances, possible)
        names, named = list(self.states), pd.Series(chances.max(axis=1) > self.naming, signals.index)
        return Reading(
            pd.DataFrame(chances, signals.index, names), pd.DataFrame(inside, signals.index, names), named
        )

    def read_everyone(self, log, observable: np.ndarray) -> tuple[Reading, dict]:
        """Read every unit at the log's moment, some thousands at a time; return the reading and counts per bin.

        A reader without a reference takes the first thousands as that.
        """
        from journeykit.sessions import contacts

        units = np.sort(contacts(log).select("unit_id").distinct().execute()["unit_id"].to_numpy(object))
        many = len(units) > CHUNK
        parts = [units[start : start + CHUNK] for start in range(0, len(units), CHUNK)] if many else [None]
        read, counts = [], {}
        for part in parts:
            signals = self.measure(log, log.moment, part)
            known = self.reference.setdefault("signals", {}) or reference_bins(signals)
            self.reference["signals"] = known
            for name, seen in count_bins(known, signals).items():
                counts[name] = counts.get(name, 0) + seen
            read.append(self.read(signals, observable))
        names = ("nowcast", "inside", "named")
        tables = (pd.concat([getattr(one, name) for one in read]).droplevel("at") for name in names)
        return Reading(*tables), counts

    def _chances(self, signals: pd.DataFrame) -> np.ndarray:
        if not self.learned:
            sure = np.exp(signals[[f"chain.{state}" for state in self.states]].to_numpy(float))
            return (1 - self.doubt) * sure + self.doubt * self.observable / self.observable.sum()
        taught = self.without_labels(signals)
        if self.corrected is None or self.corrected_share == 0:
            return self.corrected_alone(signals, taught) if taught is None else taught
        corrected = self.corrected_alone(signals, taught)
        return corrected if taught is None else mix(taught, corrected, self.corrected_share)

    def corrected_alone(self, signals: pd.DataFrame, taught: np.ndarray | None) -> np.ndarray:
        """Return the probabilities of the classifier that learned from given labels."""
        return self.corrected.predict_proba(
            columns_of(self.corrected, with_taught(signals, taught, self.states))
        )

    def without_labels(self, signals: pd.DataFrame) -> np.ndarray | None:
        """Return the probabilities that labels correct, as few labels make them lean; None where nothing is told."""
        if self.recorded is not None:
            told = self.recorded.chances(signals)
        elif self.student is not None:
            told = self.beside(self.student.predict_proba(columns_of(self.student, signals)), signals)
        else:
            return None
        return told if self.leaning is None else lean(told, self.leaning)

    def beside(self, taught: np.ndarray, signals: pd.DataFrame) -> np.ndarray:
        """Return the student's probabilities averaged with those of the chain that knows personas."""
        if self.companion is None:
            return taught
        known = np.exp(signals[[f"{COMPANION}.{state}" for state in self.states]].to_numpy(float))
        return mix(known / known.sum(axis=1, keepdims=True), taught, STUDENT_SHARE)

    def _inside(self, chances: np.ndarray, possible: np.ndarray) -> np.ndarray:
        if self.thresholds is None:
            return np.tile(possible, (len(chances), 1))
        return prediction_sets(chances, self.thresholds, possible)


def _difference(own: tuple[str, ...], other: tuple[str, ...]) -> str:
    """Return which stages differ between two models."""
    only = [[stage for stage in one if stage not in two] for one, two in ((own, other), (other, own))]
    parts = [f"only the {which} has {', '.join(names)}" for which, names in zip(("first", "second"), only, strict=True)
             if names]  # fmt: skip
    moved = (
        "the same stages in another order" if own != other else "the stages are the same, the models aren't"
    )
    return "; ".join(parts) or moved


def mix(taught: np.ndarray, corrected: np.ndarray, share: float) -> np.ndarray:
    """Average two tables of probabilities."""
    return (1 - share) * taught + share * corrected


def columns_of(classifier: StageClassifier, signals: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that a classifier was fitted on; those that are absent are missing values."""
    return signals.reindex(columns=list(classifier.feature_names_in_))


def with_taught(signals: pd.DataFrame, taught: np.ndarray | None, states) -> pd.DataFrame:
    """Add the taught classifier's log-probabilities as ``taught.<state>``."""
    if taught is None:
        return signals
    logs = np.log(np.maximum(taught, 1e-3))
    return signals.join(pd.DataFrame(logs, signals.index, [f"taught.{state}" for state in states]))
