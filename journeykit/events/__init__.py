"""Events: a client's files read, mapped and checked into one log."""

from journeykit.events.endings import Silence, is_seen_once, silence_of
from journeykit.events.log import EventLog
from journeykit.events.mapping import LOG_COLUMNS
from journeykit.events.reading import read_events

__all__ = ["LOG_COLUMNS", "EventLog", "Silence", "is_seen_once", "read_events", "silence_of"]
