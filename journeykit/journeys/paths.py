"""Paths: when each unit entered which stage, inferred or by markers, as tables in the log's engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import ibis
import pandas as pd

from journeykit.facts import PURCHASES, buying_positions, recorded_stages
from journeykit.journeys.misreading import left_open
from journeykit.sessions import SESSION_GAP_MINUTES, unit_of

__all__ = ["ALL", "Paths", "per_persona", "trace_paths"]

ALL = "all"
_DAY_MS = 86_400_000.0
SECOND = 1 / 86_400  # in days: as long as a pause, to the second, is none
USUAL = 0.95  # of the silences between visits
_PLACES = 1024  # more than any stage model has stages


@dataclass(frozen=True)
class Paths:
    """What the tables of a journey are counted from.

    Attributes
    ----------
    contacts
        ibis: the contacts with `persona`, `recorded` (position of the stage that the contact itself shows, or null),
        `marker` (position of the stage that the unit is in at the contact: the recorded one, or by the inferred
        path; or null),
        `here` (last stage shown so far) and `furthest` (latest stage shown so far).
    entries
        ibis: one row per entry into a stage, repeats collapsed: `unit_id, persona, position, at, next_position,
        next_at, before, place` (in the unit's path, from 1), `next_paused` (the next entry follows on a pause: a
        silence of more than `pause_days`). The last entry of a unit has no next.
    levels
        ibis: one row per unit and furthest stage: `unit_id, persona, position, at, next_position, next_at`.
    units
        pandas: one row per unit, indexed by `unit_id`: `persona, first_at, last_at, contacts, here, furthest,
        recorded` (furthest by what was recorded), `value, p_lapsed`.
    pause_days
        From what silence on somebody has paused: who comes back after it to an earlier stage returns, and did
        not step back. The horizon, or nineteen of twenty silences between visits in the log, whichever is longer.
    moment, model, follow_days, horizon_days, min_group
        The end of the data, the stage model, how long customers are followed after a skip, the horizon, and
        the smallest group that is shown.
    lines
        ibis: the rows of the log that name a product, an order of five products being five: `unit_id, persona,
        timestamp, touchpoint, product, value, quantity`.
    vocabulary
        The touchpoints that the client knows, by id.
    inferred
        Whether stages were inferred; otherwise they are those that contacts show (see `recorded_stages`).
    left_open
        How much of who is where the stage table leaves open, 0 (nothing) to 1.
    """

    contacts: Any
    entries: Any
    levels: Any
    units: pd.DataFrame
    moment: pd.Timestamp
    model: Any
    follow_days: float
    horizon_days: float
    min_group: int
    lapse_known: bool
    pause_days: float = float("inf")
    lines: Any = None
    vocabulary: Mapping[str, Any] = field(default_factory=dict)
    inferred: bool = False
    left_open: float = 1.0

    @property
    def stages(self) -> tuple[str, ...]:
        """The ids of the stages, in order."""
        return self.model.ids

    @cached_property
    def seen(self) -> tuple[int, ...]:
        """The positions of the stages in which anybody was seen, in order."""
        found = self.entries.select("position").distinct().execute()["position"]
        return tuple(sorted(int(position) for position in found))

    @cached_property
    def pushed(self) -> tuple[str, ...]:
        """Touchpoints in which a customer does nothing: mail, campaigns, and advertisements that are only seen."""
        passive = [(key, one) for key, one in self.vocabulary.items() if one.interaction == "passive"]
        return tuple(key for key, one in passive if one.group == "brand" or one.paid is True)

    @property
    def visits(self) -> Any:
        """Who has been in which stage: `unit_id, persona, position`, by the path or proved by buying."""
        entered = self.entries.select("unit_id", "persona", "position")
        if "proved" not in self.contacts.columns:
            return entered
        proved = self.contacts.filter(self.contacts.proved.notnull())
        return entered.union(proved.select("unit_id", "persona", position=proved.proved))

    @property
    def acts(self) -> Any:
        """The contacts in which a customer did something, rather than was sent something."""
        return (
            self.contacts.filter(~self.contacts.touchpoint.isin(self.pushed))
            if self.pushed
            else self.contacts
        )

    @cached_property
    def opens_at(self) -> pd.Timestamp:
        """The start of the day by which a hundredth of the contacts had been recorded: stray early rows don't count."""
        table = self.contacts.select(day=self.contacts.timestamp.truncate("D"))
        days = table.group_by("day").aggregate(contacts=table.count()).execute().sort_values("day")
        if days.empty:
            return self.moment
        recorded = days["contacts"].cumsum() / days["contacts"].sum()
        return pd.Timestamp(days["day"][recorded >= 0.01].iloc[0])

    @property
    def enters_from(self) -> pd.Timestamp:
        """From when a first contact counts as an entry: who is silent for a horizon first was not there before."""
        return self.opens_at + pd.Timedelta(days=self.horizon_days)

    def days_since(self, table: Any, column: str) -> Any:
        """Return the days from a column to the end of the data."""
        moment = ibis.literal(self.moment.to_pydatetime()).cast("timestamp(6)")
        return moment.delta(table[column], unit="millisecond") / _DAY_MS

    @contextmanager
    def kept(self, name: str, table: Any) -> Iterator[Any]:
        """Make a table once in the log's engine, for several counts on it, and drop it afterwards."""
        made = _written(self.contacts.get_backend(), name, self.moment, table)
        try:
            yield made
        finally:
            self.contacts.get_backend().drop_table(made.get_name(), force=True)

    @cached_property
    def unrated(self) -> pd.DataFrame:
        """By unit, what is known of it without the contacts that carry a rating: contacts, last_at, value, furthest."""
        table = self.contacts.filter(self.contacts.rating.isnull())
        units = table.group_by("unit_id").aggregate(
            contacts=table.count(),
            last_at=table.timestamp.max(),
            value=table.value.sum(),
            furthest=table.marker.max(),
        )
        return units.execute().set_index("unit_id").reindex(self.units.index)

    def stage_names(self, positions: pd.Series) -> pd.Series:
        """Return stage ids of positions; null stays null."""
        return positions.map(dict(enumerate(self.stages)))


