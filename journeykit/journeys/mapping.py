"""Journeys: everything that was counted about a log's journeys, as frames."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pandas as pd
from threadpoolctl import threadpool_limits

from journeykit.journeys.accounts import count_account_people, count_account_roles
from journeykit.journeys.advocates import count_advocates, follow_referred
from journeykit.journeys.aftercare import weigh_aftercare
from journeykit.journeys.aha import find_aha
from journeykit.journeys.channels import weigh_channels, weigh_touchpoints
from journeykit.journeys.cohorts import count_activity, count_cohorts, count_retention
from journeykit.journeys.comparing import compare_largest
from journeykit.journeys.content import find_first_interactions
from journeykit.journeys.contrasts import compare_kinds_of_contact
from journeykit.journeys.dissatisfaction import count_back_after_dissatisfaction
from journeykit.journeys.entering import find_entry_points
from journeykit.journeys.experience import measure_experience
from journeykit.journeys.flows import count_flows
from journeykit.journeys.magnets import weigh_lead_magnets
from journeykit.journeys.offers import compare_entry_offers, count_attendance
from journeykit.journeys.pages import measure_pages
from journeykit.journeys.paths import Paths, trace_paths
from journeykit.journeys.phases import count_phases
from journeykit.journeys.returning import count_reactivations, count_returns
from journeykit.journeys.selling import count_levers, count_sales
from journeykit.journeys.skips import count_skips
from journeykit.journeys.standing import count_stages_now, list_observable_stages, sum_outlook
from journeykit.journeys.steps import (
    count_back_steps,
    count_drop_off,
    count_funnel,
    count_transitions,
    time_in_stages,
)
from journeykit.journeys.typical import find_typical_journeys
from journeykit.journeys.voices import count_referrals, measure_ratings, measure_value

__all__ = ["NO_TABLES", "Journeys", "map_journeys"]

NO_TABLES = ("units", "follow_days")  # what a report does not leave as a table


@dataclass(frozen=True)
class Journeys:
    """What happened on the journeys of a log, persona by persona (`all` is everyone).

    Every attribute is a pandas frame that is described by the function that makes it. `held_back` marks groups
    that are too small to show: their figures are null. `units` has one row per unit; `follow_days` is for how long
    everybody was followed after a step.
    """

    transitions: pd.DataFrame
    flows: pd.DataFrame
    funnel: pd.DataFrame
    time_in_stage: pd.DataFrame
    drop_off: pd.DataFrame
    skips: pd.DataFrame
    back_steps: pd.DataFrame
    comparisons: pd.DataFrame
    channels: pd.DataFrame
    touchpoints: pd.DataFrame
    entry_points: pd.DataFrame
    cohorts: pd.DataFrame
    retention: pd.DataFrame
    activity: pd.DataFrame
    first_interactions: pd.DataFrame
    lead_magnets: pd.DataFrame
    pages: pd.DataFrame
    ratings: pd.DataFrame
    experience: pd.DataFrame
    referrals: pd.DataFrame
    value: pd.DataFrame
    lapsed: pd.DataFrame
    reactivations: pd.DataFrame
    sales: pd.DataFrame
    levers: pd.DataFrame
    aha: pd.DataFrame
    contrasts: pd.DataFrame
    entry_offers: pd.DataFrame
    attendance: pd.DataFrame
    advocates: pd.DataFrame
    referred: pd.DataFrame
    stages_now: pd.DataFrame
    outlook: pd.DataFrame
    observable: pd.DataFrame
    phases: pd.DataFrame
    typical: pd.DataFrame
    dissatisfaction: pd.DataFrame
    aftercare: pd.DataFrame
    account_people: pd.DataFrame
    account_roles: pd.DataFrame
    units: pd.DataFrame
    follow_days: float

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the frames by name, without the one per unit."""
        return {part.name: getattr(self, part.name) for part in fields(self) if part.name not in NO_TABLES}


def map_journeys(
    log,
    personas: pd.Series | None = None,
    stages: pd.DataFrame | None = None,
    *,
    inferred: pd.DataFrame | None = None,
    min_group: int | None = None,
    random_state: int = 0,
) -> Journeys:
    """Count the journeys of a log.

    Parameters
    ----------
    log : EventLog
        The events up to a moment.
    personas
        Persona id per `unit_id`; null or absent for units without one, which count in `all` only.
    stages
        The stage table of `StageClassifier`, indexed by `unit_id`. Without it drop-off is read from silence, and
        where everyone stands is left out.
    inferred
        The stretches of `StageInference.paths`. With them a journey is read from the inferred stages, without
        them from markers alone, which misses stages and takes every stray marker for a visit to its stage.
    min_group
        The smallest group that is shown; the client's by default.
    random_state
        Seed of the bootstrap.

    Returns
    -------
    Journeys

    Examples
    --------
    >>> import pandas as pd
    >>> from journeykit.events import EventLog
    >>> events = pd.DataFrame({"customer_id": ["a", "a", "b"],
    ...                        "timestamp": ["2026-01-01", "2026-01-03", "2026-01-02"],
    ...                        "touchpoint": ["compare_items", "purchase", "compare_items"]})
    >>> journeys = map_journeys(EventLog.from_frame(events), min_group=1)
    >>> journeys.funnel.loc[1:3, ["stage", "reached"]].to_numpy().tolist()
    [['consideration', 2.0], ['decision', nan], ['action', 1.0]]
    """
    paths = trace_paths(log, personas, stages, min_group, inferred)
    with threadpool_limits(
        1, user_api="blas"
    ):  # matrices this small are multiplied sooner by one thread than by many
        return _counted(paths, log, stages, random_state)


def _counted(paths: Paths, log, stages: pd.DataFrame | None, random_state: int) -> Journeys:
    return Journeys(
        transitions=count_transitions(paths),
        flows=count_flows(paths),
        funnel=count_funnel(paths),
        time_in_stage=time_in_stages(paths),
        drop_off=count_drop_off(paths),
        skips=count_skips(paths),
        back_steps=count_back_steps(paths),
        comparisons=compare_largest(paths),
        channels=weigh_channels(paths, random_state),
        touchpoints=weigh_touchpoints(paths),
        entry_points=find_entry_points(paths),
        cohorts=count_cohorts(paths),
        retention=count_retention(paths),
        activity=count_activity(paths),
        first_interactions=find_first_interactions(paths),
        lead_magnets=weigh_lead_magnets(paths),
        pages=measure_pages(paths),
        ratings=measure_ratings(paths),
        experience=measure_experience(paths, log.client.vocabulary),
        referrals=count_referrals(paths),
        value=measure_value(paths),
        lapsed=count_returns(paths),
        reactivations=count_reactivations(paths),
        sales=count_sales(paths),
        levers=count_levers(paths, log.client.levers),
        aha=find_aha(paths),
        contrasts=compare_kinds_of_contact(paths),
        entry_offers=compare_entry_offers(paths),
        attendance=count_attendance(paths),
        advocates=count_advocates(paths),
        referred=follow_referred(paths),
        stages_now=count_stages_now(paths, stages),
        outlook=sum_outlook(paths, stages),
        observable=list_observable_stages(paths),
        phases=count_phases(paths, stages, log.client.unit),
        typical=find_typical_journeys(paths),
        dissatisfaction=count_back_after_dissatisfaction(paths),
        aftercare=weigh_aftercare(paths),
        account_people=count_account_people(paths, log.customers, log.client.unit),
        account_roles=count_account_roles(paths, log.customers, log.client.unit),
        units=paths.units,
        follow_days=paths.follow_days,
    )
