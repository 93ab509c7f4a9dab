"""Matching: which personas of a report are those of an earlier one, and what became of the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.stats import binomtest

from journeykit.errors import JourneykitError
from journeykit.intervals import compare_shares, wilson

__all__ = ["LEAST_SCORE", "PersonaMatch", "match_personas"]

LEAST_SCORE = (
    0.65  # between the scores of true pairs and of others in simulated worlds (docs/method/personas.md)
)
MEMBERSHIP = 0.5  # weight of who is in it beside what it is like, when everybody can be compared
MOST_OF = 0.5  # share of a persona that must come from, or go to, one other to speak of a split or merge
PAIRS = ["before", "after", "overlap", "similarity", "score"]
FLOWS = ["from", "to", "customers", "of", "share", "low", "high"]


@dataclass(frozen=True)
class PersonaMatch:
    """What became of the personas of an earlier report.

    Attributes
    ----------
    pairs : DataFrame
        One row per persona that was found again: ``before`` and ``after`` (ids), ``overlap`` (Jaccard: both divided
        by either; null without people to compare), ``similarity`` (cosine of the effects; null without
        profiles), ``score`` (0 to 1).
    births, deaths : tuple of str
        Personas of today without a pair, and of the earlier report.
    merges : DataFrame
        Personas of which at least half of the people are now in one, with those of another: ``from``, ``to``,
        ``customers``, ``of`` (people of ``from`` placed both times), ``share`` with ``low`` and ``high`` (Wilson).
    splits : DataFrame
        The same columns, for personas of today of which at least half of all people come from one that others
        come from too; ``of`` and ``share`` count the people of ``to``.
    moves : DataFrame
        Who went from one persona to another: the same columns, of the people of ``from`` placed both times, with
        ``returned`` (people who went the other way) and ``p_value`` of more going than coming (sign test;
        null where one of the two personas has no pair).
    stays : DataFrame
        One row per pair, and one for ``all``: ``persona`` (the id of today), ``customers`` who stayed, ``of``,
        ``share``, ``low``, ``high``.
    sizes : DataFrame
        One row per pair, birth and death: ``from``, ``to``, ``customers_before``, ``customers_after``, ``before`` and
        ``after`` (shares of those placed) and what `compare_shares` gives of the two.
    """

    pairs: pd.DataFrame = field(repr=False)
    births: tuple[str, ...]
    deaths: tuple[str, ...]
    merges: pd.DataFrame = field(repr=False)
    splits: pd.DataFrame = field(repr=False)
    moves: pd.DataFrame = field(repr=False)
    stays: pd.DataFrame = field(repr=False)
    sizes: pd.DataFrame = field(repr=False)

    def ids(self, last: int = 0) -> dict[str, str]:
        """Return the id that each persona of today keeps, or gets: the next number that was never used.

        Examples
        --------
        >>> before, after = pd.Series(list("aab"), dtype="str"), pd.Series(list("zzy"), dtype="str")
        >>> before, after = before.map({"a": "p1", "b": "p2"}), after.map({"z": "p2", "y": "p1"})
        >>> match_personas(before, after).ids()
        {'p2': 'p1', 'p1': 'p2'}
        """
        kept = dict(zip(self.pairs["after"], self.pairs["before"], strict=True))
        taken = max([last, *map(number_of, [*kept.values(), *self.deaths])])
        return kept | {born: f"p{taken + place}" for place, born in enumerate(self.births, start=1)}

    def named(self, ids: dict[str, str]) -> PersonaMatch:
        """Return the match with other ids for the personas of today."""
        tables = {name: getattr(self, name) for name in ("merges", "splits", "moves", "sizes")}
        renamed = {name: table.assign(to=table["to"].replace(ids)) for name, table in tables.items()}
        renamed["pairs"] = self.pairs.assign(after=self.pairs["after"].replace(ids))
        renamed["stays"] = self.stays.assign(persona=self.stays["persona"].replace(ids))
        return replace(self, births=tuple(ids.get(born, born) for born in self.births), **renamed)


def number_of(persona: str) -> int:
    """Return the number in an id such as ``p3``; 0 when there is none."""
    found = re.fullmatch(r"p(\d+)", str(persona))
    return int(found[1]) if found else 0


def match_personas(
    before: pd.Series,
    after: pd.Series,
    *,
    profile_before: pd.DataFrame | None = None,
    profile_after: pd.DataFrame | None = None,
    again: pd.Series | None = None,
    least: float = LEAST_SCORE,
) -> PersonaMatch:
    """Match the personas of today to those of an earlier report.

    Every pair of personas gets a score: how far they hold the same people (Jaccard), joined with how alike they are in
    what sets them apart (cosine of the effects). The assignment with the highest sum of scores is taken
    (Hungarian algorithm); what scores below `least` is no pair.

    Parameters
    ----------
    before, after
        Persona per unit in each report, indexed by unit; null for the unassigned.
    profile_before, profile_after
        Effects that set the personas apart, personas x traits (`contrast_personas`); traits that both have are
        compared.
    again
        The persona of the earlier report that today's units would have, by what they do today (the saved clusterer's
        `predict`). With it, personas are matched even when ids were given anew, and those who changed their habits
        do not blur which persona is which. Without it, the units in both reports are compared.
    least
        Score from which two personas are one.

    Returns
    -------
    PersonaMatch
        The same for units in another order.

    Raises
    ------
    JourneykitError
        When a unit stands twice in a report.

    Notes
    -----
    Kuhn, H. W. (1955). The Hungarian method for the assignment problem. Naval Research Logistics 2.

    Examples
    --------
    >>> units = pd.Index(list("abcdef"))
    >>> before = pd.Series(["p1", "p1", "p1", "p2", "p2", None], index=units)
    >>> after = pd.Series(["p2", "p2", "p2", "p1", "p1", "p1"], index=units)
    >>> match_personas(before, after).pairs[["before", "after", "score"]].values.tolist()
    [['p1', 'p2', 1.0], ['p2', 'p1', 1.0]]
    """
    before, after = _placed(before), _placed(after)
    rows, columns = _ids(before, profile_before), _ids(after, profile_after)
    people = _counts(before, after, rows, columns)
    scores = _scores(before, after, _placed(again), people, (profile_before, profile_after))
    pairs = _best(scores, rows, columns, least)
    births = tuple(one for one in columns if one not in set(pairs["after"]))
    deaths = tuple(one for one in rows if one not in set(pairs["before"]))
    return PersonaMatch(
        pairs, births, deaths,
        _merges(people), _splits(people, after), _moves(people, pairs), _stays(people, pairs),
        _sizes(before, after, pairs, births, deaths),
    )  # fmt: skip


def _placed(personas: pd.Series | None) -> pd.Series | None:
    if personas is None:
        return None
    if personas.index.has_duplicates:
        twice = personas.index[personas.index.duplicated()][0]
        raise JourneykitError(f"unit {twice!r} stands twice", remedy="give one persona per unit")
    return personas.dropna().astype("str").sort_index()


def _ids(personas: pd.Series, profile: pd.DataFrame | None) -> list[str]:
    known = set(personas) | (set() if profile is None else set(map(str, profile.index)))
    return sorted(known, key=lambda persona: (number_of(persona), persona))


def _counts(before: pd.Series, after: pd.Series, rows: Iterable[str], columns: Iterable[str]) -> pd.DataFrame:
    """Return how many units were in each persona before and after, of those placed both times."""
    both = pd.concat({"before": before, "after": after}, axis=1, join="inner")
    return pd.crosstab(both["before"], both["after"]).reindex(
        index=pd.Index(rows, name="before"), columns=pd.Index(columns, name="after"), fill_value=0
    )


def _scores(before, after, again, people: pd.DataFrame, profiles: tuple) -> dict[str, np.ndarray]:
    """Return overlap, similarity and score of every pair, personas before x after."""
    seen = people if again is None else _counts(again, after, people.index, people.columns)
    least = min(len(before), len(after)) if again is None else len(after)
    comparable = min(int(seen.to_numpy().sum()) / max(least, 1), 1.0)
    overlap, similarity = _jaccard(seen.to_numpy(float)), _similarity(people, *profiles)
    weight = np.where(np.isnan(similarity), 1.0, MEMBERSHIP * comparable)
    score = weight * np.nan_to_num(overlap) + (1 - weight) * np.nan_to_num(similarity)
    return {"overlap": overlap if comparable else overlap * np.nan, "similarity": similarity, "score": score}


def _jaccard(both: np.ndarray) -> np.ndarray:
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    return both / np.maximum(either, 1.0)


def _similarity(people: pd.DataFrame, before: pd.DataFrame | None, after: pd.DataFrame | None) -> np.ndarray:
    """Return the cosine of the effects that both profiles have, no less than 0."""
    nothing = np.full(people.shape, np.nan)
    if before is None or after is None:
        return nothing
    shared = sorted(set(before) & set(after))
    if not shared:
        return nothing
    old, new = (
        profile[shared].astype(float).reindex(ids).to_numpy()
        for profile, ids in ((before, people.index), (after, people.columns))
    )
    known = np.isfinite(old).any(axis=1)[:, None] & np.isfinite(new).any(axis=1)
    old, new = np.nan_to_num(old), np.nan_to_num(new)
    lengths = np.linalg.norm(old, axis=1)[:, None] * np.linalg.norm(new, axis=1)
    return np.where(known, np.clip(old @ new.T / np.maximum(lengths, 1e-12), 0, 1), np.nan)


def _best(scores: dict[str, np.ndarray], rows: list[str], columns: list[str], least: float) -> pd.DataFrame:
    usable = np.where(scores["score"] >= least, scores["score"], 0.0)
    found = [(i, j) for i, j in zip(*linear_sum_assignment(-usable), strict=True) if usable[i, j] > 0]
    values = [(rows[i], columns[j], *(float(scores[name][i, j]) for name in PAIRS[2:])) for i, j in found]
    return pd.DataFrame(values, columns=PAIRS)


def _flows(rows: Iterable[tuple[str, str, int, int]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=FLOWS[:4])
    low, high = wilson(table["customers"], table["of"])
    share = table["customers"] / table["of"].where(table["of"] > 0)
    return table.assign(share=share.astype(float), low=low, high=high)


def _merges(people: pd.DataFrame) -> pd.DataFrame:
    of = people.sum(axis=1)
    rows = [
        (old, new, int(people.at[old, new]), int(of[old]))
        for new in people.columns for old in people.index
        if of[old] and people.at[old, new] >= MOST_OF * of[old]
    ]  # fmt: skip
    table = _flows(rows)
    return table[table["to"].duplicated(keep=False)].reset_index(drop=True)


def _splits(people: pd.DataFrame, after: pd.Series) -> pd.DataFrame:
    of = after.value_counts()
    rows = [
        (old, new, int(people.at[old, new]), int(of[new]))
        for old in people.index for new in people.columns
        if new in of and people.at[old, new] >= MOST_OF * of[new]
    ]  # fmt: skip
    table = _flows(rows)
    return table[table["from"].duplicated(keep=False)].reset_index(drop=True)


def _moves(people: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    heir = dict(zip(pairs["before"], pairs["after"], strict=True))
    forebear = dict(zip(pairs["after"], pairs["before"], strict=True))
    rows = [
        (old, new, int(people.at[old, new]), int(people.loc[old].sum()))
        for old in people.index for new in people.columns
        if heir.get(old) != new and people.at[old, new]
    ]  # fmt: skip
    table = _flows(rows)
    back = [
        people.at[forebear[new], heir[old]] if old in heir and new in forebear else np.nan
        for old, new in zip(table["from"], table["to"], strict=True)
    ]
    table["returned"] = np.array(back, float)
    table["p_value"] = [_sign_test(*pair) for pair in zip(table["customers"], table["returned"], strict=True)]
    return table


def _sign_test(one: float, other: float) -> float:
    if np.isnan(other) or one + other == 0:
        return float("nan")
    return float(binomtest(int(one), int(one + other)).pvalue)


def _stays(people: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    stayed = [int(people.at[old, new]) for old, new in zip(pairs["before"], pairs["after"], strict=True)]
    of = [int(people.loc[old].sum()) for old in pairs["before"]]
    total = int(people.to_numpy().sum())
    rows = [*zip(pairs["after"], stayed, of, strict=True), ("all", sum(stayed), total)]
    table = _flows([(who, who, customers, base) for who, customers, base in rows])
    return table.drop(columns="to").rename(columns={"from": "persona"})


def _sizes(before: pd.Series, after: pd.Series, pairs: pd.DataFrame, births, deaths) -> pd.DataFrame:
    """Return the share of each persona then and now; the people counted twice make the two hang together."""
    whole = [*zip(pairs["before"], pairs["after"], strict=True)]
    whole += [(None, born) for born in births] + [(gone, None) for gone in deaths]
    rows = [_size(old, new, before, after) for old, new in whole if len(before) and len(after)]
    columns = ["from", "to", "customers_before", "customers_after", "before", "after",
               "difference", "low", "high", "significant", "p_value"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _size(old: str | None, new: str | None, before: pd.Series, after: pd.Series) -> dict:
    was, now = before == old, after == new
    shares = float(was.mean()), float(now.mean())
    both = was.index.intersection(now.index)
    joint = float((was[both] & now[both]).mean() - was[both].mean() * now[both].mean()) if len(both) else 0.0
    spread = np.prod([(share * (1 - share)) ** 0.5 for share in (was[both].mean(), now[both].mean())])
    weight = len(both) / (len(before) * len(after)) ** 0.5
    correlation = weight * joint / spread if len(both) and spread > 0 else 0.0
    figures = compare_shares(shares[0], len(before), shares[1], len(after), correlation)
    counts = {"customers_before": int(was.sum()), "customers_after": int(now.sum())}
    return {"from": old, "to": new, **counts, "before": shares[0], "after": shares[1], **figures}
