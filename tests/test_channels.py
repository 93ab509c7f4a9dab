"""Channels: raw names, platforms and media become channels of the vocabulary, with their source and payment."""

from __future__ import annotations

import json

import pytest

from journeykit.channels import channel_of, channel_words
from journeykit.clients import client_from_dict, read_client
from journeykit.drafting import draft_client
from journeykit.errors import ClientFileError
from journeykit.events import read_events
from journeykit.touchpoints import load_channels

NAMED = [
    ("Facebook", "social", "facebook", None),
    ("FACEBOOK ADS", "social", "facebook", True),
    ("betaald instagram", "social", "instagram", True),
    ("linkedin organisch", "social", "linkedin", False),
    ("Linked In", "social", "linkedin", None),
    ("You Tube", "video", "youtube", None),
    ("TikTok", "social", "tiktok", None),
    ("google", "search", "google", None),
    ("Google Ads", "search", "google", True),
    ("Google Display Netwerk", "display", "google", True),
    ("bing", "search", "bing", None),
    ("https://m.facebook.com/groups/3", "social", "facebook", None),
    ("www.google.co.uk", "search", "google", None),
    ("mailchimp", "email", "mailchimp", False),
    ("Nieuwsbrieven", "email", None, False),
    ("newsletter", "email", None, False),
    ("WhatsApp", "chat", "whatsapp", False),
    ("SEO", "search", None, False),
    ("sea", "search", None, True),
    ("cpc", "search", None, True),
    ("Organische zoekresultaten", "search", None, False),
    ("Winkel", "store", None, False),
    ("Sociale media", "social", None, None),
    ("beurzen", "beurzen", None, None),
    ("Paid Social", "social", None, True),
    ("Cross-network", "cross_network", None, True),
    ("(direct) / (none)", "direct", None, False),
    ("(none)", "direct", None, False),
    ("google / cpc", "search", "google", True),
    ("google / organic", "search", "google", False),
    ("bing/organic", "search", "bing", False),
    ("t.co / referral", "social", "twitter", False),
    ("partner.nl / referral", "referral", "partner.nl", False),
    ("klanten / nieuwsbrief", "email", "klanten", False),
    ("criteo / retargeting", "display", "criteo", True),
    ("partner.nl / cpc", "cpc", "partner.nl", True),
    ("winkelvloer", "winkelvloer", None, None),
    ("", None, None, None),
]


@pytest.mark.parametrize(("raw", "channel", "source", "paid"), NAMED, ids=[row[0] for row in NAMED])
def test_a_raw_name_becomes_a_channel_with_its_platform_and_payment(raw, channel, source, paid):
    named = channel_of(raw)
    assert (named.channel, named.source, named.paid) == (channel, source, paid)


# (channel or medium, source): by hand after https://support.google.com/analytics/answer/9756891
BESIDE = [
    ("cpc", "google", "search", True),
    ("organic", "google", "search", False),
    ("cpc", "m.facebook.com", "social", True),
    ("referral", "l.instagram.com", "social", False),
    ("referral", "tweakers.net", "referral", False),
    ("paid-social", "linkedin", "social", True),
    ("video", "nieuws.nl", "video", None),
    ("cpv", "youtube", "video", True),
    ("cpm", "nieuws.nl", "display", True),
    ("e-mail", "crm", "email", False),
    ("affiliates", "daisycon", "affiliate", True),
    ("organic", "amazon", "partner", False),
    ("(none)", "(direct)", "direct", False),
    ("app-push", "eigen", "app", False),
    ("social", "blog", "social", None),
    ("winkelvloer", "facebook", "winkelvloer", None),
    ("email", "facebook", "email", None),
    (None, "linkedin.com", "social", None),
    (None, "ons-crm", None, None),
]


@pytest.mark.parametrize(
    ("medium", "source", "channel", "paid"), BESIDE, ids=[f"{m}-{s}" for m, s, *_ in BESIDE]
)
def test_a_source_and_a_medium_follow_the_default_channel_group(medium, source, channel, paid):
    named = channel_of(medium, source=source)
    assert (named.channel, named.paid) == (channel, paid)


@pytest.mark.parametrize("name", load_channels())
def test_a_name_of_the_vocabulary_stays_as_it_is(name):
    named = channel_of(name)
    assert (named.channel, named.source, named.paid, named.known) == (name, None, None, True)


def test_every_known_word_goes_to_a_channel_of_the_vocabulary_or_stays_as_it_is():
    for word in channel_words():
        named = channel_of(word)
        assert named.known, word
        assert named.channel in {*load_channels(), word}, word


OWN = {
    "google / cpc": {"channel": "display"},
    "facebook": {"paid": True},
    "winkelvloer": {"channel": "store", "source": "pos"},
}


@pytest.mark.parametrize(
    ("raw", "source", "channel", "of", "paid"),
    [
        ("Google / CPC", None, "display", "google", True),
        ("cpc", "google", "display", "google", True),
        ("Facebook", None, "social", "facebook", True),
        ("Winkelvloer", None, "store", "pos", None),
        ("cpc", "bing", "search", "bing", True),
    ],
)  # fmt: skip
def test_what_the_client_says_wins(raw, source, channel, of, paid):
    named = channel_of(raw, source=source, own=OWN)
    assert (named.channel, named.source, named.paid, named.known) == (channel, of, paid, True)


def read(tmp_path, text, **keys):
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    events = {"path": "log.csv"} | keys.pop("events", {})
    return read_events(client_from_dict({"id": "acme", "name": "Acme", "events": events} | keys, tmp_path))


