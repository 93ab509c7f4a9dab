"""The page: what a notebook shows, as numbered blocks of a report in the client's language."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from journeykit.clients import Client
from journeykit.plots import accent_theme
from journeykit.reports.blocks import BLOCK, as_html, plain
from journeykit.reports.colours import readable
from journeykit.reports.naming import tell_client
from journeykit.reports.pictures import find_template, picture, read_logo
from journeykit.wording import label, say, say_value, text
from journeykit.wording.formats import say_between
from journeykit.wording.texts import has_text

__all__ = ["Page"]

NUMERIC = (
    "whole",
    "number",
    "percent",
    "points",
    "signed",
    "amount",
    "duration",
    "p_value",
    "score",
    "right",
)


class Page:
    """What a report shows, block by block: each is displayed in the notebook and kept in `blocks`.

    Parameters
    ----------
    client
        The client for whom the report is made: its name, language and brand.
    language
        ``nl`` or ``en``; the client's when None or empty.

    Examples
    --------
    >>> from journeykit.clients import client_from_dict
    >>> page = Page(client_from_dict({"id": "acme", "name": "Acme"}), "en")
    >>> page.say("Half of them come back.")
    >>> page.blocks[-1]["paragraphs"]
    ['Half of them come back.']
    """

    def __init__(self, client: Client, language: str | None = None) -> None:
        self.language = language or client.language
        self.client = client.model_copy(update={"language": self.language})
        self.accent = readable(client.brand.colour)
        accent_theme(self.accent, decimal="," if self.language == "nl" else ".")
        self.per_persona = text("parts.per_persona", self.language)  # nothing, where no personas are found
        self.blocks: list[dict[str, Any]] = []
        self.counts = {"figure": 0, "table": 0, "chapter": 0}
        self.cited: dict[str, int] = {}  # tables that statements rest on, numbered as they are first cited
        self.shown: dict[
            str, list[tuple[str, str]]
        ] = {}  # where a table is shown: words, and the place to go to

    def text(self, key: str, **values: Any) -> str:
        """Return one of the report's texts in its language."""
        usual = {"_currency": self.client.currency, "per_persona": self.per_persona}
        return text(key, self.language, **{**usual, **values})

    def value(self, value: Any, form: str = "plain") -> str:
        """Return a value as it is written in the report's language."""
        return say_value(value, form, self.language, self.client.currency)

    def spread(self, value: Any, low: Any, high: Any, form: str = "percent") -> str:
        """Return a value with its interval behind it, `12% (7–18%)`."""
        return say_between(value, low, high, form, self.language, self.client.currency)

    def cover(self, as_of: Any, facts: Mapping[str, str]) -> None:
        """Show the cover: client, day, a few facts, and the brand."""
        logo, template = self.client.brand.logo, self.client.brand.template
        if template:
            find_template(self.client.resolve(template))
        note = (self.client.note or {}).get(self.language)
        self._add(
            "cover", client=self.client.name, title=self.text("parts.title"), day=self.value(as_of, "date"),
            as_of=self.text("parts.as_of", day=self.value(as_of, "date")), facts=dict(facts),
            colour=self.client.brand.colour, language=self.language, note=note,
            made_by=self.text("parts.made_by"), logo=read_logo(self.client.resolve(logo)) if logo else None,
        )  # fmt: skip

    def heading(self, key: str, *, level: int = 1, numbered: bool = True, **values: Any) -> None:
        """Begin a chapter (level 1) or a section (level 2), by the key of its heading."""
        self.title(self.text(f"headings.{key}", **values), key, level=level, numbered=numbered)

    def title(self, words: str, key: str, *, level: int = 1, numbered: bool = True) -> None:
        """Begin a chapter or a section under a finished title."""
        number = ""
        if level == 1 and numbered:
            self.counts["chapter"] += 1
            number = str(self.counts["chapter"])
        same = sum(block.get("key") == key for block in self.blocks)
        self._add(
            "heading",
            key=key,
            id=f"{key}-{same + 1}" if same else key,
            level=level,
            number=number,
            text=words,
        )

    def say(self, *said: Any) -> None:
        """Write paragraphs; a list of findings becomes a list of sentences, each with a note that leads to its table.

        A tuple of findings is said in one breath; the note is that of the first.
        """
        for item in said:
            if isinstance(item, list):
                self._points(item)
            elif item:
                self._add("prose", paragraphs=[self._sentence(item)])

    def _points(self, items: Iterable[Any]) -> None:
        items = list(items)
        if items:
            notes = [self._note_of(item) for item in items]
            self._add("points", points=[self._sentence(item) for item in items], notes=notes)

    def _sentence(self, item: Any) -> str:
        if isinstance(item, tuple):
            return " ".join(self._sentence(part) for part in item)
        return item if isinstance(item, str) else say(item, self.language, self.client)

    def _note_of(self, item: Any) -> dict[str, Any] | None:
        """Return the number and the name of the table that a finding follows from; nothing for other words."""
        first = item[0] if isinstance(item, tuple) else item
        table = getattr(first, "evidence", "")
        if not table:
            return None
        number = self.cited.setdefault(table, len(self.cited) + 1)
        return {"number": number, "table": table, "name": self.text(f"tables.{table}")}

    def files(self, tables: Iterable[str]) -> None:
        """List tables by what they hold, with file and where they are shown; cited ones first, with their number."""
        names = [*self.cited, *sorted(set(tables) - set(self.cited))]
        rows = [
            {
                "table": name, "number": self.cited.get(name), "name": self.text(f"tables.{name}"),
                "file": f"tables/{name}.parquet",
                "shown": [{"words": words, "at": at} for words, at in self.shown.get(name, ())],
            }
            for name in names
        ]  # fmt: skip
        self._add("files", files=rows)

    def note(self, words: str) -> None:
        """Set a remark apart: a limit of the data, or why something is not shown."""
        self._add("note", text=words)

    def facts(self, facts: Mapping[str, str]) -> None:
        """Show a few headline figures side by side: what is counted, and the figure."""
        self._add("facts", facts=dict(facts))

    def cards(self, cards: Sequence[Mapping[str, Any]]) -> None:
        """Show cards: `title`, `colour`, `lead` and `rows` of name and value."""
        self._add("cards", cards=[dict(card) for card in cards])

    def terms(self, terms: Mapping[str, str]) -> None:
        """Show a list of words and what they mean."""
        self._add("terms", terms=dict(terms))

    def figure(
        self,
        drawn: Any,
        caption: str,
        alt: str | None = None,
        *,
        of: str = "",
        lead: str = "",
        views: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Show a figure (of an axes or a figure) with its number, caption and a text for who can't see it.

        Parameters
        ----------
        of
            The table that it draws.
        lead
            The one thing that it shows; said first, and part of the block's caption.
        views
            The same as drawings that a reader on a screen can choose from and point at: `name` and what
            `Drawing.as_dict` returns. Paper shows the figure itself.
        """
        self._number("figure", of)
        shown = {"views": [dict(view) for view in views], "hint": self.text("parts.views_hint"),
                 "choose": self.text("parts.views_choose")} if views else {}  # fmt: skip
        self._add(
            "figure", number=self.counts["figure"], name=self.text("parts.figure"), lead=lead,
            caption=f"{lead} {caption}".strip(), alt=alt or f"{lead} {caption}".strip(), **shown, **picture(drawn),
        )  # fmt: skip

    def table(
        self,
        frame: pd.DataFrame,
        caption: str,
        formats: Mapping[str, str],
        *,
        limit: int | None = 40,
        of: str = "",
    ) -> None:
        """Show the columns named in `formats`, each written in its form (see `say_value`) and aligned by it; `of` names
        the table that the rows are from.
        """
        self._number("table", of)
        shown = frame.head(limit) if limit else frame
        left_out = len(frame) - len(shown)
        self._add(
            "table", number=self.counts["table"], name=self.text("parts.table"), caption=caption,
            columns=[self._column(name, form) for name, form in formats.items()],
            rows=[[plain(value) for value in row] for row in shown[list(formats)].itertuples(index=False)],
            cells=[self._cells(row, formats) for row in shown[list(formats)].itertuples(index=False)],
            more=self.text("parts.more_rows", rows=left_out) if left_out else "",
        )  # fmt: skip

    def grid(
        self, rows: Mapping[str, Sequence[str]], heads: Sequence[str], corner: str, caption: str
    ) -> None:
        """Show a table of texts, folded up until it is asked for: what a figure draws, for who can't see it.

        Parameters
        ----------
        rows
            Head of a row to its cells, one per head of a column.
        heads, corner
            The heads of the columns, and what stands above those of the rows.
        """
        self.counts["table"] += 1
        named = [corner, *heads]
        cells = [[head, *texts] for head, texts in rows.items()]
        self._add(
            "table", number=self.counts["table"], name=self.text("parts.table"), caption=caption, folded=True,
            columns=[{"id": name, "header": name, "form": "text", "numeric": False} for name in named],
            rows=cells, cells=cells, more="",
        )  # fmt: skip

    def _number(self, kind: str, of: str) -> None:
        """Give a figure or table the next number, and remember what it shows."""
        self.counts[kind] += 1
        if of:
            number = self.counts[kind]
            self.shown.setdefault(of, []).append(
                (f"{self.text(f'parts.{kind}')} {number}", f"{kind}-{number}")
            )

    def _column(self, name: str, form: str) -> dict[str, Any]:
        accounts = self.client.setting == "b2b" and has_text(f"columns.{name}_b2b", self.language)
        header = label("column", f"{name}_b2b" if accounts else name, self.language)
        return {"id": str(name), "header": header, "form": form, "numeric": form in NUMERIC}

    def _cells(self, row: Sequence[Any], formats: Mapping[str, str]) -> list[str]:
        return [self._cell(value, form) for value, form in zip(row, formats.values(), strict=True)]

    def _cell(self, value: Any, form: str) -> str:
        if isinstance(value, (bool, np.bool_)):
            return self.text("values.yes" if value else "values.no")
        return self.value(value, "plain" if form in ("text", "right") else form)

    def record(self, study: Any, folder: str | Path = "") -> None:
        """Write the study's tables, models and findings to a folder, and note what run.json says of the report."""
        if folder:
            study.write(Path(folder))
        sources = study.log.sources
        inputs = [] if sources is None else [
            {"path": str(row.get("path", row.get("source", ""))), "rows": plain(row.get("rows"))}
            for row in sources.reset_index().to_dict("records")
        ]  # fmt: skip
        spend = getattr(study.log, "spend", None)
        told = [] if spend is None else spend.sources.to_dict("records")
        inputs += [{"path": str(row["path"]), "rows": plain(row["rows"])} for row in told]
        people = study.log.customers.attrs.get("rows", {})
        inputs += [{"path": path, "rows": rows} for path, rows in people.items()]
        figures = {name: plain(value) for name, value in study.figures.items()}
        self._add("client", **tell_client(self.client, self.language))
        self._add("record", as_of=self.day_of(study.log), figures=figures, inputs=inputs)

    def day_of(self, log: Any) -> str:
        """Return the day of a log: that of its moment, or the one given to events without times."""
        return str(getattr(log, "day", None) or self.day(log.moment))

    def day(self, moment: Any) -> str:
        """Return the day, in the client's time zone, that ends at a moment in UTC."""
        stamp = pd.Timestamp(moment)
        stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp
        return str((stamp.tz_convert(self.client.timezone) - pd.Timedelta(seconds=1)).date())

    def _add(self, kind: str, **content: Any) -> None:
        block = {"block": kind, **content}
        self.blocks.append(block)
        shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
        if shell is not None:
            bundle = {BLOCK: block, "text/plain": f"[{kind}]"}
            html = as_html(block)
            shell.display_pub.publish(bundle | ({"text/html": html} if html else {}))
