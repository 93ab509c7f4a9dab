"""Trials and consent in a client file: who was in which arm, and who may be contacted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from journeykit.clients.faults import fault
from journeykit.clients.queries import Query
from journeykit.clients.settings import Part
from journeykit.touchpoints import safe_identifier

__all__ = ["Consent", "GroupSource", "Trial", "Trials", "as_list", "as_word"]


def as_word(value: Any) -> str:
    """Return a value of a column as it is compared: small letters, no blanks around, whole numbers without a point.

    Examples
    --------
    >>> as_word(True), as_word(" Ja "), as_word(1.0), as_word("1.0")
    ('true', 'ja', '1', '1')
    """
    return str(value).strip().lower().removesuffix(".0")


def as_list(value: Any) -> Any:
    """Return what was given as a list; one thing alone is a list of one."""
    return value if isinstance(value, list) else [value]


class GroupSource(Part):
    """A file that tells who was in which arm of a trial: in each row a customer (or an account) and a group."""

    path: str
    columns: dict[Literal["customer_id", "account_id", "group"], str] = Field(default_factory=dict)
    query: Query = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None

    @property
    def by(self) -> Literal["customer_id", "account_id"]:
        """Whom the rows are about."""
        return "account_id" if "account_id" in self.columns else "customer_id"


def _kind_of_groups(given: Any) -> str:
    return "column" if isinstance(given, str) else "file"


Groups = Annotated[
    Annotated[str, Tag("column")] | Annotated[GroupSource, Tag("file")], Discriminator(_kind_of_groups)
]


class Trial(Part):
    """A trial that was held: when, who was in which arm, and what counts as a success."""

    id: str = Field(min_length=1, max_length=80)
    start: dt.date
    end: dt.date
    group: Groups
    primary: Annotated[list[str], BeforeValidator(as_list)] = Field(default=["purchase"], min_length=1)
    planned: int | None = Field(default=None, ge=1)
    control: str | None = None
    ratio: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)

    @field_validator("control", mode="before")
    @classmethod
    def _text(cls, given: Any) -> Any:
        return given if given is None else str(given)

    @field_validator("ratio", mode="before")
    @classmethod
    def _arms_as_text(cls, given: Any) -> Any:
        return {str(arm): share for arm, share in given.items()} if isinstance(given, dict) else given

    @field_validator("primary")
    @classmethod
    def _identifiers(cls, given: list[str]) -> list[str]:
        return [safe_identifier(name) or name for name in given]

    @model_validator(mode="after")
    def _in_order(self) -> Trial:
        if self.end < self.start:
            raise fault(f"the trial {self.id!r} ends before it starts", "change 'start' or 'end'")
        return self


def _distinct(trials: list[Trial]) -> list[Trial]:
    names = [trial.id for trial in trials]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise fault(f"two trials are called {twice!r}", "give each trial an id of its own")
    return trials


Trials = Annotated[list[Trial], BeforeValidator(as_list), AfterValidator(_distinct)]


class Consent(Part):
    """The column of the customers' file that tells who may be contacted, and the values that say so."""

    column: str
    allowed: Annotated[list[str | bool | int | float], BeforeValidator(as_list)] = Field(min_length=1)

    def allows(self, values: Iterable[Any]) -> list[bool]:
        """Return, per value of the column, whether it allows contact; nothing written allows none.

        Examples
        --------
        >>> Consent(column="opt_in", allowed=[True, "ja"]).allows(["True", "JA", "nee", None])
        [True, True, False, False]
        """
        words = {as_word(value) for value in self.allowed}
        return [value is not None and value == value and as_word(value) in words for value in values]
