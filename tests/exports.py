"""Small exports in the form in which their providers document them, made by the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def ga4_rows() -> list[dict[str, Any]]:
    """Google Analytics 4, BigQuery export as JSON lines: whole numbers are texts there."""

    def event(name: str, micros: int, user: str, **params: str | int) -> dict[str, Any]:
        written = [
            {
                "key": key,
                "value": {"int_value": str(value)} if isinstance(value, int) else {"string_value": value},
            }
            for key, value in params.items()
        ]
        return {
            "event_date": "20260304", "event_timestamp": str(micros), "event_name": name, "event_params": written,
            "user_pseudo_id": user, "user_id": None,
            "device": {"category": "mobile", "web_info": {"browser": "Chrome"}},
            "geo": {"country": "Netherlands"}, "traffic_source": {"medium": "cpc", "source": "google"},
        }  # fmt: skip

    bought = event(
        "purchase", 1772651700000000, "12.34", page_location="https://acme.nl/thanks", ga_session_id=77
    )
    bought["ecommerce"] = {"purchase_revenue": 24.5, "transaction_id": "T1"}
    bought["items"] = [{"item_id": "sku1", "price": 24.5}]
    return [
        event("session_start", 1772651520000000, "12.34", page_location="https://acme.nl/", ga_session_id=77),
        event(
            "view_item", 1772651580000000, "12.34", page_location="https://acme.nl/a?x=1", ga_session_id=77
        ),
        bought,
        event("page_view", 1772651580000000, "56.78", page_location="https://acme.nl/", ga_session_id=5),
    ]


def matomo_visits() -> list[dict[str, Any]]:
    """Matomo, Live.getLastVisitsDetails as JSON: one entry a visit, its actions within."""
    return [
        {
            "idVisit": "9", "visitorId": "a1b2", "userId": None, "referrerType": "search", "referrerName": "Google",
            "serverTimestamp": 1772651520, "actionDetails": [
                {"type": "action", "url": "https://acme.nl/", "pageTitle": "Home", "timestamp": 1772651520},
                {"type": "search", "url": None, "siteSearchKeyword": "chair", "timestamp": 1772651550},
                {"type": "ecommerceOrder", "orderId": "T1", "revenue": 24.5, "timestamp": 1772651700},
            ],
        },
        {
            "idVisit": "10", "visitorId": "c3d4", "userId": None, "referrerType": "direct", "referrerName": "",
            "serverTimestamp": 1772651600, "actionDetails": [
                {"type": "download", "url": "https://acme.nl/guide.pdf", "timestamp": 1772651610},
            ],
        },
    ]  # fmt: skip


SAMPLES = Path(__file__).parent / "samples"
SHOPIFY, HUBSPOT, XES = (
    (SAMPLES / name).read_text("utf-8") for name in ("shopify.csv", "hubspot.csv", "log.xes")
)


def write_excel(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    """Write rows to the sheets of a workbook."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    book.close()
    return path


def json_lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)
