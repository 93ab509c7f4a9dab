"""Every text that code can ask for is there: keys written out, and families of keys made from a value."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import journeykit
from journeykit.findings import SECTIONS as FINDING_KINDS
from journeykit.reports.chapters.doubting import TOLD
from journeykit.wording.formats import LANGUAGES
from journeykit.wording.texts import has_text, load_texts

HOME = Path(journeykit.__file__).parent
SECTIONS = set(load_texts("en"))
NO_TEXTS = re.compile(
    r"^plan\.md$|^axes\.(facecolor|label\w+|edge\w+|line\w+|grid\w*|unicode_minus|prop_cycle)$|_$|\.(css|yml|j2)$"
)

# Keys that code looks up first and does without: no text is owed.
GUARDED = {
    "explaining.attribute.{own}", "explaining.measure.{name}",
    "cells.{column}", "column_heads.{self.table}.{self.name}", "columns.{accounts}", "columns.{name}_b2b",
    "explaining.places.{block}_{category}", "leads.{key}_all", "meanings.{table}.{self._key}", "sheets.{name}",
    "tables.{table}",
}  # fmt: skip

DECISIONS = " ".join(FINDING_KINDS["decisions"])
SETTINGS, DAYPARTS = "b2c b2b", "night morning afternoon evening"


def sizes(*special: str) -> str:
    return " ".join(f"{kind}{size}" for kind in ("", *special) for size in ("short", "full"))


# What stands in the blanks of a family: literals here, and sets that code itself holds in `held`.
FAMILIES = {
    "axes.criterion_{criterion}": "gap split_half jaccard foretold overlap",
    "captions.{key}": "forecast_ahead forecast_ahead_shares",
    "cards.example_{key}": "typical edge edge_alone",
    "cards.unit_{read.client.setting}": SETTINGS,
    "cards.{key}": "channels hours nps rating more less",
    "cards.{key}_corrected": "nps rating",
    "cards.{sure}": "certified not_certified",
    "column_patterns.{self._stem}": "p p_next effect",
    "decision_actions.{MEASURE_FIRST}": "measure_first", "decision_kpis.{MEASURE_FIRST}": "measure_first",
    "decision_actions.{one.key}": DECISIONS, "decision_kpis.{one.key}": DECISIONS,
    "decision_kpis.{found.key}": DECISIONS, "decision_titles.{found.key}": DECISIONS,
    "decision_counted.{COUNTED.get(key, usual)}": "customers accounts visits contracts",
    "decision_counted.{COUNTED.get(row['finding'], usual)}": "customers accounts visits contracts",
    "doubts.{kind}": " ".join(TOLD),
    "plan.{name}": "why what who size figure after", "plan.{name}_head": "why what who size figure after",
    "explaining.amounts.{operator}": "at_least at_most less_than fewer_than",
    "explaining.attribute.{'has' if has else 'has_not'}": "has has_not",
    "explaining.places.{block if block == 'touchpoint' else 'channel'}": "touchpoint channel",
    "explaining.quantities.{special}{size}": sizes("none_", "all_"),
    "explaining.rule.{name}": "precision recall",
    "prose.ahead_by_{about['often']}": "channel persona both",
    "prose.ahead_none_{forecast.reason}": "currencies values few silence",
    "explaining.share.{name}": "weekend paid interactive",
    "explaining.why.{first['reason']}": "too_few_contacts far no_personas",
    "explaining.why.{key}": "because but",
    "explaining.why.{limit}": "over under",
    "explaining.{part[0]['op']}": "known missing",
    "facts.{unit}": "accounts customers",
    "heads.{key}": "trait median between rest effect attribute here missing",
    "labelling.{key}": (
        "taken_back written done nobody question question_account progress marked_by before known_until nothing today "
        "next_day times silence silence_weeks later later_weeks title_customer title_account"
    ),
    "parts.flow_{key}": "few node end",
    "parts.setting_{client.setting}": SETTINGS,
    "parts.units_{self.client.setting}": SETTINGS,
    "parts.units_{self.material.setting}": SETTINGS,
    "parts.{each}": "contents page",
    "parts.{kind}": "figure table",
    "parts.{name}": "contents to_contents skip returns support repeats",
    "parts.{row.figure}": "stage_share drop_off persona_share",
    "parts.{part}": "stay move lapse",
    "prose.change_{'lapsed_share' if lapsed else figure}": "stage_share lapsed_share drop_off persona_share",
    "prose.method_{part}": "personas stages against markers paths recorded journeys",
    "prose.personas_none_{self.reason}{near}": (
        "found no_traits too_few few_people one_group chance chance_near unstable continuum nobody"
    ),
    "prose.personas_number{halves}{same if read.ids else '_none'}": (
        "/ _same _none _halves _halves_same _halves_none"
    ),
    "prose.sales_by_{told}": "levels products touchpoints",
    "prose.sales_{why}": "few no_products many_products",
    "prose.{key}": "magnets_none magnets_nothing compared_none compared_one stake_none stake_alike trial_coming "
    "trial_running decision_know decision_know_long",
    "rows.{key}": "rating friction share",
    "rows.{name}": (
        "top_channels top_touchpoints rating friction share drop_off days skipped_share back_share asset kpi reached "
        "goal recommendation"
    ),
    "slides.row_{key}": "",
    "slides.{'funnel' if name == 'funnel' else 'leaks'}": "funnel leaks",
    "slides.{key}": "leaves rated",
    "tables.{name}": "",
    "traits.daypart_{category}": DAYPARTS,
    "traits.daypart_{row['daypart']}": DAYPARTS,
    "values.advocate_{kind}": "any promoter referrer",
    "values.contrast_{name}": "conversation interactive paid",
    "values.offer_{kind}": "commitment first_order",
    "values.outcome_{name}": "buys buys_again goes_on",
    "values.signal_{row['signal']}": "complaint return any",
    "values.since_{people['since'].iloc[0]}": "quote contact",
    "values.since_{row['since']}": "order contact commitment",
    "values.verdict_{one}": "better worse no_difference_shown mismatch",
    "values.{answer}": "yes no",
    "workbook.{key}": "sheets holds rows interval_of table column head unit meaning",
}  # fmt: skip


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(HOME.rglob("*.py"))}


def pattern(node: ast.JoinedStr) -> str:
    parts = [p.value if isinstance(p, ast.Constant) else f"{{{ast.unparse(p.value)}}}" for p in node.values]
    return "".join(parts)


@cache
def nodes() -> list[ast.AST]:
    return [node for tree in trees().values() for node in ast.walk(tree)]


def families() -> dict[str, str]:
    """Return the patterns of f-strings that begin with a section of the texts, and where each stands."""
    walked = [(path, node) for path, tree in trees().items() for node in ast.walk(tree)]
    made = [
        (pattern(node), f"{path.name}:{node.lineno}")
        for path, node in walked
        if isinstance(node, ast.JoinedStr)
    ]
    return {key: place for key, place in made if re.match(rf"({'|'.join(SECTIONS)})\.[\w{{.]", key)}


def written_out() -> dict[str, str]:
    """Return the keys that stand in the code as they are, and where."""
    found = {}
    for path, tree in trees().items():
        inner = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
                section, _, rest = node.value.partition(".")
                if section in SECTIONS and re.fullmatch(r"[\w.]+", rest) and not NO_TEXTS.search(node.value):
                    found[node.value] = f"{path.name}:{node.lineno}"
    return found


def called(*names: str) -> list[str]:
    """Return the literals that methods of these names are called with first."""
    calls = [
        node
        for node in nodes()
        if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Attribute)
    ]
    firsts = [call.args[0] for call in calls if call.func.attr in names]
    return [
        first.value for first in firsts if isinstance(first, ast.Constant) and isinstance(first.value, str)
    ]


def led() -> list[str]:
    """Return the keys of the leads: the second argument of `lead_of` and its likes."""
    calls = [node for node in nodes() if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    given = [call.args[1] for call in calls if call.func.id in ("lead_of", "lead_of_cells", "lead_of_way")]
    return [word.value for one in given for word in ast.walk(one) if isinstance(word, ast.Constant)]


@cache
def held() -> dict[str, list[str]]:
    """Return what stands in the blanks of families whose values the code or its data hold."""
    from journeykit.journeys.selling import KINDS
    from journeykit.reports.chapters.journeys import TEXTS
    from journeykit.reports.dictionary import columns_of, table_names
    from journeykit.reports.exports.deck.closing import MISSING
    from journeykit.reports.exports.deck.maps import ROWS
    from journeykit.stages.importance import SIGNAL_GROUPS

    columns = [column for table in table_names() for column in columns_of(table)]
    bounded = sorted({f"{column.bound}_{column.end}" for column in columns if column.bound})
    return {
        "bounds.{self.bound}_{self.end}": bounded, "bound_meanings.{self.bound}_{self.end}": bounded,
        "units_of.{self.form}": sorted({column.form for column in columns}), "tables.{name}": list(table_names()),
        "signals.{group}": [*SIGNAL_GROUPS, "other"], "values.{kind}": list(KINDS), "rows.{row}": TEXTS,
        "slides.row_{key}": [row for row in ROWS if row not in ("chevrons", "line")],
        "headings.{key}": [*called("heading"), *MISSING], "leads.{key}": led(),
        "unobserved.{chapter}": called("unobserved"), "untimed.{part}": called("untimed"),
        "labelling.{key}": [key for key in called("_text") if not key.endswith("_")],
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_that_is_written_out_has_a_text(language):
    known = written_out()
    assert len(known) > 200
    assert {key: at for key, at in known.items() if not has_text(key, language)} == {}


def test_every_family_of_keys_is_known_here():
    """Who makes keys from a value writes here which values there are, so that each is looked up below."""
    known = GUARDED | set(FAMILIES) | set(held())
    made = families()
    assert {key: place for key, place in made.items() if key not in known} == {}
    assert known - set(made) == set(), "families that code no longer makes"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("family", sorted({*FAMILIES, *held()}))
def test_every_key_of_a_family_has_a_text(family, language):
    values = [*FAMILIES.get(family, "").replace("/", "").split(" "), *held().get(family, [])]
    values = list(dict.fromkeys(value for value in values if value or "same" in family))
    assert values
    keys = [re.sub(r"\{.*\}", value, family) for value in values]
    assert [key for key in keys if not has_text(key, language)] == []
