"""infer_stages: from a log to everybody's stage, next move, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from journeykit.errors import JourneykitError
from journeykit.events import is_seen_once, silence_of
from journeykit.facts import choose_reading, marker_positions
from journeykit.stages.classifier import LAPSED, StageClassifier, sharpened
from journeykit.stages.conformal import class_thresholds
from journeykit.stages.evaluation import confusion, evaluate, reliability, rules
from journeykit.stages.evidence import observable_states, stage_evidence, step_shares
from journeykit.stages.forecast import days_to_move, directions, forecast, learn_moves, without_forecast
from journeykit.stages.importance import group_importance
from journeykit.stages.labels import PICKED, correct, given_labels
from journeykit.stages.naming import GIVEN, HINDSIGHT, name_from, naming_threshold
from journeykit.stages.persona_learning import fit_persona_chain
from journeykit.stages.purchases import lapsed_by_purchases
from journeykit.stages.reader import Reading, StageReader
from journeykit.stages.recorded import last_markers
from journeykit.stages.recorded_learning import learn_recorded
from journeykit.stages.snapshots import COMPANION, Snapshots, fit_chain, plan_snapshots, take_snapshots

__all__ = [
    "GIVEN",
    "HINDSIGHT",
    "LIKELY",
    "RECORDED",
    "UNSURE",
    "StageInference",
    "infer_stages",
    "infer_with",
    "read_stages",
    "stage_table",
]

RECORDED, LIKELY, UNSURE = "recorded", "likely", "unsure"
NOTHING = "nothing: too little to learn from"
FEWEST_TO_JUDGE = 30
ROUNDS, FEW_ROUNDS = 15, 3  # in which the chain is learned; few where contacts are taken at their word


@dataclass
class StageInference:
    """Where everyone is, where they go, and how far that can be trusted.

    Attributes
    ----------
    table : DataFrame
        The stage table, indexed by ``unit_id``.
    evidence : DataFrame
        Per stage what the log holds of it and whether it is observable.
    transitions : DataFrame
        The transition matrix of all from one period of two days to the next, states × states; missing for
        stages without evidence.
    moves : dict
        The same of ``all`` and of each persona that is large enough.
    evaluation : DataFrame
        Scores of the classifier, two rules and the base rate; empty when nothing could be judged.
    against : str
        What the scores are measured against.
    reliability : DataFrame
        How sure against how right.
    confusion : DataFrame
        Which state the classifier and the two rules infer, by the actual one; see `confusion`.
    importance : DataFrame
        How far skill drops when a group of signals is shuffled; see `group_importance`.
    reader : StageReader
        What was learned, for use on other logs.
    horizon_days : float
        The horizon of the forecast.
    counts : dict
        Units per bin of each signal, bins as when the reader learned.
    """

    table: pd.DataFrame
    evidence: pd.DataFrame
    transitions: pd.DataFrame
    moves: dict[str, np.ndarray]
    reader: StageReader
    evaluation: pd.DataFrame = field(default_factory=pd.DataFrame)
    against: str = NOTHING
    reliability: pd.DataFrame = field(default_factory=pd.DataFrame)
    confusion: pd.DataFrame = field(default_factory=pd.DataFrame)
    importance: pd.DataFrame = field(default_factory=pd.DataFrame)
    horizon_days: float = 30
    counts: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def classifier(self) -> StageClassifier | None:
        """The classifier; None when the log is too small to learn from."""
        return self.reader.classifier

    @property
    def states(self) -> tuple[str, ...]:
        """The stages in order, then ``lapsed``."""
        return self.reader.states


def infer_stages(
    log,
    labels: pd.DataFrame | None = None,
    horizon_days: float = 30,
    personas: pd.Series | None = None,
    random_state: int = 0,
) -> StageInference:
    """Infer everybody's stage at the log's moment and forecast the next move.

    Parameters
    ----------
    log : EventLog
        The events, read through the client's stage model.
    labels : DataFrame, optional
        What an analyst knows: ``customer_id, at, stage``; default the client's labels, if any.
    horizon_days : float, default 30
        The horizon of the forecast.
    personas : Series, optional
        The persona of each unit, indexed by unit; large personas get their own transitions.
    random_state : int, default 0
        The seed.

    Returns
    -------
    StageInference

    Raises
    ------
    JourneykitError
        When labels name unknown stages, or none of them can be used.

    Notes
    -----
    A hidden Markov model and the votes of later touchpoints label past snapshots with hindsight; a
    classifier that sees only the past learns these soft labels. Given labels correct it.
    """
    random = np.random.RandomState(random_state)
    labels = log.labels if labels is None else labels
    known = given_labels(log, labels, random) if len(labels) else None
    evidence = stage_evidence(log)
    reader, held, periods = _learn(log, evidence, random, random_state, personas)
    judged = (NOTHING, None)
    if held is not None:
        judged = (HINDSIGHT, (held.signals, held.labels.to_numpy().argmax(axis=1)))
    if known is not None:
        reader, newly = _learn_from(log, reader, known, random, random_state)
        judged = newly or judged
    if reader.recorded is None:
        reader.moves = learn_moves(reader.chain, periods, personas)
    return _finished(log, evidence, reader, judged, horizon_days, personas)


def read_stages(
    reader: StageReader, log, horizon_days: float = 30, personas: pd.Series | None = None
) -> StageInference:
    """Read a log with stages that were learned on another one.

    Raises
    ------
    JourneykitError
        When the log is read through another stage model.
    """
    reader.check(log)
    reader, evidence = replace(reader, people=personas), stage_evidence(log)
    return _finished(log, evidence, reader, ("nothing: learned on another log", None), horizon_days, personas)


def infer_with(
    reader: StageReader, log, horizon_days: float = 30, personas: pd.Series | None = None
) -> pd.DataFrame:
    """Return the stage table of a log, read with stages that were learned on another one; see `read_stages`."""
    return read_stages(reader, log, horizon_days, personas).table


def stage_table(
    read: Reading, following: pd.DataFrame, ahead: pd.DataFrame | None = None, marked: pd.Series | None = None
) -> pd.DataFrame:
    """Arrange what was read and forecast as the stage table.

    Parameters
    ----------
    read : Reading
        Probabilities, sets, and who is named.
    following, ahead : DataFrame
        From `forecast`; from `directions` and `days_to_move`.
    marked : Series, optional
        Per unit the stage of which its last contact is a marker.

    Returns
    -------
    DataFrame
        Indexed by ``unit_id``: ``stage`` (missing = unsure), ``stage_likely``, ``stage_confidence`` (its probability),
        ``stage_basis`` (``recorded``, ``likely`` or ``unsure``), ``p_<state>``, ``stage_set``, ``next_stage``,
        ``p_next_<stage>``, ``p_next_stay``, ``p_next_lapsed``, and the columns of `ahead`: ``move_forward, move_back,
        move_return, move_days, move_days_low, move_days_high``.
    """
    states, index = np.array(read.nowcast.columns, dtype=object), read.nowcast.index.rename("unit_id")
    chances, inside = read.nowcast.to_numpy(), read.inside.to_numpy()
    likeliest, named = states[chances.argmax(axis=1)], read.named.to_numpy(bool)
    last = pd.Series(dtype=object) if marked is None else marked
    recorded = last.reindex(index).astype(object).to_numpy() == likeliest
    columns = {
        "stage": pd.Series(np.where(named, likeliest, None)).astype("str").to_numpy(),
        "stage_likely": likeliest,
        "stage_confidence": chances.max(axis=1),
        "stage_basis": np.where(named, np.where(recorded, RECORDED, LIKELY), UNSURE),
        **{f"p_{state}": chances[:, j] for j, state in enumerate(states)},
        "stage_set": [list(states[row]) for row in inside],
        "next_stage": np.array(following.columns, dtype=object)[following.to_numpy().argmax(axis=1)],
    }
    order = [*states[:-1], "stay", LAPSED]
    columns |= {f"p_next_{state}": following[state].to_numpy() for state in order}
    columns |= {} if ahead is None else {name: ahead[name].to_numpy() for name in ahead}
    return pd.DataFrame(columns, index=index)


def _learn(log, evidence: pd.DataFrame, random, seed: int, personas: pd.Series | None = None):
    """Fit the chains and, where there is enough, the student; return held-out snapshots too."""
    model = log.client.model
    observable = observable_states(evidence)
    plan = plan_snapshots(log, random)
    recorded = choose_reading(log).kind == RECORDED and bool(evidence["observable"].any())
    chain, periods = fit_chain(log, plan, model.votes(), observable, FEW_ROUNDS if recorded else ROUNDS)
    reader = StageReader(model.id, (*model.ids, LAPSED), observable, chain, people=personas)
    held = None
    if recorded:
        held = learn_recorded(reader, log, plan, personas)
    elif not evidence["observable"].any():
        reader.doubt = 1.0  # nothing speaks for any stage: everyone is unsure
    elif plan.possible:
        marks = marker_positions(model)
        companion = fit_persona_chain(periods, model.votes(), marks, observable, personas)
        seen = take_snapshots(
            log, plan.learning, plan.moments, chain, observable, random, companion, personas
        )
        if seen.enough:
            reader.companion = companion
            _teach(reader, seen, seed)
            held = take_snapshots(
                log, plan.held, (plan.held_moment,), chain, observable, None, companion, personas
            )
    held = held if held is not None and len(held.labels) >= FEWEST_TO_JUDGE else None
    reader.reference = {
        "steps": step_shares(log).to_dict(), "markers": model.markers(), "unit": log.client.unit,
    }  # fmt: skip
    reader.about |= {"client": log.client.id, "moment": f"{log.moment:%Y-%m-%d}", "units": len(periods)}
    return reader, held, periods


def _teach(reader: StageReader, seen: Snapshots, seed: int) -> None:
    """Let the student learn the labels of hindsight, and learn on rows apart what is in a set and who is named."""
    measured = [name for name in seen.signals if not str(name).startswith(f"{COMPANION}.")]
    student = StageClassifier(stages=list(reader.states), random_state=seed)
    reader.student = student.fit(seen.signals[measured], seen.labels, groups=seen.units)
    rows = student.apart_["rows"]
    if len(rows):
        told = reader.beside(student.apart_["probabilities"], seen.signals.iloc[rows])
        labels = (
            sharpened(seen.labels.to_numpy()[rows]) + told
        ) / 2  # hindsight doubts too much, who told too little
        reader.thresholds = class_thresholds(told, labels, student.coverage)
        right = labels[np.arange(len(rows)), told.argmax(axis=1)]
        threshold = naming_threshold(told.max(axis=1), right, seen.units[rows])
        reader.naming = name_from(threshold)
        reader.about |= {} if threshold is None else {"named_against": HINDSIGHT}


def _learn_from(log, reader: StageReader, known: pd.DataFrame, random, seed: int):
    """Correct the reader with given labels; return it and what to judge it by: labels of units held out."""
    left_out = known.attrs["dropped"]
    signals = reader.measure(log, known)
    known = known.set_index(["unit_id", "at"]).reindex(signals.index)
    stages, weights = known["stage"], known["weight"]
    units = signals.index.get_level_values("unit_id").to_numpy()
    names = np.unique(units)
    hard = np.isin(units, units[(known["source"] == PICKED).to_numpy()])  # these would not judge fairly
    apart = np.isin(units, random.permutation(names)[: len(names) // 4]) & ~hard
    judged = None
    if apart.sum() >= FEWEST_TO_JUDGE:
        without = correct(reader, signals[~apart], stages[~apart], seed, weights[~apart], ~hard[~apart])
        truth = np.array([reader.states.index(stage) for stage in stages[apart]])
        judged = (GIVEN, (signals[apart], truth, without))
    reader = correct(reader, signals, stages, seed, weights, ~hard)
    reader.about |= {"labels": len(known), "labels_left_out": left_out}
    return reader, judged


def _finished(log, evidence, reader, judged, horizon_days, personas) -> StageInference:
    if not 0 <= horizon_days < np.inf:
        problem = f"the horizon of the forecast is {horizon_days!r} days"
        raise JourneykitError(problem, remedy="give a number of days of at least 0, such as 30")
    states = list(reader.states)
    read, counts = reader.read_everyone(log, observable_states(evidence))
    nowcast, marked = read.nowcast, last_markers(log)
    following = forecast(nowcast, reader.moves, horizon_days, personas)
    ahead = directions(nowcast, reader.moves, horizon_days, personas)
    days = days_to_move(nowcast, reader.moves, personas)
    ahead = ahead.join(days if reader.learned else days * np.nan)  # too little to tell a time
    transitions = pd.DataFrame(
        reader.moves["all"], pd.Index(states, name="from"), pd.Index(states, name="to")
    )
    transitions[~reader.observable] = np.nan
    table = stage_table(read, following, ahead, marked)
    found = StageInference(
        table if _can_look_ahead(log) else without_forecast(table),
        evidence,
        transitions,
        reader.moves,
        reader,
        horizon_days=horizon_days,
        counts=counts,
    )
    found.against, material = judged
    if material is not None:
        _judge(found, log, *material)
    return found


def _can_look_ahead(log) -> bool:
    """Tell whether the log shows people coming back, and ends about where it is read."""
    return silence_of(log) is None and not is_seen_once(log)


def _judge(found: StageInference, log, signals, truth, reader: StageReader | None = None) -> None:
    """Score what was learned, or what a reader learned without these rows."""
    reader, against = reader or found.reader, found.against
    reading = reader.read(signals)
    chances, inside = reading.nowcast.to_numpy(), reading.inside.to_numpy()
    base = np.bincount(truth, minlength=len(found.states)) / len(truth)
    beside = {"classifier": chances, **rules(signals, base, log.client.model)}
    del beside["base rate"]  # which names the same state for everyone
    units, least = signals.index.get_level_values("unit_id").to_numpy(), log.client.privacy.min_group
    purchases = lapsed_by_purchases(log, signals.index)
    scores = evaluate(chances, inside, signals, truth, base, log.client.model, purchases)
    found.evaluation = scores.assign(against=against)
    found.reliability = reliability(chances, truth)
    found.confusion = confusion(beside, truth, units, found.states, least).assign(against=against)
    told = group_importance(lambda rows: reader.read(rows).nowcast.to_numpy(), signals, truth, base)
    found.importance = told.assign(against=against)
