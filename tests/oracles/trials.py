"""What a trial showed, from the definition: person by person, in plain loops."""

from __future__ import annotations

from math import sqrt

import pandas as pd
from scipy.stats import chi2, chi2_contingency, fisher_exact

Z = 1.959963984540054


def arm_counts(
    events: list[dict], groups: list[dict], first: str, last: str, primary: str
) -> dict[str, tuple[int, int]]:
    """Per arm how many are in it, and how many have a primary event from the first day to the end of the last."""
    counted: dict[str, list[int]] = {}
    for member in groups:
        own = counted.setdefault(member["arm"], [0, 0])
        own[0] += 1
        hits = [
            one
            for one in events
            if one["customer_id"] == member["customer_id"]
            and one["touchpoint"] == primary
            and first <= str(pd.Timestamp(one["timestamp"]).date()) <= last
        ]
        own[1] += bool(hits)
    return {arm: (size, won) for arm, (size, won) in counted.items()}


def wilson(won: int, size: int) -> tuple[float, float]:
    share, w = won / size, Z * Z / size
    middle, half = share + w / 2, Z * sqrt(share * (1 - share) / size + w / (4 * size))
    low, high = (middle - half) / (1 + w), (middle + half) / (1 + w)
    return (0.0 if won == 0 else low), (1.0 if won == size else high)


def newcombe(base: tuple[int, int], other: tuple[int, int]) -> tuple[float, float, float]:
    """The difference of two shares with the interval of Newcombe's method 10; each is (size, won)."""
    (n, hits), (m, wins) = base, other
    p, q = hits / n, wins / m
    (low_p, high_p), (low_q, high_q) = wilson(hits, n), wilson(wins, m)
    low = q - p - sqrt((q - low_q) ** 2 + (high_p - p) ** 2)
    high = q - p + sqrt((high_q - q) ** 2 + (p - low_p) ** 2)
    return q - p, low, high


def p_value(base: tuple[int, int], other: tuple[int, int]) -> float:
    """Chi-square where ten are expected in each cell, else Fisher's exact test."""
    table = [[other[1], other[0] - other[1]], [base[1], base[0] - base[1]]]
    found = chi2_contingency(table, correction=False)
    return float(found.pvalue) if found.expected_freq.min() >= 10 else float(fisher_exact(table).pvalue)


def mismatch(sizes: dict[str, int], ratio: dict[str, float]) -> float:
    total, parts = sum(sizes.values()), sum(ratio[arm] for arm in sizes)
    distance = sum(
        (n - total * ratio[arm] / parts) ** 2 / (total * ratio[arm] / parts) for arm, n in sizes.items()
    )
    return float(chi2.sf(distance, len(sizes) - 1))


def holm(p_values: list[float]) -> list[float]:
    """Each p-value times the number of those that are not smaller; never less than that of a smaller one."""
    corrected = []
    for own in p_values:
        steps = [
            min(1.0, other * sum(third >= other for third in p_values)) for other in p_values if other <= own
        ]
        corrected.append(max(steps))
    return corrected
