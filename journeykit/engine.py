"""The one place that knows the table engines: DuckDB by default."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt

from journeykit.errors import JourneykitError, unknown

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = [
    "ENGINES", "connect", "day_number", "frame", "has_nul", "in_steps", "in_zone", "moment_hash", "rough_hash",
    "row_digest", "row_hash", "sha256", "size", "stripped", "to_utc", "try_time", "zoned",
]  # fmt: skip

ENGINES = ("duckdb", "spark")


def connect(engine: str = "duckdb", *, memory_gb: float | None = None, threads: int | None = None) -> Any:
    """Return a connection to a table engine that works in memory and spills to a temporary folder.

    Raises
    ------
    JourneykitError
        When the engine is not known or not available.
    """
    if engine not in ENGINES:
        raise unknown("engine", engine, ENGINES)
    if engine == "spark":
        raise JourneykitError("the engine 'spark' cannot read events here", remedy="use --engine duckdb")
    from journeykit.duckdb_engine import DuckDB  # imports DuckDB itself, which few commands need

    connection = DuckDB().connect(temp_directory=str(Path(tempfile.gettempdir()) / "journeykit-duckdb"))
    connection.raw_sql("SET TimeZone = 'UTC'")
    connection.raw_sql("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
    if memory_gb:
        connection.raw_sql(f"SET memory_limit = '{float(memory_gb):.2f}GB'")
    if threads:
        connection.raw_sql(f"SET threads = {int(threads)}")
    return connection


@contextmanager
def in_steps() -> Iterator[None]:
    """Keep the steps of a query apart: what one computes, the next reads, and does not compute for every use of it."""
    before, ibis.options.sql.fuse_selects = ibis.options.sql.fuse_selects, False
    try:
        yield
    finally:
        ibis.options.sql.fuse_selects = before


def frame(table: Any) -> Any:
    """Return a table of an engine as a pandas frame, by way of Arrow: for long ones, in less than half the time."""
    return table.to_pyarrow().to_pandas()


_BLANKS = " \t\n\r\v\f\u00a0\u200b\ufeff"
_BLANK_END = f"^[{_BLANKS}]|[{_BLANKS}]$"
_NAIVE, _AWARE = dt.timestamp, dt.Timestamp("UTC")
_UTC = ("UTC", "Etc/UTC", "GMT", "Etc/GMT")


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, _NAIVE), _AWARE))
def _zoned(zone, moment):
    """Read a naive timestamp in a time zone."""


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, _AWARE), _NAIVE))
def _unzoned(zone, moment):
    """Return the wall time of a moment in a time zone."""


@ibis.udf.scalar.builtin(name="epoch_us", signature=((_NAIVE,), dt.int64))
def _micros(moment):
    """Return the microseconds since 1970 of a naive timestamp; null of one without end."""


@ibis.udf.scalar.builtin(name="epoch_us", signature=((_AWARE,), dt.int64))
def _micros_aware(moment):
    """Return the microseconds since 1970 of a moment; null of one without end."""


@ibis.udf.scalar.builtin(name="make_timestamp", signature=((dt.int64,), _NAIVE))
def _naive(micros):
    """Return the naive UTC timestamp of a number of microseconds."""


@ibis.udf.scalar.builtin(name="make_timestamptz", signature=((dt.int64,), _AWARE))
def _aware(micros):
    """Return the moment of a number of microseconds."""


@ibis.udf.scalar.builtin(name="hash", signature=((dt.string,), dt.uint64))
def _hash(values):
    """Hash a text."""


@ibis.udf.scalar.builtin(name="hash", signature=((dt.string, _NAIVE), dt.uint64))
def moment_hash(who, moment):
    """Hash somebody's moment: equal where both are equal, and seldom elsewhere."""


@ibis.udf.scalar.builtin(name="md5", signature=((dt.string,), dt.string))
def _md5(text):
    """Return the MD5 of a text in hexadecimal digits."""


@ibis.udf.scalar.builtin(name="sha256", signature=((dt.string,), dt.string))
def sha256(text):
    """Return the SHA-256 of a text in hexadecimal digits."""


@ibis.udf.scalar.builtin(name="try_strptime", signature=((dt.string, dt.string), _NAIVE))
def _try_strptime(text, pattern):
    """Read a text as a timestamp, or return null."""


@ibis.udf.scalar.builtin(name="try_strptime", signature=((dt.string, dt.string), dt.Timestamp("UTC")))
def _try_strptime_zoned(text, pattern):
    """Read a text that carries an offset as a timestamp, or return null."""


