"""Audit: the same log read through several stage models, and which conclusions depend on the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from journeykit.journeys.paths import ALL, trace_paths
from journeykit.journeys.statistics import wilson
from journeykit.journeys.steps import hold_back
from journeykit.stage_models import CANONICAL_PHASES, LAPSED, StageModel, stage_model_ids
from journeykit.stages import StageInference, draw_paths, infer_stages

__all__ = ["NOT_OBSERVABLE", "OUTCOMES", "StageModelAudit", "audit_stage_models"]

YES, NO, UNSURE, NOT_OBSERVABLE = "yes", "no", "unsure", "not observable"
HOLDS, FLIPS = "holds", "flips"
OUTCOMES = (HOLDS, FLIPS, UNSURE, NOT_OBSERVABLE)
SURE = 1.645  # standard errors from 0: one-sided 95 %
_PURCHASE = CANONICAL_PHASES.index("purchase")
_BEFORE, _AFTER = CANONICAL_PHASES[:_PURCHASE], CANONICAL_PHASES[_PURCHASE + 1 :]
_PHASES = (*CANONICAL_PHASES, LAPSED)
_PART_OF = dict.fromkeys(_BEFORE, "before") | dict.fromkeys(_AFTER, "after")


@dataclass(frozen=True)
class StageModelAudit:
    """What a log says under each of several stage models, on the canonical phases that they share.

    Attributes
    ----------
    models : DataFrame
        One row per stage model, the client's own first: ``model, name_nl, name_en, customers, largest_phase,
        leaves_most_at`` (phases; missing where none can be seen), ``lapsed_share, lapsed_low, lapsed_high,
        before_share, after_share`` (expected shares of all units before and after the purchase; missing where the
        log does not show it), ``unsure_share`` (units whose stage is not named).
    shares : DataFrame
        ``model, persona`` (``all`` is everyone), ``phase`` (those of the model, in canonical order, then
        ``lapsed``), ``observable, customers`` (the sum of the probabilities), ``share, low, high`` (Wilson),
        ``leaves`` (expected number that has lapsed and was last seen there), ``held_back``. Figures are missing for
        a phase that the log can't show.
    agreement : DataFrame
        Per pair of models ``model, other_model, customers, agreement, low, high`` (share of units whose likeliest
        phase is the same, Wilson), ``part_agreement`` (share for whom both say before, at or after the purchase, or
        lapsed), ``kappa`` (quadratic-weighted, on the order of the phases), ``compared`` (units that neither calls
        lapsed, the base of kappa).
    conclusions : DataFrame
        What the first model concludes: ``conclusion, phase``, a column per model with ``yes``, ``no``, ``unsure``
        (within sampling error) or ``not observable`` (the model lacks the phase, or the log does not show it), and
        ``outcome``: ``holds`` (every model that can see it agrees), ``flips`` (one contradicts), ``unsure`` or
        ``not observable`` (fewer than two can see it).
    """

    models: pd.DataFrame
    shares: pd.DataFrame
    agreement: pd.DataFrame
    conclusions: pd.DataFrame

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the frames by the name under which a report keeps them; a verdict has a row of its own."""
        ids = ["conclusion", "phase", "outcome"]
        verdicts = self.conclusions.melt(ids, var_name="model", value_name="verdict")
        return {
            "audit_models": self.models,
            "audit_shares": self.shares,
            "audit_agreement": self.agreement,
            "audit_conclusions": verdicts,
        }


@dataclass(frozen=True)
class _Reading:
    """What one model says of every unit: chances and losses per phase that can be seen."""

    model: StageModel
    chances: pd.DataFrame
    losses: pd.DataFrame
    unsure: float

    @property
    def phases(self) -> list[str]:
        return [phase for phase in self.chances if phase != LAPSED]


