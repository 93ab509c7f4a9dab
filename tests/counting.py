"""The law of every file: each row that is read is used, rejected or merged, with a reason; none goes unseen."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from journeykit.events.orders import MERGED


def held_to_the_law(read: Callable[..., Any]) -> Callable[..., Any]:
    """Return the reading of a file that fails where a row is lost, or told of twice."""

    @wraps(read)
    def checked(connection: Any, client: Any, source: Any, *rest: Any) -> Any:
        name, rejects, facts = read(connection, client, source, *rest)
        counted(rejects, facts)
        if not (source.explode or source.split or source.moments):
            assert facts["rows"] == facts["lines"], f"{facts['path']}: a line is a row"
            assert rejects["row"].is_unique, f"{facts['path']}: a row is rejected once"
        return name, rejects, facts

    return checked


def counted(rejects: Any, facts: dict[str, Any]) -> None:
    """Fail where rows are not used, rejected or merged, or one that is not used has no reason."""
    parts = facts["used"] + facts["rejected"] + facts["merged"]
    assert facts["rows"] == parts, (
        f"{facts['path']}: {facts['rows']} rows read, {parts} used, rejected or merged"
    )
    assert rejects["reason"].notna().all(), f"{facts['path']}: a row is left out without a reason"
    merged = int(rejects["reason"].isin(MERGED).sum())
    assert (facts["merged"], facts["rejected"]) == (merged, len(rejects) - merged), facts["path"]
