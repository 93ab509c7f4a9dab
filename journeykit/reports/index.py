"""The page above the reports: every client, its state, its figures, and its last two reports compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from journeykit.letters import legible
from journeykit.reports.folders import replace_file
from journeykit.reports.outcomes import now, runs_of
from journeykit.reports.portfolio import LEAST_CLIENTS, benchmark, beside, read_phases
from journeykit.wording import label

__all__ = ["write_index"]

SAID = {"ok": "ready", "failed": "failed", "skipped": "ready"}
MOST = 6  # figures that get a column


def write_index(out: Path) -> None:
    """Write `index.html` over all clients that have a folder in `out`."""
    from jinja2 import Environment, FileSystemLoader

    from journeykit.reports.blocks import template_folder

    out.mkdir(parents=True, exist_ok=True)
    homes = [path for path in sorted(out.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    found = [(home, runs) for home in homes if (runs := runs_of(home))]
    names = _figure_names([_last_good(runs)[1] for _, runs in found])
    clients = [_client(home, runs, names) for home, runs in found]
    env = Environment(loader=FileSystemLoader(template_folder()), autoescape=True)
    page = env.get_template("index.html.j2").render(
        clients=clients, figures=[_words(name) for name in names], written=now().replace("T", " ")[:16],
        failed=sum(client["state"] == "failed" for client in clients), portfolio=_portfolio(found),
        least=LEAST_CLIENTS,
    )  # fmt: skip
    replace_file(out / "index.html", legible(page))


def _portfolio(found: list[tuple[Path, list[tuple[Path, dict[str, Any]]]]]) -> list[dict[str, Any]]:
    """Return, per kind of journey, what is usual in each phase and each client beside it; for two clients or more."""
    clients = {}
    for home, runs in found:
        folder, good = _last_good(runs)
        phases = read_phases(folder) if folder else None
        if phases is not None:
            clients[good.get("name") or home.name] = phases
    if len(clients) < 2:
        return []
    usual = benchmark(clients)
    own = beside(clients, usual)
    return [
        {
            "unit": label("figure", f"{unit}s", "en").lower(),
            "rows": [_usual(row) for row in part.to_dict("records")],
            **_beside(own[own["unit"] == unit], list(part["phase"])),
        }
        for unit, part in usual.groupby("unit", sort=False)
    ]


def _usual(row: dict[str, Any]) -> dict[str, Any]:
    cells = {
        f"{figure}_{part}": _figure("x_share", row[f"{figure}_{part}"])
        if _known(row[f"{figure}_{part}"])
        else "–"
        for figure in ("share", "drop_off")
        for part in ("median", "low", "high")
    }
    counts = {f"{figure}_clients": int(row[f"{figure}_clients"]) for figure in ("share", "drop_off")}
    return {"phase": label("canonical", row["phase"], "en"), **counts, **cells}


def _beside(own: Any, phases: list[str]) -> dict[str, Any]:
    """Return the clients as rows and the phases that enough of them can show as columns."""
    shown = [phase for phase in phases if phase in set(own["phase"])]
    cells = {
        (row.client, row.phase): f"{row.value:.1%} ({100 * row.difference:+.1f})" for row in own.itertuples()
    }
    names = list(dict.fromkeys(own["client"]))
    return {
        "phases": [label("canonical", phase, "en") for phase in shown],
        "clients": [
            {"name": name, "cells": [cells.get((name, phase), "–") for phase in shown]} for name in names
        ],
    }


def _known(value: Any) -> bool:
    return value is not None and value == value


def _figure_names(runs: list[dict[str, Any]]) -> list[str]:
    """Return the figures that most reports have, in the order of the first that has them."""
    seen: dict[str, int] = {}
    for run in runs:
        for name, value in run.get("figures", {}).items():
            seen[name] = seen.get(name, 0) + isinstance(value, (int, float))
    return sorted((name for name in seen if seen[name]), key=lambda name: -seen[name])[:MOST]


def _good(run: dict[str, Any]) -> dict[str, Any]:
    return run if run.get("status") == "ok" else run.get("last_good") or {}


def _goods(runs: list[tuple[Path, dict[str, Any]]]) -> list[tuple[Path, dict[str, Any]]]:
    return [(folder, _good(run)) for folder, run in runs if _good(run) and (folder / "report.html").is_file()]


def _last_good(runs: list[tuple[Path, dict[str, Any]]]) -> tuple[Path | None, dict[str, Any]]:
    return _goods(runs)[-1] if _goods(runs) else (None, {})


def _client(home: Path, runs: list[tuple[Path, dict[str, Any]]], names: list[str]) -> dict[str, Any]:
    newest = max((run for _, run in runs), key=lambda run: run.get("finished", ""))
    folder, good = _last_good(runs)
    failed = newest.get("status") == "failed"
    goods = [run for _, run in _goods(runs)][-2:]
    return {
        "name": newest.get("name") or home.name, "state": newest.get("status", ""), "as_of": good.get("as_of", "–"),
        "said": _state(newest, good), "error": newest.get("error") if failed else None, "stage": newest.get("stage"),
        "link": f"{quote(home.name)}/{quote(folder.name)}/report.html" if folder else None,
        "seconds": _number(good.get("seconds")), "figures": [_figure(n, good.get("figures", {}).get(n)) for n in names],
        "before": goods[0].get("as_of") if len(goods) == 2 else None,
        "changes": _changes(*goods) if len(goods) == 2 else [],
    }  # fmt: skip


def _state(newest: dict[str, Any], good: dict[str, Any]) -> str:
    said = SAID.get(newest.get("status", ""), "unknown")
    return f"{said}, older report kept" if said == "failed" and good else said


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, str]]:
    old, new = before.get("figures", {}), after.get("figures", {})
    both = [name for name in new if _numeric(old.get(name)) and _numeric(new[name])]
    return [
        {"name": _words(name), "before": _figure(name, old[name]), "after": _figure(name, new[name]),
         "difference": _difference(name, new[name] - old[name])}
        for name in both
    ]  # fmt: skip


def _numeric(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _words(name: str) -> str:
    return label("figure", name, "en")


def _figure(name: str, value: Any) -> str:
    """Return a figure as it is written: a share in percent."""
    return f"{value:.1%}" if name.endswith("_share") and _numeric(value) else _number(value)


def _difference(name: str, value: float) -> str:
    if name.endswith("_share"):
        return f"{100 * value:+.1f} points"
    return f"{'+' if value > 0 else ''}{_number(value)}"


def _number(value: Any) -> str:
    if not _numeric(value):
        return "–" if value is None else str(value)
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:,.2f}"