def audit_stage_models(
    log,
    models: Sequence[str] | None = None,
    personas: pd.Series | None = None,
    random_state: int = 0,
    *,
    known: Mapping[str, StageInference] | None = None,
) -> StageModelAudit:
    """Read a log through several stage models and say which conclusions depend on the model.

    Every model infers everybody's stage from the same events; stages count for their canonical phase. A
    conclusion of the client's own model is then put to the others. It costs an inference per model.

    Parameters
    ----------
    log : EventLog
        The events up to a moment.
    models : sequence of str, optional
        Ids of stage models, or paths of their files; default all that ship and the client's own. The client's own
        comes first where it is among them; its conclusions are the ones that are put to the others.
    personas : Series, optional
        Persona per unit, for shares per persona.
    random_state : int, default 0
        Seed of the inferences.
    known : mapping, optional
        Inferences of this log that were made before without labels, by ``stage_model``; they are not made again.

    Returns
    -------
    StageModelAudit

    Raises
    ------
    ClientFileError
        When there is no such stage model.

    Notes
    -----
    Labels are left out, since they exist for one model only. ``yes`` and ``no`` ask for a mean difference per unit
    of 1.645 standard errors; that covers chance in who is in the data, not errors of the inference. The idea, that
    what is worth saying should survive other defensible ways of analysing: Steegen et al. (2016), "Increasing
    transparency through a multiverse analysis", Perspectives on Psychological Science 11.
    Kappa: Cohen (1968), Psychological Bulletin 70.

    Examples
    --------
    >>> from journeykit.events import EventLog
    >>> events = pd.DataFrame({"customer_id": list("aabb"), "touchpoint": ["search", "purchase"] * 2,
    ...                        "timestamp": ["2026-03-01", "2026-03-05", "2026-03-02", "2026-03-09"]})
    >>> audit = audit_stage_models(EventLog.from_frame(events), ["universal", "digital"])
    >>> audit.models["model"].tolist()
    ['universal', 'digital']
    """
    readings = {}
    for name in _names(log, models):
        reading = _read(log.read_through(name), (known or {}).get(name), random_state)
        readings.setdefault(reading.model.id, reading)
    least = log.client.privacy.min_group
    return StageModelAudit(
        models=pd.DataFrame([_model_row(reading, least) for reading in readings.values()]),
        shares=_shares(readings, personas, least),
        agreement=_agreement(readings, least),
        conclusions=_conclusions(readings, least),
    )


def _names(log, models: Sequence[str] | None) -> list[str]:
    """Return the names of the models, the client's own first."""
    own = log.client.stage_model
    given = [own, *stage_model_ids()] if models is None else [str(name) for name in models]
    return sorted(dict.fromkeys(given), key=lambda name: name != own)


def _read(log, found: StageInference | None, seed: int) -> _Reading:
    model = log.client.model
    found = infer_stages(log, labels=pd.DataFrame(), random_state=seed) if found is None else found
    seen = found.evidence.index[found.evidence["observable"]]
    phases = {stage.id: stage.canonical for stage in model.stages if stage.id in seen}
    phases |= {LAPSED: LAPSED} if phases else {}
    table = found.table.sort_index()
    chances = table[[f"p_{stage}" for stage in phases]].T.groupby(list(phases.values())).sum().T
    order = [phase for phase in _PHASES if phase in chances]
    losses = _losses(log, found, phases, seed).reindex(index=table.index, columns=order, fill_value=0.0)
    losses = losses.drop(columns=LAPSED, errors="ignore")
    return _Reading(model, chances[order], losses, float(table["stage"].isna().mean()))


def _losses(log, found: StageInference, phases: Mapping[str, str], seed: int) -> pd.DataFrame:
    """Return units × phases: the chance of having lapsed, at the phase where the unit was last seen."""
    drawn = None if found.classifier is None else draw_paths(found.reader, log, None, seed)
    units = trace_paths(log, None, found.table, None, drawn).units
    last = units["here"].map(dict(enumerate(log.client.model.ids))).map(phases)
    wide = pd.get_dummies(last, dtype=float)
    return wide.mul(units["p_lapsed"], axis=0)


