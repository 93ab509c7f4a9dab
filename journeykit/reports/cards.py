"""Cards: a persona on one page, as an object that a notebook shows and a report prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from journeykit.reports.blocks import as_html, template_folder
from journeykit.reports.page import Page
from journeykit.wording import text

__all__ = ["NoPersonasFound", "PersonaCard", "PersonaCards", "persona_cards"]


_NOTEBOOK = (
    ".journeykit { --ink: #1c2127; --soft: #57606a; --line: #dfe3e8; --paper: #ffffff; background: #ffffff; "
    "color: #1c2127; "
    "padding: .25rem 1rem; line-height: 1.5; font-family: system-ui, sans-serif; } "
    ".journeykit .card tr { background: none !important; } "
    ".journeykit .card th:first-child { text-align: left !important; } "
    ".journeykit .card dt { width: auto !important; float: none !important; font-weight: 400 !important; }"
)


_USUAL_LEVEL = 0.05  # a smaller p sounds like proof; of a division that was searched for it is none
_EMPTY: dict[str, Any] = {"header": [], "rows": [], "points": [], "aside": False}


@dataclass(frozen=True)
class PersonaCard:
    """One persona, in words and figures of one language.

    Attributes
    ----------
    persona
        Its id.
    title
        Its name.
    colour
        Its colour in all figures.
    points
        What sets it apart, in sentences.
    rows
        Its figures: name and value.
    parts
        Its sections: a ``title`` with ``header`` and ``rows`` of a table, or with ``points``, which stand beside the
        tables when ``aside``.
    """

    persona: str
    title: str
    colour: str
    points: Sequence[str] = ()
    rows: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence[Mapping[str, Any]] = ()

    def block(self) -> dict[str, Any]:
        """Return the card as it stands in a block of a page."""
        return {
            "title": self.title, "colour": self.colour, "lead": "", "points": list(self.points),
            "rows": dict(self.rows), "parts": [_EMPTY | part for part in self.parts],
        }  # fmt: skip

    def _repr_html_(self) -> str:
        return _styled(as_html({"block": "cards", "cards": [self.block()]}))


class PersonaCards(Sequence[PersonaCard]):
    """The cards of all personas, in the order of the report.

    Parameters
    ----------
    cards
        The cards.

    Examples
    --------
    >>> cards = PersonaCards([PersonaCard("p1", "Email readers", "#0072b2", rows={"Number": "40"})])
    >>> len(cards), cards["p1"].title, cards.to_frame().to_dict("records")
    (1, 'Email readers', [{'persona': 'p1', 'name': 'Email readers', 'Number': '40'}])
    """

    def __init__(self, cards: Sequence[PersonaCard]) -> None:
        self.cards = tuple(cards)

    def __len__(self) -> int:
        return len(self.cards)

    def __iter__(self) -> Iterator[PersonaCard]:
        return iter(self.cards)

    def __getitem__(self, which: Any) -> Any:
        if not isinstance(which, str):
            return self.cards[which]
        found = [card for card in self.cards if which in (card.persona, card.title)]
        if not found:
            raise KeyError(f"{which!r} is none of {', '.join(card.persona for card in self.cards)}")
        return found[0]

    def to_frame(self) -> pd.DataFrame:
        """Return the figures as a table: a row a persona, the figures as they are written."""
        return pd.DataFrame(
            [{"persona": card.persona, "name": card.title, **card.rows} for card in self.cards]
        )

    def _repr_html_(self) -> str:
        return _styled(as_html({"block": "cards", "cards": [card.block() for card in self.cards]}))

    def __repr__(self) -> str:
        return f"PersonaCards({', '.join(card.title for card in self.cards)})"


@dataclass(frozen=True)
class NoPersonasFound:
    """The result that the data show no personas, with the reason.

    It is empty like a list without cards, and false.

    Attributes
    ----------
    reason
        ``no_traits``, ``too_few``, ``few_people``, ``one_group``, ``chance``, ``unstable``, or ``found`` where there
        are groups and nobody could be placed in one.
    tried
        Number of groups in the best division.
    observed, by_chance
        Share of the differences that it explains, and that groups of shuffled or shapeless data explain.
    p_value
        How often chance does as well.
    units
        How the client's units are called.
    language
        ``nl`` or ``en``.
    """

    reason: str
    tried: int
    observed: float
    by_chance: float
    p_value: float
    units: str
    language: str

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[PersonaCard]:
        return iter(())

    def __str__(self) -> str:
        """Return the reason in words."""
        values = {"k": self.tried, "p": self.p_value, "units": self.units}
        near = "_near" if self.reason == "chance" and self.p_value <= _USUAL_LEVEL else ""
        because = text(f"prose.personas_none_{self.reason}{near}", self.language, **values)
        return text("prose.personas_none", self.language, reason=because)

    def _repr_html_(self) -> str:
        return _styled(as_html({"block": "note", "text": str(self)}))


def persona_cards(study: Any, language: str | None = None) -> PersonaCards | NoPersonasFound:
    """Return a card for each persona of a study, or the result that there are none.

    Parameters
    ----------
    study : Study
        What was measured for a client.
    language
        ``nl`` or ``en``; the client's when None.

    Returns
    -------
    PersonaCards or NoPersonasFound
        Both show themselves in a notebook.
    """
    from journeykit.reports.chapters.cards import build_cards, explain_none
    from journeykit.reports.chapters.reading import Reader

    read = Reader(Page(study.client, language), study)
    return PersonaCards(build_cards(read)) if read.ids else explain_none(read)


def _styled(html: str) -> str:
    style = (template_folder() / "report" / "cards.css").read_text(encoding="utf-8")
    return f'<style>{_NOTEBOOK} {style}</style><div class="journeykit">{html}</div>'
