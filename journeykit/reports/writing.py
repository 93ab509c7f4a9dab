"""Writing a study to a folder: tables, models with their cards, and findings in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from journeykit.reports.changes import list_changes, moves_table
from journeykit.reports.earlier import earlier_tables
from journeykit.reports.shapes import shaped
from journeykit.wording import tell

__all__ = ["describe_data", "write_study"]


def describe_data(study: Any) -> dict[str, Any]:
    """Return what a saved model tells of the data on which it was learned: client, days and numbers, nobody's name."""
    size = {name.replace("_", " "): value for name, value in study.size.items()}
    return {"client": study.client.id, "as of": study.log.as_of_date.isoformat(), **size}


def write_study(study: Any, folder: Path) -> None:
    """Write tables, models and findings to a folder."""
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for name, table in {**study.tables, **_changes(study, study.home or folder.parent)}.items():
        shaped(table).to_parquet(folder / "tables" / f"{name}.parquet", index=False)
    study.save_personas(folder / "models" / "personas.skops")
    study.save_stages(folder / "models" / "stages.skops")
    told = tell(study.findings, study.client)
    (folder / "findings.json").write_text(json.dumps(told, ensure_ascii=False, indent=2), encoding="utf-8")


def _changes(study: Any, home: Path) -> dict[str, pd.DataFrame]:
    """Return what changed since the last report in a client's folder, when there is one."""
    match, least = study.persona_match, study.client.privacy.min_group
    moves = {} if match is None else {"persona_moves": moves_table(match, least)}
    earlier = earlier_tables(home, study.log.as_of_date)
    if earlier is None:
        return moves
    names = [name for name in ("customers", "drop_off") if (earlier / f"{name}.parquet").is_file()]
    if len(names) < 2:
        return moves
    before = {name: pd.read_parquet(earlier / f"{name}.parquet") for name in names}
    return moves | {"changes": list_changes(before, study.tables, study.client.model.ids, match, least)}
