"""Evaluation: how good the inferred stages are, beside simple rules and the base rate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score, confusion_matrix, f1_score, roc_auc_score

__all__ = [
    "confusion",
    "evaluate",
    "expected_calibration_error",
    "reliability",
    "rules",
    "score",
    "score_lapsed",
]

BINS = 10
BY_PURCHASES = "BG/NBD"
RULE_SURE = 0.9
FLOOR = 1e-3


def score(chances: np.ndarray, truth: np.ndarray, base: np.ndarray) -> dict[str, float]:
    """Score probabilities against labels.

    Parameters
    ----------
    chances : numpy.ndarray
        Rows × states, the stages in order and then ``lapsed``.
    truth : numpy.ndarray of int
        The position of the true state.
    base : numpy.ndarray
        The share of each state, against which log-loss skill is measured.

    Returns
    -------
    dict
        ``macro_f1`` (over states that occur), ``log_loss_skill`` (1 − log-loss / log-loss of the base rate),
        ``ece`` (expected calibration error, ten bins), ``qwk`` (quadratic-weighted kappa where neither is
        lapsed), ``accuracy`` and ``accuracy_at_80`` (of the surest 80 %).

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.2, 0.8]])
    >>> round(score(p, np.array([0, 1]), np.array([0.5, 0.5]))["macro_f1"], 2)
    1.0
    """
    chances = np.clip(chances, FLOOR, 1)
    chances = chances / chances.sum(axis=1, keepdims=True)
    named, row = chances.argmax(axis=1), np.arange(len(truth))
    loss = -np.log(chances[row, truth]).mean()
    loss_base = -np.log(np.clip(base, FLOOR, 1)[truth]).mean()
    surest = np.argsort(-chances.max(axis=1), kind="stable")[: max(1, round(0.8 * len(truth)))]
    return {
        "macro_f1": float(f1_score(truth, named, average="macro", labels=np.unique(truth), zero_division=0)),
        "log_loss_skill": float(1 - loss / loss_base) if loss_base > 1e-9 else np.nan,
        "ece": expected_calibration_error(chances, truth),
        "qwk": _kappa(truth, named, chances.shape[1] - 1),
        "accuracy": float((named == truth).mean()),
        "accuracy_at_80": float((named == truth)[surest].mean()),
    }


def evaluate(
    chances: np.ndarray,
    inside: np.ndarray,
    signals: pd.DataFrame,
    truth: np.ndarray,
    base: np.ndarray,
    model,
    purchases: np.ndarray | None = None,
) -> pd.DataFrame:
    """Score the classifier, the last-touchpoint rule, the marker rule and the base rate side by side.

    Parameters
    ----------
    purchases : numpy.ndarray, optional
        How likely each row has lapsed by its purchases alone, missing where nothing was bought; given, the row
        ``BG/NBD`` tells how good that is for *lapsed*, and nothing of the other states.

    Returns
    -------
    DataFrame
        Indexed by ``method``: the columns of `score`, and for the classifier ``coverage``, ``worst_coverage``
        (the least covered state) and ``set_size`` of its sets; ``rows``. With `purchases` also those of
        `score_lapsed`.
    """
    methods = {"classifier": chances, **rules(signals, base, model)}
    table = pd.DataFrame({name: score(p, truth, base) for name, p in methods.items()}).T
    if purchases is not None:
        known = np.where(np.isnan(purchases), base[-1], purchases)
        lapsed = {name: p[:, -1] for name, p in methods.items()} | {BY_PURCHASES: known}
        told = {name: score_lapsed(p, truth == len(base) - 1) for name, p in lapsed.items()}
        order = [*table.index[:-1], BY_PURCHASES, table.index[-1]]
        table = table.join(pd.DataFrame(told).T, how="outer").reindex(order)
    hit = inside[np.arange(len(truth)), truth]
    by_state = [hit[truth == state].mean() for state in np.unique(truth) if (truth == state).sum() >= 10]
    table.loc["classifier", "coverage"] = hit.mean()
    table.loc["classifier", "worst_coverage"] = min(by_state, default=np.nan)
    table.loc["classifier", "set_size"] = inside.sum(axis=1).mean()
    return table.assign(rows=len(truth)).rename_axis("method")


def score_lapsed(chance: np.ndarray, lapsed: np.ndarray) -> dict[str, float]:
    """Score the probability of *lapsed* alone.

    Returns
    -------
    dict
        ``lapsed_log_loss`` and ``lapsed_auc`` (how often who lapsed is ranked above who did not; missing when
        nobody or everybody did).

    Examples
    --------
    >>> score_lapsed(np.array([0.9, 0.5, 0.1]), np.array([True, False, False]))["lapsed_auc"]
    1.0
    """
    chance = np.clip(chance, FLOOR, 1 - FLOOR)
    loss = -np.log(np.where(lapsed, chance, 1 - chance)).mean()
    auc = float(roc_auc_score(lapsed, chance)) if 0 < lapsed.mean() < 1 else np.nan
    return {"lapsed_log_loss": float(loss), "lapsed_auc": auc}


def rules(signals: pd.DataFrame, base: np.ndarray, model) -> dict[str, np.ndarray]:
    """Return what the last touchpoint, the last marker and the base rate say, rows × states.

    The two rules name one state with 90 % and share the rest; for the marker rule silence of 30 days is lapsed.
    """
    n = len(model.ids) + 1
    last = signals.reindex(columns=[f"last1.{stage}" for stage in model.ids]).fillna(0.0).to_numpy()
    named = np.where(last.sum(axis=1) > 0, last.argmax(axis=1), base[:-1].argmax())
    since = signals.reindex(columns=[f"since_marker_days.{stage}" for stage in model.ids]).to_numpy(float)
    newest = np.where(np.isfinite(since).any(axis=1), np.nan_to_num(since, nan=np.inf).argmin(axis=1), named)
    marked = np.where(signals["recency_days"].to_numpy() > 30, n - 1, newest)
    everyone = np.tile(base, (len(signals), 1))
    return {"last touchpoint": _sure(named, n), "marker rule": _sure(marked, n), "base rate": everyone}


def expected_calibration_error(chances: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean distance between how sure and how right, over ten bins of sureness."""
    table = reliability(chances, truth)
    return float((table["rows"] * (table["predicted"] - table["observed"]).abs()).sum() / table["rows"].sum())


