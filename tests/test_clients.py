"""Client files: read into types, and every mistake named with file, line, key, nearest value and remedy."""

from __future__ import annotations

import datetime as dt

import pytest

from journeykit.clients import client_from_dict, client_paths, read_client
from journeykit.errors import ClientFileError

FULL = """
id: corner-grocer
name: Corner Grocer
language: nl
setting: b2c
stage_model: value-journey
timezone: Europe/Amsterdam
events:
  - path: ../raw/orders-*.parquet
    columns:
      customer_id: household_id
      timestamp: {date: day, hour: hour}
      value: quantity * unit_price
    constants: {touchpoint: purchase, channel: store}
  - path: ../raw/campaigns.csv
    columns: {customer_id: household_id, timestamp: start_date, touchpoint: event}
    touchpoints: {contacted: campaign_received, redeemed: coupon_redeemed}
customers:
  path: ../raw/demographics.csv
  columns: {customer_id: household_id}
  attributes: [age, income]
  missing: {age: [118], city: Select}
labels: {path: labels.csv, columns: {customer_id: id, at: date, stage: stage}}
markers: {convert: [trial_start, wishlist]}
personas: {k: 4, reuse: null}
period: {as_of: 2026-04-01, report_days: 90, horizon_days: 30}
privacy: {min_group: 5, pseudonymise: false}
brand: {logo: null, colour: "#0b5fa5"}
touchpoints: {wishlist: {name: {en: Wish list, nl: Verlanglijst}, interaction: interactive, paid: false}}
note: {en: A note., nl: Een noot.}
"""


def test_a_full_client_file_is_read(tmp_path):
    (tmp_path / "corner-grocer.yml").write_text(FULL)
    client = read_client("corner-grocer", tmp_path)
    assert client.events[1].touchpoints["contacted"] == "campaign_received"
    assert client.customers.missing == {"age": [118], "city": ["Select"]}
    assert client.period.as_of == dt.date(2026, 4, 1) and client.personas.k == 4
    assert client.model.markers()["wishlist"] == "convert"
    assert client.vocabulary.name("wishlist", "nl") == "Verlanglijst"
    assert client.resolve("../raw/x") == (tmp_path.parent / "raw/x").resolve()


def test_what_is_left_out_has_the_documented_default():
    client = client_from_dict({"id": "a", "name": "A"})
    assert (client.language, client.setting, client.timezone) == ("en", "b2c", "UTC")
    assert (client.period.as_of, client.period.report_days, client.period.horizon_days) == ("latest", 90, 30)
    assert (client.personas.k, client.privacy.min_group, client.unit) == ("auto", 10, "customer")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("evnts: x", "line 3: unknown key 'evnts'. Did you mean 'events'"),
        ("language: du", "line 3: unknown value of 'language': 'du'"),
        ("setting: b2d", "unknown value of 'setting': 'b2d'. Did you mean 'b2"),
        ("stage_model: univrsal", "line 3: definitions/stage_models has no stage model 'univrsal'"),
        ("timezone: Europe/Amsterdm", "unknown time zone 'Europe/Amsterdm'. Did you mean 'Europe/Amsterdam'"),
        (
            "events: {path: x, columns: {custmer_id: a}}",
            "unknown event column 'custmer_id'. Did you mean 'customer_id'",
        ),
        ("events: {path: x, column: {}}", "unknown key 'column'. Did you mean 'columns'"),
        ("events: {columns: {}}", "the key 'events.path' is missing"),
        ("events: {path: x, columns: {timestamp: {ofset: a}}}", "unknown key of timestamp 'ofset'"),
        ("events: {path: x, columns: {timestamp: {offset: a}}}", "an offset needs its 'start'"),
        ("events: {path: x, columns: {timestamp: {offset: a, start: 1, unit: y}}}", "unknown unit 'y'"),
        ("events: {path: x, columns: {timestamp: {year: a}}}", "timestamp takes"),
        ("events: {path: x, columns: {value: {date: a}}}", "must be a column or an expression"),
        ("customers: {path: x, columns: {klant: a}}", "unknown customer column 'klant'"),
        ("markers: {wow: [x]}", "line 3: unknown stage 'wow'"),
        ("period: {as_of: yesterday}", "period.as_of"),
        ("period: {report_days: 0}", "greater than or equal to 1"),
        ("personas: {k: 0}", "personas.k"),
        ("brand: {colour: red}", "brand.colour"),
        ("privacy: {min_grup: 3}", "unknown key 'min_grup'. Did you mean 'min_group'"),
    ],
)
def test_a_mistake_is_named(tmp_path, line, message):
    path = tmp_path / "a.yml"
    path.write_text(f"id: a\nname: A\n{line}\n")
    with pytest.raises(ClientFileError, match=message) as caught:
        read_client(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("bad", ["", "A b", "../up", "-x", "é"])
def test_an_id_is_safe_for_a_path(tmp_path, bad):
    with pytest.raises(ClientFileError, match="id"):
        client_from_dict({"id": bad, "name": "A"})


def test_an_unknown_client_and_an_empty_folder_are_told(tmp_path):
    with pytest.raises(ClientFileError, match="holds no client file"):
        client_paths(tmp_path)
    (tmp_path / "acme.yml").write_text("id: acme\nname: Acme\n")
    with pytest.raises(ClientFileError, match="unknown client 'acne'. Did you mean 'acme'"):
        read_client("acne", tmp_path)
    with pytest.raises(ClientFileError, match="no such folder"):
        client_paths(tmp_path / "nowhere")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one client, seen from its notebooks folder, as a kernel of JupyterLab starts."""
    (tmp_path / "data" / "clients").mkdir(parents=True)
    (tmp_path / "data" / "clients" / "acme.yml").write_text("id: acme\nname: Acme\n")
    (tmp_path / "notebooks" / "deeper").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


@pytest.mark.parametrize("named", ["acme", "data/clients/acme.yml"])
@pytest.mark.parametrize("folder", [".", "notebooks", "notebooks/deeper", "data/clients"])
def test_a_client_is_found_from_any_folder_of_its_project(project, monkeypatch, named, folder):
    monkeypatch.chdir(project / folder)
    assert read_client(named).path == project / "data" / "clients" / "acme.yml"


def test_the_nearest_project_is_taken(project, monkeypatch):
    inner = project / "notebooks" / "data" / "clients"
    inner.mkdir(parents=True)
    (inner / "acme.yml").write_text("id: acme\nname: Inner\n")
    monkeypatch.chdir(project / "notebooks" / "deeper")
    assert read_client("acme").name == "Inner"


def test_a_folder_that_is_named_is_the_only_one(project):
    with pytest.raises(ClientFileError, match="unknown client 'acme'"):
        read_client("acme", "data/clients")


@pytest.mark.parametrize("named", ["acne", "data/clients/acne.yml"])
def test_a_client_that_is_nowhere_gets_the_nearest_of_the_project(project, named):
    with pytest.raises(ClientFileError, match="unknown client 'acne'. Did you mean 'acme'.*use one of: acme"):
        read_client(named)


def test_without_a_project_the_error_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ClientFileError, match=r"type the whole path, such as .*/data/clients/acme\.yml"):
        read_client("acme")
    with pytest.raises(ClientFileError, match="other/acme.yml"):
        read_client("other/acme.yml")