def _model_row(reading: _Reading, least: int) -> dict:
    chances, enough = reading.chances, len(reading.chances) >= least
    mean = chances.mean() if enough else chances.mean() * np.nan
    lapsed = float(mean.get(LAPSED, np.nan))
    low, high = wilson([lapsed * len(chances)], [len(chances)])
    return {
        "model": reading.model.id, "name_nl": reading.model.name["nl"], "name_en": reading.model.name["en"],
        "customers": len(chances) if enough else None,
        "largest_phase": _top(chances[reading.phases]) if enough else None,
        "leaves_most_at": _top(reading.losses) if enough else None,
        "lapsed_share": lapsed, "lapsed_low": float(low[0]), "lapsed_high": float(high[0]),
        "before_share": _part(mean, _BEFORE), "after_share": _part(mean, _AFTER),
        "unsure_share": reading.unsure if enough else np.nan,
    }  # fmt: skip


def _top(table: pd.DataFrame) -> str | None:
    total = table.sum()
    return str(total.idxmax()) if len(total) and total.max() > 0 else None


def _part(mean: pd.Series, phases: Sequence[str]) -> float:
    there = [phase for phase in phases if phase in mean]
    return float(mean[there].sum(min_count=1)) if there else np.nan


def _shares(readings: Mapping[str, _Reading], personas: pd.Series | None, least: int) -> pd.DataFrame:
    parts = [
        _shares_of(model, whole if persona == ALL else _only(whole, personas, persona), persona, least)
        for model, whole in readings.items()
        for persona in [ALL, *_personas(personas)]
    ]
    return pd.concat(parts, ignore_index=True)


def _personas(personas: pd.Series | None) -> list[str]:
    return [] if personas is None else sorted(personas.dropna().unique(), key=lambda name: (len(name), name))


def _only(reading: _Reading, personas: pd.Series, persona: str) -> _Reading:
    mine = reading.chances.index.isin(personas.index[personas == persona])
    return _Reading(reading.model, reading.chances[mine], reading.losses[mine], reading.unsure)


def _shares_of(model: str, reading: _Reading, persona: str, least: int) -> pd.DataFrame:
    of_model = {stage.canonical for stage in reading.model.stages} | {LAPSED}
    phases, total = [phase for phase in _PHASES if phase in of_model], len(reading.chances)
    expected = reading.chances.sum().reindex(phases)
    low, high = wilson(expected, np.full(len(phases), total))
    table = pd.DataFrame(
        {
            "model": model, "persona": persona, "phase": phases, "observable": expected.notna().to_numpy(),
            "customers": expected.to_numpy(), "share": expected.to_numpy() / max(total, 1), "low": low, "high": high,
            "leaves": reading.losses.sum().reindex(phases).to_numpy(),
        }
    )  # fmt: skip
    return hold_back(table, np.full(len(table), total < least), ("model", "persona", "phase", "observable"))


def _agreement(readings: Mapping[str, _Reading], least: int) -> pd.DataFrame:
    likeliest = {
        model: reading.chances.idxmax(axis=1)
        for model, reading in readings.items()
        if len(reading.chances.columns) and len(reading.chances) >= least
    }
    rows = [(*pair, *_agree(*(likeliest[model] for model in pair))) for pair in combinations(likeliest, 2)]
    columns = "model other_model customers agreement low high part_agreement kappa compared".split()
    return pd.DataFrame(rows, columns=columns)


def _agree(one: pd.Series, other: pd.Series) -> tuple[int, float, float, float, float, float, int]:
    same, total = int((one == other).sum()), len(one)
    low, high = wilson([same], [total])
    parts = [phases.map(_PART_OF).fillna(phases) for phases in (one, other)]
    active = (one != LAPSED) & (other != LAPSED)
    kappa = _kappa(one[active], other[active])
    part = float((parts[0] == parts[1]).mean())
    return total, same / total, float(low[0]), float(high[0]), part, kappa, int(active.sum())


