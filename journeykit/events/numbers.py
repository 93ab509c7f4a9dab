"""Numbers as they are written: currency, thousands, decimal commas, and the minus of bookkeepers."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd
from babel.core import get_global

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = [
    "BESIDE",
    "SAMPLE",
    "SIGNS",
    "Marks",
    "clean_number",
    "is_number",
    "judge_marks",
    "plain_numbers",
    "read_currency",
    "read_number",
    "signs_in",
]

SAMPLE = 2_000  # texts of a column that are looked at first; fewer are all of them
SIGNS = {
    "€": "EUR", "euro": "EUR", "Euro": "EUR", "$": "USD", "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD",
    "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "MX$": "MXN", "R$": "BRL", "£": "GBP", "¥": "JPY",
    "₹": "INR",
    "Rs": "INR", "₽": "RUB", "₺": "TRY", "₩": "KRW", "₪": "ILS", "₫": "VND", "₱": "PHP", "฿": "THB", "₴": "UAH",
    "₦": "NGN", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "lei": "RON", "Fr": "CHF", "SFr": "CHF", "RM": "MYR",
}  # fmt: skip
_SYMBOLS = "$€£¥₹₽₺₩₪₫₱฿₦₴₸₼₾₡₲₵₭₮"
_WORDS = r"R\$|zł|Kč|Ft|lei|SFr\.?|Fr\.?|Rs\.?|RM|kr\.?|[Ee]uro"  # a crown is that of several countries
_CODES = "|".join(sorted(get_global("all_currencies")))
_SIGN = rf"(?:{_CODES}|[A-Z]{{0,2}}[{_SYMBOLS}]|{_WORDS})"
BESIDE = "[0-9.,'\u2019()+%\\s\u00a0\u202f\u2009\u2212\u2013-]"  # what is of the number, beside a currency
_BLANK = "[\\s\u00a0\u202f\u2009]*"
_PARTS = " \u00a0\u202f\u2009'\u2019"  # thousands are parted by spaces and apostrophes, too
# In order: ="12", the minus of typesetters, 12 EUR, 100,- and 100,--, (5.00), 5.00-, -€ 5 and € -5
_CLEANING = [
    (r'^="(.*)"$', r"\1"),
    ("[\u2212\u2013]", "-"),
    (rf"{_BLANK}(?:{_SIGN}|%)$", ""),
    (r",-{1,2}$", ""),
    (r"^\((.*\d.*)\)$", r"-\1"),
    (rf"{_BLANK}{_SIGN}$", ""),
    (r"^([^-]*\d)\s?-$", r"-\1"),
    (rf"^([-+]?){_BLANK}{_SIGN}{_BLANK}", r"\1"),
    (r"^\+", ""),
]
_PARTED = rf"^-?\d{{1,3}}(?:[{_PARTS}]\d{{3}})+(?:[.,]\d+)?$"
_WITH_POINTS = r"^-?\d{1,3}(?:\.\d{3})+(?:,\d+)?$"  # 1.234.567,89
_COMMA = r"^-?\d*,\d+$"
# what alone makes a point, or a comma, the mark of decimals: 12.5, 0.125, 1234.567, 1,234.5, 1,234,567, 1,00,000
_POINT_TELLS = (
    r"^-?(?:\d*\.\d{1,2}|\d+\.\d{4,}|0\.\d+|\d{4,}\.\d+|\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,}|"
    r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?)$"
)
_COMMA_TELLS = (
    r"^-?(?:\d*,\d{1,2}|\d+,\d{4,}|0,\d+|\d{4,},\d+|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,})$"
)
_OPEN = r"^-?[1-9]\d{0,2}([.,])\d{3}$"  # 12.500: twelve and a half, or twelve thousand five hundred
_POWER = r"^-?\d+(?:[.,]\d+)?[eE][-+]?\d+$"
_PLAIN = re.compile(r"-?\d+(?:[.,]\d+)?")
_CODE = re.compile(r"[A-Za-z]+[-_]?\d+")  # ABC123 is a name and no amount


@dataclass(frozen=True)
class Marks:
    """What the numbers of a column say of their marks: whether a comma marks decimals, and which mark may be either."""

    comma: bool
    either: str | None = None


def clean_number(text: str) -> str:
    """Return a number without its currency, its minus in front, and its thousands not parted by blanks.

    Examples
    --------
    >>> [clean_number(text) for text in ("€ 1.234,50-", "($5.00)", "1 234,5 kr", "€ 100,-", "12.50 EUR")]
    ['-1.234,50', '-5.00', '1234,5', '100', '12.50']
    """
    text = text.strip()
    for pattern, to in _CLEANING:
        text = re.sub(pattern, to, text)
    return re.sub(f"[{_PARTS}]", "", text) if re.search(_PARTED, text) else text


def is_number(text: str) -> bool:
    """Tell whether a text is a number as people and programs write them; a name that ends in digits is none.

    Examples
    --------
    >>> [is_number(text) for text in ("12,50 EUR", "1'234.5", "ORD1001", "12.03.2026", "1.2E+3")]
    [True, True, False, False, True]
    """
    if _CODE.fullmatch(text.strip()):
        return False
    bare = clean_number(text)
    return any(re.search(form, bare) for form in (_POINT_TELLS, _COMMA_TELLS, _OPEN, _POWER)) or bool(
        _PLAIN.fullmatch(bare)
    )


def judge_marks(texts: Iterable[str]) -> Marks:
    """Return what a column says of the marks in its numbers.

    One that can be read in one way only tells for all. Where none is, a point or comma before three digits may mark
    thousands or decimals: thousands where whole numbers without one stand beside it, and always for a comma.

    Examples
    --------
    >>> judge_marks(["1.234", "12,5"]), judge_marks(["12.500"]), judge_marks(["950", "12.500"]).comma
    (Marks(comma=True, either=None), Marks(comma=False, either='point'), True)
    """
    bare = [clean_number(text) for text in texts]
    points = sum(bool(re.search(_POINT_TELLS, text)) for text in bare)
    commas = sum(bool(re.search(_COMMA_TELLS, text)) for text in bare)
    if points or commas:
        return Marks(commas > points)
    marks = [found[1] for text in bare if (found := re.search(_OPEN, text))]
    if not marks:
        return Marks(False)
    if "," in marks:
        return Marks(False, "comma")
    return Marks(any(re.fullmatch(r"-?\d+", text) for text in bare), "point")


def read_number(
    column: ir.Value, sample: Callable[[ir.Value], list[str]], notes: dict[str, Any] | None = None
) -> ir.FloatingValue:
    """Return a column as numbers; null where it holds none, or one without bounds.

    Whether ``1.234`` is more than a thousand is told by the column's other numbers (`judge_marks`), by all of them
    where the first don't tell; ``12.5`` and ``1,50`` are read as what alone they can be.

    Parameters
    ----------
    column
        Numbers, or texts as they are written, without blanks at their ends.
    sample
        Gives some of a column's texts.
    notes
        Gets ``marks``, a mark that may be of thousands or of decimals.
    """
    if not column.type().is_string():
        return _bounded(column.cast("float64"))
    marks = _marks_of(column, sample)
    if marks.either and notes is not None:
        notes["marks"] = marks.either
    # what is a number as it stands needs no cleaning, and is the most; of the others each step is made once
    quick = column
    if marks.comma:
        quick = column.contains(".").ifelse(ibis.null("string"), column.replace(",", "."))
    cleaned = (
        ibis.array([_cleaned(column)]).map(_without_parts).map(lambda bare: _pointed(bare, marks.comma))[0]
    )
    number = ibis.coalesce(quick.try_cast("float64"), cleaned.try_cast("float64"))
    return _bounded(
        column.isnull().ifelse(ibis.null("float64"), number)
    )  # what is blank needs no cleaning either


def _cleaned(text: ir.StringValue) -> ir.StringValue:
    for pattern, to in _CLEANING:
        text = text.re_replace(pattern, to)
    return text


def _without_parts(text: ir.StringValue) -> ir.StringValue:
    return text.re_search(_PARTED).ifelse(text.re_replace(f"[{_PARTS}]", ""), text)


def _pointed(bare: ir.StringValue, comma: bool) -> ir.StringValue:
    """Return cleaned numbers with a point for decimals, and none for thousands."""
    pointed, parted = bare.replace(".", "").replace(",", "."), bare.replace(",", "")
    if comma:
        other = (bare.re_search(_WITH_POINTS) | bare.re_search(_COMMA)).ifelse(pointed, bare)
    else:
        other = bare.re_search(_OPEN).ifelse(parted, bare)
    return ibis.cases(
        (bare.re_search(_POWER), bare.replace(",", ".")),
        (bare.re_search(_COMMA_TELLS), pointed),
        (bare.re_search(_POINT_TELLS), parted),
        else_=other,
    )


def _marks_of(text: ir.StringValue, sample: Callable[[ir.Value], list[str]]) -> Marks:
    """Return what a column says of its marks: its first numbers, or, where they don't tell, all that have a mark."""
    first = sample(text)
    if len(first) < SAMPLE or any(_tells(clean_number(value)) for value in first):
        return judge_marks(first)
    marked = text.contains(".") | text.contains(",")
    open_ = ibis.array([_cleaned(text)]).map(_without_parts).map(lambda bare: bare.re_search(_OPEN))[0]
    others = sample((marked & ~open_).ifelse(text, ibis.null("string")))
    if any(_tells(clean_number(value)) for value in others):
        return judge_marks(others)
    return judge_marks([*first, *sample(marked.ifelse(text, ibis.null("string")))])


