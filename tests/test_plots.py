"""Figures: what was given is what is drawn; nothing is computed on the way."""

from __future__ import annotations

import base64
import inspect
import io

import matplotlib as mpl
import pandas as pd
import pytest
from defusedxml.ElementTree import fromstring
from matplotlib.figure import Figure

from journeykit import plots
from journeykit.reports.colours import contrast


def words(ax) -> list[str]:
    return [text.get_text() for text in ax.figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def test_sizes_draw_the_shares_as_given():
    frame = pd.DataFrame({"label": ["Seekers", "Readers"], "share": [0.7, 0.2], "shown": ["70% (7)", "20% (2)"],
                          "colour": ["#0072b2", "#d55e00"]})  # fmt: skip
    ax = plots.persona_sizes(frame, xlabel="Share")
    assert [bar.get_width() for bar in ax.patches] == [0.7, 0.2], "not scaled to add up to 1"
    assert {"70% (7)", "Seekers", "Share"} <= set(words(ax))


def test_an_axes_that_is_given_is_drawn_on():
    from matplotlib.figure import Figure

    given = Figure().subplots()
    frame = pd.DataFrame([[0.6, 0.3, 0.1]], index=["All"], columns=["Stays", "Moves", "Lapses"])
    assert plots.forecast(frame, given) is given


def test_parts_of_a_bar_stand_end_to_end_and_narrow_ones_have_no_figure():
    frame = pd.DataFrame([[0.5, 0.47, 0.03]], index=["All"], columns=["Aware", "Buys", "Lapsed"])
    ax = plots.stage_distribution(frame)
    assert [round(bar.get_x(), 2) for bar in ax.patches] == [0, 0.5, 0.97]
    assert "47" in words(ax) and "3" not in words(ax)


def test_dots_stand_at_the_value_and_lines_from_low_to_high():
    frame = pd.DataFrame({"stage": ["Aware"], "persona": ["Seekers"], "value": [0.3], "low": [0.2], "high": [0.45],
                          "colour": ["#0072b2"]})  # fmt: skip
    ax = plots.drop_off(frame)
    line, dots = ax.collections
    assert line.get_segments()[0][:, 0].tolist() == [0.2, 0.45]
    assert dots.get_offsets()[0][0] == pytest.approx(0.3)


def test_a_share_that_is_not_observed_is_no_zero():
    frame = pd.DataFrame([[0.4, None], [0.001, 0.6]], index=["a", "b"], columns=["x", "y"])
    annotated = [text.get_text() for text in plots.shares_map(frame).texts]
    assert annotated == ["40", "", "60"] or annotated == ["40", "", "", "60"]


def test_a_journey_map_shows_every_cell():
    ax = plots.journey_canvas(
        {"Drops out": ["12%", "–"], "They ask": ["Is it for me?", "What does it cost?"]}, ["Aware", "Buy"],
        [0.4, float("nan")], height_label="Share now", emphasis=["Drops out"],
    )  # fmt: skip
    shown = " ".join(words(ax)).replace("\n", " ")
    for each in ("12%", "–", "Is it for me?", "What does it cost?", "Share now", "40%"):
        assert each in shown


@pytest.mark.parametrize("count", [5, 8, 9])
def test_stage_colours_go_from_light_to_dark(count):
    from journeykit.plots.theme import stage_colours

    lightness = [contrast(colour, "#000000") for colour in stage_colours(count)]
    assert lightness == sorted(lightness, reverse=True) and len(set(stage_colours(count))) == count


def test_personas_keep_their_colour_and_differ():
    colours = plots.persona_colours([f"p{number}" for number in range(1, 13)])
    assert len(set(colours.values())) == 12
    assert all(contrast(colour, "#ffffff") >= 2.5 for colour in colours.values())


@pytest.mark.parametrize(
    ("value", "shown"), [(-0.5, "−0,5"), (0.0, "0"), (-0.04, "0"), (1.0, "1"), (0.25, "0,2")]
)
def test_numbers_on_an_axis_have_the_decimal_mark_of_the_language(value, shown):
    from journeykit.plots.theme import _number

    plots.accent_theme("#0b5fa5", decimal=",")
    assert _number(value, 1) == shown
    plots.accent_theme("#0b5fa5")


NODES = pd.DataFrame({"place": [1, 1, 2, 2], "stage": ["a", "b", "b", "lapsed"], "count": [60.0, 40.0, 70.0, 10.0],
                      "words": ["Aware", "Buys", "Buys", "Lapsed"], "share": ["60%", "40%", "70%", ""],
                      "colour": "#0072b2", "told": "…"})  # fmt: skip
FLOWS = pd.DataFrame({"place": 1, "stage": ["a", "a", "b"], "to": ["b", "lapsed", "b"], "count": [40.0, 10.0, 30.0],
                      "told": ["a to b", "a gone", "b to b"]})  # fmt: skip


def test_bands_are_as_wide_as_they_count_and_end_inside_their_nodes():
    drawing = plots.lay_out_flows(NODES, FLOWS, {1: "Step 1", 2: "Step 2"})
    nodes = {node.id: node for node in drawing.nodes}
    widths = {band.told: band.thickness for band in drawing.bands}
    assert widths["a to b"] == pytest.approx(4 * widths["a gone"])
    assert nodes["2-b"].height == pytest.approx(widths["a to b"] + widths["b to b"])
    for band in drawing.bands:
        for id, (_, y) in ((band.start, band.points[0]), (band.to, band.points[-1])):
            box, half = nodes[id], band.thickness / 2
            assert box.y - 1e-6 <= y - half and y + half <= box.y + box.height + 1e-6
    assert max(node.y + node.height for node in drawing.nodes) <= drawing.height
    assert nodes["2-lapsed"].words == [], "what has no share has no name"


def test_steps_onward_run_above_the_line_and_steps_back_below():
    stages = pd.DataFrame({"stage": ["a", "b"], "count": [10.0, 4.0], "words": ["Aware", "Buys"]})
    stages = stages.assign(more=["", "5% drop"], colour="#0072b2", told="…")
    moves = pd.DataFrame({"from": ["a", "b"], "to": ["b", "a"], "count": [9, 3], "told": ["on", "back"]})
    drawing = plots.lay_out_arcs(stages, moves)
    onward, back = (next(band for band in drawing.bands if band.told == told) for told in ("on", "back"))
    assert onward.points[1][1] < onward.points[0][1] and back.points[1][1] > back.points[0][1]
    assert back.points[0][1] > max(node.y + node.height for node in drawing.nodes)
    assert {"Aware", "Buys", "5% drop"} <= set(words(plots.draw(drawing)))


ODD = (
    "$5 off $10 \\frac{ \x07\x0bx"  # would be set as mathematics, or stop the drawing, and make an SVG no XML
)
RANGES = {"value": [0.3], "low": [0.2], "high": [0.4]}
ODD_PLOTS = {
    "amounts": lambda **ax: plots.amounts(
        pd.DataFrame({"label": [ODD], "value": [3.0], "low": [1.0], "high": [5.0]}), xlabel=ODD, **ax
    ),
    "confusion_map": lambda **ax: plots.confusion_map(
        pd.DataFrame([[0.6]], [ODD], [ODD]), pd.DataFrame([[ODD]], [ODD], [ODD]), **ax
    ),
    "differences": lambda **ax: plots.differences(
        pd.DataFrame({"label": [ODD], **RANGES, "significant": [True]}), xlabel=ODD, sure=ODD, **ax
    ),
    "draw": lambda: plots.draw(
        plots.lay_out_flows(NODES.assign(words=ODD), FLOWS, {1: ODD, 2: ODD})
    ),
    "drop_off": lambda **ax: plots.drop_off(
        pd.DataFrame({"stage": [ODD], "persona": [ODD], **RANGES, "colour": ["#0072b2"]}), xlabel=ODD, **ax
    ),
    "forecast": lambda **ax: plots.forecast(pd.DataFrame([[0.6, 0.4]], [ODD], ["Stays", ODD]), **ax),
    "funnel": lambda **ax: plots.funnel(
        pd.DataFrame({"stage": [ODD], "persona": [ODD], "share": [0.4], "everyone": [True], "colour": ["#0072b2"],
                      "shown": [ODD]}), xlabel=ODD, **ax
    ),
    "journey_canvas": lambda: plots.journey_canvas({ODD: [ODD]}, [ODD], [0.4], height_label=ODD, emphasis=[ODD]),
    "pages_bounce": lambda **ax: plots.pages_bounce(pd.DataFrame({"page": [ODD], **RANGES}), xlabel=ODD, **ax),
    "persona_candidates": lambda **ax: plots.persona_candidates(
        pd.DataFrame({"criterion": [ODD], "k": [2], "score": [0.5], "shown": [ODD], "picked": [True],
                      "chosen": [True]}), xlabel=ODD, **ax
    ),
    "persona_map": lambda **ax: plots.persona_map(
        pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0], "sure": 0.8, "colour": "#0072b2"}),
        centres=pd.DataFrame({"x": [0.5], "y": [0.5], "label": [ODD], "colour": ["#0072b2"]}), **ax
    ),
    "persona_profile": lambda **ax: plots.persona_profile(
        pd.DataFrame({"trait": [ODD], "persona": [ODD], "effect": [0.5], "colour": ["#0072b2"]}), xlabel=ODD, **ax
    ),
    "persona_sizes": lambda **ax: plots.persona_sizes(
        pd.DataFrame({"label": [ODD], "share": [0.7], "shown": [ODD], "colour": ["#0072b2"]}), xlabel=ODD, **ax
    ),
    "persona_worth": lambda **ax: plots.persona_worth(
        pd.DataFrame({"label": [ODD], "share": [0.7], "worth": [0.6], "shown": [ODD], "colour": ["#0072b2"]}),
        customers=ODD, value=ODD, **ax
    ),
    "reliability": lambda **ax: plots.reliability(
        pd.DataFrame({"predicted": [0.2, 0.6], "observed": [0.3, 0.5]}), xlabel=ODD, ylabel=ODD, **ax
    ),
    "shares_map": lambda **ax: plots.shares_map(pd.DataFrame([[0.6]], [ODD], [ODD]), xlabel=ODD, **ax),
    "signal_importance": lambda **ax: plots.signal_importance(
        pd.DataFrame({"group": [ODD], **RANGES}), xlabel=ODD, **ax
    ),
    "stage_distribution": lambda **ax: plots.stage_distribution(
        pd.DataFrame([[0.6, 0.4]], [ODD], ["Aware", ODD]), **ax
    ),
    "time_in_stage": lambda **ax: plots.time_in_stage(
        pd.DataFrame({"stage": [ODD], "persona": [ODD], **RANGES, "colour": ["#0072b2"]}), xlabel=ODD, **ax
    ),
    "transition_map": lambda **ax: plots.transition_map(pd.DataFrame([[0.6]], [ODD], [ODD]), ylabel=ODD, **ax),
    "value_canvas": lambda: plots.value_canvas(
        pd.DataFrame({"stage": [ODD], "figure": [ODD], "remark": [ODD], "lines": [[ODD]]})
    ),
}  # fmt: skip


