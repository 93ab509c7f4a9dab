"""Wide data: traits of a table with one row a customer, of mixed types, without events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from journeykit.errors import nearest

from .adjusting import StageAdjuster
from .columns import Column, encode_column, learn_column
from .tables import EVIDENCE, robust_scale, usable_columns

__all__ = ["WideTraits"]

BOUND = 4.0  # robust standard deviations: an outlier counts as this far and no farther
EXPLAINED = 1e-6  # of the spread: what activity leaves of a column that it explains wholly is rounding


class WideTraits(TransformerMixin, BaseEstimator):
    """Traits of people of whom there is one row each: numbers, categories, flags and dates, with gaps.

    What each column is, its levels, scale and skew are learned in `fit`, so that new people get the same
    traits. Give the result to ``PersonaClusterer(whiten="turn")``, which keeps these scales.

    - Numbers, and texts that can only be numbers, are centred by their median, scaled by their quartile range
      and cut at four such deviations. Without negative values and with a skewness above 1 they are first
      measured in logs.
    - Flags, and all that has two values, are scaled to a variance of 1.
    - A category has a column per level, less the share of the level and divided by the root of it. In no
      direction does it then weigh more than one number does, however many levels it has: the scaling of
      multiple correspondence analysis, beside numbers that of factor analysis of mixed data (Pagès 2004).
      Levels with less than `min_share` are pooled as ``other``, where new levels go too.
    - Dates, and whole numbers such as 20260331 that can only be dates, are days before the latest one learned.
    - A gap stays a gap. What cannot be read in new data is one.
    - Left out, and noted: constant, empty and repeated columns, identifiers, texts with many levels, texts of
      which the decimal mark cannot be told (``1,234``), and flags and categories in which less than
      `min_share` differ from the rest.

    Parameters
    ----------
    by
        Columns that measure how active somebody was, such as the number of orders. What they explain of the
        others is taken out (`StageAdjuster`), and they leave the table: personas are no volume in disguise.
    exclude
        Columns to leave out, such as an outcome.
    categories
        Columns with numbers that stand for categories, such as a region's number.
    max_levels
        A category with more levels is left out.
    min_share
        Least share of a level, 0 to 1.

    Attributes
    ----------
    columns_ : list of Column
        How each column is read.
    notes_ : DataFrame
        Per ``column``: ``kind`` (``number``, ``log``, ``flag``, ``category``, ``date``, ``activity``,
        ``evidence`` or ``left_out``), ``note`` (``""``, ``excluded``, ``constant``, ``empty``, ``rare``,
        ``repeated``, ``identifier``, ``many_levels``, ``ambiguous_number`` or ``explained``: wholly, by
        activity) and ``traits``, the number of traits made of it.

    References
    ----------
    Pagès, J. (2004). Analyse factorielle de données mixtes. *Revue de statistique appliquée* 52.

    Examples
    --------
    >>> people = pd.DataFrame({"age": [30, 41, None, 58], "plan": ["free", "pro", "team", "pro"], "id": list("abcd")})
    >>> traits = WideTraits(exclude=["id"]).set_output(transform="pandas").fit_transform(people)
    >>> traits.columns.tolist(), traits["plan.pro"].round(2).tolist()
    (['age', 'plan.pro', 'plan.free', 'plan.team'], [-0.71, 0.71, -0.71, 0.71])
    """

    def __init__(
        self,
        by: Sequence[str] = (),
        *,
        exclude: Sequence[str] = (),
        categories: Sequence[str] = (),
        max_levels: int = 20,
        min_share: float = 0.05,
    ) -> None:
        self.by = by
        self.exclude = exclude
        self.categories = categories
        self.max_levels = max_levels
        self.min_share = min_share

    def fit(self, X: Any, y: Any = None) -> WideTraits:
        """Learn how each column is read.

        Parameters
        ----------
        X
            One row a customer: a frame, or an array.
        y
            Not used.

        Raises
        ------
        ValueError
            When a number is infinite, or a column that is named in a parameter is absent.
        """
        frame = self._frame(X, reset=True)
        self._check_named(list(frame))
        self.columns_ = [self._learned(frame[name], name) for name in frame if name != EVIDENCE]
        self._adjuster = self._fitted_adjuster(frame)
        raw, values = self._encoded(frame), self._adjusted(frame)
        self._kept, self._notes = _chosen(values, _spread(raw), self._parents())
        self._learn_scale(values[:, self._kept], np.nanmean(raw[:, self._kept], axis=0))
        self.notes_ = self._noted(list(frame))
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return traits, rows x traits, in standard deviations; ``evidence.contacts``, if present, comes last."""
        check_is_fitted(self)
        frame = self._frame(X)
        scaled = (self._adjusted(frame)[:, self._kept] - self._centre) / self._scale
        scaled = np.clip(scaled, -self._bound, self._bound)
        if EVIDENCE not in frame:
            return scaled
        return np.column_stack([scaled, pd.to_numeric(frame[EVIDENCE]).to_numpy(float, na_value=np.nan)])

    def learned(self) -> dict[str, Any]:
        """Return what `fit` has learned in plain numbers and texts, to be saved: nothing about single people.

        `restored` makes traits of it again.
        """
        check_is_fitted(self)
        columns = [
            asdict(column) | {"latest": None if column.latest is None else column.latest.isoformat()}
            for column in self.columns_
        ]
        adjuster = self._adjuster
        told = {
            "parameters": {name: list(v) if isinstance(v, tuple) else v for name, v in self.get_params().items()},
            "names": [str(name) for name in self.feature_names_in_], "columns": columns,
            "kept": self._kept.tolist(), "centre": self._centre.tolist(), "scale": self._scale.tolist(),
            "bound": [None if np.isinf(bound) else float(bound) for bound in self._bound],
        }  # fmt: skip
        return told | ({"adjuster": adjuster.learned()} if hasattr(adjuster, "coefficients_") else {})

    @classmethod
    def restored(cls, told: Mapping[str, Any]) -> WideTraits:
        """Return the traits of which `learned` told.

        Raises
        ------
        KeyError, TypeError, ValueError
            When a part is absent or of another kind.
        """
        wide = cls(**told["parameters"])
        wide.columns_ = [
            Column(**column | {"levels": tuple(column["levels"]), "latest": _moment(column["latest"])})
            for column in told["columns"]
        ]
        wide.feature_names_in_ = np.array([str(name) for name in told["names"]], dtype=object)
        wide.n_features_in_, wide._evident = len(wide.feature_names_in_), EVIDENCE in told["names"]
        wide._kept = np.array(told["kept"], dtype=int)
        wide._centre, wide._scale = (np.array(told[part], dtype=float) for part in ("centre", "scale"))
        wide._bound = np.array([np.inf if bound is None else bound for bound in told["bound"]], dtype=float)
        wide._adjuster = (
            StageAdjuster.restored(told["adjuster"]) if "adjuster" in told else StageAdjuster(by=[])
        )
        return wide

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the traits: ``column``, or ``column.level`` of a category."""
        check_is_fitted(self)
        names = [self._names()[place] for place in self._kept]
        return np.array([*names, *([EVIDENCE] if self._evident else [])], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _frame(self, X: Any, reset: bool = False) -> pd.DataFrame:
        if isinstance(X, pd.DataFrame):
            validate_data(self, X, reset=reset, skip_check_array=True)
            if not len(X):
                raise ValueError("Found array with 0 sample(s); give at least one row")
            frame = X.set_axis([str(name) for name in X], axis=1)
        else:
            array = validate_data(self, X, reset=reset, dtype=None, ensure_all_finite=False)
            frame = pd.DataFrame(array, columns=[f"x{place}" for place in range(array.shape[1])])
        if reset:
            self._evident = EVIDENCE in frame
        return frame

    def _check_named(self, names: list[str]) -> None:
        for parameter in ("by", "exclude", "categories"):
            for name in getattr(self, parameter):
                if name not in names:
                    near = nearest(name, names)
                    guess = f"did you mean {near!r}?" if near else f"the columns are {', '.join(names[:20])}"
                    raise ValueError(f"{parameter} names {name!r}, which is no column of the table; {guess}")

    def _learned(self, values: pd.Series, name: str) -> Column:
        if name in self.exclude:
            return Column(name, "left_out", "excluded")
        return learn_column(
            values,
            name,
            category=name in self.categories,
            max_levels=self.max_levels,
            min_share=self.min_share,
        )

    def _names(self) -> list[str]:
        return [name for column in self._traits() for name in column.names]

    def _parents(self) -> list[str]:
        return [column.name for column in self._traits() for _ in column.names]

    def _traits(self) -> list[Column]:
        return [column for column in self.columns_ if column.name not in self.by]

    def _encoded(self, frame: pd.DataFrame) -> np.ndarray:
        parts = [encode_column(frame[column.name], column) for column in self._traits() if column.names]
        return np.hstack([np.empty((len(frame), 0)), *parts])

    def _activity(self, frame: pd.DataFrame) -> np.ndarray:
        active = [column for column in self.columns_ if column.name in self.by and column.names]
        parts = [encode_column(frame[column.name], column) for column in active]
        return np.hstack([np.empty((len(frame), 0)), *parts])

    def _fitted_adjuster(self, frame: pd.DataFrame) -> StageAdjuster:
        traits, activity = self._encoded(frame), self._activity(frame)
        names = [f"x{traits.shape[1] + place}" for place in range(activity.shape[1])]
        adjuster = StageAdjuster(by=names)
        return adjuster.fit(np.hstack([traits, activity])) if names and traits.shape[1] else adjuster

    def _adjusted(self, frame: pd.DataFrame) -> np.ndarray:
        traits = self._encoded(frame)
        if not hasattr(self._adjuster, "coefficients_"):
            return traits
        return self._adjuster.transform(np.hstack([traits, self._activity(frame)]))

    def _learn_scale(self, values: np.ndarray, shares: np.ndarray) -> None:
        columns = [column for column in self._traits() for _ in column.names]
        kinds = np.array([_scaled_as(columns[place]) for place in self._kept], dtype=object)
        self._centre, self._scale = robust_scale(values)
        self._bound = np.full(len(kinds), BOUND)
        for kind, scale in (
            ("flag", np.nanstd(values, axis=0)),
            ("category", np.sqrt(np.maximum(shares, 0.0))),
        ):
            here = kinds == kind
            self._centre[here] = np.nanmean(values[:, here], axis=0)
            self._scale[here] = scale[here]
            self._bound[here] = np.inf

    def _noted(self, names: list[str]) -> pd.DataFrame:
        kept = pd.Series([self._parents()[place] for place in self._kept], dtype=object).value_counts()
        rows = {
            column.name: [column.kind, column.note, int(kept.get(column.name, 0))] for column in self.columns_
        }
        for name, note in self._notes.items():
            rows[name] = ["left_out", note, 0]
        for name in self.by:
            rows[name] = ["activity" if rows[name][0] != "left_out" else "left_out", rows[name][1], 0]
        if self._evident:
            rows[EVIDENCE] = ["evidence", "", 0]
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["kind", "note", "traits"])
        return table.reindex(names).rename_axis("column")


def _chosen(values: np.ndarray, spread: np.ndarray, parents: list[str]) -> tuple[np.ndarray, dict[str, str]]:
    """Return the traits that vary and repeat no other, and why columns without one are left out."""
    varies = np.flatnonzero(_spread(values) > EXPLAINED * spread)
    by_name = sorted(varies, key=lambda place: (parents[place], place))
    kept = (
        np.sort(np.array(by_name, dtype=int)[usable_columns(values[:, by_name])]) if len(varies) else varies
    )
    gone = set(parents) - {parents[place] for place in kept}
    explained = gone - {parents[place] for place in varies}
    return kept, {name: "explained" if name in explained else "repeated" for name in gone}


def _moment(text: str | None) -> pd.Timestamp | None:
    return None if text is None else pd.Timestamp(text)


def _spread(values: np.ndarray) -> np.ndarray:
    return np.array([np.nanstd(column) if np.isfinite(column).any() else 0.0 for column in values.T])


def _scaled_as(column: Column) -> str:
    return "flag" if column.kind == "category" and len(column.levels) == 1 else column.kind
