"""The appendix: the data, the method and its quality, and the terms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from journeykit.facts import FEWEST_TESTED
from journeykit.reports.chapters.auditing import other_models
from journeykit.reports.chapters.doubting import show_doubts
from journeykit.reports.chapters.people import by_counts
from journeykit.reports.chapters.quality import quality
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.stages import GIVEN, HINDSIGHT
from journeykit.wording import label
from journeykit.wording.texts import load_texts

__all__ = ["appendix"]


def appendix(page: Page, study: Any) -> None:
    """Show what was read and left out, how was computed and how well, and what the words mean."""
    read = Reader(page, study)
    page.heading("appendix", numbered=False)
    _data(page, read)
    _method(page, read)
    other_models(page, read)
    page.heading("appendix_tables", level=2)
    page.say(page.text("prose.tables"))
    page.files(study.tables)
    page.heading("appendix_glossary", level=2)
    terms = load_texts(page.language)["glossary"].values()
    page.terms({term["name"]: term["meaning"] for term in terms})


def _data(page: Page, read: Reader) -> None:
    page.heading("appendix_data", level=2)
    page.say(page.text("prose.data"))
    read.say("data", most=8)
    show_doubts(page, read)
    sources = read.study.log.sources
    if sources is not None and len(sources):
        shown = sources.reset_index(drop=True).copy()
        place = next(name for name in ("source", "path", shown.columns[0]) if name in shown)
        shown["source"] = [Path(str(value)).name for value in shown[place]]
        if "merged" in shown and shown["merged"].sum():
            shown["rejected"] = shown["rejected"] + shown["merged"]  # repeats stand among the reasons
        forms = {"source": "text", "rows": "whole", "used": "whole", "rejected": "whole"}
        kept = {name: form for name, form in forms.items() if name in shown}
        page.table(shown, page.text("captions.sources"), kept)
    _rejects(page, read)


def _rejects(page: Page, read: Reader) -> None:
    rejects = read.study.log.rejects
    if rejects is None or not len(rejects):
        said = any(one.key == "nothing_left_out" for one in read.findings("data", most=8))
        page.note(page.text("prose.rejects_none")) if not said else None
        return
    counts = rejects["reason"].value_counts().rename_axis("reason").reset_index(name="rows")
    shown = counts.assign(reason=[label("reason", reason, page.language) for reason in counts["reason"]])
    page.table(shown, page.text("captions.rejects"), {"reason": "text", "rows": "whole"}, of="rejects")


def _method(page: Page, read: Reader) -> None:
    page.heading("appendix_method", level=2)
    if read.client.profile_only:
        page.say(page.text("prose.method_people", units=read.units))
        return
    tested = read.study.reading.kind == "recorded" and read.study.reading.units >= FEWEST_TESTED
    paths = "paths" if read.study.paths is not None else "recorded" if tested else "markers"
    reader = read.study.stages.reader
    against = {GIVEN: "named_labels", HINDSIGHT: "named"}.get(reader.about.get("named_against"), "named_few")
    stands = "stages" if reader.recorded is None else "stands"
    grouped = "personas" if by_counts(read.study.personas) else "traits"
    said = (grouped, stands, against, "against", paths, "journeys")
    page.say(*(page.text(read.kind(f"prose.method_{part}"), units=read.units) for part in said))
    _labels(page, read)
    quality(page, read)


def _labels(page: Page, read: Reader) -> None:
    about = read.study.stages.reader.about
    if "labels_left_out" in about:
        counts = {"used": about["labels"], "left_out": about["labels_left_out"]}
        page.say(page.text("prose.method_labels", **counts))
