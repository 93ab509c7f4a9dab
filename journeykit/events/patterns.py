"""Patterns of times: how they are spelled, and which way of writing most texts of a column follow."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import cache

from journeykit.events.dates import DAY_FIRST, MONTH_FIRST, swapped_pattern

__all__ = [
    "COMPACT",
    "DAYS_IN_EXCEL",
    "EPOCH_MILLISECONDS",
    "EPOCH_SECONDS",
    "EXCEL_DAYS",
    "ISO",
    "ISO_WEEK",
    "WEEK_ALONE",
    "JSON_DATE",
    "NEVER",
    "OFFSET",
    "WITH_OFFSET",
    "ZONES",
    "clocks_of",
    "find_pattern",
    "fits",
    "is_read",
    "offset_minutes",
    "plain_time",
    "spellings",
]

EPOCH_SECONDS, EPOCH_MILLISECONDS, WITH_OFFSET = "epoch seconds", "epoch milliseconds", "with offset"
EXCEL_DAYS = "days of Excel"
DAYS_IN_EXCEL = (20_000, 80_000)  # 1954 to 2119; as seconds since 1970 these would all be of its first day
ISO_WEEK = "%G-W%V-%u"
_DATES = ["%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y", "%m/%d/%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d",
          "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%b %d %Y", "%d-%b-%Y", "%d/%b/%Y", "%d-%m-%y", "%d/%m/%y", "%m/%d/%y",
          "%d.%m.%y", "%m-%d-%y", "%d-%b-%y", "%d %b %y", "%Y-%m", "%b %Y", "%m/%Y", ISO_WEEK]  # fmt: skip
_CLOCKS = ["", " %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M", " %H:%M:%S.%f", "T%H:%M:%S.%f", " %I:%M:%S %p",
           " %I:%M %p", ", %I:%M:%S %p", ", %I:%M %p", ", %H:%M:%S", ", %H:%M", ":%H:%M:%S",
           " %H.%M", " %Hh%M", " %Hu%M", " %H:%M uur", " %H.%M uur", " %H:%M u", " %H.%M u"]  # fmt: skip
_YEAR_LAST = ("%b %d %H:%M:%S %Y", "%b %d %H:%M:%S.%f %Y")
COMPACT = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
OFFSET = re.compile(r"\d{2}:\d{2}.*(Z|[+-]\d{2}(:?\d{2})?|UTC|GMT)$")
ISO = r"^[+-]?(\d{4,}[-/]|inf)"
_ODD_SPACES = "\u00a0\u202f\u2009"  # that programs write between a time and am or pm
_LONGEST = 40  # letters of a time
_DATED = re.compile(r"\d{1,4}[-/. ]\w|\d{8}|[A-Z][a-z]{2,8} {1,2}\d")
NEVER = r"0000-00-00|0001-01-01|00[/-]00[/-]0000"  # what databases write for no date

# The months in Dutch, English, German and French; each becomes the English one that patterns know.
_MONTHS = {
    "Jan": "januari|january|januar|janvier|janv|jan", "Feb": "februari|february|februar|fevrier|février|févr|feb",
    "Mar": "maart|march|märz|mars|mrt|mar", "Apr": "april|avril|apr|avr", "May": "mei|may|mai",
    "Jun": "juni|june|juin|jun", "Jul": "juli|july|juillet|juil|jul", "Aug": "augustus|august|août|aug",
    "Sep": "september|septembre|sept|sep", "Oct": "oktober|october|octobre|okt|oct",
    "Nov": "november|novembre|nov", "Dec": "december|dezember|décembre|déc|dez|dec",
}  # fmt: skip
_MONTH = re.compile(rf"(?:^|[\s./,-]|\d)({'|'.join(_MONTHS.values())})(?:[\s./,-]|\d|$)", re.IGNORECASE)
WEEK_ALONE = r"(?i)^(\d{4})-?W(\d{2})$"  # of ISO 8601: its Monday
_WEEK = r"(?i)^(\d{4})-?W(\d{2})(?:-?([1-7]))?$"
_DAYS = (
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tues|tue|wed|thurs|thu|fri|sat|sun|"
    "maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|ma|di|wo|do|vr|za|zo"
)
JSON_DATE = r"^/Date\((\d+)(?:[+-]\d{4})?\)/$"  # of OData
# Abbreviations of zones, in minutes, as Europe and America mean them; IST, of which none is usual, is not read.
ZONES = {
    "UTC": 0, "GMT": 0, "UT": 0, "Z": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "MEZ": 60,
    "MESZ": 120,
    "EET": 120, "EEST": 180, "MSK": 180, "EST": -300, "EDT": -240, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480,
    "PDT": -420, "JST": 540, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780, "CST": -360,
}  # fmt: skip
_ZONE = "|".join(sorted(set(ZONES) - {"Z"}, key=len, reverse=True))


@cache
def _ways() -> list[tuple[re.Pattern[str], list[tuple[str, str]]]]:
    """Return what tells that texts are spelled in a way, and the replacements that put them in plain form, in order."""
    months = [
        (rf"(?i)(^|[\s./,-]|\d)(?:{said})[.]?([\s/,-]|\d|$)", rf"\1{short}\2")
        for short, said in _MONTHS.items()
    ]
    zones = [
        (rf"\s*\b{name}$", f" {'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}")
        for name, minutes in ZONES.items()
        if name != "Z"
    ]
    listed = [
        (_WEEK, [(WEEK_ALONE, r"\1-W\2-1"), (_WEEK, r"\1-W\2-\3")]),
        (rf"[{_ODD_SPACES}]", [(rf"[{_ODD_SPACES}]", " ")]),
        (r"^\[.*\]$", [(r"^\[|\]$", "")]),
        (r":\d{2}.*\s*\([^)]*\)$", [(r"\s*\([^)]*\)$", "")]),
        (r"\S\s{2,}\S", [(r"\s{2,}", " ")]),
        (rf"(?i)^(?:{_DAYS})[.]?,?\s+\S", [(rf"(?i)^(?:{_DAYS})[.]?,?\s+", "")]),
        (r"(?i)\d(st|nd|rd|th)\b", [(r"(?i)(\d)(?:st|nd|rd|th)\b", r"\1")]),
        (r"(?i)\s(om|at|um)\s+\d", [(r"(?i),?\s(?:om|at|um)\s+(\d)", r" \1")]),
        (r"(?i)\d\s*(uur|uhr)$", [(r"(?i)\s*(?:uur|uhr)$", "")]),
        (_MONTH.pattern, months),
        (r"(?i)\d\s?[ap]\.?\s?m\.?$", [(r"(?i)(\d)\s?a\.?\s?m\.?$", r"\1 AM"), (r"(?i)(\d)\s?p\.?\s?m\.?$", r"\1 PM")]),
        (r":\d{2},\d{1,9}\b", [(r"(:\d{2}),(\d{1,9})\b", r"\1.\2")]),
        (r":\d{2}[.]\d{7,9}", [(r"(:\d{2}[.]\d{6})\d{1,3}", r"\1")]),  # nanoseconds
        (r"(UTC|GMT)[+-]\d", [(r"\s*(?:UTC|GMT)([+-]\d{2}:?\d{2})$", r" \1")]),
        (rf"\d\s*(?:AM|PM)?\s*(?:{_ZONE})$", zones),
        (r"[T ]\d{1,2}:\d{2}(Z|\s?[+-]\d{2}:?\d{2})$", [(r"([T ]\d{1,2}:\d{2})(Z|\s?[+-]\d{2}:?\d{2})$", r"\1:00\2")]),
    ]  # fmt: skip
    return [
        (re.compile(shown, re.IGNORECASE if shown == _MONTH.pattern else 0), made) for shown, made in listed
    ]


def spellings(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Return the replacements that put times as they are spelled in plain form: those of which texts show the need.

    Examples
    --------
    >>> plain_time("di 3 maart 2026 om 10:15 uur", spellings(["di 3 maart 2026 om 10:15 uur"]))
    '3 Mar 2026 10:15'
    >>> spellings(["2026-03-04 10:15:00"])
    []
    """
    left, needed = [text.strip() for text in texts if text], []
    for shown, made in _ways():
        if any(shown.search(text) for text in left) and not _is_english(shown, left):
            needed += made
            left = [plain_time(text, made) for text in left]
    return needed


