"""The cell for labelling: one customer after another, a key each, every answer written at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from journeykit.errors import JourneykitError, unknown
from journeykit.reports.timeline import Timeline, render, show_timeline
from journeykit.stage_models import LAPSED, UNSURE
from journeykit.stages import add_label, pick_for_labelling, read_label_file, undo_label
from journeykit.stages.labels import PICKED
from journeykit.stages.picking import BY_CHANCE
from journeykit.wording import label, text

__all__ = ["Labelling", "label_customers"]

SKIP, UNDO = "skip", "undo"
_LETTERS = "123456789abcdefghijklmnopqrtvwxyz"  # without s and u
_ACTS = {"0": UNSURE, "s": SKIP, "u": UNDO}
CHANCE = "chance"


class Labelling:
    """A row of customers to be labelled; shows itself in a notebook, with buttons where ipywidgets is installed.

    What the model thinks is not shown, so that it doesn't lead the answer.

    Parameters
    ----------
    log : EventLog
        The events.
    picked : DataFrame
        Whom to ask about: ``unit_id, at, reason``.
    file
        The file of labels.
    language
        ``nl`` or ``en``.
    columns
        What the file calls our columns.
    """

    def __init__(
        self,
        log,
        picked: pd.DataFrame,
        file: str | Path,
        language: str,
        columns: Mapping[str, str] | None = None,
    ) -> None:
        self.log, self.file, self.language, self.columns = log, Path(file), language, columns
        self.waiting = deque(zip(picked["unit_id"].astype(str), picked["at"].astype(str), strict=True))
        self.drawn = set(picked.loc[picked["reason"] == BY_CHANCE, "unit_id"].astype(str))
        self.total = len(self.waiting)
        self.written: list[tuple[str, str]] = []
        self.said = ""

    @property
    def current(self) -> tuple[str, str] | None:
        """The customer and the day that are asked about; None at the end."""
        return self.waiting[0] if self.waiting else None

    def choices(self) -> list[dict[str, str]]:
        """Return what can be answered: ``key``, ``answer``, ``name`` and ``means``."""
        stages = [*self.log.client.model.ids, LAPSED]
        named = [
            {"key": key, "answer": stage, "name": self._stage(stage), "means": self._meaning(stage)}
            for key, stage in zip(_LETTERS, stages, strict=False)
        ]
        return named + [
            {"key": key, "answer": act, "name": self._text(act), "means": self._text(f"{act}_means")}
            for key, act in _ACTS.items()
        ]

    def answer(self, said: str | int) -> Labelling:
        """Write an answer to the file and go on to the next customer.

        Parameters
        ----------
        said
            A key, a stage, ``unsure``, ``skip`` or ``undo``.

        Raises
        ------
        JourneykitError
            When it is none of these, or there is nobody left to ask about.
        """
        given = str(said).strip()
        keys = {choice["key"]: choice["answer"] for choice in self.choices()}
        act = given if given in keys.values() else keys.get(given.lower())
        if act is None:
            raise unknown("answer", given, [*keys.values(), *keys], where="labels")
        if act == UNDO:
            return self.undo()
        if self.current is None:
            raise JourneykitError("there is nobody left to ask about", where="labels", remedy="pick anew")
        return self.skip() if act == SKIP else self._write(act)

    def skip(self) -> Labelling:
        """Go on without an answer; the customer may be picked again another time."""
        if self.waiting:
            self.waiting.popleft()
            self.said = ""
        return self

    def undo(self) -> Labelling:
        """Take back the last answer of this sitting, and ask it again."""
        if self.written:
            asked = self.written.pop()
            undo_label(self.file, self.columns)
            self.waiting.appendleft(asked)
            self.said = self._text("taken_back", id=asked[0])
        return self

    def _write(self, stage: str) -> Labelling:
        unit, at = self.waiting[0]
        source = CHANCE if unit in self.drawn else PICKED
        add_label(self.file, unit, at, stage, self.log, source=source, columns=self.columns)
        self.written.append(self.waiting.popleft())
        self.said = self._text("written", id=unit, stage=self._stage(stage))
        return self

    def timeline(self) -> Timeline | None:
        """Return the timeline of the customer who is asked about."""
        if self.current is None:
            return None
        unit, at = self.current
        return show_timeline(self.log, unit, at, self.language)

    def question(self) -> str:
        """Return what is asked; at the end, how many answers there are."""
        if self.current is None:
            return self._text("done", labels=len(self.written), file=self.file.name) if self.total else (
                self._text("nobody")
            )  # fmt: skip
        kind = "question_account" if self.log.client.unit == "account" else "question"
        return self._text(kind, day=self.current[1])

    def progress(self) -> str:
        """Return how far it is, `3 of 20`."""
        return self._text("progress", number=self.total - len(self.waiting) + 1, total=self.total)

    def __str__(self) -> str:
        """Return the timeline, the question and the keys as plain text."""
        if self.current is None:
            return "\n".join(filter(None, [self.said, self.question()]))
        keys = [f"  {choice['key']}  {choice['name']}: {choice['means']}" for choice in self.choices()]
        asked = f"{self.question()} ({self.progress()})"
        return "\n".join([*filter(None, [self.said]), str(self.timeline()), "", asked, *keys])

    def __repr__(self) -> str:
        return f"Labelling({len(self.written)} written, {len(self.waiting)} waiting)"

    def _repr_html_(self) -> str:
        words = {"said": self.said, "question": self.question(), "done": self.question()}
        shown = {"t": self.timeline(), "choices": self.choices(), "progress": self.progress()}
        return render("labelling", **words, **shown)

    def _ipython_display_(self) -> None:
        from IPython.display import HTML, display

        made = buttons(self)
        display(HTML(self._repr_html_()) if made is None else made)

    def _text(self, key: str, **values: Any) -> str:
        return text(f"labelling.{key}", self.language, **values)

    def _stage(self, stage: str) -> str:
        return label("stage", stage, self.language, self.log.client)

    def _meaning(self, stage: str) -> str:
        """Return a stage's goal, or what shows it, in the client's language."""
        if stage == LAPSED:
            return text("glossary.lapsed.meaning", self.language)
        own = self.log.client.model.stage(stage)
        if own.goal.get(self.language):
            return own.goal[self.language]
        seen = [label("touchpoint", name, self.language, self.log.client) for name in own.markers[:4]]
        return self._text("marked_by", touchpoints=", ".join(seen)) if seen else ""


def label_customers(
    study: Any,
    file: str | Path | None = None,
    n: int = 20,
    language: str | None = None,
    random_state: int = 0,
) -> Labelling:
    """Ask for the stages of customers, picked as by `pick_for_labelling`, and write each answer to a file at once.

    Nothing waits for input: the cell shows the first customer and the keys. With ipywidgets, answer by a button or
    a key; without, by ``answer(…)`` in the next cell. A cell that is run again goes on where the file ends.

    Parameters
    ----------
    study : Study
        What was measured for a client.
    file
        The file of labels, a ``.csv``; that of the client file when None.
    n
        How many to ask about at most.
    language
        ``nl`` or ``en``; the client's when None.
    random_state
        The seed of the choice.

    Returns
    -------
    Labelling

    Raises
    ------
    JourneykitError
        When there is no file to write to, or it is no file of labels.
    """
    source = study.client.labels
    if not file and source is None:
        raise JourneykitError(
            "there is no file to write labels to",
            where=study.client.path,
            remedy="name one, or add 'labels:' with a path to the client file",
        )
    path = Path(file) if file else study.client.resolve(source.path)
    own = source is not None and path.resolve() == study.client.resolve(source.path).resolve()
    columns = source.columns if own else None
    labels = _known(study.log.labels, read_label_file(path, columns))
    picked = pick_for_labelling(study, n, random_state, labels=labels)
    return Labelling(study.log, picked, path, language or study.client.language, columns)


def buttons(labelling: Labelling) -> Any:
    """Return a widget with a button an answer and a box for keys; None where ipywidgets is not installed."""
    try:
        import ipywidgets as widgets
    except ImportError:
        return None
    shown = widgets.HTML(labelling._repr_html_())
    box = widgets.Text(placeholder=text("labelling.type_here", labelling.language))

    def answered(said: str) -> None:
        try:
            labelling.answer(said)
            shown.value = labelling._repr_html_()
        except JourneykitError as error:
            shown.value = render("said", said=str(error), t=None, done="") + labelling._repr_html_()

    def typed(change: Mapping[str, Any]) -> None:
        if change["new"]:
            box.value = ""
            answered(change["new"])

    box.observe(typed, names="value")
    row = [_button(widgets, choice, answered) for choice in labelling.choices()]
    return widgets.VBox([shown, widgets.HBox(row, layout=widgets.Layout(flex_flow="row wrap")), box])


def _button(widgets: Any, choice: Mapping[str, str], answered: Any) -> Any:
    """Return the button of one answer."""
    made = widgets.Button(description=f"{choice['key']}  {choice['name']}", tooltip=choice["means"])
    made.on_click(lambda _: answered(choice["answer"]))
    return made


def _known(labels: pd.DataFrame, written: pd.DataFrame) -> pd.DataFrame:
    """Return who was asked about when, by the log's labels and by the file, in which some answers are unsure."""
    days = pd.to_datetime(written["at"], errors="coerce", format="ISO8601").astype("datetime64[us]")
    asked = written[["customer_id"]].assign(at=days)
    return pd.concat([labels[["customer_id", "at"]], asked]) if len(labels) else asked
