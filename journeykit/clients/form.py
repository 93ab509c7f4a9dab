"""The form of a client file: which keys there are and what they may hold."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    field_validator,
    model_validator,
)

from journeykit.channels import NamedChannel, channel_of
from journeykit.clients.channels import OwnChannels
from journeykit.clients.faults import fault as _fault
from journeykit.clients.faults import unknown_word as _unknown
from journeykit.clients.queries import Query
from journeykit.clients.settings import Brand, Part, Period, Personas, Privacy, Report
from journeykit.clients.spending import Spending
from journeykit.clients.trials import Consent, Trials
from journeykit.clients.trials import as_list as _as_list
from journeykit.errors import ClientFileError
from journeykit.stage_models import StageModel, load_stage_model
from journeykit.touchpoints import Vocabulary, load_vocabulary, safe_identifier

EVENT_COLUMNS = (
    "customer_id timestamp touchpoint channel session_id account_id page content campaign product value quantity "
    "cost paid interaction rating referrer_id visitor_id order_id event_id status currency source"
).split()
NUMBER_COLUMNS = ("timestamp", "value", "quantity", "cost", "rating", "paid")
CUSTOMER_COLUMNS = ("customer_id", "account_id", "stage")
REQUIRED_COLUMNS = ("customer_id", "timestamp", "touchpoint")
TIME_FORMS = (
    "date time hour year month day order offset gap unit start column format zone zone_column".split()
)
TIME_UNITS = {"s": 1, "min": 60, "m": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400, "w": 604800}

Text = Annotated[dict[str, str], BeforeValidator(lambda v: {"en": v, "nl": v} if isinstance(v, str) else v)]


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Condition = Annotated[list[str | bool | int | float | None], BeforeValidator(_as_list)]


class _Events(Part):
    """What columns and constants make of a row."""

    columns: dict[str, str | int | float | dict[str, Any]] = Field(default_factory=dict)
    constants: dict[str, str | bool | int | float] = Field(default_factory=dict)

    @field_validator("columns", "constants")
    @classmethod
    def _known_columns(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name in given:
            if name not in EVENT_COLUMNS:
                raise _unknown("event column", name, EVENT_COLUMNS)
        return given

    @field_validator("columns")
    @classmethod
    def _known_time_form(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name, column in given.items():
            if not isinstance(column, dict):
                continue
            if set(column) == {"first_of"} and name not in NUMBER_COLUMNS:
                continue
            if name != "timestamp":
                raise _fault(f"{name!r} must be a column or an expression; only timestamp takes keys")
            _check_time_form(column)
        return given


class Moment(_Events):
    """An event that a row tells of beside others: what, when, and in which rows."""

    touchpoint: str
    timestamp: str | dict[str, Any] | None = None
    quantity: str | None = None
    when: dict[str, Condition] = Field(default_factory=dict)


class Split(Part):
    """A column that holds a whole path, what stands between its steps, and how many went it and bought or did not."""

    column: str
    by: str = ">"
    conversions: str | None = None
    nulls: str | None = None
    value: str | None = None


class EventSource(_Events):
    """A file, glob, folder or query of events and how its columns are read."""

    path: str
    query: Query = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    touchpoints: dict[str | int | float | bool, str] = Field(default_factory=dict)
    leave_out: list[str] = Field(default_factory=list)
    without: dict[str, Condition] = Field(default_factory=dict)
    explode: str | None = None
    split: Split | None = None
    fill_by: str | None = None
    orders: str | None = None
    value_per: Literal["line", "order"] = "line"
    statuses: dict[str | int | bool, Literal["paid", "pending", "cancelled", "lost", "refunded", "test"]] = (
        Field(default_factory=dict)
    )
    lifecycle: str | None = None
    moments: list[Moment] = Field(default_factory=list)

    @model_validator(mode="after")
    def _query_of_a_database(self) -> EventSource:
        return _with_query(self)

    @property
    def in_order(self) -> bool:
        """Whether the source has an order and no times."""
        form = self.columns.get("timestamp")
        if isinstance(form, dict):
            return set(form) == {"order"}
        return form is None and self.split is not None


def _check_time_form(form: dict[str, Any]) -> None:
    for key in form:
        if key not in TIME_FORMS:
            raise _unknown("key of timestamp", key, TIME_FORMS)
    if {"offset", "gap"} & set(form) and form.get("unit", "s") not in TIME_UNITS:
        raise _unknown("unit", form["unit"], TIME_UNITS)
    if "zone" in form and form["zone"] not in available_timezones():
        raise _unknown(
            "time zone", form["zone"], sorted(available_timezones()), "use a name such as Europe/Amsterdam"
        )
    if "offset" in form and "start" not in form:
        raise _fault("an offset needs its 'start', the date at which it is 0")
    if "gap" in form and not {"order", "start"} <= set(form):
        raise _fault(
            "a gap needs the 'order' of the events, and 'start', the date on which everybody's first is put"
        )
    if set(form) == {"order"} or "gap" in form:
        return
    if not {"date", "offset", "column"} & set(form) and not {"year", "month", "day"} <= set(form):
        raise _fault(
            "timestamp takes {date, hour}, {date, time}, {year, month, day, order}, {offset, unit, start}, "
            "{gap, order, unit, start}, {column, format} or {order}"
        )


def _with_query(source: Any) -> Any:
    """Refuse a database without a query, and a query without a database."""
    database = "://" in source.path
    if database and not source.query:
        raise _fault("a database needs its 'query', such as SELECT * FROM orders")
    if source.query and not database:
        raise _fault(
            "a query needs a database as 'path', such as sqlite:///shop.db or postgres://user@host/shop"
        )
    return source


class CustomerSource(Part):
    """A file with one row a customer and the attributes to take from it."""

    path: str
    columns: dict[str, str] = Field(default_factory=lambda: {"customer_id": "customer_id"})
    attributes: list[str] | None = None
    exclude: list[str] = Field(default_factory=list)
    missing: dict[str, Annotated[list[Any], BeforeValidator(_as_list)]] = Field(default_factory=dict)
    activity: list[str] = Field(default_factory=list)
    categories: list[str] = Field(default_factory=list)
    stages: dict[str | int | float | bool, str] = Field(default_factory=dict)
    query: Query = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None

    @field_validator("columns")
    @classmethod
    def _known_columns(cls, given: dict[str, str]) -> dict[str, str]:
        for name in given:
            if name not in CUSTOMER_COLUMNS:
                raise _unknown("customer column", name, CUSTOMER_COLUMNS)
        return given

    @model_validator(mode="after")
    def _query_of_a_database(self) -> CustomerSource:
        return _with_query(self)


class LinkSource(Part):
    """A file that says which ids are one person: in each row an id, and the one to use for it."""

    path: str
    columns: dict[Literal["id", "customer_id"], str] = Field(default_factory=dict)
    query: Query = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None


class LabelSource(Part):
    """A file of stages that an analyst knows: customer_id, at, stage."""

    path: str
    columns: dict[str, str] = Field(default_factory=dict)


class OwnTouchpoint(Part):
    """A touchpoint that the client adds to the vocabulary."""

    name: Text | None = None
    interaction: Literal["interactive", "passive"] | None = None
    paid: bool | None = None
    group: str | None = None


class Client(Part):
    """The organisation for whom a report is made: its data, stage model, language and setting."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)
    name: str = Field(min_length=1, max_length=200)
    language: Literal["nl", "en"] = "en"
    setting: Literal["b2c", "b2b"] = "b2c"
    stage_model: str = "universal"
    timezone: str = "UTC"
    events: Annotated[list[EventSource], BeforeValidator(_as_list)] = Field(default_factory=list)
    customers: CustomerSource | None = None
    identities: Annotated[list[LinkSource], BeforeValidator(_as_list)] = Field(default_factory=list)
    labels: LabelSource | None = None
    markers: dict[str, list[str]] = Field(default_factory=dict)
    personas: Personas = Personas()
    period: Period = Period()
    privacy: Privacy = Privacy()
    brand: Brand = Brand()
    report: Report = Report()
    touchpoints: dict[str, OwnTouchpoint] = Field(default_factory=dict)
    channels: OwnChannels = Field(default_factory=dict)
    pages: dict[Annotated[str, Field(min_length=1)], Annotated[str, Field(min_length=1)]] = Field(
        default_factory=dict
    )
    levers: dict[str, list[Annotated[str, Field(min_length=1)]]] = Field(default_factory=dict)
    values: dict[str, Text] = Field(default_factory=dict)
    map: str | None = None
    audit: bool = False
    currency: Currency | None = None
    rates: dict[Currency, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    margin: Annotated[float, Field(gt=0, le=1)] | None = None
    costs: Spending | None = None
    note: Text | None = None
    trials: Trials = Field(default_factory=list)
    consent: Consent | None = None

    _path: Path | None = PrivateAttr(default=None)

    @field_validator("events")
    @classmethod
    def _times_or_order(cls, given: list[EventSource]) -> list[EventSource]:
        if len({source.in_order for source in given}) > 1:
            raise _fault("some sources have times and others only an order; they cannot be put in one order")
        return given

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, given: str) -> str:
        if given not in available_timezones():
            raise _unknown(
                "time zone", given, sorted(available_timezones()), "use a name such as Europe/Amsterdam"
            )
        return given

    @property
    def path(self) -> Path | None:
        """The client file, when it was read from one."""
        return self._path

    @property
    def folder(self) -> Path:
        """The folder to which the paths in the client file are relative."""
        return self._path.parent if self._path else Path()

    @property
    def profile_only(self) -> bool:
        """Whether there is a table of customers and nothing of what they did."""
        return not self.events and self.customers is not None

    @property
    def in_order(self) -> bool:
        """Whether the events have an order and no times, so that nothing can be said of durations."""
        return any(source.in_order for source in self.events)

    @property
    def unit(self) -> str:
        """Who travels: ``account`` in a b2b setting, ``customer`` otherwise."""
        return "account" if self.setting == "b2b" else "customer"

    @cached_property
    def model(self) -> StageModel:
        """The stage model, with the client's own markers."""
        own = {stage: [safe_touchpoint(name) for name in names] for stage, names in self.markers.items()}
        return load_stage_model(self.stage_model, self.folder).with_markers(own, where=self.path)

    def with_stage_model(self, name: str) -> Client:
        """Return the same client, read through another stage model.

        The client's own markers go along to the first stage of the same canonical phase; those of a phase that
        the other model lacks are left behind.

        Examples
        --------
        >>> client = Client(id="acme", name="Acme", markers={"action": ["first_parcel"]})
        >>> other = client.with_stage_model("value-journey")
        >>> other.model.id, other.markers
        ('value-journey', {'convert': ['first_parcel']})
        """
        if name == self.stage_model:
            return self
        stages = reversed(load_stage_model(name, self.folder).stages)
        there = {stage.canonical: stage.id for stage in stages}
        markers: dict[str, list[str]] = {}
        for stage, names in self.markers.items():
            phase = self.model.stage(stage).canonical
            if phase in there:
                markers.setdefault(there[phase], []).extend(names)
        other = self.model_copy(update={"stage_model": str(name), "markers": markers})
        other.__dict__.pop("model", None)
        return other

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The touchpoints that ship, with the client's own added."""
        own = {
            safe_touchpoint(key): value.model_dump(exclude_none=True)
            for key, value in self.touchpoints.items()
        }
        return load_vocabulary().extended(own)

    def channel_of(
        self, name: str | None, *, source: str | None = None, medium: str | None = None
    ) -> NamedChannel:
        """Return what a raw name of a channel is, by the client's `channels` and what is known (`channel_of`)."""
        own = {str(key): said.model_dump(exclude_none=True) for key, said in self.channels.items()}
        return channel_of(name, source=source, medium=medium, own=own)

    def resolve(self, path: str) -> Path:
        """Return a path of the client file as an absolute one.

        Raises
        ------
        ClientFileError
            When it is a link that leads to itself.
        """
        try:
            return (self.folder / path).resolve() if not Path(path).is_absolute() else Path(path)
        except (OSError, RuntimeError):
            problem = f"{path!r} is a link that leads to itself"
            raise ClientFileError(problem, where=self.path, remedy="name the file itself") from None


def safe_touchpoint(name: object) -> str:
    """Return a raw touchpoint's name as the identifier under which it is kept."""
    return safe_identifier(name) or "unnamed"
