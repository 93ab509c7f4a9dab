"""Bad files that are too large, or too little text, to lie in the folder: made when a test asks for one."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from collections.abc import Callable

import pandas as pd

HEAD = "customer_id,timestamp,touchpoint,value\n"


def row(who: str = "z", when: str = "2026-01-01 10:00", what: str = "search", value: str = "1") -> str:
    return f"{who},{when},{what},{value}\n"


def parquet(frame: pd.DataFrame | None = None) -> bytes:
    made = io.BytesIO()
    people = {"customer_id": ["a", "b"], "timestamp": ["2026-01-01", "2026-01-02"], "touchpoint": ["x", "y"]}
    (pd.DataFrame(people) if frame is None else frame).to_parquet(made)
    return made.getvalue()


def zipped(files: dict[str, bytes | str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return packed.getvalue()


def workbook(rows: list[list[object]]) -> bytes:
    import openpyxl

    book, made = openpyxl.Workbook(), io.BytesIO()
    for cells in rows:
        book.active.append(cells)
    book.save(made)
    return made.getvalue()


def _noise(size: int) -> bytes:
    return random.Random(1).randbytes(size)


_GOOD = (HEAD + row()).encode()
_MANY = (HEAD + "".join(row(f"u{n}") for n in range(9_000))).encode()
_SHEET = [["customer_id", "timestamp", "touchpoint", "value"], ["a", "2026-01-01", "search", "=1+1"]]

MADE: dict[str, Callable[[], bytes]] = {
    "empty.csv": lambda: b"",
    "workbook.csv": lambda: workbook(_SHEET),
    "page.pdf.csv": lambda: b"%PDF-1.7 binary",
    "packed.csv": lambda: gzip.compress(_GOOD),
    "noise.csv": lambda: _noise(5_000),
    "nul-in-head.csv": lambda: b"customer\x00_id,timestamp,touchpoint\n" + b"a,2026-01-01,x\n" * 9,
    "late-letters.csv": lambda: _MANY + row("Zo\u00eb").encode("cp1252"),
    "late-letters-utf-8.csv": lambda: (
        HEAD.encode() + row("\u00e9").encode() + _MANY[len(HEAD) :] + row("Zo\u00eb").encode("cp1252")
    ),
    "late-nul.csv": lambda: _MANY + row("b\x00b").encode(),
    "cell-of-10-mb.csv": lambda: (HEAD + row() + row("b", what="x" * 10_000_000) + row("c")).encode(),
    "id-of-10-mb.csv": lambda: (HEAD + row() + row("x" * 10_000_000) + row("c")).encode(),
    "cell-of-20-mb.csv": lambda: (HEAD + row() + row("b", what="x" * 20_000_000) + row("c")).encode(),
    "head-of-10-mb.csv": lambda: (HEAD.strip() + "," + "x" * 10_000_000 + "\n" + row().strip() + ",1\n").encode(),
    "deep.json": lambda: b"[" * 100_000,
    "cut.parquet": lambda: parquet()[:-30],
    "hole.parquet": lambda: parquet()[:100] + parquet()[-200:],
    "noise.parquet": lambda: b"PAR1" + _noise(200) + b"PAR1",
    "text.parquet": lambda: _GOOD,
    "no-rows.parquet": lambda: parquet(pd.DataFrame({"customer_id": [], "timestamp": [], "touchpoint": []})),
    "float-ids.parquet": lambda: parquet(pd.DataFrame({
        "customer_id": [7.0, 1e30, 0.5, float("nan"), None], "timestamp": "2026-01-01", "touchpoint": "x",
    })),
    "cut.csv.gz": lambda: gzip.compress(_MANY)[:-20],
    "wrong-sum.csv.gz": lambda: gzip.compress(_MANY)[:-6] + b"\0\0\0\0\0\0",
    "tail.csv.gz": lambda: gzip.compress(_GOOD) + b"junk",
    "bomb.csv.gz": lambda: gzip.compress(HEAD.encode() + b"a" * 2**22),
    "bomb.zip": lambda: zipped({"a.csv": HEAD.encode() + b"a" * 2**22}),
    "bomb.xlsx": lambda: zipped({"xl/worksheets/sheet1.xml": b"<a>" * 2**21}),
    "out.zip": lambda: zipped({"../../evil.csv": _GOOD}),
    "nested.zip": lambda: zipped({"in.zip": zipped({"a.csv": _GOOD})}),
    "cut.zip": lambda: zipped({"a.csv": _MANY})[:200],
    "other.zip": lambda: zipped({"a.csv": _GOOD, "b.csv": "other,columns\n1,2\n"}),
    "cut.xlsx": lambda: workbook(_SHEET)[:-300],
    "no-rows.xlsx": lambda: workbook(_SHEET[:1]),
    "locked.xlsx": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "formula.xlsx": lambda: workbook([*_SHEET, ["=cmd()", "2026-01-01", "search", 1]]),
}  # fmt: skip
