"""What is at stake at a stage, from the definition: unit by unit, in plain loops."""

from __future__ import annotations


def who_could(events: list[dict], stage: int, end: float, follow: float) -> dict[str, dict]:
    """Who shows a stage, and none after it before: whether they go on, what they pay from then on, and if followed."""
    found: dict[str, dict] = {}
    for unit in dict.fromkeys(one["unit"] for one in events):
        own = sorted((one for one in events if one["unit"] == unit), key=lambda one: one["day"])
        furthest, entered = -1, None
        for one in own:
            if entered is None and one["stage"] == stage and furthest <= stage:
                entered = one["day"]
            furthest = max(furthest, one["stage"])
        if entered is not None:
            found[unit] = {
                "took": any(one["stage"] > stage for one in own if one["day"] > entered),
                "paid": sum(one["paid"] for one in own if one["day"] >= entered),
                "followed": end - entered >= follow,
            }
    return found


def shares(could: dict[str, dict], group: set[str]) -> tuple[int, int, int, int]:
    """Of the group, and of the others, how many of those who were followed took the step."""
    mine = [one["took"] for unit, one in could.items() if one["followed"] and unit in group]
    others = [one["took"] for unit, one in could.items() if one["followed"] and unit not in group]
    return sum(mine), len(mine), sum(others), len(others)


def worth(could: dict[str, dict], group: set[str]) -> float:
    """What who took the step paid more than who did not, of the group."""
    own = [one for unit, one in could.items() if one["followed"] and unit in group]
    on, off = ([one["paid"] for one in own if one["took"] == took] for took in (True, False))
    return sum(on) / len(on) - (sum(off) / len(off) if off else 0.0)