def trace_paths(
    log,
    personas: pd.Series | None = None,
    stages: pd.DataFrame | None = None,
    min_group: int | None = None,
    inferred: pd.DataFrame | None = None,
) -> Paths:
    """Return the paths of a log, with personas and the chance of having lapsed joined.

    With `inferred` (stretches of `unit_id, from_at, until_at, stage`) a contact lies in the stage in which the unit
    was then, and who bought passes through the purchase stage; otherwise everybody is where contacts show them to be.
    Without a stage table the chance of having lapsed is 1 for who was silent for longer than the horizon, else 0.
    """
    client = log.client
    placed = _kept(log, "placed", _with_persona(_placed(log, inferred), personas))
    pause_days = _pause_days(placed, float(client.period.horizon_days))
    entries = _kept(log, "entries", _entries(placed, pause_days))
    levels = _kept(log, "levels", _levels(entries))
    units = _units(placed).execute().set_index("unit_id").sort_index()
    units["p_lapsed"] = _chance_lapsed(units, stages, log.moment, client.period.horizon_days)
    span = (log.moment - units["first_at"].min()).total_seconds() / 86400 if len(units) else 0.0
    days = float(client.period.report_days)
    return Paths(
        contacts=placed,
        entries=entries,
        levels=levels,
        units=units,
        moment=log.moment,
        model=client.model,
        follow_days=days if span >= 2 * days else float(client.period.horizon_days),
        horizon_days=float(client.period.horizon_days),
        min_group=client.privacy.min_group if min_group is None else min_group,
        lapse_known=stages is not None,
        pause_days=pause_days,
        lines=_with_persona(_lines(log), personas),
        vocabulary=client.vocabulary,
        inferred=inferred is not None,
        left_open=left_open(stages),
    )


