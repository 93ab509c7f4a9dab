"""Clients: one typed client file each, read from YAML and checked."""

from journeykit.clients.form import (
    EVENT_COLUMNS,
    Brand,
    Client,
    CustomerSource,
    EventSource,
    LabelSource,
    Period,
    Privacy,
    Report,
)
from journeykit.clients.map_file import MAP_ROWS, MapEdits, read_map_edits
from journeykit.clients.reading import (
    SET_BY_JOURNEYKIT,
    client_from_dict,
    client_paths,
    read_client,
    read_day,
)
from journeykit.clients.trials import Consent, GroupSource, Trial

__all__ = [
    "EVENT_COLUMNS",
    "Brand",
    "Client",
    "Consent",
    "CustomerSource",
    "EventSource",
    "GroupSource",
    "LabelSource",
    "MAP_ROWS",
    "MapEdits",
    "Period",
    "Privacy",
    "Report",
    "SET_BY_JOURNEYKIT",
    "Trial",
    "client_from_dict",
    "client_paths",
    "read_client",
    "read_day",
    "read_map_edits",
]
