"""Strange files of numbers and times: how they are written, and what is counted in them by hand."""

from __future__ import annotations

CASES: dict[str, tuple] = {}


# name: (files or text, the right values[, what a LOOK or a doubt says instead[, whether it must be said]])
def orders(amounts, dates=None, ids=None, head="customer_id;order_id;order_date;amount", d=";"):
    n = len(amounts)
    dates = dates or [f"2026-01-{i + 1:02d}" for i in range(n)]
    ids = ids or [f"k{i % 3}" for i in range(n)]
    return "\n".join([head] + [f"{ids[i]}{d}{i + 1}{d}{dates[i]}{d}{amounts[i]}" for i in range(n)])


# --- numbers
CASES["n indian"] = (orders(["12,34,567.50", "1,00,000.00", "999.25"]), {"revenue": 1334567.5 + 999.25})
CASES["n swiss"] = (orders(["CHF 1'234.50", "CHF 2’000.00", "CHF 10.00"]), {"revenue": 3244.5})
CASES["n nbsp fr"] = (orders(["1 234,50 €", "12 000,00 €", "7,10 €"]), {"revenue": 13241.6})
CASES["n narrow nbsp"] = (orders(["1 234,50 €", "12 000,00 €", "7,10 €"]), {"revenue": 13241.6})
CASES["n trailing minus"] = (orders(["100,00", "50,00-", "10,00"]), {"revenue": 60})
CASES["n unicode minus"] = (orders(["100.00", "−50.00", "10.00"]), {"revenue": 60})
CASES["n brackets"] = (orders(["100.00", "(50.00)", "10.00"]), {"revenue": 60})
CASES["n brackets currency"] = (orders(["$100.00", "($50.00)", "$10.00"]), {"revenue": 60})
CASES["n euro dash"] = (orders(["€ 100,-", "€ 50,-", "€ 12,50"]), {"revenue": 162.5})
CASES["n minus euro"] = (orders(["€ 100,00", "-€ 50,00", "€ -10,00"]), {"revenue": 40})
CASES["n excel eq"] = (
    'customer_id,order_id,order_date,amount\na,1,2026-01-01,"=""12.50"""\nb,2,2026-01-02,"=""10.00"""',
    {"revenue": 22.5},
)
CASES["n code before"] = (orders(["EUR 100.00", "EUR 50.00"]), {"revenue": 150, "currencies": ["EUR"]})
CASES["n code after"] = (orders(["100,00 EUR", "50,25 EUR"]), {"revenue": 150.25, "currencies": ["EUR"]})
CASES["n kr"] = (orders(["100,00 kr", "1 050,25 kr"]), {"revenue": 1150.25})
CASES["n A$"] = (orders(["A$100.00", "A$50.25"]), {"revenue": 150.25})
CASES["n Kc"] = (orders(["100,00 Kč", "1 050,25 Kč"]), {"revenue": 1150.25})
CASES["n thousand only"] = (orders(["1.234", "12.500", "2.000"]), {"revenue": 15734}, "thousand", True)
CASES["n thousand comma only"] = (orders(["1,234", "12,500", "2,000"]), {"revenue": 15734}, "thousand", True)
CASES["n thousand mixed ints"] = (orders(["950", "1.250", "12.500"]), {"revenue": 14700}, "thousand", True)
CASES["n thousand with decided"] = (orders(["1.234", "12.500,50", "2.000"]), {"revenue": 15734.5})
CASES["n thousand multiple groups"] = (orders(["1.234.567", "12.500", "2.000"]), {"revenue": 1249067})
CASES["n 3 decimals with leading zero"] = (orders(["0.125", "12.500", "2.000"]), {"revenue": 14.625})
CASES["n words for nothing"] = (
    orders(["100.00", "NULL", "n.v.t.", "-", "#N/A", "10.00"]),
    {"revenue": 110, "rows_rejected": 0},
)
CASES["n percent"] = (orders(["100.00", "10.00"]), {"revenue": 110})
CASES["n sci"] = (orders(["1.2E+3", "5.0E+1"]), {"revenue": 1250})
CASES["n plus"] = (orders(["+100.00", "+10.00"]), {"revenue": 110})
CASES["n quotes space"] = (orders([" 100.00 ", "\t10.00"]), {"revenue": 110})
CASES["n text amount"] = (orders(["100.00", "gratis", "10.00"] * 3), {"revenue": 330}, "number", True)
CASES["n dot thousands eur sign"] = (
    orders(["€1.250", "€950", "€12.500"]),
    {"revenue": 14700},
    "thousand",
    True,
)
CASES["n quantity decimals comma"] = (
    """
klant;datum;aantal;prijs
a;01-01-2026;1,5;10,00
b;14-01-2026;2,0;3,50
""",
    {"revenue": 22},
)


