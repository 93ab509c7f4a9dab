"""A table as a sheet: heads in the client's language under their technical names, formats by kind, bars for shares."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from journeykit.reports.colours import readable, tint
from journeykit.reports.dictionary import Column, columns_of
from journeykit.reports.exports.cells import clean, height_of, is_missing, number_of, put
from journeykit.reports.exports.material import Material

__all__ = ["TableSheet"]

NARROWEST, WIDEST = 9, 60
MOST_ON_A_PAGE = 14  # columns; a wider table is printed over several pages
SAMPLE = 200  # rows by which a column's width is judged


class TableSheet:
    """A sheet that one table is written to.

    Parameters
    ----------
    sheet, styles
        The sheet, and the styles of its workbook by name.
    material
        The report that the table is from.
    name, frame
        The table.
    """

    TOP = 4  # rows above the data: what it holds, a blank one, technical names, heads

    def __init__(
        self, sheet: Any, styles: dict[str, Any], material: Material, name: str, frame: pd.DataFrame
    ):
        self.sheet, self.styles, self.material, self.frame = sheet, styles, material, frame
        self.columns = columns_of(name, frame.columns)

    def fill(self, holds: str) -> None:
        """Write the table below what it holds."""
        put(self.sheet, 0, 1, holds, self.styles["section"])
        if len(self.columns) <= MOST_ON_A_PAGE:
            self.sheet.fit_to_pages(1, 0)
        self.widths = [self._prepare(place, column) for place, column in enumerate(self.columns)]
        for place, column in enumerate(self.columns):
            put(self.sheet, 2, place, column.name, self.styles["technical"])
        self.sheet.set_row(
            3,
            height_of(
                (self._head(one), width - 3) for one, width in zip(self.columns, self.widths, strict=True)
            ),
        )
        for place, column in enumerate(self.columns):
            right = "head_right" if self._is_number(column) else "head"
            put(self.sheet, 3, place, self._head(column), self.styles[right])
        self._rows()
        if self.columns:
            self.sheet.autofilter(3, 0, 3 + len(self.frame), len(self.columns) - 1)
        self.sheet.freeze_panes(self.TOP, 1)
        self.sheet.repeat_rows(2, 3)

    def _rows(self) -> None:
        series = [self.frame[column.name] for column in self.columns]
        looks = [self._look(column) for column in self.columns]
        note = f" {self.material.say('workbook.cut_cell')}"
        wide = [place for place, look in enumerate(looks) if look is self.styles["wrapped"]]
        for row, values in enumerate(zip(*series, strict=True), self.TOP):
            shown = [self._shown(column, value) for column, value in zip(self.columns, values, strict=True)]
            if wide:
                self.sheet.set_row(row, height_of((clean(shown[at] or ""), WIDEST) for at in wide))
            for place, value in enumerate(shown):
                put(self.sheet, row, place, value, looks[place], note)

    def _head(self, column: Column) -> str:
        return column.head(self.material.language, setting=self.material.setting)

    def _shown(self, column: Column, value: Any) -> Any:
        """Return what a cell shows of a value: ids as words, lists joined, yes or no."""
        if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
            return ", ".join(self._told(column, one) for one in value)
        if is_missing(value):
            return None
        if isinstance(value, (bool, np.bool_)):
            return self.material.say("values.yes" if value else "values.no")
        if number_of(value) is not None or not isinstance(value, str):
            return value
        if column.form == "list":
            return ", ".join(self._told(column, one) for one in value.split(", "))
        return self.material.word(column.form, value, column.name)

    def _told(self, column: Column, value: Any) -> str:
        """Return a member of a list as text: an id as a word, a mapping as its values."""
        if isinstance(value, dict):
            known = ((name, one) for name, one in value.items() if not is_missing(one))
            return "; ".join(f"{name}: {_rounded(one)}" for name, one in known)
        if column.form != "list":
            return str(value)
        kinds = {"top_channels": "channel", "stage_set": "stage"}
        return self.material.word(kinds.get(column.name, "touchpoint"), value)

    def _is_number(self, column: Column) -> bool:
        return pd.api.types.is_numeric_dtype(
            self.frame[column.name].dtype
        ) and not pd.api.types.is_bool_dtype(self.frame[column.name].dtype)

    def _look(self, column: Column) -> Any:
        if column.form in self.styles and (self._is_number(column) or column.form == "moment"):
            return self.styles[column.form if column.is_main else f"{column.form}_limit"]
        if self._is_number(column):
            return self.styles["number"]
        if pd.api.types.is_datetime64_any_dtype(self.frame[column.name].dtype):
            return self.styles["moment"]
        return self.styles["wrapped" if self._longest(column) > WIDEST else "text"]

    def _longest(self, column: Column) -> int:
        shown = (self._shown(column, value) for value in islice(self.frame[column.name], SAMPLE))
        return max((len(clean(one)) for one in shown if not is_missing(one)), default=0)

    def _prepare(self, place: int, column: Column) -> float:
        """Give a column its width, which is returned, and a share its bars."""
        words = max(map(len, self._head(column).split()), default=0) + 2
        held = 11 if self._is_number(column) else self._longest(column) + 2
        width = min(max(words, held, NARROWEST, len(column.name) * 0.8), WIDEST)
        self.sheet.set_column(place, place, width)
        if column.form == "percent" and column.is_main and self._is_number(column) and len(self.frame):
            bar = {
                "type": "data_bar", "bar_solid": True, "bar_color": tint(readable(self.material.colour), 0.35),
                "min_type": "num", "max_type": "num", "min_value": 0, "max_value": 1,
            }  # fmt: skip
            self.sheet.conditional_format(self.TOP, place, self.TOP + len(self.frame) - 1, place, bar)
        return width


def _rounded(value: Any) -> Any:
    number = number_of(value)
    if isinstance(value, (list, tuple, np.ndarray)):
        return _joined(value)
    return value if number is None else round(number, 3)


def _joined(values: Iterable[Any]) -> str:
    return ", ".join(str(_rounded(one)) for one in values)
