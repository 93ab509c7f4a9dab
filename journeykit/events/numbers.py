"""Numbers as they are written: currency, thousands, decimal commas, and the minus of bookkeepers."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import ibis
import pandas as pd

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["SIGNS", "plain_numbers", "read_currency", "read_number", "read_signs"]

SIGNS = {
    "€": "EUR",
    "$": "USD",
    "US$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "₩": "KRW",
    "R$": "BRL",
    "zł": "PLN",
    "Kč": "CZK",
}

_CURRENCY = r"^(EUR|[€$£])\s*|\s*([€$£%]|EUR)$|,-$"
_MINUS = r"^\((\d.*)\)$|^(\d.*)-$"  # (5.00) and 5.00-
_PARTS = " \u00a0\u202f'\u2019"  # thousands are parted by spaces and apostrophes, too
_PARTED = rf"^-?\d{{1,3}}([{_PARTS}]\d{{3}})+([.,]\d+)?$"
_WITH_COMMAS = r"^-?\d{1,3}(,\d{3})+(\.\d+)?$"  # 1,234,567.89
_WITH_POINTS = r"^-?\d{1,3}(\.\d{3})+(,\d+)?$"  # 1.234.567,89
_COMMA = r"^-?\d+,\d+$"
_SHORT_COMMA = r"^-?\d+,\d{1,2}$"


def read_number(column: ir.Value, sample: Callable[[ir.Value], list[str]]) -> ir.FloatingValue:
    """Return a column as numbers; null where it holds none, or one without bounds.

    Whether ``1.234`` is more than a thousand is told by what most of the column's other numbers look like;
    ``12.5`` and ``1,50`` are read as what alone they can be.

    Parameters
    ----------
    column
        Numbers, or texts as they are written, without blanks at their ends.
    sample
        Gives some of a column's texts.
    """
    if not column.type().is_string():
        return _bounded(column.cast("float64"))
    text = column
    bare = text.re_replace(_CURRENCY, "").re_replace(_MINUS, r"-\1\2")
    spaceless = bare
    for part in _PARTS:
        spaceless = spaceless.replace(part, "")
    bare = bare.re_search(_PARTED).ifelse(spaceless, bare)
    pointed, parted = bare.replace(".", "").replace(",", "."), bare.replace(",", "")
    if _decimal_comma(sample(text)):
        quick = text.contains(".").ifelse(ibis.null("string"), text.replace(",", "."))
        cleaned = (bare.re_search(_WITH_POINTS) | bare.re_search(_COMMA)).ifelse(pointed, bare)
    else:  # what is a number as it stands needs no cleaning, and is the most
        quick = text
        cleaned = ibis.cases(
            (bare.re_search(_WITH_COMMAS), parted), (bare.re_search(_SHORT_COMMA), pointed), else_=bare
        )
    return _bounded(ibis.coalesce(quick.try_cast("float64"), cleaned.try_cast("float64")))


def _bounded(number: ir.FloatingValue) -> ir.FloatingValue:
    return (number.abs() <= sys.float_info.max).ifelse(number, ibis.null("float64"))


def _decimal_comma(sample: list[str]) -> bool:
    """Tell whether more texts end in a comma and one or two digits than in a point and as many."""
    commas = sum(bool(re.search(r",\d{1,2}\D*$", text)) for text in sample)
    points = sum(bool(re.search(r"\.\d{1,2}\D*$", text)) for text in sample)
    return commas > points


def read_currency(column: ir.StringValue) -> ir.StringValue:
    """Return the ISO code of a currency that is written as a code or a sign; null where it is neither."""
    text = column.strip()
    code = text.upper()
    named = code.re_search("^[A-Z]{3}$").ifelse(code, ibis.null("string"))
    return ibis.cases(*[(text == sign, iso) for sign, iso in SIGNS.items()], else_=named)


def plain_numbers(column: pd.Series) -> pd.Series:
    """Return a column of a sample as numbers, without signs of currencies; null where it holds none."""
    if pd.api.types.is_numeric_dtype(column):
        return column
    text = column.astype("string").str.replace(r"[^\d.,\-]", "", regex=True)
    if _decimal_comma(text.dropna().tolist()):
        text = text.str.replace(".", "").str.replace(",", ".")
    return pd.to_numeric(text.str.replace(",", ""), errors="coerce").astype("float64")


def read_signs(texts: pd.Series) -> pd.Series:
    """Return the currency that stands beside each number of a sample as a sign or a code; blank where none does."""
    signs = texts.str.replace(r"[\d.,'\u2019()+\s-]", "", regex=True)
    codes = signs.where(signs.str.fullmatch("[A-Z]{3}"), "")
    return signs.map(SIGNS).fillna(codes)
