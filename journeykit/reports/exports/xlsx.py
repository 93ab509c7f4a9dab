"""The report as a workbook: a sheet to begin with, the findings, a sheet per table, and the dictionary."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pandas as pd

from journeykit.reports.colours import readable, tint, writing_on
from journeykit.reports.dictionary import columns_of
from journeykit.reports.exports.cells import clean, height_of, put, unique_names
from journeykit.reports.exports.material import Material
from journeykit.reports.exports.sheets import TableSheet
from journeykit.wording import say_value
from journeykit.wording.texts import has_text

__all__ = ["write"]

MOST_ROWS = 1_048_576 - TableSheet.TOP  # rows of a sheet, less those above the data
LEFT_OUT = ["key", "traits", "attributes", "message_key"]  # keys, and lists that have tables of their own
FORMS = {
    "percent": "0.0%", "points": "+0.0%;-0.0%;0.0%", "whole": "#,##0", "number": "#,##0.0", "amount": "#,##0.00",
    "days": "#,##0.0", "p_value": "0.000", "score": "0.00", "measure": "#,##0.00", "sd": "+0.00;-0.00;0.00",
    "moment": "yyyy-mm-dd hh:mm",
}  # fmt: skip
OPTIONS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}  # fmt: skip


def write(notebook: Any, path: Path) -> None:
    """Write the report of an executed notebook as one workbook.

    Tables with one row per person are left out, as a workbook goes to the client; its first sheet says so. No text is
    run as a formula or a link.
    """
    import xlsxwriter

    made = path.with_name(f".new-{path.name}")
    try:
        with xlsxwriter.Workbook(str(made), OPTIONS) as book:
            _Workbook(book, Material.of(notebook, path)).fill()
        os.replace(made, path)
    finally:
        made.unlink(missing_ok=True)


class _Workbook:
    """A workbook being filled: its styles, and the names of its sheets."""

    def __init__(self, book: Any, material: Material) -> None:
        self.book, self.material = book, material
        self.sizes = {name: _rows_of(material, name) for name in material.tables}
        shown = ["read_me", "findings", *(name for name, rows in self.sizes.items() if rows), "dictionary"]
        self.names = unique_names({name: self._title(name) for name in shown})
        self.styles = self._make_styles()

    def fill(self) -> None:
        """Fill all sheets, the first one first: what it says of the others is known beforehand."""
        title = f"{self.material.name} · {self.material.say('parts.title')}"
        made = dt.datetime.fromisoformat(self.material.day or "2000-01-01")
        self.book.set_properties(
            {"title": clean(title), "author": "journeykit", "created": made, "comments": self.material.day}
        )
        self._read_me(self._sheet("read_me"))
        self._findings(self._sheet("findings"))
        for name, rows in self.sizes.items():
            if rows:
                self._table(name)
        self._dictionary(self._sheet("dictionary"))

    def _title(self, name: str) -> str:
        key = f"sheets.{name}"
        return self.material.say(key) if has_text(key, self.material.language) else name

    def _sheet(self, name: str) -> Any:
        sheet = self.book.add_worksheet(self.names[name])
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        return sheet

    def _make_styles(self) -> dict[str, Any]:
        accent = readable(self.material.colour)
        head = {
            "bold": True,
            "bg_color": accent,
            "font_color": writing_on(accent),
            "text_wrap": True,
            "valign": "vcenter",
        }
        made = {
            "title": {"bold": True, "font_size": 18, "font_color": accent},
            "section": {"bold": True, "font_size": 12, "font_color": accent},
            "head": head, "head_right": head | {"align": "right"},
            "technical": {"italic": True, "font_size": 8, "font_color": "#6b7280"},
            "text": {"valign": "top"}, "wrapped": {"text_wrap": True, "valign": "top"},
            "bold": {"bold": True, "valign": "top"},
            "link": {"font_color": accent, "underline": 1, "valign": "top"},
            "band": {"bg_color": tint(accent)},
        }  # fmt: skip
        forms = {form: {"num_format": shape, "valign": "top"} for form, shape in FORMS.items()}
        limits = {f"{form}_limit": look | {"font_color": "#6b7280"} for form, look in forms.items()}
        return {name: self.book.add_format(look) for name, look in (made | forms | limits).items()}

    # The first sheet ---------------------------------------------------------------------------------

    def _read_me(self, sheet: Any) -> None:
        say = self.material.say
        sheet.fit_to_pages(1, 0)
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, 62)
        sheet.set_column(2, 2, 30)
        sheet.set_column(3, 3, 46)
        put(sheet, 0, 0, f"{self.material.name} · {say('parts.title')}", self.styles["title"])
        row = 2
        for key, told in self._told().items():
            sheet.set_row(row, height_of([(told, 62 + 30 + 46)]))
            put(sheet, row, 0, key, self.styles["bold"])
            sheet.merge_range(row, 1, row, 3, "", self.styles["wrapped"])
            put(sheet, row, 1, told, self.styles["wrapped"])
            row += 1
        self._list(sheet, row + 1)

    def _told(self) -> dict[str, str]:
        """Return what the first sheet says: client, day, how it was made and is read, and what was left out."""
        say, cover = self.material.say, self.material.cover
        told = {say("workbook.client"): self.material.name}
        if cover.get("day"):
            told[say("columns.as_of")] = cover["day"]
        told |= dict(cover.get("facts", {}))
        told[say("workbook.made")] = say("workbook.made_how")
        told[say("workbook.reading")] = say("workbook.reading_how", dictionary=self.names["dictionary"])
        told[say("workbook.intervals")] = say("workbook.intervals_how")
        told[say("workbook.privacy")] = self._privacy()
        return told | ({say("workbook.note"): cover["note"]} if cover.get("note") else {})

    def _privacy(self) -> str:
        out = ", ".join(self.material.of_people)
        values = {
            "least": self.material.client.get("least", 10),
            "units": self.material.say(f"parts.units_{self.material.setting}"),
        }
        key = "workbook.privacy_how" if out else "workbook.privacy_all"
        return self.material.say(key, tables=out, **values)

    def _list(self, sheet: Any, row: int) -> None:
        """List the sheets with what they hold, how many rows they have, and what their intervals are of."""
        say = self.material.say
        for column, key in enumerate(("sheets", "holds", "rows", "interval_of")):
            put(sheet, row, column, say(f"workbook.{key}"), self.styles["head"])
        about = {"findings": len(self.material.findings), **self.sizes, "dictionary": None}
        for name, rows in about.items():
            row += 1
            self._line(sheet, row, name, rows)

    def _line(self, sheet: Any, row: int, name: str, rows: int | None) -> None:
        if name in self.names:
            place = f"internal:{_quoted(self.names[name])}!A1"
            sheet.write_url(row, 0, place, self.styles["link"], self.names[name])
        else:
            put(sheet, row, 0, self._title(name), self.styles["text"])
        put(sheet, row, 1, self._holds(name), self.styles["wrapped"])
        put(sheet, row, 2, self._extent(name, rows), self.styles["wrapped"])
        bounded = dict.fromkeys(one.of for one in columns_of(name) if one.bound == "intervals")
        heads = [columns_of(name, [of])[0].head(self.material.language) for of in bounded]
        put(sheet, row, 3, ", ".join(heads), self.styles["wrapped"])

    def _holds(self, name: str) -> str:
        for section in ("tables", "holds"):
            if has_text(f"{section}.{name}", self.material.language):
                return self.material.say(f"{section}.{name}")
        return ""

    def _extent(self, name: str, rows: int | None) -> str | None:
        if rows is None:
            return None
        if not rows:
            return self.material.say("workbook.empty")
        if rows > MOST_ROWS:
            return self.material.say("workbook.cut", shown=MOST_ROWS, rows=rows, table=name)
        return say_value(rows, "whole", self.material.language)

    # The other sheets --------------------------------------------------------------------------------

    def _back(self, sheet: Any) -> None:
        place = f"internal:{_quoted(self.names['read_me'])}!A1"
        sheet.write_url(0, 0, place, self.styles["link"], self.material.say("workbook.back"))

    def _findings(self, sheet: Any) -> None:
        say = self.material.say
        self._back(sheet)
        sheet.fit_to_pages(1, 0)
        if not self.material.findings:
            put(sheet, 2, 0, say("workbook.no_findings"), self.styles["text"])
            return
        heads = {
            say("workbook.number"): 6, say("workbook.finding"): 90, say("columns.persona"): 24,
            say("columns.stage"): 20, say("workbook.about"): 14, say("workbook.figure"): 12,
            say("workbook.low"): 12, say("workbook.high"): 12, say("columns.p_value"): 10, say("workbook.evidence"): 24,
        }  # fmt: skip
        for column, (head, width) in enumerate(heads.items()):
            sheet.set_column(column, column, width)
            put(sheet, 2, column, head, self.styles["head"])
        for row, finding in enumerate(self.material.findings, 3):
            self._finding(sheet, row, finding)
        sheet.autofilter(2, 0, 2 + len(self.material.findings), len(heads) - 1)
        sheet.freeze_panes(3, 2)

    def _finding(self, sheet: Any, row: int, finding: dict[str, Any]) -> None:
        low, high = finding.get("interval") or (None, None)
        form, figure = _figure(finding)
        persona, stage = finding.get("persona"), finding.get("stage")
        style, sentence = self.styles, finding["sentence"][self.material.language]
        sheet.set_row(row, height_of([(sentence, 90)]))
        cells = [
            (row - 2, style["whole"]), (sentence, style["wrapped"]),
            (persona and self.material.word("persona", persona), style["wrapped"]),
            (stage and self.material.word("stage", stage), style["text"]), (finding.get("customers"), style["whole"]),
            (figure, style[form]), (low, style[f"{form}_limit"]), (high, style[f"{form}_limit"]),
            (finding.get("p_value"), style["p_value"]),
        ]  # fmt: skip
        for column, (value, look) in enumerate(cells):
            put(sheet, row, column, value, look)
        self._evidence(sheet, row, len(cells), finding.get("evidence") or "")

    def _evidence(self, sheet: Any, row: int, column: int, table: str) -> None:
        if table in self.names:
            place = f"internal:{_quoted(self.names[table])}!A1"
            sheet.write_url(row, column, place, self.styles["link"], self.names[table])
        else:
            put(sheet, row, column, table, self.styles["text"])

    def _table(self, name: str) -> None:
        sheet = self._sheet(name)
        self._back(sheet)
        frame = self.material.table(name).head(MOST_ROWS).drop(columns=LEFT_OUT, errors="ignore")
        TableSheet(sheet, self.styles, self.material, name, frame).fill(self._holds(name))

    def _dictionary(self, sheet: Any) -> None:
        say, language = self.material.say, self.material.language
        self._back(sheet)
        sheet.fit_to_pages(1, 0)
        widths = {"table": 22, "column": 26, "head": 40, "unit": 26, "meaning": 100}
        for column, (key, width) in enumerate(widths.items()):
            sheet.set_column(column, column, width)
            put(sheet, 2, column, say(f"workbook.{key}"), self.styles["head"])
        row = 2
        for name in self.material.tables:
            for one in columns_of(name, _columns_of_file(self.material, name)):
                row += 1
                head = one.head(language, setting=self.material.setting)
                cells = (name, one.name, head, one.unit(language), one.meaning(language))
                for column, value in enumerate(cells):
                    put(sheet, row, column, value, self.styles["text"])
        sheet.autofilter(2, 0, row, len(widths) - 1)
        sheet.freeze_panes(3, 2)


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def _columns_of_file(material: Material, name: str) -> list[str]:
    from pyarrow.parquet import read_schema

    return pd.Index(read_schema(material.path(name)).names).tolist()


def _rows_of(material: Material, name: str) -> int:
    from pyarrow.parquet import read_metadata

    return read_metadata(material.path(name)).num_rows


def _figure(finding: dict[str, Any]) -> tuple[str, float | None]:
    """Return the figure of a finding that its interval is of, with its form."""
    numbers = finding.get("numbers") or {}
    for name, form in (
        ("share", "percent"),
        ("effect", "points"),
        ("nps", "number"),
        ("mean", "number"),
        ("days", "days"),
    ):
        if isinstance(numbers.get(name), (int, float)):
            return form, numbers[name]
    return "number", None
