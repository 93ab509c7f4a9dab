"""Portraits: the tables from which the cards of the personas are written."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from journeykit.clients import Client
from journeykit.personas import PersonaClusterer, RuleTree
from journeykit.personas.attributes import describe_attributes
from journeykit.wording import LANGUAGES, say_rule

__all__ = [
    "chosen_number",
    "list_attributes",
    "list_candidates",
    "list_examples",
    "list_known",
    "list_rules",
    "list_traits",
    "list_tree",
    "spread_effects",
]

TRAIT_COLUMNS = ["persona", "trait", "effect", "median", "low", "high", "rest_median"]
ATTRIBUTE_COLUMNS = [
    "persona", "attribute", "level", "share", "rest_share", "median", "low", "high", "rest_median", "known",
    "missing_share",
]  # fmt: skip
EXAMPLE_COLUMNS = [
    "persona", "customer", "role", "probability", "second", "second_probability", "contacts", "channel",
    "channel_share", "daypart", "daypart_share", "gap_days", "order_value_mean",
]  # fmt: skip
RULE_COLUMNS = [
    "persona", "rule_nl", "rule_en", "precision", "precision_low", "precision_high", "recall", "recall_low",
    "recall_high", "customers", "base_rate", "reason",
]  # fmt: skip
TREE_COLUMNS = ["rule_nl", "rule_en", "persona", "customers", "purity", "share_of_persona"]
BY_TRAITS = {"gap": "gap", "split_half": "split_half", "jaccard": "jaccard_min"}
BY_COUNTS = {"foretold": "gain", "overlap": "jaccard_min"}
SHARE_STEP = 0.05  # to which shares of one customer are rounded
MOST_EFFECTS = 30  # traits whose effect sizes stand in the table of personas


def list_traits(described: pd.DataFrame) -> pd.DataFrame:
    """Return the traits that set each persona apart, strongest first: one row a persona and trait."""
    rows = [{"persona": row.persona, **trait} for row in described.itertuples() for trait in row.traits]
    return pd.DataFrame(rows, columns=TRAIT_COLUMNS)


def list_attributes(described: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of the people of each persona: a row an attribute, or a row each of its levels."""
    rows = [
        {"persona": row.persona, **{name: value for name, value in fact.items() if name != "levels"}, **level}
        for row in described.itertuples()
        for fact in row.attributes
        for level in fact.get("levels") or [{}]
    ]
    return pd.DataFrame(rows, columns=ATTRIBUTE_COLUMNS)


def list_known(attributes: pd.DataFrame, min_group: int) -> pd.DataFrame:
    """Return what is known of everybody, in the form of `list_attributes` under the persona ``all``."""
    everyone = pd.Series("all", index=attributes.index)
    facts = describe_attributes(attributes, everyone, "all", min_group)
    return list_attributes(pd.DataFrame({"persona": ["all"], "attributes": [facts]}))


def chosen_number(clusterer: PersonaClusterer) -> int:
    """Return the number of groups that the criteria chose, or that was given, whether or not personas were found."""
    picks = clusterer.picks_
    return int(picks["overlap"] if "overlap" in picks else np.median(list(picks.values())))


def list_candidates(clusterer: PersonaClusterer) -> pd.DataFrame:
    """Return how each criterion scores each number of groups.

    Returns
    -------
    pandas.DataFrame
        `criterion` (by counts `foretold` and `overlap`, by traits `gap`, `split_half` and `jaccard`), `k`, `score`,
        `picked` (by this criterion), `chosen`.
    """
    scores = clusterer.candidates_
    judged = BY_COUNTS if "gain" in scores else BY_TRAITS
    chosen = chosen_number(clusterer)
    rows = [
        {"criterion": criterion, "k": int(k), "score": float(scores.loc[k, column]),
         "picked": clusterer.picks_.get(criterion) == k, "chosen": int(k) == chosen}
        for criterion, column in judged.items() for k in scores.index
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["criterion", "k", "score", "picked", "chosen"])


def list_rules(rules: pd.DataFrame, client: Client) -> pd.DataFrame:
    """Return the rules for recruiting with their words: a row a persona; a rule that is empty has none."""
    rows = [
        row
        | {
            f"rule_{language}": say_rule(row["rule"], language, client, currency=client.currency)
            if row["rule"]
            else None
            for language in LANGUAGES
        }
        for row in rules.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=RULE_COLUMNS)


def list_tree(tree: RuleTree | None, client: Client) -> pd.DataFrame:
    """Return the ends of a tree of questions with the answers that lead there in words."""
    rows = [] if tree is None else [
        row
        | {
            f"rule_{language}": say_rule(row["conditions"], language, client, currency=client.currency)
            for language in LANGUAGES
        }
        for row in tree.frame.to_dict("records")
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=TREE_COLUMNS)


def list_examples(examples: pd.DataFrame, profile: pd.DataFrame) -> pd.DataFrame:
    """Return the examples of each persona under a letter, their figures rounded so that nobody is recognised.

    Shares are rounded to 5 %, other figures to one significant digit; ids and moments are left out.

    Parameters
    ----------
    examples
        From `pick_examples`.
    profile
        The readable measures by unit.
    """
    letters = examples.groupby("persona", sort=False).cumcount().map(lambda place: chr(ord("A") + place))
    rows = [
        {"persona": row.persona, "customer": letter, "role": row.role, "probability": row.probability,
         "second": row.second, "second_probability": row.second_probability, **_rounded(profile.loc[row.unit_id])}
        for letter, row in zip(letters, examples.itertuples(), strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=EXAMPLE_COLUMNS)


def _rounded(measures: pd.Series) -> dict[str, Any]:
    channel, channel_share = _commonest(measures, "channel_share.")
    daypart, daypart_share = _commonest(measures, "daypart_share.")
    figures = {
        name: round_figure(measures.get(name)) for name in ("contacts", "gap_days", "order_value_mean")
    }
    return figures | {
        "channel": channel, "channel_share": channel_share, "daypart": daypart, "daypart_share": daypart_share
    }  # fmt: skip


def _commonest(measures: pd.Series, prefix: str) -> tuple[str | None, float]:
    own = measures[[name for name in measures.index if str(name).startswith(prefix)]].astype(float).dropna()
    if own.empty or own.max() <= 0:
        return None, float("nan")
    share = round(round(float(own.max()) / SHARE_STEP) * SHARE_STEP, 2)
    return str(own.idxmax()).removeprefix(prefix), share


def spread_effects(contrasts: pd.DataFrame) -> pd.DataFrame:
    """Return effect sizes as columns, one row a persona: those of the traits that set personas apart the most."""
    strength = contrasts["effect"].astype("float64").abs().groupby(contrasts["trait"]).max()
    kept = contrasts[contrasts["trait"].isin(strength.nlargest(MOST_EFFECTS).index)]
    wide = kept.pivot(index="persona", columns="trait", values="effect").astype("float64")
    return wide.add_prefix("effect.").rename_axis(columns=None).reset_index().astype({"persona": "str"})


def round_figure(value: Any) -> float:
    """Return a figure rounded to one significant digit.

    Examples
    --------
    >>> round_figure(47.3), round_figure(0.0), round_figure(None)
    (50.0, 0.0, nan)
    """
    if value is None or not math.isfinite(float(value)):
        return float("nan")
    value = float(value)
    return 0.0 if value == 0 else round(value, -math.floor(math.log10(abs(value))))
