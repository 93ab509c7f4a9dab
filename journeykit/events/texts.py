"""Texts as they are written: without blanks at their ends, and missing where they say that nothing is known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import ibis

from journeykit import engine

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = [
    "CUT_ID",
    "NOTHING",
    "ODD_DIGITS",
    "OWN",
    "PADDED_ID",
    "are_pointed",
    "are_salesforce",
    "odd_ids",
    "one_id",
    "plain_digits",
    "read_text",
    "same_id",
    "stripped_text",
    "with_texts",
]

NOTHING = (
    "", "nan", "nat", "none", "null", "(null)", "<null>", "nil", "na", "n/a", "#n/a", "<na>", "undefined", "(not set)",
    "\\n", "-", "--", "(blank)", "(leeg)", "n.v.t.", "nvt", "#value!", "#ref!",
)  # fmt: skip
# Digits of other scripts (Arabic, Persian, full width) with their signs, and what they are.
_OTHER = "".join(chr(first + at) for first in (0x660, 0x6F0, 0xFF10) for at in range(10))
_OTHER += "\u066b\u066c\uff0c\uff0e\uff1a\uff0f\uff0d"
_PLAIN = "0123456789" * 3 + ".,,.:/-"
_PLAIN_OF = str.maketrans(_OTHER, _PLAIN)
ODD_DIGITS = "[\u0660-\u0669\u06f0-\u06f9\uff10-\uff19]"
_SAMPLE = 2_000  # texts of a column that are looked at for digits of other scripts
CUT_ID = r"^[0-9]([.,][0-9]+)?[eE][+]?[0-9]{2,}$"  # 1.23457E+12: a spreadsheet cut digits off
PADDED_ID = "^0+[1-9][0-9]*$"
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_ADDRESS = r"^[^@\s]+@[^@\s]+[.][^@\s.]+$"
_WHOLE = r"^[0-9]+([.]0)?$"
_LONGEST_NOTHING = max(map(len, NOTHING))
_STRIPPED, _READ = "_stripped_", "_text_"
OWN = ("_row", _STRIPPED, _READ)  # with what the names of columns begin that no file has


def with_texts(table: Any, names: Iterable[str], backend: Any = None) -> Any:
    """Return a table with what `stripped_text` and `read_text` give of some of its columns made beforehand.

    They are steps of their own (`journeykit.engine.in_steps`), so that they are made once however often they are used.
    ``backend`` is where a table is that does not know it itself.
    """
    texts = [name for name in dict.fromkeys(names) if table[name].type().is_string()]
    if not texts:
        return table
    odd = _with_odd_digits(table, texts, backend or table.get_backend())
    plain = {name: table[name].translate(_OTHER, _PLAIN) if name in odd else table[name] for name in texts}
    table = table.mutate(**{f"{_STRIPPED}{name}": engine.stripped(text) for name, text in plain.items()})
    return table.mutate(**{f"{_READ}{name}": _known(table[f"{_STRIPPED}{name}"]) for name in texts})


def _with_odd_digits(table: Any, names: list[str], backend: Any) -> set[str]:
    """Return the columns of texts in which digits of another script stand, by some of them."""
    some = table.select(*names).limit(_SAMPLE)
    odd = {name: some[name].re_search(ODD_DIGITS).any().fill_null(False) for name in names}
    found = backend.execute(some.aggregate(**odd)).iloc[0]
    return {name for name in names if bool(found[name])}


def plain_digits(text: str) -> str:
    """Return a text in which digits of other scripts are the usual ones.

    Examples
    --------
    >>> plain_digits("\u0661\u0662\u066b\u0665"), plain_digits("\uff11\uff12"), plain_digits("12")
    ('12.5', '12', '12')
    """
    return text.translate(_PLAIN_OF) if not text.isascii() else text


def stripped_text(table: Any, name: str) -> ir.Value:
    """Return a column, its texts without blanks at their ends; what is no text stays as it is."""
    if f"{_STRIPPED}{name}" in table.columns:
        return table[f"{_STRIPPED}{name}"]
    return engine.stripped(table[name]) if table[name].type().is_string() else table[name]


def read_text(table: Any, name: str) -> ir.StringValue:
    """Return a column as text; null where it holds a word for nothing. Whole numbers have no point."""
    if f"{_READ}{name}" in table.columns:
        return table[f"{_READ}{name}"]
    column = table[name]
    if column.type().is_string():
        return _known(stripped_text(table, name))
    if column.type().is_floating():
        whole = column.try_cast("int64")
        same = (whole.cast("float64") == column).fill_null(False)
        return same.ifelse(whole.cast("string"), column.cast("string").nullif("nan"))
    return column.cast("string")


def one_id(text: ir.StringValue, pointed: bool = False, salesforce: bool = False) -> ir.StringValue:
    """Return ids in one way of writing: addresses and UUIDs in small letters.

    With ``salesforce`` (`are_salesforce`), ids of 18 letters lose the three by which they may be known in any case.
    With ``pointed`` (`are_pointed`), whole numbers lose the point and nought that a program gave them.
    """
    same = (text.contains("@") & text.re_search(_ADDRESS)) | (
        (engine.size(text) == 36) & text.re_search(_UUID)
    )
    found = same.ifelse(text.lower(), text)
    if salesforce:
        found = found.re_replace(r"^([A-Za-z0-9]{15})[A-Z0-9]{3}$", r"\1")
    return text.endswith(".0").ifelse(text.re_replace(r"[.]0$", ""), found) if pointed else found


def are_pointed(text: ir.StringValue, sample: Iterable[str]) -> bool:
    """Tell whether all ids of a column are whole numbers, some of them written as 123.0."""
    if not any(one.endswith(".0") for one in sample):
        return False
    return not (text.notnull() & ~text.re_search(_WHOLE)).any().execute()


def are_salesforce(sample: Iterable[str]) -> bool:
    """Tell whether ids are Salesforce's of 18 letters: the last three say which of the first fifteen are capitals.

    Examples
    --------
    >>> are_salesforce(["0031t00000XyZabAAF"]), are_salesforce(["0031t00000XyZabXXX"]), are_salesforce([])
    (True, False, False)
    """
    long = [one for one in sample if re.fullmatch("[A-Za-z0-9]{18}", one)]
    return bool(long) and all(one[15:].upper() == _capitals(one[:15]) for one in long)


def _capitals(text: str) -> str:
    """Return the three letters that tell which of fifteen are capitals, five at a time."""
    parts = (text[at : at + 5] for at in (0, 5, 10))
    return "".join(_BASE32[sum(2**at for at, one in enumerate(part) if one.isupper())] for part in parts)


def same_id(text: str) -> str:
    """Return an id as `one_id` writes it.

    Examples
    --------
    >>> same_id("Ann@Example.org"), same_id("AB-1"), same_id("0031t00000XyZabAAF")
    ('ann@example.org', 'AB-1', '0031t00000XyZab')
    """
    if are_salesforce([text]):
        return text[:15]
    return text.lower() if re.fullmatch(f"{_UUID}|{_ADDRESS}", text) else text


def odd_ids(ids: Iterable[str]) -> str | None:
    """Return what is odd in ids: digits that a spreadsheet cut off, or the same number with and without noughts.

    Examples
    --------
    >>> odd_ids(["00123", "123"])
    '00123 and 123 both stand there: leading zeros lost in a part of the rows, or two people?'
    >>> odd_ids(["1.23457E+12", "7"])[:44], odd_ids(["007", "12"])
    ('ids like 1.23457E+12 lost their last digits ', None)
    """
    there = set(ids)
    cut = next((one for one in sorted(there) if re.search(CUT_ID, one)), None)
    if cut is not None:
        return f"ids like {cut} lost their last digits in a spreadsheet (precision), so several people may be one"
    padded = (one for one in sorted(there) if re.search(PADDED_ID, one) and one.lstrip("0") in there)
    if (first := next(padded, None)) is not None:
        told = f"{first} and {first.lstrip('0')} both stand there"
        return f"{told}: leading zeros lost in a part of the rows, or two people?"
    return None


def _known(text: ir.StringValue) -> ir.StringValue:
    # an array, and not `isin`, which the engine makes a join of
    nothing = (engine.size(text) <= _LONGEST_NOTHING) & ibis.array(list(NOTHING)).contains(text.lower())
    return (text.isnull() | nothing).ifelse(ibis.null("string"), text)
