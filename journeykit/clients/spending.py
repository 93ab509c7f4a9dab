"""Spending: what a client file says of money spent on channels, in a file or by hand."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from journeykit.clients.faults import fault, unknown_word
from journeykit.clients.queries import Query

__all__ = ["SPEND_COLUMNS", "Spending"]

SPEND_COLUMNS = ("date", "channel", "source", "campaign", "cost", "impressions", "clicks", "currency")


class Spending(BaseModel):
    """A file of what was spent by day, or amounts by hand for the whole log.

    Examples
    --------
    >>> Spending.model_validate({"search": 1200}).by_hand
    {'search': 1200.0}
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str | None = None
    columns: dict[str, str | dict[str, Any]] = Field(default_factory=dict)
    query: Query = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    by_hand: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _amounts_by_hand(cls, given: Any) -> Any:
        """Take amounts by channel for what they are: no key of a file holds a number."""
        numbers = isinstance(given, dict) and given and "path" not in given and "by_hand" not in given
        if numbers and all(
            isinstance(one, (int, float)) and not isinstance(one, bool) for one in given.values()
        ):
            return {"by_hand": {str(name): amount for name, amount in given.items()}}
        return given

    @field_validator("columns")
    @classmethod
    def _known_columns(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name, column in given.items():
            if name not in SPEND_COLUMNS:
                raise unknown_word("column of costs", name, SPEND_COLUMNS)
            if isinstance(column, dict) and name != "date":
                raise fault(f"{name!r} must be a column; only date takes keys")
        return given

    @model_validator(mode="after")
    def _file_or_amounts(self) -> Spending:
        if not self.path and not self.by_hand:
            raise fault(
                "costs need a 'path' to a file with a date, a channel and a cost, or an amount by channel, "
                "such as {search: 1200}"
            )
        return self
