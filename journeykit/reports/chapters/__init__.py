"""The chapters of the report: each shows a part of a study on a page, or says in a sentence why it cannot."""

from journeykit.reports.chapters.after import after_purchase
from journeykit.reports.chapters.appendix import appendix
from journeykit.reports.chapters.changing import changes
from journeykit.reports.chapters.channels import channels, pages
from journeykit.reports.chapters.deciding import decisions
from journeykit.reports.chapters.entering import entering
from journeykit.reports.chapters.journeys import journey_maps
from journeykit.reports.chapters.leaks import leaks
from journeykit.reports.chapters.money import ahead, spend
from journeykit.reports.chapters.opening import cover, summary
from journeykit.reports.chapters.people import personas, personas_number
from journeykit.reports.chapters.position import forecast, stages
from journeykit.reports.chapters.steps import actions, measure
from journeykit.reports.chapters.trying import trials

__all__ = [
    "actions", "after_purchase", "ahead", "appendix", "changes", "channels", "cover", "decisions", "entering",
    "forecast", "journey_maps", "leaks", "measure", "pages", "personas", "personas_number", "spend", "stages",
    "summary", "trials",
]  # fmt: skip
