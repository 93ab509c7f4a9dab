"""What other stage models say of the same data: a section of the appendix, when the client file asks for it."""

from __future__ import annotations

from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.stage_models import CANONICAL_PHASES, LAPSED
from journeykit.wording import label

__all__ = ["other_models"]


def other_models(page: Page, read: Reader) -> None:
    """Show the shares under every stage model, and a sentence per conclusion; nothing without an audit."""
    shares, models = read.table("audit_shares"), read.table("audit_models")
    if shares.empty:
        return
    page.heading("appendix_audit", level=2)
    if shares["held_back"].all():
        page.note(page.text("prose.too_few", least=read.least, units=read.units))
        return
    page.say(page.text("prose.audit", models=len(models)))
    read.say("audit", most=10)
    names = dict(zip(models["model"], models[f"name_{page.language}"], strict=True))
    everyone = shares[shares["persona"] == "all"].pivot(index="phase", columns="model", values="share")
    phases = [phase for phase in (*CANONICAL_PHASES, LAPSED) if phase in everyone.index]
    shown = everyone.loc[phases, list(names)].rename(columns=names).reset_index()
    shown["phase"] = [_named(page, phase) for phase in phases]
    forms = {"phase": "text", **dict.fromkeys(names.values(), "percent")}
    page.table(shown, page.text("captions.audit", units=read.units), forms, of="audit_shares")


def _named(page: Page, phase: str) -> str:
    return page.text("parts.lapsed") if phase == LAPSED else label("canonical", phase, page.language)