def per_persona(table: Any) -> Any:
    """Return a table with every row counted for everyone, and again for its persona when it has one."""
    everyone = table.mutate(persona=ibis.literal(ALL))
    return everyone.union(table.filter(table.persona.notnull()))


def _kept(log, name: str, table: Any) -> Any:
    """Make a table once in the log's engine; a next call writes it anew."""
    return _written(log.connection, name, log.moment, table)


def _written(connection: Any, name: str, moment: pd.Timestamp, table: Any) -> Any:
    return connection.create_table(f"journeys_{name}_{moment:%Y%m%d%H%M%S%f}", table, overwrite=True)


def _placed(log, inferred: pd.DataFrame | None) -> Any:
    table = recorded_stages(log).rename(recorded="marker")
    table = table.mutate(marker=table.recorded) if inferred is None else _within(log, table, inferred)
    so_far = ibis.window(group_by="unit_id", order_by="order", preceding=None, following=0)
    last = (
        (table.order * _PLACES + table.marker).max().over(so_far)
    )  # of the last contact that showed a stage
    return table.mutate(furthest=table.marker.max().over(so_far), here=last % _PLACES)


def _pause_days(placed: Any, horizon_days: float) -> float:
    """Return from what silence on somebody has paused."""
    between = placed.filter(placed.gap_days > SESSION_GAP_MINUTES / 1440)
    usual = between.gap_days.quantile(USUAL).execute()
    return horizon_days if pd.isna(usual) else max(horizon_days, float(usual))


def _within(log, table: Any, inferred: pd.DataFrame) -> Any:
    """Mark each contact with the position of the stage in which the unit was inferred to be."""
    places = {stage: number for number, stage in enumerate(log.client.model.ids)}
    known = inferred[inferred["stage"].isin(list(places))]
    stretches = pd.DataFrame(
        {
            "unit_id": known["unit_id"].astype("str"),
            "from_at": known["from_at"].astype("datetime64[us]"),
            "until_at": known["until_at"].astype("datetime64[us]"),
            "marker": known["stage"].map(places).astype("int64"),
        }
    )
    name = f"journeys_inferred_{log.moment:%Y%m%d%H%M%S%f}"
    held = log.connection.create_table(name, ibis.memtable(stretches), overwrite=True)
    inside = [
        table.unit_id == held.unit_id, table.timestamp > held.from_at, table.timestamp <= held.until_at
    ]  # fmt: skip
    table = table.left_join(held, inside).drop("unit_id_right", "from_at", "until_at")
    return _through_purchases(log, table)


def _through_purchases(log, table: Any) -> Any:
    """Let who bought pass through the stage in which that is bought, in whatever form, where the path never does.

    At a first purchase the unit is in that stage. Another form of buying proves that it has been there: on the way to
    the later stage in which the contact lies (`passed`), or before (`proved`: no step of the path, but a fact).
    """
    unit, nothing = ibis.window(group_by="unit_id"), ibis.null("int64")
    table = table.mutate(passed=nothing, proved=nothing)
    for place, forms in buying_positions(log.client.model).items():
        for is_purchase in (True, False):
            shown = [name for name in forms if (name in PURCHASES) == is_purchase]
            bought = table.touchpoint.isin(shown) if shown else ibis.literal(False)
            there = (table.marker == place) | (table.passed == place) | (table.proved == place)
            been = there.fill_null(False).cast("int64").max().over(unit)
            first = table.order.min(where=bought).over(unit)
            missed = (been == 0) & bought & (table.order == first)
            later = (table.marker > place).fill_null(False)
            own = missed & ~later
            table = table.mutate(
                marker=(own & is_purchase).ifelse(place, table.marker),
                passed=(missed & later).ifelse(place, table.passed),
                proved=(own & (not is_purchase)).ifelse(place, table.proved),
            )
    return table


