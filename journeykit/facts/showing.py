"""Showing: which stage a recorded contact shows, and where the contacts of a log place their units."""

from __future__ import annotations

from typing import Any

import ibis

from journeykit.sessions import contacts
from journeykit.stage_models import CANONICAL_PHASES, StageModel
from journeykit.touchpoints import PAYMENT, SOLD, load_vocabulary

__all__ = [
    "BEFORE_TOO",
    "ON_THE_WAY",
    "PURCHASES",
    "buying_positions",
    "has_purchases",
    "marker_positions",
    "recorded_stages",
    "shown_positions",
]

PURCHASES = ("purchase", "contract_signed")
AGAIN = (
    "repeat_purchase",
    "upgrade",
    "cross_sell",
    "subscription_renewal",
    "payment",
)  # somebody bought before
ON_THE_WAY = frozenset({"add_to_cart", "begin_checkout", "add_payment_info", "quote_request", "appointment"})
BEFORE_TOO = frozenset({"email_open", "login", "help_article", "share", "survey_response"})
_AFTER = CANONICAL_PHASES[CANONICAL_PHASES.index("purchase") + 1 :]


def marker_positions(model: StageModel) -> dict[str, int]:
    """Return, per marker, the position of the stage that it shows; a purchase in any form marks the purchase stage.

    Examples
    --------
    >>> from journeykit.stage_models import load_stage_model
    >>> positions = marker_positions(load_stage_model("content"))
    >>> positions["purchase"] == positions["contract_signed"]
    True
    """
    buying = [at for at, stage in enumerate(model.stages) if stage.canonical == "purchase"]
    bought = dict.fromkeys(PURCHASES, buying[0]) if buying else {}
    return bought | {marker: model.position(stage) for marker, stage in model.markers().items()}


def shown_positions(model: StageModel, bought: bool = True) -> dict[str, int]:
    """Return, per touchpoint, the position of the stage that one contact with it shows.

    Markers show their stage, and so does a touchpoint that is typical of one stage alone. What is typical of
    several shows none.

    Parameters
    ----------
    model : StageModel
        The stage model.
    bought : bool, default True
        Whether anything was bought in the data. Without, what leads up to a purchase shows no purchase
        stage, and what people do before they buy, too, shows no stage after it; markers always do.

    Examples
    --------
    >>> from journeykit.stage_models import load_stage_model
    >>> model = load_stage_model("value-journey")
    >>> model.ids[shown_positions(model)["email_open"]]
    'subscribe'
    >>> "email_open" in shown_positions(load_stage_model("content"), bought=False)
    False
    """
    typical: dict[str, list[int]] = {}
    for at, stage in enumerate(model.stages):
        for name in {*stage.touchpoints, *stage.markers}:
            typical.setdefault(name, []).append(at)
    alone = {name: places[0] for name, places in typical.items() if len(places) == 1}
    if not bought:
        alone = {name: at for name, at in alone.items() if not _too_early(name, model.stages[at].canonical)}
    return alone | marker_positions(model)


def buying_positions(model: StageModel) -> dict[int, tuple[str, ...]]:
    """Return, per position of a stage in which something is bought, the forms of buying that prove it was passed.

    A purchase in any form proves the purchase stage; a form that is typical of a stage of expansion proves that
    one: a core offer may be bought without the small commitment before it.

    Examples
    --------
    >>> from journeykit.stage_models import load_stage_model
    >>> model = load_stage_model("value-journey")
    >>> {model.ids[at]: forms for at, forms in buying_positions(model).items()}["ascend"]
    ('cross_sell', 'repeat_purchase', 'upgrade')
    >>> model = load_stage_model("content")
    >>> "repeat_purchase" in buying_positions(model)[model.position("purchase")]
    True
    """
    buying = marker_positions(model).get(PURCHASES[0])
    if buying is None:
        return {}
    found: dict[int, set[str]] = {}
    own = [name for name in model.stages[buying].markers if name not in load_vocabulary()]
    for name, at in (dict.fromkeys((*SOLD, PAYMENT, *own), buying) | _expansion(model)).items():
        found.setdefault(at, set()).add(name)
    return {at: tuple(sorted(names)) for at, names in sorted(found.items())}


def _expansion(model: StageModel) -> dict[str, int]:
    marks = {name: model.position(stage) for name, stage in model.markers().items() if name in SOLD}
    return {name: at for name, at in marks.items() if model.stages[at].canonical == "expansion"}


def _too_early(name: str, canonical: str) -> bool:
    return (canonical == "purchase" and name in ON_THE_WAY) or (canonical in _AFTER and name in BEFORE_TOO)


def has_purchases(steps: Any, model: StageModel) -> bool:
    """Return whether anything was bought, by the touchpoints that occur; True where the model has no purchase.

    Examples
    --------
    >>> from journeykit.stage_models import load_stage_model
    >>> has_purchases(["begin_checkout"], load_stage_model("universal"))
    False
    """
    buying = [stage for stage in model.stages if stage.canonical == "purchase"]
    marks = {name for stage in buying for name in stage.markers if name not in ON_THE_WAY}
    return not buying or not {*PURCHASES, *AGAIN, *marks}.isdisjoint(steps)


def recorded_stages(log) -> Any:
    """Return the contacts with the position of the stage that each one shows.

    A marker places its unit in its stage, forward or back, at its moment: several stages within a visit
    all count. A touchpoint that is typical of one stage alone shows that the stage was reached; it takes
    nobody back (who opens a newsletter after buying has not returned to where people subscribe).

    Returns
    -------
    ibis.Table
        The columns of `contacts`, and ``marker``: the position, null where a contact shows nothing.
    """
    table, model = contacts(log), log.client.model
    steps = table.select("step").distinct().execute()["step"]
    shown, marks = shown_positions(model, has_purchases(set(steps), model)), marker_positions(model)
    weak = {name: at for name, at in shown.items() if name not in marks}
    table = table.mutate(_mark=_looked_up(table.step, marks), _weak=_looked_up(table.step, weak))
    before = ibis.window(group_by="unit_id", order_by="order", preceding=(None, 1))
    so_far = ibis.coalesce(table["_mark"], table["_weak"]).max().over(before)
    ahead = table["_weak"].isnull() | so_far.isnull() | (table["_weak"] > so_far)
    weak_ahead = ahead.ifelse(table["_weak"], ibis.null("int64"))
    return table.mutate(marker=ibis.coalesce(table["_mark"], weak_ahead)).drop("_mark", "_weak")


def _looked_up(step: Any, positions: dict[str, int]) -> Any:
    cases = [(step == name, at) for name, at in positions.items()]
    return (ibis.cases(*cases, else_=ibis.null("int64")) if cases else ibis.null("int64")).cast("int64")