# --- dates
def dates(ds, zone=None):
    return orders(["10"] * len(ds), ds)


CASES["d yy dutch"] = (
    dates(["03-01-26", "14-01-26", "25-02-26"]),
    {"first": "2026-01-0", "last": "2026-02-2", "rows_rejected": 0},
)
CASES["d nl month"] = (
    dates(["3 mrt 2026", "14 mei 2026", "25 okt 2026"]),
    {"first": "2026-03-0", "last": "2026-10-2", "rows_rejected": 0},
)
CASES["d nl month long"] = (
    dates(["3 maart 2026", "14 mei 2026", "25 oktober 2026 10:15"]),
    {"first": "2026-03-0", "last": "2026-10-25", "rows_rejected": 0},
)
CASES["d nl weekday"] = (
    dates(["di 3 maart 2026 10:00", "do 14 mei 2026 11:00"]),
    {"first": "2026-03-03", "last": "2026-05-14", "rows_rejected": 0},
)
CASES["d en long"] = (
    dates(["March 3, 2026", "May 14, 2026 10:15 AM"]),
    {"first": "2026-03-03", "last": "2026-05-14", "rows_rejected": 0},
)
CASES["d mmm-yy excel"] = (
    dates(["3-Mar-26", "14-May-26"]),
    {"first": "2026-03-03", "last": "2026-05-14", "rows_rejected": 0},
)
CASES["d ymdhh"] = (
    dates(["2026030410", "2026030411"]),
    {"first": "2026-03-04T10", "last": "2026-03-04T11", "rows_rejected": 0},
)
CASES["d ymdhhmm"] = (
    dates(["202603041015", "202603041130"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-04T11:30", "rows_rejected": 0},
)
CASES["d ymdhhmmss"] = (
    dates(["20260304101500", "20260304113000"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-04T11:30", "rows_rejected": 0},
)
CASES["d epoch us"] = (
    dates(["1772619300000000", "1772623800000000"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-04T11:30", "rows_rejected": 0},
)
CASES["d epoch ns"] = (
    dates(["1772619300000000000", "1772623800000000000"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-04T11:30", "rows_rejected": 0},
)
CASES["d epoch s float"] = (
    dates(["1772619300.0", "1772623800.5"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-04T11:30", "rows_rejected": 0},
)
CASES["d rfc2822"] = (
    dates(["Wed, 04 Mar 2026 11:15:00 +0100", "Wed, 4 Mar 2026 12:30:00 +0100"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-04T11:30", "rows_rejected": 0},
)
CASES["d clf"] = (
    dates(["04/Mar/2026:11:15:00 +0100", "04/Mar/2026:12:30:00 +0100"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-04T11:30", "rows_rejected": 0},
)
CASES["d js"] = (
    dates(["Wed Mar 04 2026 11:15:00 GMT+0100 (CET)", "Wed Mar 04 2026 12:30:00 GMT+0100 (CET)"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-04T11:30", "rows_rejected": 0},
)
CASES["d ctime"] = (
    dates(["Wed Mar  4 10:15:00 2026", "Wed Mar  4 11:30:00 2026"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-04T11:30", "rows_rejected": 0},
)
CASES["d comma ms"] = (
    dates(["2026-03-04 10:15:00,123", "2026-03-04 11:30:00,456"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-04T11:30", "rows_rejected": 0},
)
CASES["d frac offset"] = (
    dates(["2026-03-04T15:45:00.123+05:30", "2026-03-04T17:00:00.5+05:30"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-04T11:30", "rows_rejected": 0},
)
CASES["d Z no seconds"] = (
    dates(["2026-03-04T10:15Z", "2026-03-04T11:30Z"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-04T11:30", "rows_rejected": 0},
)
CASES["d utc suffix"] = (
    dates(["2026-03-04 10:15:00 UTC", "2026-03-04 11:30:00 UTC"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-04T11:30", "rows_rejected": 0},
)
CASES["d abbreviations"] = (
    dates(["2026-03-04 11:15:00 CET", "2026-07-04 13:30:00 CEST"]),
    {"first": "2026-03-04T10:15", "last": "2026-07-04T11:30", "rows_rejected": 0},
)
CASES["d est"] = (
    dates(["2026-03-04 05:15:00 EST", "2026-07-04 07:30:00 EDT"]),
    {"first": "2026-03-04T10:15", "last": "2026-07-04T11:30", "rows_rejected": 0},
)
CASES["d 12h"] = (
    dates(["3/4/2026 10:15 AM", "3/14/2026 11:30 PM"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-14T23:30", "rows_rejected": 0},
)
CASES["d 12h sec dots"] = (
    dates(["3/4/2026 10:15:00 a.m.", "3/14/2026 11:30:00 p.m."]),
    {"first": "2026-03-04T10:15", "last": "2026-03-14T23:30", "rows_rejected": 0},
)
CASES["d 12h nospace"] = (
    dates(["3/4/2026 10:15AM", "3/14/2026 11:30pm"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-14T23:30", "rows_rejected": 0},
)
CASES["d month only"] = (
    dates(["2026-03", "2026-04"]),
    {"first": "2026-03-01", "last": "2026-04-01", "rows_rejected": 0},
)
CASES["d dots"] = (
    dates(["4.3.2026", "14.3.2026 11:30"]),
    {"first": "2026-03-0", "last": "2026-03-14", "rows_rejected": 0},
)
CASES["d slash ymd"] = (
    dates(["2026/03/04 10:15", "2026/03/14 11:30"]),
    {"first": "2026-03-04T10:15", "last": "2026-03-14T11:30", "rows_rejected": 0},
)
CASES["d ambiguous"] = (dates(["03/04/2026", "01/02/2026", "05/06/2026"]), {}, "month", True)
CASES["d us late row"] = (
    dates(["03/04/2026", "01/02/2026"] * 30 + ["05/16/2026"]),
    {"first": "2026-01-02", "last": "2026-05-16", "rows_rejected": 0},
)
CASES["d nl late row"] = (
    dates(["03/04/2026", "01/02/2026"] * 30 + ["16/05/2026"]),
    {"first": "2026-02-01", "last": "2026-05-16", "rows_rejected": 0},
)
CASES["d mixed both"] = (
    dates(["13/04/2026", "04/13/2026", "14/04/2026", "15/04/2026"]),
    {"rows_rejected": 0},
    "month|day",
    True,
)
CASES["d zone column"] = (
    """
user_id,event,local_time,tz
a,purchase,2026-03-04 11:15,Europe/Amsterdam
b,purchase,2026-03-04 05:15,America/New_York
""",
    {"first": "2026-03-04T10:15", "last": "2026-03-04T10:15"},
)
CASES["d zone offset column"] = (
    """
user_id,event,local_time,utc_offset
a,purchase,2026-03-04 11:15,+01:00
b,purchase,2026-03-04 05:15,-05:00
""",
    {"first": "2026-03-04T10:15", "last": "2026-03-04T10:15"},
    "zone.{0,40}column|column.{0,40}zone",
)
CASES["d zone abbreviation column"] = (
    """
user_id,event,local_time,timezone
a,purchase,2026-03-04 11:15,CET
b,purchase,2026-03-04 05:15,EST
""",
    {"first": "2026-03-04T10:15", "last": "2026-03-04T10:15"},
    "zone.{0,40}column|column.{0,40}zone",
)
CASES["d date+time cols"] = (
    """
klant;datum;tijd;actie
a;04-03-2026;10:15;aankoop
b;14-03-2026;11:30:05;aankoop
""",
    {"first": "2026-03-04T09:15", "last": "2026-03-14T10:30:05"},
)
CASES["d date + hh.mm uur"] = (
    """
klantnr;datum;tijdstip;gebeurtenis;bedrag
a;04 mrt 2026;21.30 uur;Bestelling betaald;€ 1050,50
b;14 mrt 2026;9.05 u;Bezoek productpagina;n.v.t.
b;15 mrt 2026;00u15;Bestelling betaald;€ 10,00
c;28 mrt 2026;0:10 h;Winkelwagen;n.v.t.
""",
    {"first": "2026-03-04T20:30", "last": "2026-03-27T23:10", "revenue": 1060.5, "orders": 2},
)
CASES["d hh.mm uur in one cell"] = (
    """
klantnr;tijdstip;gebeurtenis;bedrag
a;04-03-2026 21.30 uur;Bestelling betaald;€ 1050,50
b;14-03-2026 09.05 uur;Bezoek productpagina;n.v.t.
c;28-03-2026 00.10 uur;Winkelwagen;n.v.t.
""",
    {"first": "2026-03-04T20:30", "last": "2026-03-27T23:10", "revenue": 1050.5, "orders": 1},
)
CASES["d times of day in words"] = (
    """
klantnr;datum;tijd;gebeurtenis;bedrag
a;04-03-2026;half tien;Bestelling betaald;€ 1050,50
b;14-03-2026;vijf over negen;Bezoek productpagina;n.v.t.
c;28-03-2026;tien over twaalf;Winkelwagen;n.v.t.
""",
    {"rows_used": 3},
    "midnight",
    True,
)
CASES["d date + hh.mm"] = (
    """
klantnr;datum;tijd;gebeurtenis;bedrag
a;04-03-2026;21.30;Bestelling betaald;€ 1050,50
b;14-03-2026;09.05;Bezoek productpagina;n.v.t.
b;15-03-2026;00.15;Bestelling betaald;€ 10,00
c;28-03-2026;00.10;Winkelwagen;n.v.t.
""",
    {
        "first": "2026-03-04T20:30", "last": "2026-03-27T23:10", "revenue": 1060.5, "orders": 2,
        "currencies": ["EUR"],
    },
)  # fmt: skip
CASES["d nanoseconds"] = (
    """
customer_id,timestamp,event
a,2026-03-04 10:15:00.123456789,purchase
b,2026-03-14 09:05:00.987654321,search
""",
    {"first": "2026-03-04T10:15:00", "last": "2026-03-14T09:05:00"},
)
CASES["d nanoseconds and offset"] = (
    """
customer_id,timestamp,event
a,2026-03-04T10:15:00.123456789Z,purchase
b,2026-03-14T09:05:00.987654321Z,search
""",
    {"first": "2026-03-04T10:15:00", "last": "2026-03-14T09:05:00"},
)
CASES["n nothing beside signs"] = (
    orders(["€ 100,50", "n.v.t.", "nvt", "NaN", "€ 9,50"]),
    {"revenue": 110, "currencies": ["EUR"]},
)
CASES["d date + hhmm int"] = (
    """
customer,date,time,event
a,2026-03-04,1015,purchase
b,2026-03-14,905,purchase
""",
    {"first": "2026-03-04T10:15", "last": "2026-03-14T09:05"},
)
CASES["d date+hour"] = (
    """
customer,date,hour,event
a,20260304,10,purchase
b,20260314,9,purchase
""",
    {"first": "2026-03-04T10", "last": "2026-03-14T09"},
)
CASES["d zero dates"] = (
    dates(["2026-03-04 10:15:00", "0000-00-00 00:00:00", "2026-03-05 10:15:00"]),
    {"first": "2026-03-04", "last": "2026-03-05", "rows_rejected": 1},
)
CASES["d 1900 default"] = (
    dates(["2026-03-04", "1900-01-01", "2026-03-05"]),
    {"first": "2026-03-04", "last": "2026-03-05", "rows_rejected": 1},
)
CASES["d excel serial text"] = (dates(["46085", "46086.5"]), {"first": "2026-03-04", "last": "2026-03-05T12"})
CASES["d dst gap"] = (
    dates(["2026-03-29 02:30:00", "2026-03-29 03:30:00"])
    .replace("customer_id", "klantnummer")
    .replace("order_date", "besteldatum"),
    {"first": "2026-03-29T01:30", "rows_rejected": 0},
)
CASES["d unix with header time"] = (
    "user,time,event\na,1772619300,purchase\nb,1772623800,purchase",
    {"first": "2026-03-04T10:15"},
)
# --- weeks, and digits of other scripts
CASES["d iso weeks"] = (
    orders(["10,00", "20,00", "5,50"], ["2026-W07", "2026-W08", "2026-W53"]),
    {"revenue": 35.5, "first": "2026-02-09", "last": "2026-12-28"},
    "Monday",
    True,
)
CASES["d iso week and day"] = (
    orders(["10,00", "20,00", "5,50"], ["2026-W07-3", "2026-W08-1", "2026W527"]),
    {"revenue": 35.5, "first": "2026-02-11", "last": "2026-12-27"},
)
CASES["d arabic digits"] = (
    orders(["١٢٫٥٠", "١٠", "٢٫٢٥"], ["٢٠٢٦-٠٢-٠١", "٢٠٢٦-٠٢-١٤", "٢٠٢٦-٠٣-٠١"]),
    {"revenue": 24.75, "first": "2026-02-01", "last": "2026-03-01"},
)
CASES["d full-width digits"] = (
    orders(
        ["１２．５０", "１０．００", "２．２５"],
        ["２０２６／０２／０１", "２０２６／０２／１４", "２０２６／０３／０１"],
    ),
    {"revenue": 24.75, "first": "2026-02-01", "last": "2026-03-01"},
)
CASES["i full-width ids"] = (
    orders(["10,00", "20,00", "5,00"], ids=["１２３", "123", "７"]),
    {"revenue": 35, "customers": 2},
)