def _is_english(shown: re.Pattern[str], texts: list[str]) -> bool:
    """Tell whether months are written as patterns know them already."""
    if shown.pattern != _MONTH.pattern:
        return False
    found = {match[1] for text in texts if (match := _MONTH.search(text))}
    return found <= set(_MONTHS)


def plain_time(text: str, made: list[tuple[str, str]] | None = None) -> str:
    """Return a text in plain form: by some replacements, or by those of which it shows the need."""
    text = text.strip()
    for pattern, to in spellings([text]) if made is None else made:
        text = re.sub(pattern, to, text)
    return text.strip()


def find_pattern(texts: Iterable[str], *, month_first: bool = False) -> str | None:
    """Return the way in which most of a sample of times is written; None when nothing fits.

    Day-first and month-first can't be told apart while all days are 12 or less; ``month_first`` decides then.

    Examples
    --------
    >>> find_pattern(["04-03-2026 19:12", "25-03-2026 08:00"])
    '%d-%m-%Y %H:%M'
    >>> find_pattern(["2026-03-04T19:12:00Z"])
    'with offset'
    >>> find_pattern(["46085.8"]), find_pattern(["2026030419"]), find_pattern(["1772619300"])
    ('days of Excel', '%Y%m%d%H', 'epoch seconds')
    """
    sample = [text.strip() for text in texts if text and text.strip()][:500]
    sample = [text for text in sample if not re.match(NEVER, text)] or sample
    sample = [re.sub(JSON_DATE, r"\1", text) for text in sample]
    if not sample:
        return None
    if found := _of_digits(sample):
        return found
    made = spellings(sample)
    sample = [plain_time(text, made) for text in sample] if made else sample
    if sum(bool(OFFSET.search(text)) for text in sample) > len(sample) / 2:
        return WITH_OFFSET
    return _most_fitting(Counter(sample), len(sample), month_first)