@ibis.udf.scalar.builtin(name="trim", signature=((dt.string, dt.string), dt.string))
def _trim(text, letters):
    """Take letters off both ends of a text."""


@ibis.udf.scalar.builtin(name="contains", signature=((dt.string, dt.string), dt.boolean))
def _contains(text, part):
    """Tell whether a text holds another."""


@ibis.udf.scalar.builtin(name="chr", signature=((dt.int32,), dt.string))
def _letter(code):
    """Return a letter by its number."""


@ibis.udf.scalar.builtin(name="strlen", signature=((dt.string,), dt.int64))
def size(text):
    """Return the number of bytes of a text."""


def stripped(text: ir.StringValue) -> ir.StringValue:
    """Return texts without blanks at their ends; those that can't be seen, as a copied cell brings, too."""
    # looked for in steps, the cheapest first: most texts begin and end with a letter
    doubtful = (text < "!") | (text > "~") | ibis.or_(*[text.endswith(blank) for blank in _BLANKS])
    odd = text.notnull() & doubtful & text.re_search(_BLANK_END)  # what is blank is looked at no further
    return odd.ifelse(_trim(text, _BLANKS), text)


def has_nul(text: ir.StringValue) -> ir.BooleanValue:
    """Tell where a text holds a NUL byte, which no text does."""
    return _contains(text, _letter(0))


def to_utc(local: ir.TimestampValue, zone: str) -> ir.TimestampValue:
    """Return the naive UTC timestamp of a wall time in a time zone."""
    return local if zone in _UTC else _utc(_zoned(zone, local))


def _utc(moment: ir.TimestampValue) -> ir.TimestampValue:
    """Return moments as naive UTC timestamps: by their number, which is quick, or, without one, by the calendar."""
    return ibis.coalesce(_naive(_micros_aware(moment)), _unzoned("UTC", moment))


def in_zone(utc: ir.TimestampValue, zone: str) -> ir.TimestampValue:
    """Return the wall time, in a time zone, of a naive UTC timestamp."""
    return utc if zone in _UTC else _unzoned(zone, _aware(_micros(utc)))


def zoned(text: ir.StringValue) -> ir.TimestampValue:
    """Return the naive UTC timestamp of texts that carry an offset; null where they can't be read."""
    plain = text.re_replace(r"\s+([+-]\d{2}):?(\d{2})$", r"\1:\2")  # as in 2026-03-04 19:12:00 +0100
    aware = dt.Timestamp("UTC")
    return _utc(ibis.coalesce(text.try_cast(aware), plain.try_cast(aware)))


def try_time(text: ir.StringValue, pattern: str) -> ir.TimestampValue:
    """Return texts as timestamps by a strptime pattern; null where they can't be read."""
    return _try_strptime(text, pattern)


def zoned_by(text: ir.StringValue, pattern: str) -> ir.TimestampValue:
    """Return the naive UTC timestamps of texts by a strptime pattern with an offset; null where they can't be read."""
    return _utc(_try_strptime_zoned(text, pattern))


def micros(moment: ir.TimestampValue) -> ir.IntegerValue:
    """Return the number of microseconds since 1970 of naive timestamps."""
    return _micros(moment)


def row_hash(columns: Sequence[ir.Value]) -> ir.IntegerValue:
    """Return one number for the values of a row, equal where all values are equal, and now and then elsewhere.

    The engine's hash of texts that differ a little in two places is sometimes the same: see `row_digest`.
    """
    return _hash(_written(columns))


def rough_hash(columns: Sequence[ir.Value]) -> ir.IntegerValue:
    """Return one number for the values of a row, in a fifth of the time; it holds within one table only."""

    def values():
        """Hash values of any type."""

    names = [f"value{at}" for at in range(len(columns))]
    values.__signature__ = inspect.Signature([  # type: ignore[attr-defined]
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names
    ])  # fmt: skip
    hashed = ibis.udf.scalar.builtin(
        values, name="hash", signature=(tuple(column.type() for column in columns), dt.uint64)
    )
    return hashed(*columns)


def row_digest(columns: Sequence[ir.Value]) -> ir.StringValue:
    """Return the MD5 of the values of a row: equal where all values are equal, and nowhere else; slower."""
    return _md5(_written(columns))


def _written(columns: Sequence[ir.Value]) -> ir.StringValue:
    parts = [ibis.coalesce(column.cast("string"), ibis.literal("␀")) for column in columns]
    return ibis.literal("␟").join(parts)


def day_number(moment: ir.TimestampValue) -> ir.IntegerValue:
    """Return the number of days since 1970-01-01."""
    return moment.date().epoch_days()
