"""The documentation holds what it says: links, commands, options, keys, tables, names and examples."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
import typer
import yaml

import journeykit
from journeykit.checks import DOUBTS, QUESTIONS, check_data
from journeykit.clients import Trial, client_from_dict
from journeykit.clients.form import EVENT_COLUMNS, Client, CustomerSource, EventSource, OwnTouchpoint
from journeykit.events import EventLog, read_events
from journeykit.journeys import Journeys, map_journeys
from journeykit.journeys.mapping import NO_TABLES
from journeykit.stage_models import CANONICAL_PHASES, load_stage_model, stage_model_ids
from journeykit.touchpoints import load_vocabulary
from journeykit.wording.texts import load_texts

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "benchmarks" / "README.md", *DOCS.rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
RUN = "python3 run.py "


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    return [code for kind, code in found if kind == language]


def all_blocks(language: str) -> list[pytest.param]:
    return [
        pytest.param(code, id=f"{named(page)}-{number}")
        for page in PAGES
        for number, code in enumerate(blocks(page, language), start=1)
    ]


# Links -------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as the site makes them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\s-]", "", head.lower()).strip() for head in heads)
    return {re.sub(r"[-\s]+", "-", head) for head in plain}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_relative_link_leads_somewhere(page: Path):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    lost = []
    for link in LINK.findall(text):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if "://" in link:
            continue
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert not lost


def test_every_page_stands_in_the_navigation():
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))

    def paths(entry: object) -> Iterator[str]:
        if isinstance(entry, str):
            yield entry
            return
        for inner in entry.values() if isinstance(entry, dict) else entry:
            yield from paths(inner)

    assert sorted(paths(settings["nav"])) == sorted(
        page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")
    )


# Commands ----------------------------------------------------------------------------------------


def commands() -> dict[str, set[str]]:
    """Return every command with its options."""
    from journeykit.cli import app

    def walk(command, path: tuple[str, ...]) -> Iterator[tuple[str, set[str]]]:
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, (*path, name))
        if not hasattr(command, "commands"):
            options = {word for part in command.params for word in part.opts if word.startswith("--")}
            yield " ".join(path), options

    return dict(walk(typer.main.get_command(app), ()))


def quoted_lines() -> Iterator[tuple[str, str]]:
    """Yield page and text of everything in code that could be a command line."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for code in blocks(page, "sh"):
            yield from ((named(page), line.split("#")[0].strip()) for line in code.splitlines())
        inline = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
        yield from ((named(page), words) for words in inline)


def quoted_commands() -> list[pytest.param]:
    found = {}
    for page, line in quoted_lines():
        words = line.removeprefix(RUN).removeprefix(".venv/bin/")
        if words.startswith("journeykit ") and "…" not in words and "COMMAND" not in words:
            found[f"{page}: {words}"] = words
    return [pytest.param(words, id=key) for key, words in found.items()]


@pytest.mark.parametrize("line", quoted_commands())
def test_every_quoted_command_exists_with_its_options(line: str):
    """A reader must not be sent to a command or an option that is not there."""
    words = shlex.split(line)[1:]
    known = commands()
    name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in known), None)
    assert name is not None
    options = {word.split("=")[0] for word in words if word.startswith("--")}
    assert options <= {*known[name], "--project", "--help"}


def test_every_command_of_run_py_that_is_quoted_exists():
    spec = importlib.util.spec_from_file_location("run_for_docs", ROOT / "run.py")
    run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run)
    asked = {line.removeprefix(RUN).split()[0] for _, line in quoted_lines() if line.startswith(RUN)}
    assert asked - {"…"} <= set(run.COMMANDS)
    benches = {line.split()[3] for _, line in quoted_lines() if line.startswith(f"{RUN}bench ")}
    assert benches <= {path.stem for path in (ROOT / "benchmarks").glob("*.py")}


def test_every_command_and_option_stands_in_the_reference():
    page = read("reference/commands.md")
    sections = {part.split("`")[1]: part for part in page.split("### ")[1:]}
    for name, options in commands().items():
        found = next((part for head, part in sections.items() if head.startswith(f"journeykit {name}")), "")
        missing = {option for option in options if f"`{option}" not in found}
        assert found and not missing, f"{name}: {missing}"


# Definitions and tables --------------------------------------------------------------------------


def test_the_reference_lists_every_stage_model_with_its_stages():
    page = read("reference/stage-models.md")
    for name in stage_model_ids():
        assert f"| `{name}` | {', '.join(load_stage_model(name).ids)}" in page
    assert ", ".join(CANONICAL_PHASES) in page


def test_the_reference_lists_every_touchpoint():
    listed = set(re.findall(r"`(\w+)`", read("reference/stage-models.md")))
    assert set(load_vocabulary()) <= listed


