"""Rules by which people of a persona can be recruited: a few conditions, and how far they can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from journeykit.intervals import wilson

from .conditions import drawn, in_order, meets_rule, placed, readable_parts, thresholds

__all__ = ["recruit_rules"]

MOST_LEARNT = 10_000  # customers from whom rules are made
LEARNT = 0.6  # share of them, when there are fewer
MOST_CONDITIONS = 3
MOST_JOINED = 3  # levels of an attribute in one condition
BEAM = 8  # rules of a length that are carried on
WORTH = 0.02  # gain in F that a further condition must bring
WEIGHT = 0.25  # beta squared, of F with beta one half: precision counts twice as much as recall


def recruit_rules(
    profile: pd.DataFrame,
    personas: pd.Series,
    *,
    attributes: pd.DataFrame | None = None,
    min_group: int = 10,
    random_state: int | None = 0,
) -> pd.DataFrame:
    """Make, per persona, a short rule by which its people can be recognised and recruited.

    A rule has at most three conditions on different measures, all of which must hold. It is the one that scores
    best on F0.5, in which precision counts twice as much as recall, found by a beam search over thresholds
    as somebody would write them. Rules are made from 60 % of the customers (at most 10,000) and judged on the
    others. Customers without a persona are left out.

    Parameters
    ----------
    profile
        Readable measures (`measure_profile`), indexed by ``unit_id``.
    personas
        Persona per unit; null where not placed.
    attributes
        Attributes of the units where observed; those in words become conditions on their levels.
    min_group
        Smaller personas get no rule, and no rule describes fewer customers.
    random_state
        Seed of who is held out. The same customers in another order give the same rules.

    Returns
    -------
    DataFrame
        One row per persona: ``persona``; ``rule``, a list of dicts ``measure, op, threshold`` (``at_least`` and
        ``at_most`` with a number in the units of the profile, ``in`` with a list of levels); ``precision``, the
        share of those who meet the rule that belong to the persona, and ``recall``, the share of the persona that
        meets the rule, both on customers held out, with ``_low`` and ``_high`` (Wilson, 95 %); ``customers`` who
        meet the rule; ``base_rate``, the persona's share of all; ``reason`` why a rule is empty: ``too_small``,
        ``no_better`` (than picking anybody), or nothing.

    Raises
    ------
    JourneykitError
        When profile and personas have no unit in common.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> profile = pd.DataFrame({"channel_share.email": np.r_[rng.uniform(0.4, 0.9, 60), rng.uniform(0, 0.3, 60)]})
    >>> rules = recruit_rules(profile, pd.Series(["p1"] * 60 + ["p2"] * 60))
    >>> rules["rule"].iloc[0], float(rules["precision"].iloc[0])
    ([{'measure': 'channel_share.email', 'op': 'at_least', 'threshold': 0.3}], 1.0)

    Notes
    -----
    Beam search over conjunctions: Clark, P. & Niblett, T. (1989). The CN2 induction algorithm. Machine Learning 3.
    """
    table, who = placed(profile, personas)
    numbers, levels = readable_parts(table, attributes)
    order = in_order(numbers, levels, who)
    numbers, levels, who = numbers.iloc[order], levels.iloc[order], who.iloc[order]
    share = min(LEARNT, MOST_LEARNT / max(len(who), 1))
    learnt = drawn(who.to_numpy(), share, np.random.default_rng(random_state))
    bank = _bank(numbers.iloc[learnt], levels.iloc[learnt], who.iloc[learnt].to_numpy(), min_group)
    readable = pd.concat([numbers, levels], axis=1)
    rows = []
    for persona in sorted(who.unique(), key=lambda name: (len(name), name)):
        belongs = (who == persona).to_numpy()
        rule = _best_rule(bank, belongs[learnt], min_group * len(learnt) / len(who))
        rows.append({"persona": persona} | _judged(rule, readable, belongs, learnt, min_group))
    return pd.DataFrame(rows, columns=_COLUMNS).astype({"customers": "Int64"})


_SCORES = ["precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high"]
_COLUMNS = ["persona", "rule", *_SCORES, "customers", "base_rate", "reason"]


@dataclass
class _Bank:
    """All conditions that a rule may use, and who meets each."""

    conditions: list[dict[str, Any]]
    measure: np.ndarray  # of each condition, as a number
    met: np.ndarray  # customers x conditions, 0 or 1


def _bank(numbers: pd.DataFrame, levels: pd.DataFrame, who: np.ndarray, min_group: int) -> _Bank:
    conditions, columns = [], []
    for measure, values in numbers.items():
        value = values.to_numpy()
        for threshold in thresholds(str(measure), value):
            for operator, met in (("at_least", value >= threshold), ("at_most", value <= threshold)):
                if met.sum() >= min(min_group, len(who)) and not met.all():
                    conditions.append({"measure": measure, "op": operator, "threshold": float(threshold)})
                    columns.append(met)
    for measure, values in levels.items():
        for joined in _level_sets(values, who, min_group):
            conditions.append({"measure": measure, "op": "in", "threshold": list(joined)})
            columns.append(values.isin(joined).to_numpy())
    measures = {name: place for place, name in enumerate([*numbers, *levels])}
    met = np.column_stack(columns).astype(np.float32) if columns else np.empty((len(who), 0), np.float32)
    return _Bank(conditions, np.array([measures[one["measure"]] for one in conditions], int), met)


def _level_sets(values: pd.Series, who: np.ndarray, min_group: int) -> list[tuple[str, ...]]:
    """Return sets of levels: for each persona those in which it is commonest, up to three together."""
    count = values.value_counts()
    common = sorted(count.index[count >= min_group])
    found = {}
    for persona in np.unique(who):
        share = {level: (who[(values == level).to_numpy()] == persona).mean() for level in common}
        ranked = sorted(common, key=lambda level: (-share[level], level))
        for size in range(1, min(MOST_JOINED, len(ranked) - 1) + 1):
            found[tuple(sorted(ranked[:size]))] = True
    return list(found)


def _best_rule(bank: _Bank, belongs: np.ndarray, least: float) -> list[dict[str, Any]]:
    """Return the conditions with the best F; a condition more must be worth it."""
    target = belongs.astype(np.float32)
    beam: list[tuple[int, ...]] = [()]
    best, best_score = (), 0.0
    for _ in range(MOST_CONDITIONS):
        beam, scores = _longer(bank, beam, target, least)
        if not beam:
            break
        if scores[0] > best_score + (WORTH if best else 0.0):
            best, best_score = beam[0], scores[0]
    return [bank.conditions[place] for place in best]


def _longer(bank: _Bank, beam: list[tuple[int, ...]], target: np.ndarray, least: float):
    """Return the best rules that are one condition longer, best first, with their scores."""
    met = np.stack([bank.met[:, list(rule)].prod(axis=1) for rule in beam])
    picked, right = np.split(np.concatenate([met, met * target]) @ bank.met, 2)
    found = (1 + WEIGHT) * right / (WEIGHT * target.sum() + picked)
    found[picked < least] = 0.0
    scores: dict[tuple[int, ...], float] = {}
    for rule, score in zip(beam, found, strict=True):
        score[np.isin(bank.measure, bank.measure[list(rule)])] = 0.0
        for place in np.argsort(-score, kind="stable")[: 2 * BEAM]:
            if score[place] > 0:
                scores[tuple(sorted((*rule, int(place))))] = float(score[place])
    ranked = sorted(scores, key=lambda rule: (-round(scores[rule], 9), rule))[:BEAM]
    return ranked, [scores[rule] for rule in ranked]


def _judged(rule: list[dict[str, Any]], table: pd.DataFrame, belongs: np.ndarray, learnt: np.ndarray,
            min_group: int) -> dict[str, Any]:  # fmt: skip
    """Return a rule with how it does on customers held out; without conditions when it is no use."""
    base_rate = float(belongs.mean())
    empty = {"rule": [], **dict.fromkeys(_SCORES, np.nan), "customers": None, "base_rate": base_rate}
    if belongs.sum() < min_group:
        return empty | {"base_rate": np.nan, "reason": "too_small"}
    met = meets_rule(table, rule).to_numpy()
    held = np.ones(len(table), bool)
    held[learnt] = False
    right, picked, members = (met & belongs & held).sum(), (met & held).sum(), (belongs & held).sum()
    low, high = (float(bound) for bound in wilson(right, picked))
    if met.sum() < min_group or not low > (belongs & held).sum() / max(held.sum(), 1):
        return empty | {"reason": "no_better"}
    found = {
        "precision": right / picked,
        "precision_low": low,
        "precision_high": high,
        "recall": right / members,
    }
    found["recall_low"], found["recall_high"] = (float(bound) for bound in wilson(right, members))
    return {"rule": rule, **found, "customers": int(met.sum()), "base_rate": base_rate, "reason": ""}
