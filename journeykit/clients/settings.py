"""Settings of a client file: personas, period, privacy, brand and report."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Brand", "Part", "Period", "Personas", "Privacy", "Report"]


class Part(BaseModel):
    """A part of a client file: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Personas(Part):
    """How many personas to look for, from how many contacts people are placed, or the saved model to reuse."""

    k: Literal["auto"] | Annotated[int, Field(ge=1, le=30)] = "auto"
    reuse: str | None = None
    min_contacts: Literal["auto"] | Annotated[int, Field(ge=1)] = "auto"


class Period(Part):
    """The day of the report, and how many days it looks back and ahead."""

    as_of: Literal["latest"] | dt.date = "latest"
    report_days: int = Field(default=90, ge=1)
    horizon_days: int = Field(default=30, ge=1)


class Privacy(Part):
    """The smallest group that may be shown, and whether ids are replaced."""

    min_group: int = Field(default=10, ge=1)
    pseudonymise: bool = False


class Brand(Part):
    """The client's logo and colour, and a presentation whose masters its slides are made on."""

    logo: str | None = None
    template: str | None = None
    colour: str = Field(default="#0b5fa5", pattern=r"^#[0-9a-fA-F]{6}$")


class Report(Part):
    """The notebook of the client's reports, and values for its parameters."""

    notebook: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
