"""XES: event logs of process mining, read trace by trace."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from journeykit.errors import DataError
from journeykit.events.formats import Format
from journeykit.events.raw import RawFile

__all__ = ["FORMAT", "XES_COLUMNS", "read_xes"]

XES_COLUMNS = {
    "customer_id": "case:concept:name",
    "touchpoint": "concept:name",
    "timestamp": "time:timestamp",
}
_BATCH = 100_000
_VALUES = ("string", "date", "int", "float", "boolean", "id")


def read_xes(connection: Any, path: Path, raw: RawFile, name: str) -> list[int]:
    """Read an XES log into a table: one row an event, the attributes of its trace as ``case:…``.

    A document that defines entities or a type of its own is refused. At most one trace and one batch are in
    memory. The names of the columns are those that the standard gives: IEEE 1849-2016.

    Raises
    ------
    DataError
        When it is no XES, is cut off, or defines entities.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory(prefix="journeykit-xes-") as folder:
        batch: list[dict[str, str]] = []
        count = written = 0
        for event in _events(path, raw):
            count += 1
            batch.append({"_row": count, **event})
            if len(batch) == _BATCH:
                pq.write_table(_table(pa, batch), f"{folder}/{written:06}.parquet")
                batch, written = [], written + 1
        if batch:
            pq.write_table(_table(pa, batch), f"{folder}/{written:06}.parquet")
        if not count:
            raise DataError("the log holds no events", where=raw.where, remedy="export it again")
        source = f"read_parquet('{folder}/*.parquet', union_by_name=true)"
        connection.raw_sql(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM {source} ORDER BY _row')
    return []


def _table(pa: Any, batch: list[dict]) -> Any:
    names = dict.fromkeys(key for event in batch for key in event)
    arrays = [pa.array([event.get(key) for event in batch]) for key in names]
    return pa.table(arrays, names=list(names))


def _events(path: Path, raw: RawFile) -> Iterator[dict[str, str]]:
    """Yield the attributes of each event, with those of its trace."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    try:
        root = None
        for step, element in iterparse(str(path), events=("start", "end"), forbid_dtd=True):
            if root is None:
                root = element
                if _tag(element) != "log":
                    raise DataError("this is XML, but no XES log", where=raw.where, remedy="export it as XES")
            if step == "end" and _tag(element) == "trace":
                yield from _trace(element)
                root.clear()
            elif step == "end" and _tag(element) == "event" and element in root:
                yield _attributes(element)  # an event outside any trace
                root.clear()
    except DefusedXmlException:
        problem = "the XML defines entities or a document type, which a log does not need"
        raise DataError(problem, where=raw.where, remedy="export it again") from None
    except ParseError as error:
        raise DataError(f"the XML is broken ({error})", where=raw.where, remedy="export it again") from None


def _trace(trace: Any) -> Iterator[dict[str, str]]:
    case = {f"case:{key}": value for key, value in _attributes(trace).items()}
    for child in trace:
        if _tag(child) == "event":
            yield _attributes(child) | case


def _attributes(element: Any) -> dict[str, str]:
    return {
        child.get("key"): child.get("value")
        for child in element
        if _tag(child) in _VALUES and child.get("key") and child.get("value") is not None
    }


def _tag(element: Any) -> str:
    return element.tag.rpartition("}")[2]


FORMAT = Format("xes", (".xes",), read_xes, starts=(b"<",))
