"""Given labels: stages that an analyst knows, and the classifier that learns from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from journeykit.errors import JourneykitError, nearest, unknown
from journeykit.stages.classifier import LAPSED, StageClassifier, allowing
from journeykit.stages.conformal import class_thresholds
from journeykit.stages.leaning import lean, learn_leaning
from journeykit.stages.naming import GIVEN, NOBODY, are_disproved, naming_threshold
from journeykit.stages.reader import StageReader, mix, with_taught

__all__ = ["MANY_LABELS", "PICKED", "correct", "first_contacts", "given_labels"]

MANY_LABELS = 600
MOST_LABELS = 9000
PICKED = "picked"  # the source of labels of customers who were asked about because they are hard
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
MOST_COMPARED = 2000  # ids among which the nearest is looked for
FLOOR = 1e-3
FOLDS = 3  # in which few labels are learned from to see who can be named
USED = ["unit_id", "at", "stage", "source", "weight"]


def given_labels(log, labels: pd.DataFrame, random: np.random.RandomState) -> pd.DataFrame:
    """Return the labels that can be used: one row per unit and moment.

    Parameters
    ----------
    log : EventLog
        The events.
    labels : DataFrame
        ``customer_id`` (or ``unit_id``), ``at``, ``stage``; a date stands for the end of that day. If known also
        ``source``, who or what says so, and ``weight``, how much it counts beside other labels (1).
    random : RandomState
        Draws labels when there are more than needed.

    Returns
    -------
    DataFrame
        ``unit_id, at, stage, source, weight``; ``attrs["dropped"]`` counts the labels that could not be used: of
        unknown customers, after the log's end, before the customer's first contact, or replaced by a later row.

    Raises
    ------
    JourneykitError
        When a column is missing, a stage is not in the model, a date cannot be read, a weight is no number
        above 0, or no label can be used.
    """
    table = _columns(labels)
    allowed = [*log.client.model.ids, LAPSED]
    odd = ~table["stage"].isin(allowed).to_numpy()
    if odd.any():
        raise unknown(
            "stage", table["stage"].iloc[odd.argmax()], allowed, where="labels", line=odd.argmax() + 1
        )
    asked, people = table, first_contacts(log)
    table = table.merge(people, on="customer_id")
    table["at"] = _ends_of_day(table["at"], log.client.timezone)
    met = (table["first"] <= table["at"]) & (table["at"] <= log.moment + pd.Timedelta(days=1))
    kept = table[met].drop_duplicates(["unit_id", "at"], keep="last")[USED]
    if len(labels) and kept.empty:
        raise _none_usable(asked, people, log)
    dropped = len(labels) - len(kept)
    if len(kept) > MOST_LABELS:
        kept = kept.iloc[np.sort(random.permutation(len(kept))[:MOST_LABELS])]
    kept = kept.sort_values(["unit_id", "at"]).reset_index(drop=True)
    kept.attrs["dropped"] = int(dropped)
    return kept


def correct(
    reader: StageReader,
    signals: pd.DataFrame,
    stages: pd.Series,
    seed: int,
    weights: pd.Series | None = None,
    fair: np.ndarray | None = None,
) -> StageReader:
    """Learn from given labels, beginning where hindsight left off.

    Few labels make the student's probabilities lean (`learn_leaning`). With many a classifier learns from all signals
    and these probabilities; how much it counts beside the student is what makes labels of units that it did not
    learn from likeliest. Without a student, few labels teach a small classifier too.

    Parameters
    ----------
    reader : StageReader
        With its chain and, where the log allows it, its student.
    signals : DataFrame
        Measured at the labels' moments.
    stages : Series
        The given stage of each row.
    seed : int
        The seed.
    weights : Series, optional
        How much each row counts beside the others; all alike when None.
    fair : numpy.ndarray of bool, optional
        The rows that may judge who is named: not those that were asked about because they are hard. All when None.

    Returns
    -------
    StageReader
        The same reader with ``leaning``, or with ``corrected``, ``corrected_share`` and ``thresholds``; and with the
        ``naming`` that the labels allow, where there are enough.
    """
    taught, units = reader.without_labels(signals), signals.index.get_level_values("unit_id").to_numpy()
    fair = np.ones(stages.size, bool) if fair is None else fair
    table, few = with_taught(signals, taught, reader.states), stages.size < MANY_LABELS
    if few and taught is not None:
        named = pd.Index(reader.states).get_indexer(stages)
        weight = np.ones(stages.size) if weights is None else weights.to_numpy(float) / weights.mean()
        reader = _naming(reader, _leaning_apart(taught, named, weight, units), named, units, fair)
        return replace(reader, leaning=learn_leaning(taught, named, weight))
    if few:
        small = ("taught.", "chain.", "last1.")
        table = table[[name for name in table.columns if name.startswith(small)]]
    classifier = StageClassifier(stages=list(reader.states), random_state=seed)
    weight = np.ones(stages.size) if weights is None else weights.to_numpy(float) / weights.mean()
    classifier.fit(table, stages.to_numpy(str), sample_weight=weight, groups=units)
    share, thresholds = _beside(classifier, taught, stages, reader, weight)
    reader = replace(reader, corrected=classifier, corrected_share=share, thresholds=thresholds)
    rows, told = classifier.apart_["rows"], classifier.apart_["probabilities"]
    told = told if taught is None else mix(taught[rows], told, share)
    named = pd.Index(reader.states).get_indexer(stages)[rows]
    return _naming(reader, told, named, units[rows], fair[rows])


def _leaning_apart(
    taught: np.ndarray, named: np.ndarray, weight: np.ndarray, units: np.ndarray
) -> np.ndarray:
    """Return probabilities of each row as they lean when learned from the labels of other units."""
    fold, told = np.unique(units, return_inverse=True)[1] % FOLDS, taught.copy()
    for held in range(FOLDS):
        out = fold == held
        if out.any() and not out.all():
            told[out] = lean(taught[out], learn_leaning(taught[~out], named[~out], weight[~out]))
    return told


def _naming(reader: StageReader, told, named, units, fair) -> StageReader:
    """Return the reader with the naming that labels of rows allow which nothing was learned from.

    A few labels, some of them wrong, may prove nobody's stage. What hindsight allows then stands, unless they disprove
    it.
    """
    chances, right, units = told.max(axis=1)[fair], (told.argmax(axis=1) == named)[fair], units[fair]
    threshold = naming_threshold(chances, right, units)
    above = chances > reader.naming
    stands = threshold == NOBODY and above.any() and not are_disproved(right[above], units[above])
    if threshold is None or stands:
        return reader
    return replace(reader, naming=threshold, about=reader.about | {"named_against": GIVEN})


def _beside(classifier: StageClassifier, taught: np.ndarray | None, stages: pd.Series, reader, weight):
    """Return how much the classifier counts beside the student, and the thresholds of the two together."""
    rows, alone = classifier.apart_["rows"], classifier.apart_["probabilities"]
    if taught is None:
        return 1.0, classifier.thresholds_ if len(rows) else None
    if not len(rows):
        return 0.0, reader.thresholds
    truth = (stages.to_numpy(str)[rows, None] == np.array(reader.states)[None, :]).astype(float)
    truth *= weight[rows, None]
    losses = [-(truth * np.log(mix(taught[rows], alone, share) + FLOOR)).sum() for share in SHARES]
    share = SHARES[int(np.argmin(losses))]
    return share, class_thresholds(mix(taught[rows], alone, share), truth, allowing(classifier.coverage))


def _columns(labels: pd.DataFrame) -> pd.DataFrame:
    known = labels.rename(columns={"unit_id": "customer_id"}) if "customer_id" not in labels else labels
    for name in ("customer_id", "at", "stage"):
        if name not in known:
            raise unknown(
                "column", name, known.columns, where="labels", remedy="give customer_id, at and stage"
            )
    known = known.assign(source=known.get("source", "analyst"), weight=known.get("weight", 1.0))
    table = known[["customer_id", "at", "stage", "source", "weight"]]
    table = table.astype({"customer_id": str, "stage": str, "source": str, "weight": float})
    if not (table["weight"].gt(0) & table["weight"].lt(np.inf)).all():
        raise JourneykitError("a label's weight must be a number above 0", where="labels", remedy="write 1")
    return table.assign(at=_moments(table["at"]))


def _moments(given: pd.Series) -> pd.Series:
    """Return dates or moments as naive UTC; the first that is none is an error that names its row."""
    text = pd.api.types.is_string_dtype(given.dtype)
    read = pd.to_datetime(given, errors="coerce", **({"format": "ISO8601"} if text else {}))
    if read.isna().any():
        row = int(read.isna().to_numpy().argmax())
        problem = f"the date {str(given.iloc[row])!r} of a label cannot be read"
        raise JourneykitError(problem, where="labels", line=row + 1, remedy="write dates as 2026-04-01")
    aware = read.dt.tz is not None
    return (read.dt.tz_convert("UTC").dt.tz_localize(None) if aware else read).astype("datetime64[us]")


def _none_usable(asked: pd.DataFrame, people: pd.DataFrame, log) -> JourneykitError:
    """Return the error for labels of which none can be used: why the first cannot, and its row."""
    first = asked.iloc[0]
    met = people.set_index("customer_id")["first"].get(first["customer_id"])
    if met is None:
        near = nearest(first["customer_id"], people["customer_id"].sort_values().head(MOST_COMPARED))
        why = f"customer {first['customer_id']!r} is not in the events" + (f"; {near!r} is" if near else "")
    elif first["at"] > log.moment:
        why = f"{first['at']:%Y-%m-%d} is after the events end, {log.moment:%Y-%m-%d}"
    else:
        why = f"{first['at']:%Y-%m-%d} is before the customer's first contact, {met:%Y-%m-%d}"
    problem = f"no label is of a customer in the log at a moment within it: {why}"
    remedy = "check the customers' ids and the dates of the labels"
    return JourneykitError(problem, where="labels", line=1, remedy=remedy)


def first_contacts(log) -> pd.DataFrame:
    """Return, for each customer and each unit, the unit and its first contact: ``unit_id, customer_id, first``."""
    from journeykit.sessions import contacts

    table = contacts(log)
    people = table.group_by(["unit_id", "customer_id"]).aggregate(first=table.timestamp.min()).execute()
    units = (
        people.groupby("unit_id", as_index=False)["first"].min().assign(customer_id=lambda f: f["unit_id"])
    )
    people["first"] = people.groupby("unit_id")["first"].transform("min")
    return pd.concat([people, units]).drop_duplicates("customer_id").astype({"customer_id": str})


def _ends_of_day(at: pd.Series, zone: str) -> pd.Series:
    """Turn dates into the last moment of that day, in UTC; leave moments as they are."""
    midnight = at == at.dt.normalize()
    ends = (at + pd.Timedelta(days=1) - pd.Timedelta(microseconds=1)).dt.tz_localize(
        zone, ambiguous="NaT", nonexistent="shift_forward"
    )
    return at.where(~midnight, ends.dt.tz_convert("UTC").dt.tz_localize(None)).astype("datetime64[us]")