def _tells(bare: str) -> bool:
    return bool(re.search(_POINT_TELLS, bare) or re.search(_COMMA_TELLS, bare))


def _bounded(number: ir.FloatingValue) -> ir.FloatingValue:
    return (number.abs() <= sys.float_info.max).ifelse(number, ibis.null("float64"))


def read_currency(column: ir.StringValue, listed: bool = False) -> ir.StringValue:
    """Return the ISO code of a currency that is written as a code or a sign; null where it is neither.

    What stands beside a number is one only where it is ``listed``: "n.v.t." is no currency.
    """
    text = column.strip()
    code = text.upper()
    named = code.re_search(f"^({_CODES})$" if listed else "^[A-Z]{3}$").ifelse(code, ibis.null("string"))
    return ibis.cases(*[(text == sign, iso) for sign, iso in SIGNS.items()], else_=named)


def plain_numbers(column: pd.Series) -> pd.Series:
    """Return a column of a sample as numbers, as `read_number` reads it; null where it holds none."""
    if pd.api.types.is_numeric_dtype(column):
        return column
    texts = column.dropna().astype(str).str.strip()
    comma = judge_marks(texts.unique()).comma
    read = {text: _read(text, comma) for text in texts.unique()}
    return column.astype("string").str.strip().map(read).astype("float64")


def _read(text: str, comma: bool) -> float | None:
    bare = clean_number(text)
    told_comma = re.search(_COMMA_TELLS, bare) or (comma and not re.search(_POINT_TELLS, bare))
    if re.search(_POWER, bare):
        bare = bare.replace(",", ".")
    elif told_comma and (re.search(_WITH_POINTS, bare) or re.search(_COMMA, bare)):
        bare = bare.replace(".", "").replace(",", ".")
    elif not told_comma and is_number(bare):
        bare = bare.replace(",", "")
    try:
        return float(bare)
    except ValueError:
        return None


def signs_in(texts: Iterable[str]) -> list[str]:
    """Return the currency that stands beside each number as a sign or a code; blank where none does.

    Examples
    --------
    >>> signs_in(["€ 1.234,50", "12 USD", "7,-", "3%"])
    ['EUR', 'USD', '', '']
    """
    signs = [re.sub(BESIDE, "", text) for text in texts]
    return [SIGNS.get(sign, sign if re.fullmatch("[A-Z]{3}", sign) else "") for sign in signs]