def _kappa(one: pd.Series, other: pd.Series) -> float:
    from sklearn.metrics import cohen_kappa_score

    if pd.concat([one, other]).nunique() < 2:
        return np.nan
    places = [phases.map(CANONICAL_PHASES.index) for phases in (one, other)]
    return float(cohen_kappa_score(*places, weights="quadratic", labels=range(len(CANONICAL_PHASES))))


def _conclusions(readings: Mapping[str, _Reading], least: int) -> pd.DataFrame:
    """Put each conclusion of the first model to all."""
    columns = ["conclusion", "phase", *readings, "outcome"]
    first = next(iter(readings.values()))
    if len(first.chances) < least:
        return pd.DataFrame(columns=columns)
    rows = []
    for conclusion, phase in _claims(first):
        verdicts = [_verdict(_leads(reading, conclusion, phase)) for reading in readings.values()]
        rows.append((conclusion, phase, *verdicts, _outcome(verdicts)))
    return pd.DataFrame(rows, columns=columns)


def _claims(reading: _Reading) -> list[tuple[str, str | None]]:
    """Return what a model concludes."""
    lapsed = reading.chances.get(LAPSED)
    found = [
        ("largest_phase", _top(reading.chances[reading.phases])),
        ("leaves_most_at", _top(reading.losses)),
    ]
    found = [claim for claim in found if claim[1] is not None]
    if lapsed is not None:
        found.append(("mostly_lapsed" if lapsed.mean() > 0.5 else "mostly_active", None))
    for table, before, after in (
        (reading.chances, "more_before", "more_after"),
        (reading.losses, "leave_before", "leave_after"),
    ):
        lead = _before_over_after(table)
        if lead is not None:
            found.append((before if lead.mean() > 0 else after, None))
    return found


def _before_over_after(table: pd.DataFrame) -> np.ndarray | None:
    """Return per unit how much more stands before the purchase than after it; None where one can't be seen."""
    before, after = (table[[phase for phase in part if phase in table]] for part in (_BEFORE, _AFTER))
    if before.empty or after.empty:
        return None
    return (before.sum(axis=1) - after.sum(axis=1)).to_numpy()[:, None]


def _leads(reading: _Reading, conclusion: str, phase: str | None) -> np.ndarray | None:
    """Return units × comparisons: how far each unit speaks for a conclusion; None where it can't be seen."""
    chances, losses = reading.chances[reading.phases], reading.losses
    if phase is not None:
        table = chances if conclusion == "largest_phase" else losses
        others = table.drop(columns=phase, errors="ignore")
        seen = phase in table and len(others.columns)
        return table[[phase]].to_numpy() - others.to_numpy() if seen else None
    if conclusion in ("mostly_lapsed", "mostly_active"):
        lead = reading.chances[[LAPSED]].to_numpy() - 0.5 if LAPSED in reading.chances else None
    else:
        lead = _before_over_after(chances if conclusion.startswith("more") else losses)
    turned = conclusion in ("mostly_active", "more_after", "leave_after")
    return -lead if turned and lead is not None else lead


def _verdict(leads: np.ndarray | None) -> str:
    """Return whether the mean of every column is above 0, or that of one below it, beyond chance."""
    if leads is None:
        return NOT_OBSERVABLE
    mean, spread = leads.mean(axis=0), leads.std(axis=0, ddof=1) if len(leads) > 1 else np.inf
    surely = SURE * spread / np.sqrt(len(leads)) + 1e-12
    if (mean > surely).all():
        return YES
    return NO if (mean < -surely).any() else UNSURE


def _outcome(verdicts: Sequence[str]) -> str:
    seeing = [verdict for verdict in verdicts if verdict != NOT_OBSERVABLE]
    if len(seeing) < 2:
        return NOT_OBSERVABLE
    if set(seeing) == {YES}:
        return HOLDS
    return FLIPS if NO in seeing else UNSURE
