"""A small tree of questions that puts customers in their personas, and how often it is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from journeykit.errors import JourneykitError
from journeykit.intervals import wilson

from .conditions import answers, drawn, in_order, meets_rule, placed, readable_parts, thresholds

__all__ = ["RuleTree", "rule_tree"]

MOST_LEARNT = 20_000  # customers from whom a tree is learned
FOLDS = 5
LEAST_END = 0.01  # of the customers: an end with fewer is not worth reading


@dataclass(frozen=True)
class RuleTree:
    """Questions that lead from readable measures to a persona.

    Attributes
    ----------
    tree : DecisionTreeClassifier
        On steps: how many of a measure's thresholds in `steps` somebody passes.
    steps : dict
        Per measure its thresholds, as a person would write them.
    fidelity, fidelity_low, fidelity_high : float
        Share of customers whom the tree puts in their own persona, measured by cross-validation on customers that
        it did not learn from (Wilson, 95 %); missing where a persona has too few customers for that.
    balanced, balanced_low, balanced_high : float
        The same, as the mean over personas, so that large personas do not hide small ones.
    base_rate : float
        Share of the largest persona: what putting everybody in it would reach.
    root : dict
        The first question: ``measure, threshold`` with ``yes`` (at least the threshold) and ``no``, and
        ``missing``, where customers without the measure go (null when there were none). Without a threshold the
        question is whether the measure is known. An answer is another question or an end:
        ``persona, customers, purity, share_of_persona``.
    frame : DataFrame
        One row per end: ``conditions`` (as in `meets_rule`),
        ``persona``, ``customers``, ``purity`` (share of them in the persona), ``share_of_persona`` (share of the
        persona that comes here).
    """

    tree: DecisionTreeClassifier = field(repr=False)
    steps: dict[str, np.ndarray] = field(repr=False)
    fidelity: float
    fidelity_low: float
    fidelity_high: float
    balanced: float
    balanced_low: float
    balanced_high: float
    base_rate: float
    root: dict[str, Any] = field(repr=False)
    frame: pd.DataFrame = field(repr=False)

    def predict(self, profile: pd.DataFrame) -> pd.Series:
        """Return the persona in which the tree puts each unit of a profile.

        Raises
        ------
        JourneykitError
            When the profile lacks a measure that the tree asks for.
        """
        persona = pd.Series(None, index=profile.index, name="persona", dtype=object)
        for row in self.frame.itertuples():
            here = meets_rule(profile, row.conditions) | (not row.conditions)
            persona = persona.mask(here, row.persona)
        return persona


def rule_tree(
    profile: pd.DataFrame,
    personas: pd.Series,
    *,
    max_depth: int = 3,
    min_group: int = 10,
    random_state: int | None = 0,
) -> RuleTree:
    """Learn a small tree of questions that tells the personas apart.

    Thresholds are written as a person would write them before the tree is learned, so that what is read is what
    was measured. Two answers that lead to the same persona are one.

    Parameters
    ----------
    profile
        Readable measures (`measure_profile`), indexed by ``unit_id``.
    personas
        Persona per unit; null where not placed, and left out.
    max_depth
        Most questions for one customer.
    min_group
        Smaller personas are left out, and every end of the tree holds at least as many customers (and 1 % of all).
    random_state
        Seed of the sample (at most 20,000 customers) and of the folds. The same customers in another order give
        the same tree.

    Returns
    -------
    RuleTree

    Raises
    ------
    JourneykitError
        When nobody has a persona, or profile and personas have no unit in common.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> profile = pd.DataFrame({"channel_share.email": np.r_[rng.uniform(0.4, 0.9, 60), rng.uniform(0, 0.3, 60)]})
    >>> tree = rule_tree(profile, pd.Series(["p1"] * 60 + ["p2"] * 60))
    >>> round(tree.fidelity, 2), tree.frame["persona"].tolist()
    (1.0, ['p1', 'p2'])

    Notes
    -----
    A surrogate model: Craven, M. & Shavlik, J. (1996). Extracting tree-structured representations of trained
    networks. NIPS 8. The interval of a mean of shares: Zou, G. & Donner, A. (2008). Statistics in Medicine 27.
    """
    table, who = placed(profile, personas)
    sizes = who.map(who.value_counts())
    table, who = table[sizes >= min_group], who[sizes >= min_group]
    if who.empty:
        raise JourneykitError(
            f"no persona has {min_group} customers, so there is nothing to tell apart",
            remedy="learn personas on more customers",
        )
    numbers, levels = readable_parts(table)
    order = in_order(numbers, levels, who)
    return _learned(numbers.iloc[order], who.iloc[order].to_numpy(), max_depth, min_group, random_state)


def _learned(
    numbers: pd.DataFrame, who: np.ndarray, max_depth: int, min_group: int, seed: int | None
) -> RuleTree:
    steps = {str(name): thresholds(str(name), values.to_numpy()) for name, values in numbers.items()}
    codes = _codes(numbers, steps)
    chosen = drawn(who, min(1.0, MOST_LEARNT / len(who)), np.random.default_rng(seed))
    blank = DecisionTreeClassifier(
        max_depth=max_depth, min_samples_leaf=max(min_group, ceil(LEAST_END * len(who))), random_state=seed
    )
    scores = _scores(blank, codes[chosen], who[chosen], seed)
    tree = clone(blank).fit(codes[chosen], who[chosen])
    root = _node(tree, 0, steps, numbers.isna().any().to_numpy(), _tallies(tree, codes, who))
    frame = pd.DataFrame(list(_ends(root, [])), columns=_COLUMNS)
    largest = float(pd.Series(who).value_counts(normalize=True).max())
    return RuleTree(tree=tree, steps=steps, **scores, base_rate=largest, root=root, frame=frame)


_COLUMNS = ["conditions", "persona", "customers", "purity", "share_of_persona"]


def _codes(numbers: pd.DataFrame, steps: dict[str, np.ndarray]) -> np.ndarray:
    """Return how many thresholds of each measure are passed; a gap stays a gap."""
    if numbers.shape[1] == 0:
        return np.zeros((len(numbers), 1))
    values = numbers.to_numpy(float)
    passed = [
        np.searchsorted(step, values[:, place], side="right") for place, step in enumerate(steps.values())
    ]
    return np.where(np.isnan(values), np.nan, np.column_stack(passed))


_SCORES = ("fidelity", "fidelity_low", "fidelity_high", "balanced", "balanced_low", "balanced_high")


def _scores(
    blank: DecisionTreeClassifier, codes: np.ndarray, who: np.ndarray, seed: int | None
) -> dict[str, float]:
    """Return fidelity and its mean over personas, each with its interval."""
    members = pd.Series(who).value_counts().sort_index()
    folds = min(FOLDS, int(members.min()))
    if folds < 2:
        return dict.fromkeys(_SCORES, np.nan)
    right = who == cross_val_predict(
        blank, codes, who, cv=StratifiedKFold(folds, shuffle=True, random_state=seed)
    )
    share = pd.Series(right).groupby(who).mean()
    low, high = wilson(share * members, members)
    balanced = float(share.mean())
    below, above = (np.sqrt(((share - bound) ** 2).sum()) / len(share) for bound in (low, high))
    overall = [float(bound) for bound in wilson(right.sum(), len(right))]
    ends = [max(balanced - float(below), 0.0), min(balanced + float(above), 1.0)]
    return dict(zip(_SCORES, [float(right.mean()), *overall, balanced, *ends], strict=True))


def _tallies(tree: DecisionTreeClassifier, codes: np.ndarray, who: np.ndarray) -> pd.DataFrame:
    """Return customers per end of the tree and persona."""
    return pd.crosstab(tree.apply(codes), who)


def _node(tree: DecisionTreeClassifier, place: int, steps: dict[str, np.ndarray], gaps: np.ndarray,
          tallies: pd.DataFrame) -> dict[str, Any]:  # fmt: skip
    """Return a question with its answers, or an end; answers that lead to one persona are an end."""
    nodes = tree.tree_
    if nodes.children_left[place] < 0:
        count = tallies.loc[place].to_numpy()
        return _end(tree.classes_[nodes.value[place].argmax()], count, tallies)
    no, yes = (
        _node(tree, child[place], steps, gaps, tallies)
        for child in (nodes.children_left, nodes.children_right)
    )
    if "persona" in no and no["persona"] == yes.get("persona"):
        return _end(no["persona"], no["count"] + yes["count"], tallies)
    column = nodes.feature[place]
    measure, step = list(steps.items())[column]
    missing = ("no" if nodes.missing_go_to_left[place] else "yes") if gaps[column] else None
    if not np.isfinite(nodes.threshold[place]):  # the right branch holds the gaps, and nothing else
        return {"measure": measure, "threshold": None, "missing": "no", "yes": no, "no": yes}
    threshold = float(step[int(nodes.threshold[place])])
    return {"measure": measure, "threshold": threshold, "missing": missing, "yes": yes, "no": no}


def _end(persona: str, count: np.ndarray, tallies: pd.DataFrame) -> dict[str, Any]:
    mine = tallies.columns.get_loc(persona)
    customers = int(count.sum())
    return {
        "persona": str(persona),
        "customers": customers,
        "purity": float(count[mine] / customers),
        "share_of_persona": float(count[mine] / tallies[persona].sum()),
        "count": count,
    }


def _ends(node: dict[str, Any], above: list[dict[str, Any]]) -> Iterator[list[Any]]:
    """Yield the rows of the frame: the ends below a question, yes before no."""
    if "persona" in node:
        node.pop("count")
        yield [above, *(node[name] for name in _COLUMNS[1:])]
        return
    for answer, condition in answers(node).items():
        yield from _ends(node[answer], _narrowed(above, condition))


def _narrowed(above: list[dict[str, Any]], condition: dict[str, Any]) -> list[dict[str, Any]]:
    """Return conditions with one more, which takes the place of a wider one on the same measure."""
    same = {"measure": condition["measure"], "op": condition["op"]}
    wider = [one for one in above if {key: one[key] for key in same} == same]
    if not all(one.get("or_missing", False) for one in wider):
        condition = {key: value for key, value in condition.items() if key != "or_missing"}
    return [*(one for one in above if one not in wider), condition]