def as_svg(figure) -> str:
    file = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(file, format="svg")
    return file.getvalue()


def test_all_plots_are_asked_with_odd_letters():
    drawn = {name for name in plots.__all__ if hasattr(getattr(plots, name), "__wrapped__")}
    assert drawn == set(ODD_PLOTS)
    known = {name for name in plots.__all__ if inspect.isfunction(getattr(plots, name))}
    others = {"accent_theme", "lay_out_arcs", "lay_out_flows", "persona_colours", "theme"}
    assert known - others == drawn, "each plot shows texts as they are written"


@pytest.mark.parametrize("given", [False, True], ids=["own axes", "given axes"])
@pytest.mark.parametrize("name", sorted(ODD_PLOTS))
def test_texts_are_drawn_as_they_are_written_and_the_svg_is_xml(name, given):
    """Under matplotlib's own settings, as in anybody's notebook; on their axes too."""
    takes_axes = "ax" in inspect.signature(getattr(plots, name)).parameters
    if given and not takes_axes:
        return
    with mpl.rc_context(mpl.rcParamsDefault):
        ax = ODD_PLOTS[name](**{"ax": Figure().subplots()} if given else {})
        svg = as_svg(ax.figure)
    shown = " ".join(fromstring(svg).itertext())
    assert "$5 off $10" in shown.replace("\n", " ") or {"$5", "$10"} <= set(shown.split())


def test_mathematics_of_somebody_else_on_the_same_figure_stays():
    with mpl.rc_context(mpl.rcParamsDefault):
        left, right = Figure().subplots(1, 2)
        right.set_title(r"$\alpha$")
        ODD_PLOTS["shares_map"](ax=left)
    assert right.title.get_parse_math() and not left.xaxis.label.get_parse_math()


def test_a_figure_of_a_report_is_xml_whatever_a_name_holds():
    from journeykit.reports.pictures import picture

    ax = Figure().subplots()
    ax.set_title("a\x00b\x1f")
    image = picture(ax)["image"].partition(",")[2]
    assert "ab" in "".join(fromstring(base64.b64decode(image)).itertext())
