"""Writing a study to a folder: tables, models with their cards, and findings in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from journeykit.reports.shapes import shaped
from journeykit.reports.small_cells import blank_small_cells
from journeykit.wording import tell

__all__ = ["describe_data", "write_study"]


def describe_data(study: Any) -> dict[str, Any]:
    """Return what a saved model tells of the data on which it was learned: client, days and numbers, nobody's name."""
    size = {name.replace("_", " "): value for name, value in study.size.items()}
    return {"client": study.client.id, "as of": study.log.as_of_date.isoformat(), **size}


def write_study(study: Any, folder: Path) -> None:
    """Write tables, models and findings to a folder."""
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for name, table in study.tables.items():
        shown = blank_small_cells(name, table, study.client.privacy.min_group)
        shaped(shown).to_parquet(folder / "tables" / f"{name}.parquet", index=False)
    study.save_personas(folder / "models" / "personas.skops")
    study.save_stages(folder / "models" / "stages.skops")
    told = tell(study.findings, study.client)
    (folder / "findings.json").write_text(json.dumps(told, ensure_ascii=False, indent=2), encoding="utf-8")