def test_the_reference_lists_every_key_of_a_client_file():
    page = read("reference/client-file.md")
    words = set(re.findall(r"`([\w.]+)`", page))
    for form in (Client, EventSource, CustomerSource, OwnTouchpoint, Trial):
        assert set(form.model_fields) <= words
    for part in ("personas", "period", "privacy", "brand", "report"):
        inner = Client.model_fields[part].annotation.model_fields
        assert {f"{part}.{name}" for name in inner} <= words
    assert set(EVENT_COLUMNS) <= words


def test_the_reference_lists_every_reason_for_which_a_row_is_rejected():
    source = (ROOT / "journeykit" / "events" / "mapping.py").read_text(encoding="utf-8")
    reasons = set(re.findall(r', "(\w+)"\),', source[source.index("def _with_reason") :]))
    assert len(reasons) > 5
    assert {*reasons, "malformed"} <= set(re.findall(r"`(\w+)`", read("reference/commands.md")))


def test_the_schema_of_check_is_what_it_prints(tmp_path: Path):
    """Who reads the JSON in a script relies on every key that the page names, and on no other meaning."""
    (tmp_path / "o.csv").write_text(
        "customer_id,visitor_id,timestamp,touchpoint,channel\n"
        "test,v,2026-01-01 10:00,search,bing\n,v,2026-01-02 10:00,odd,\n,,x,y,\n"
    )
    (tmp_path / "p.csv").write_text("customer_id,age\ntest,31\n")
    given = {"id": "acme", "name": "Acme", "events": {"path": "o.csv"}, "customers": {"path": "p.csv"}}
    printed = check_data(read_events(client_from_dict(given, tmp_path)).as_of()).to_dict()
    page = read("reference/check.md")
    table = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page.split("## Doubts")[0], re.MULTILINE))
    assert list(table) == list(printed)
    for key, told in table.items():
        if isinstance(printed[key], list):
            assert printed[key], f"{key} is not tested"
            assert set(printed[key][0]) <= set(re.findall(r"`(\w+)`", told)), key
    counts = page.split("`counts`: ")[1].split("Of an order")[0]
    assert re.findall(r"`(\w+)`", counts) == list(printed["counts"])
    assert {*DOUBTS, *QUESTIONS} <= set(re.findall(r"`(\w+)`", page))


def sections() -> dict[str, str]:
    """Return what the reference says of each table."""
    parts = read("reference/tables.md").split("\n### ")[1:]
    return {part.split("\n", 1)[0].strip(): part.split("\n## ")[0] for part in parts}


def test_the_reference_describes_every_table():
    contract = (
        "customers personas journey_map transitions funnel skips channels pages next_actions rejects evidence "
        "recommendations value_forecast value_outlook returns "
        "evaluation reliability confusion importance changes persona_moves transitions_by_markers "
        "audit_models audit_shares audit_agreement audit_conclusions "
        "persona_traits persona_attributes persona_examples candidates recruit_rules persona_tree decisions trials"
    ).split()
    counted = [part.name for part in fields(Journeys) if part.name not in NO_TABLES]
    assert set(sections()) == {*contract, *counted}


def test_the_reference_names_every_column_of_the_counted_tables():
    """A column that nobody explains is a column that is read wrongly."""
    events = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b"],
            "timestamp": ["2026-01-01", "2026-01-03", "2026-01-02"],
            "touchpoint": ["compare_items", "purchase", "compare_items"],
            "channel": ["web", "email", "web"],
            "page": ["/a", "/b", "/a"],
            "value": [None, 20.0, None],
        }
    )
    journeys = map_journeys(EventLog.from_frame(events), min_group=1)
    told = sections()
    for name, table in journeys.tables().items():
        words = set(re.findall(r"\w+", told[name]))
        assert {str(column) for column in table.columns} - {"held_back"} <= words, name


def test_the_python_page_lists_exactly_the_public_names():
    paths = re.findall(r"^::: ([\w.]+)$", read("reference/python.md"), re.MULTILINE)
    assert sorted(path.rpartition(".")[2] for path in paths) == sorted(journeykit.__all__)
    for path in paths:
        module, _, name = path.rpartition(".")
        public = getattr(journeykit, name)  # `simulate` is a module that can be called, once it was imported
        assert getattr(importlib.import_module(module), name) is getattr(public, name, public)


# What a report answers ---------------------------------------------------------------------------


def answers() -> list[tuple[str, list[str]]]:
    """Return the heading and the cells of every row of the tables on the page of answers."""
    parts = read("method/answers.md").split("\n## ")[1:]
    rows = [
        (part.split("\n")[0], line) for part in parts for line in part.split("\n") if line.startswith("| ")
    ]
    cells = [(head, [cell.strip() for cell in line.strip("|").split("|")]) for head, line in rows]
    return [(head, found) for head, found in cells if found[1] != "section"]