def reliability(chances: np.ndarray, truth: np.ndarray) -> pd.DataFrame:
    """Return, per bin of sureness, how sure and how right: ``low, high, predicted, observed, rows``."""
    sure, right = chances.max(axis=1), chances.argmax(axis=1) == truth
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    frame = pd.DataFrame({"bin": bins, "predicted": sure, "observed": right.astype(float)})
    table = frame.groupby("bin").agg(
        predicted=("predicted", "mean"), observed=("observed", "mean"), rows=("observed", "size")
    )
    table.insert(0, "low", table.index / BINS)
    table.insert(1, "high", (table.index + 1) / BINS)
    return table.reset_index(drop=True)


def confusion(
    methods: dict[str, np.ndarray], truth: np.ndarray, units: np.ndarray, states, min_group: int = 0
) -> pd.DataFrame:
    """Count, for each method and each state, which state it thinks likeliest.

    Parameters
    ----------
    methods : dict of numpy.ndarray
        Per method its probabilities, rows × states.
    truth : numpy.ndarray of int
        The position of the state that is taken as the truth.
    units : numpy.ndarray
        The unit of each row.
    states : sequence of str
        The stages in order and then ``lapsed``.
    min_group : int
        States that fewer units are in are held back.

    Returns
    -------
    DataFrame
        A row per method and pair of states: ``method, actual, inferred, rows``, ``share`` (of the rows of the actual
        state), ``held_back``; ``rows`` and ``share`` are missing where held back, ``share`` where nobody is.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    >>> found = confusion({"classifier": p}, np.array([0, 1, 1]), np.arange(3), ["use", "lapsed"])
    >>> found["rows"].tolist(), found["share"].tolist()
    ([1.0, 0.0, 1.0, 1.0], [1.0, 0.0, 0.5, 0.5])
    """
    pairs = pd.MultiIndex.from_product([states, states], names=["actual", "inferred"])
    small = np.array([0 < len(np.unique(units[truth == n])) < min_group for n in range(len(states))])
    tables = []
    for method, chances in methods.items():
        counts = confusion_matrix(truth, chances.argmax(axis=1), labels=np.arange(len(states))).astype(float)
        total = counts.sum(axis=1, keepdims=True)
        counts[small] = np.nan
        share = np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)
        table = pd.DataFrame({"rows": counts.ravel(), "share": share.ravel()}, pairs).reset_index()
        tables.append(table.assign(held_back=np.repeat(small, len(states)), method=method))
    return pd.concat(tables, ignore_index=True)[
        ["method", "actual", "inferred", "rows", "share", "held_back"]
    ]


def _kappa(truth, named, stages: int) -> float:
    both = (truth < stages) & (named < stages)
    if both.sum() < 2 or len(np.unique(np.r_[truth[both], named[both]])) < 2:
        return np.nan
    return float(cohen_kappa_score(truth[both], named[both], weights="quadratic", labels=np.arange(stages)))


def _sure(named: np.ndarray, n: int) -> np.ndarray:
    table = np.full((len(named), n), (1 - RULE_SURE) / max(n - 1, 1))
    table[np.arange(len(named)), named] = RULE_SURE
    return table