def _of_digits(sample: list[str]) -> str | None:
    """Return how times are written that are one number: digits of a date, seconds since 1970, or days of Excel."""
    for length, pattern in COMPACT.items():
        if length > 8 and all(
            re.fullmatch(rf"\d{{{length}}}(\.0)?", text) and fits(text[:length], pattern) for text in sample
        ):
            return pattern
    digits = [
        text for text in sample if re.fullmatch(r"(\d{9,10}|\d{12,13}|\d{15,16}|\d{18,19})(\.\d+)?", text)
    ]
    if len(digits) > len(sample) / 2:
        return EPOCH_MILLISECONDS if len(digits[0].split(".")[0]) >= 12 else EPOCH_SECONDS
    low, high = DAYS_IN_EXCEL
    days = [text for text in sample if re.fullmatch(r"\d{5}(\.\d+)?", text) and low <= float(text) < high]
    return EXCEL_DAYS if len(days) > len(sample) / 2 else None


def _most_fitting(dated: Counter[str], rows: int, month_first: bool) -> str | None:
    dated = Counter({text: times for text, times in dated.items() if _may_be_dated(text)})
    if not dated:
        return None
    dates = sorted(_DATES, key=lambda date: month_first and not date.startswith("%m"))
    best, most = None, 0
    for pattern in [*(date + clock for date in dates for clock in _CLOCKS), *_YEAR_LAST]:
        hits = sum(times for text, times in dated.items() if fits(text, pattern))
        if hits > most:
            best, most = pattern, hits
        if most == rows:
            break
    return best


def _may_be_dated(text: str) -> bool:
    return len(text) < _LONGEST and bool(_DATED.match(text))


def fits(text: str, pattern: str) -> bool:
    """Tell whether a text is a time of 1900 to 2100, written in a pattern."""
    try:
        moment = datetime.strptime(text, pattern)
    except ValueError:
        return False
    return 1900 <= moment.year <= 2100


def clocks_of(pattern: str) -> list[str]:
    """Return the patterns with the same date and another clock."""
    if pattern in _YEAR_LAST:
        return [other for other in _YEAR_LAST if other != pattern]
    found = re.search("%[yY]", pattern)
    if found is None or pattern in COMPACT.values() or pattern.startswith("%Y"):
        date = next((date for date in _DATES if pattern.startswith(date)), pattern)
    else:
        date = pattern[: found.end()]
    return [date + clock for clock in _CLOCKS if date + clock != pattern]


def is_read(text: str, pattern: str) -> bool:
    """Tell whether a text of a column that is written in a pattern can be read as a time.

    Examples
    --------
    >>> is_read("14 mei 2026 10:15", "%d %b %Y"), is_read("late", "%d %b %Y")
    (True, False)
    """
    text = plain_time(text)
    if pattern == WITH_OFFSET and OFFSET.search(text):
        return True
    ways = [pattern, *clocks_of(pattern)] if "%" in pattern else []
    ways += [swapped_pattern(way, first) for way in ways for first in (DAY_FIRST, MONTH_FIRST)]
    if any(fits(text, way) for way in dict.fromkeys(ways)):
        return True
    try:
        return 1900 <= datetime.fromisoformat(text).year <= 2100
    except ValueError:
        return False


def offset_minutes(name: str) -> int | None:
    """Return the minutes east of Greenwich that an abbreviation or an offset means; None where it is neither.

    Examples
    --------
    >>> offset_minutes("CEST"), offset_minutes("-05:30"), offset_minutes("UTC+2"), offset_minutes("Mars")
    (120, -330, 120, None)
    """
    if name.upper() in ZONES:
        return ZONES[name.upper()]
    found = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?", name.strip())
    if found is None or int(found[2]) > 14:
        return None
    return (-1 if found[1] == "-" else 1) * (60 * int(found[2]) + int(found[3] or 0))
