"""Published results on public data, reached again with the parts of journeykit.

    python benchmarks/published.py [--shoppers FOLDER]

*Online shoppers* (UCI, 12,330 real sessions; Sakar et al. 2019): will the session end in a purchase? StageClassifier,
the estimator that infers stages, is given the columns as they are, in ten folds; with PageValues, which is nearly the
answer (a page's value is known from the purchases it led to), and without, which is the honest figure. Beside it plain
HistGradientBoostingClassifier on the same folds. The data are not shipped; where they are absent this part is skipped.
*CDNOW* (2,357 customers of a web shop for music; in the package lifetimes, extra ``demo``): PurchaseModel beside the
parameters of Fader, Hardie and Lee (2005), learned on 39 weeks and judged on the 39 after them.
"""

from __future__ import annotations

import argparse
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from journeykit.stages import StageClassifier
from journeykit.stages.purchases import PurchaseModel

SHOPPERS = Path(__file__).parents[2] / "shared" / "data" / "online_shoppers"
FILE = "online_shoppers_intention.csv"
CDNOW = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426, "log-likelihood": -9582.4, "correlation": 0.626}
CALIBRATED, HORIZON = pd.Timestamp("1997-09-30"), 39


def read_shoppers(path: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the sessions as numbers, and whether each ended in a purchase, as two stages."""
    frame = pd.read_csv(path)
    bought = np.where(frame.pop("Revenue").astype(str).str.upper() == "TRUE", "purchase", "consideration")
    frame["Weekend"] = frame["Weekend"].astype(str).str.upper() == "TRUE"
    names = ["Month", "VisitorType", "OperatingSystems", "Browser", "Region", "TrafficType"]
    return pd.get_dummies(frame, columns=names, dtype=float).astype(float), bought


def score_shoppers(model: Any, frame: pd.DataFrame, bought: np.ndarray, seed: int) -> dict[str, float]:
    folds = StratifiedKFold(10, shuffle=True, random_state=seed)
    truth, chances = bought == "purchase", np.empty(len(frame))
    for learned, held in folds.split(frame, truth):
        fitted = clone(model).fit(frame.iloc[learned], bought[learned])
        chances[held] = fitted.predict_proba(frame.iloc[held])[:, 1]
    return {
        "AUROC": roc_auc_score(truth, chances), "AP": average_precision_score(truth, chances),
        "accuracy": accuracy_score(truth, chances > 0.5),
    }  # fmt: skip


def shoppers(folder: Path, seed: int) -> None:
    path = folder / FILE
    if not path.is_file():
        print(f"Online shoppers: skipped, there is no {FILE} in {folder}; name its folder with --shoppers.\n")
        return
    frame, bought = read_shoppers(path)
    honest = frame.drop(columns="PageValues")
    stages = StageClassifier(stages=["consideration", "purchase"])
    plain = HistGradientBoostingClassifier(random_state=0)
    rows = {"published (XGBoost)": {"AUROC": 0.937, "AP": 0.754, "accuracy": 0.9065}}
    for name, model in (("StageClassifier", stages), ("plain boosting", plain)):
        rows[f"{name}, PageValues"] = score_shoppers(model, frame, bought, seed)
        rows[f"{name}, without"] = score_shoppers(model, honest, bought, seed)
    print(f"Online shoppers, {len(frame):,} sessions, ten folds")
    print(pd.DataFrame(rows).T.round(4).to_string(na_rep="–"), "\n", flush=True)


def read_cdnow() -> tuple[pd.DataFrame, pd.Series]:
    """Return frequency, recency and age in weeks of the 1/10 sample, and the days of purchase after those weeks."""
    lines = next(
        file for file in metadata.distribution("lifetimes").files or () if file.name == "CDNOW_sample.txt"
    )
    names = ["master", "customer_id", "day", "cds", "amount"]
    table = pd.read_csv(str(lines.locate()), sep=r"\s+", header=None, names=names, dtype={"day": str})
    days = table[["customer_id", "day"]].drop_duplicates().assign(day=lambda f: pd.to_datetime(f["day"]))
    seen = days[days["day"] <= CALIBRATED].groupby("customer_id")["day"].agg(["min", "max", "size"])
    columns = {
        "frequency": seen["size"] - 1, "recency": (seen["max"] - seen["min"]).dt.days / 7,
        "age": (CALIBRATED - seen["min"]).dt.days / 7,
    }  # fmt: skip
    later = days[days["day"] > CALIBRATED].groupby("customer_id").size().reindex(seen.index, fill_value=0)
    return pd.DataFrame(columns), later


def cdnow() -> None:
    try:
        seen, later = read_cdnow()
    except (metadata.PackageNotFoundError, StopIteration):
        print("CDNOW: skipped, the package lifetimes (extra demo) is not installed.")
        return
    arrays = seen["frequency"], seen["recency"], seen["age"]
    model = PurchaseModel().fit(*arrays)
    told = model.expected_purchases(HORIZON, *arrays)
    found = {
        "r": model.r_, "alpha": model.alpha_, "a": model.a_, "b": model.b_,
        "log-likelihood": model.log_likelihood_, "correlation": np.corrcoef(told, later)[0, 1],
    }  # fmt: skip
    print(
        f"CDNOW, {len(seen):,} customers, BG/NBD; correlation of told and real purchases in the next 39 weeks"
    )
    print(pd.DataFrame({"published": CDNOW, "PurchaseModel": found}).round(4).to_string())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shoppers", type=Path, default=SHOPPERS, help=f"folder of {FILE}")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    cdnow()
    print()
    shoppers(given.shoppers, given.seed)


if __name__ == "__main__":
    main()