def _lines(log) -> Any:
    table = log.visible.filter(log.visible["product"].notnull())
    named = ("timestamp", "touchpoint", "product", "value", "quantity")
    return table.select(*(table[name] for name in named), unit_id=unit_of(log, table))


def _with_persona(table: Any, personas: pd.Series | None) -> Any:
    if personas is None or personas.dropna().empty:
        return table.mutate(persona=ibis.null("string"))
    known = personas.dropna().astype(str)
    frame = pd.DataFrame({"unit_id": known.index.astype(str), "persona": known.to_numpy()})
    return table.left_join(ibis.memtable(frame), "unit_id").drop("unit_id_right")


def _entries(placed: Any, pause_days: float) -> Any:
    order = ibis.window(group_by="unit_id", order_by="order")
    marked = placed.filter(placed.marker.notnull())
    paused = (marked.gap_days > pause_days + SECOND).fill_null(False)
    marked = _with_passed(marked.mutate(paused=paused))
    marked = marked.mutate(before=marked.marker.lag().over(order))
    entered = marked.filter(marked.before.isnull() | (marked.before != marked.marker))
    return entered.select(
        "unit_id",
        "persona",
        "before",
        position=entered.marker,
        at=entered.timestamp,
        next_position=entered.marker.lead().over(order),
        next_at=entered.timestamp.lead().over(order),
        next_paused=entered.paused.lead().over(order).fill_null(False),
        furthest=entered.furthest,
        place=ibis.row_number().over(order).cast("int64") + 1,
    )


def _with_passed(marked: Any) -> Any:
    """Add an entry, just before their contact, into the stages that are passed there."""
    if "passed" not in marked.columns:
        return marked
    marked = marked.mutate(order=marked.order.cast("float64"))
    passing = marked.filter(marked.passed.notnull())
    passing = passing.mutate(marker=passing.passed, order=passing.order - 0.5)
    entered = marked.mutate(paused=marked.paused & marked.passed.isnull()).union(passing)
    so_far = ibis.window(group_by="unit_id", order_by="order", preceding=None, following=0)
    return entered.mutate(furthest=entered.marker.max().over(so_far))


def _levels(entries: Any) -> Any:
    """Return when each unit first came as far as it did: always on entering a stage."""
    reached = entries.group_by(["unit_id", "persona", "furthest"]).aggregate(at=entries["at"].min())
    order = ibis.window(group_by="unit_id", order_by="furthest")
    return reached.select(
        "unit_id",
        "persona",
        "at",
        position=reached.furthest,
        next_position=reached.furthest.lead().over(order),
        next_at=reached["at"].lead().over(order),
    )


def _units(placed: Any) -> Any:
    return placed.group_by(["unit_id", "persona"]).aggregate(
        first_at=placed.timestamp.min(),
        last_at=placed.timestamp.max(),
        contacts=placed.count(),
        furthest=_ever(placed).max(),
        way_furthest=placed.furthest.max(),
        recorded=placed.recorded.max(),
        here=placed.here.argmax(placed.order),
        value=placed.value.sum(),
    )


def _ever(placed: Any) -> Any:
    """Return the latest stage so far, what is proved by buying included."""
    if "proved" not in placed.columns:
        return placed.furthest
    return ibis.greatest(placed.furthest.fill_null(-1), placed.proved.fill_null(-1)).nullif(-1)


def _chance_lapsed(
    units: pd.DataFrame, stages: pd.DataFrame | None, moment: pd.Timestamp, horizon: float
) -> pd.Series:
    silent = (moment - units["last_at"]).dt.total_seconds() / 86400 > horizon
    if stages is None or "p_lapsed" not in stages:
        return silent.astype(float)
    return stages["p_lapsed"].reindex(units.index).astype(float).fillna(silent.astype(float))