def test_every_question_and_every_stage_model_has_answers():
    heads = [head for head, _ in answers()]
    models = ["Value journey", "Five phases", "Universal", "Content", "Digital"]
    assert list(dict.fromkeys(heads)) == ["The seven questions", *models]
    asked = [
        cells[0][0] for head, cells in answers() if head == "The seven questions" and cells[0][0].isdigit()
    ]
    assert asked == list("1234567")
    assert all(len(cells) == 4 and all(cells) for _, cells in answers()), (
        "a fact without a place, or a reason"
    )


def test_the_sections_and_tables_that_answer_exist():
    """Who follows the page must find the section in the report, under that very name, and the table in its folder."""
    headings = headings_of_chapters()
    for _, cells in answers():
        named = re.findall(r"\*([^*]+)\*", cells[1])
        assert named and set(named) <= headings, cells
        tables = re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", cells[2]))
        assert set(tables) <= set(sections()) and (tables or cells[2] == "all"), cells


def headings_of_chapters() -> set[str]:
    """Return the headings, in English, that the chapters set."""
    code = "".join(
        path.read_text("utf-8") for path in (ROOT / "journeykit" / "reports" / "chapters").glob("*.py")
    )
    keys = re.findall(r'page\.heading\(\s*"(\w+)"', code)
    return {load_texts("en")["headings"][key] for key in keys}


# Examples ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", all_blocks("python"))
def test_python_examples_compile(code: str):
    compile(code, "example", "exec")


@pytest.mark.parametrize("code", all_blocks("yaml"))
def test_yaml_examples_are_what_journeykit_reads(code: str, tmp_path: Path):
    """Whole files are read as such; of a part, the keys must be those of a client file."""
    content = yaml.safe_load(code)
    if "stages" in content:
        path = tmp_path / "model.yml"
        path.write_text(code, encoding="utf-8")
        assert load_stage_model(str(path)).ids
    elif "all" in content:
        (tmp_path / "own.map.yml").write_text(code, encoding="utf-8")
        assert client_from_dict({"id": "acme", "name": "Acme", "map": "own.map.yml"}, tmp_path).map
    elif "id" in content:
        assert client_from_dict(content, tmp_path).id
    else:
        assert set(content) <= set(Client.model_fields)


@pytest.mark.slow
def test_the_example_in_the_readme_runs(tmp_path: Path, monkeypatch, capsys):
    from journeykit.simulate import simulate

    monkeypatch.chdir(tmp_path)
    made = simulate(customers=400, personas=3, days=180, seed=5).write(tmp_path / "data" / "clients")
    made.rename(made.with_name("web-shop.yml"))
    (code,) = blocks(ROOT / "README.md", "python")
    exec(compile(code, "README.md", "exec"), {})
    assert "True" in capsys.readouterr().out


def test_the_example_of_a_wide_table_runs(tmp_path: Path, monkeypatch, capsys):
    import numpy as np

    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, 160)
    people = pd.DataFrame(
        {
            "age": rng.normal(30 + 30 * group, 5).round(),
            "plan": np.where(rng.random(160) < 0.1 + 0.8 * group, "team", "free"),
            "screens": rng.normal(2 + 3 * group, 1),
            "orders": rng.poisson(5, 160),
            "churned": rng.integers(0, 2, 160),
        },
        index=pd.Index([f"c{n}" for n in range(160)], name="customer_id"),
    )
    people.to_csv("customers.csv")
    people.head(9).to_csv("newcomers.csv")
    names: dict = {}
    for code in blocks(DOCS / "how-to" / "wide-data.md", "python"):
        exec(compile(code, "wide-data.md", "exec"), names)
    assert len(names["persona"]) == 9
    assert names["wide"].notes_["kind"].to_dict() == {
        "age": "number", "plan": "category", "screens": "number", "orders": "activity", "churned": "left_out",
    }  # fmt: skip
    assert "age" in capsys.readouterr().out


# Columns -----------------------------------------------------------------------------------------


def test_the_reference_and_the_dictionary_name_the_same_tables_and_columns():
    """What the reference says of a column and what its sheet says of it must be about the same column."""
    from journeykit.reports.dictionary import columns_of, table_names

    told = sections()
    assert set(told) == set(table_names())
    copied = {"transitions_by_markers": told["transitions"]}
    for name in table_names():
        words = set(re.findall(r"\w+", told[name] + copied.get(name, "")))
        missing = {
            column.name for column in columns_of(name) if "<" not in column.name and column.name not in words
        }
        assert missing <= {"held_back"}, (name, missing)


def test_the_page_on_formats_names_every_column_of_the_long_table():
    from journeykit.reports.dictionary import columns_of

    page = read("how-to/formats.md")
    assert ", ".join(column.name for column in columns_of("long")) in page
    for column in columns_of("any"):
        assert f"`{column.name}`" in page
