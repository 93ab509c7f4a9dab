"""How good the inferred stages are: beside simple rules, where they err, and what they rest on."""

from __future__ import annotations

import pandas as pd

from journeykit import plots
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.wording.texts import has_text

__all__ = ["quality"]

QUALITY = {"method": "text", "macro_f1": "score", "log_loss_skill": "score", "ece": "score", "qwk": "score",
           "accuracy_at_80": "percent", "coverage": "percent", "set_size": "score",
           "lapsed_auc": "score", "rows": "whole"}  # fmt: skip
CLASSIFIER, RULES = "classifier", ("last touchpoint", "marker rule")
BY_PURCHASES = "BG/NBD"
EVEN = 0.5  # an AUC no better than a coin


def quality(page: Page, read: Reader) -> None:
    """Show the scores, the reliability, where the model errs, and how much each group of signals brings."""
    frame = read.table("evaluation")
    if frame.empty:
        page.note(page.text("prose.evaluation_none"))
    else:
        _scores(page, frame)
    curve = read.table("reliability")
    if len(curve):
        curve = curve.rename(columns={"rows": "customers"})
        axes = plots.reliability(curve, xlabel=page.text("axes.predicted"), ylabel=page.text("axes.observed"))
        page.figure(axes, page.text("captions.reliability"), of="reliability")
    _confusion(page, read, read.table("confusion"))
    _importance(page, read.table("importance"), frame)


def _scores(page: Page, frame: pd.DataFrame) -> None:
    """Show how good the stages are beside simple rules, and against what that was measured."""
    if "against" in frame:
        page.say(page.text("prose.against", against=_against(page, frame)))
    shown = frame.assign(method=[_word(page, words) for words in frame["method"]])
    forms = {name: form for name, form in QUALITY.items() if name in shown}
    page.table(shown, page.text("captions.evaluation"), forms, of="evaluation")
    bought = frame[frame["method"] == BY_PURCHASES] if "lapsed_auc" in frame else frame.head(0)
    if len(bought) and bought["lapsed_auc"].iloc[0] < EVEN:
        page.note(page.text("prose.purchases_reversed", auc=float(bought["lapsed_auc"].iloc[0])))


def _confusion(page: Page, read: Reader, frame: pd.DataFrame) -> None:
    """Show where the model places those of each stage, as a heat map, and how often each method is right."""
    shown = frame[~frame["held_back"].astype(bool) & frame["share"].notna()] if len(frame) else frame
    if shown.empty:
        return
    mine = shown[shown["method"] == CLASSIFIER]
    there = set(mine["actual"]) | set(mine.loc[mine["rows"] > 0, "inferred"])
    columns = read.in_order(there)
    rows = read.in_order(mine["actual"])
    share, count = (mine.pivot(index="actual", columns="inferred", values=name) for name in ("share", "rows"))
    share, count = share.loc[rows, columns], count.loc[rows, columns]
    words = count.map(lambda rows: f"({page.value(rows, 'whole')})")
    words = share.map(lambda part: f"{100 * part:.0f} ") + words
    words = words.where(count > 0, "").rename(index=read.stage, columns=read.stage)
    drawn = share.rename(index=read.stage, columns=read.stage)
    axes = plots.confusion_map(drawn, words, xlabel=page.text("axes.placed"), ylabel=page.text("axes.was"))
    page.figure(axes, page.text("captions.confusion", against=_against(page, frame)), of="confusion")
    if frame["held_back"].any():
        page.note(page.text("prose.confusion_held", least=read.least, units=read.units))
    _right(page, read, shown, count.sum(axis=1))


def _right(page: Page, read: Reader, shown: pd.DataFrame, total: pd.Series) -> None:
    right = shown[shown["actual"] == shown["inferred"]].pivot(
        index="actual", columns="method", values="share"
    )
    methods = [method for method in (CLASSIFIER, *RULES) if method in right]
    frame = right.loc[total.index, methods]
    frame.columns = [f"right_{method.replace(' ', '_')}" for method in methods]
    frame = frame.assign(stage=[read.stage(stage) for stage in total.index], count=total)
    forms = {"stage": "text", "count": "whole", **dict.fromkeys(frame.columns[: len(methods)], "percent")}
    page.table(
        frame, page.text("captions.confusion_right", stage=read.stage(total.idxmax())), forms, of="confusion"
    )


def _importance(page: Page, frame: pd.DataFrame, scores: pd.DataFrame) -> None:
    """Show how far the model's skill drops when a group of signals is shuffled, beside the skill of the rules."""
    if frame.empty or scores.empty or "log_loss_skill" not in scores:
        return
    skill = scores.set_index("method")["log_loss_skill"].reindex([CLASSIFIER, *RULES])
    drawn = frame.assign(group=[page.text(f"signals.{group}") for group in frame["group"]])
    drawn = drawn.rename(columns={"drop": "value"})
    axes = plots.signal_importance(drawn, xlabel=page.text("axes.skill_drop"))
    told = dict(zip(("skill", "last", "marker"), skill, strict=True))
    repeats, against = int(frame["repeats"].iloc[0]), _against(page, frame)
    page.figure(
        axes, page.text("captions.importance", repeats=repeats, against=against, **told), of="importance"
    )


def _against(page: Page, frame: pd.DataFrame) -> str:
    return ", ".join(dict.fromkeys(_word(page, words) for words in frame["against"].dropna()))


def _word(page: Page, words: str) -> str:
    """Return the name of a method or of labels in the page's language; one without a name is left as it is."""
    key = "methods." + words.lower().replace(" ", "_").replace("-", "_").replace("/", "_")
    return page.text(key) if has_text(key, page.language) else words
