"""Numbers as they are written: currency, thousands, decimal commas, and the minus of bookkeepers."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import ibis
import pandas as pd

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["BESIDE", "SIGNS", "plain_numbers", "read_currency", "read_number", "signs_in"]

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

_SIGN = r"[A-Z]{3}|[A-Z]{0,2}\p{Sc}|R\$|zł|Kč"
_FIRST = f"^([-\u2212]?)\\s*({_SIGN})\\s*"  # -€ 5 and € -5
_CURRENCY = rf"\s*({_SIGN}|%)$|,-$"
BESIDE = "[0-9.,'\u2019()+%\\s\u00a0\u202f\u2212-]"  # what is of the number, beside a currency
_MINUS = r"^\((\d.*)\)$|^(\d.*)-$"  # (5.00) and 5.00-
_PARTS = " \u00a0\u202f'\u2019"  # thousands are parted by spaces and apostrophes, too
_PARTED = rf"^-?\d{{1,3}}([{_PARTS}]\d{{3}})+([.,]\d+)?$"
_WITH_COMMAS = r"^-?\d{1,3}(,\d{3})+(\.\d+)?$"  # 1,234,567.89
_WITH_POINTS = r"^-?\d{1,3}(\.\d{3})+(,\d+)?$"  # 1.234.567,89
_INDIAN = r"^-?\d{1,2}(,\d{2})+,\d{3}(\.\d+)?$"  # 12,34,567.89
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
    bare = text.re_replace(r'^="(.*)"$', r"\1").re_replace(_FIRST, r"\1").re_replace(_CURRENCY, "")
    bare = bare.replace("\u2212", "-").re_replace(_MINUS, r"-\1\2")
    spaceless = bare
    for part in _PARTS:
        spaceless = spaceless.replace(part, "")
    bare = bare.re_search(_PARTED).ifelse(spaceless, bare)
    pointed, parted = bare.replace(".", "").replace(",", "."), bare.replace(",", "")
    bare = bare.re_search(_INDIAN).ifelse(bare.replace(",", ""), bare)
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


def signs_in(texts: Iterable[str]) -> list[str]:
    """Return the currency that stands beside each number as a sign or a code; blank where none does.

    Examples
    --------
    >>> signs_in(["€ 1.234,50", "12 USD", "7,-", "3%"])
    ['EUR', 'USD', '', '']
    """
    signs = [re.sub(BESIDE, "", text) for text in texts]
    return [SIGNS.get(sign, sign if re.fullmatch("[A-Z]{3}", sign) else "") for sign in signs]