LOG = """customer_id,timestamp,touchpoint,channel,paid
a,2026-01-01,page_view,Facebook Ads,
a,2026-01-02,page_view,google / cpc,false
b,2026-01-03,page_view,winkelvloer,true
b,2026-01-04,page_view,,
b,2026-01-05,page_view,email,
"""


def test_a_log_has_named_channels_and_what_a_row_says_of_payment_wins(tmp_path):
    log = read(tmp_path, LOG)
    frame = log.to_pandas()
    assert frame["channel"].fillna("").tolist() == ["social", "search", "winkelvloer", "", "email"]
    assert frame["source"].fillna("").tolist() == ["facebook", "google", "", "", ""]
    assert frame["paid"].map({True: "yes", False: "no"}).fillna("").tolist() == ["yes", "no", "yes", "", ""]
    assert log.channels().set_index("channel")["known"].to_dict() == {
        "social": True, "search": True, "winkelvloer": False, "email": True,
    }  # fmt: skip


PAIRS = [
    ("fb", "cpc"),
    ("(direct)", "(none)"),
    ("", ""),
    ("eigen", "x"),
    ("linkedin.com", ""),
    ("", "nieuwsbrief"),
]


def test_source_and_medium_in_two_columns_are_read_together(tmp_path):
    text = "customer_id,timestamp,touchpoint,src,med\n" + "".join(
        f"a,2026-01-0{day},page_view,{source},{medium}\n" for day, (source, medium) in enumerate(PAIRS, 1)
    )
    columns = {"channel": "med", "source": "src"}
    log = read(tmp_path, text, events={"columns": columns}, channels={"eigen / x": {"channel": "partner"}})
    frame = log.to_pandas()[["channel", "source"]].fillna("")
    assert list(frame.itertuples(index=False, name=None)) == [
        ("social", "facebook"), ("direct", ""), ("", ""), ("partner", "eigen"), ("social", "linkedin"), ("email", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("channel", [[], ["channel"]])
def test_a_source_that_is_free_text_names_no_channel_and_stops_nothing(tmp_path, monkeypatch, channel):
    monkeypatch.setattr("journeykit.events.names._MOST_PAIRS", 3)
    monkeypatch.setattr("journeykit.events.names._MOST_NAMES", 3)
    rows = "".join(f"a,2026-01-0{n},page_view,said {n}{',email' if channel else ''}\n" for n in range(1, 6))
    log = read(tmp_path, ",".join(["customer_id,timestamp,touchpoint,source", *channel]) + "\n" + rows)
    frame = log.to_pandas()
    assert frame["source"].tolist() == [f"said {n}" for n in range(1, 6)]
    assert set(frame["channel"].fillna("")) == ({"email"} if channel else {""})


def test_a_constant_is_named_too(tmp_path):
    text = "customer_id,timestamp\na,2026-01-01\n"
    log = read(tmp_path, text, events={"constants": {"touchpoint": "email_open", "channel": "Nieuwsbrief"}})
    assert log.to_pandas()[["channel", "paid"]].values.tolist() == [["email", False]]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"facebook": {"channel": "socail"}},
            "unknown channel of 'facebook': 'socail'. Did you mean 'social'",
        ),
        ({"facebook": {"chanel": "social"}}, "unknown key 'chanel'. Did you mean 'channel'"),
        ({"facebook": {"paid": "bought"}}, "channels.facebook.paid"),
    ],
)
def test_a_mistake_in_channels_is_told_with_what_is_near(given, told):
    with pytest.raises(ClientFileError, match=told):
        client_from_dict({"id": "acme", "name": "Acme", "channels": given})


def test_a_channel_of_ones_own_needs_a_line_of_its_own():
    given = {"Beurs": {"channel": "fairs"}, "fairs": {"paid": False}}
    client = client_from_dict({"id": "acme", "name": "Acme", "channels": given | {"x": "email"}})
    assert (client.channel_of("beurs").channel, client.channel_of("fairs").paid) == ("fairs", False)
    assert client.channel_of("x").channel == "email"


def test_a_draft_proposes_what_is_nearly_known_and_names_what_stays(tmp_path):
    rows = "".join(
        f"{who};0{who}-02-2026;gekocht;{channel}\n"
        for who, channel in enumerate(["Facebok", "nieuwsbrief", "winkelvloer", "Google Ads"], 1)
    )
    (tmp_path / "log.csv").write_text(f"klant;datum;gebeurtenis;kanaal\n{rows}", encoding="utf-8")
    draft = draft_client("acme", tmp_path / "log.csv", folder=tmp_path).read_text(encoding="utf-8")
    assert (
        "  Facebok: {channel: social, source: facebook}  # LOOK: it is nearly 'facebook' (doubtful)" in draft
    )
    assert "# channels kept under their own name: winkelvloer" in draft
    assert "nieuwsbrief" not in draft


def test_a_draft_takes_source_and_medium_apart(tmp_path):
    rows = [
        {
            "user_id": str(n),
            "time": f"2026-01-0{n}",
            "event": "page_view",
            "utm_source": "fb",
            "utm_medium": "cpc",
        }
        for n in (1, 2)
    ]
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    draft_client("acme", tmp_path / "log.jsonl", folder=tmp_path)
    frame = read_events(read_client(tmp_path / "acme.yml")).to_pandas()
    assert frame[["channel", "source"]].drop_duplicates().values.tolist() == [["social", "facebook"]]
