"""Feeds of forms as the field has them: names in any script, the same name in many places, repeats in repeats, texts of
any length. The metadata is valid, and all that it names can be selected, filtered and sorted by."""

import pytest

from app.services import condition, indexing, ordering, publish
from tests.databases import on_sqlite
from tests.services import csdl
from tests.services.test_feed import feed, opened

FORM = """
| survey  |                    |             |       |
|         | type               | name        | label |
|         | text               | имя         | A     |
|         | text               | год         | B     |
|         | text               | a-b         | C     |
|         | text               | a.b         | D     |
|         | text               | a_b         | E     |
|         | text               | __id        | F     |
|         | select_multiple yn | many        | G     |
|         | dateTime           | at          | H     |
|         | date               | on          | I     |
|         | decimal            | share       | J     |
|         | geotrace           | way         | K     |
|         | begin_group        | Submissions | L     |
|         | begin_group        | g           | M     |
|         | text               | x           | N     |
|         | end_group          |             |       |
|         | end_group          |             |       |
|         | begin_group        | g           | O     |
|         | text               | x           | P     |
|         | begin_repeat       | r           | Q     |
|         | text               | x           | R     |
|         | begin_group        | g           | S     |
|         | text               | имя         | T     |
|         | begin_repeat       | r-r         | U     |
|         | integer            | x           | V     |
|         | end_repeat         |             |       |
|         | end_group          |             |       |
|         | end_repeat         |             |       |
|         | begin_repeat       | r_r         | W     |
|         | text               | x           | X     |
|         | end_repeat         |             |       |
|         | end_group          |             |       |
| choices |                    |             |       |
|         | list_name          | name        | label |
|         | yn                 | yes         | Yes   |
|         | yn                 | no          | No    |
| settings |                   |             |       |
|         | form_id            | version     |       |
|         | g                  | 1           |       |
"""
LONG = "слово — كلمة — 言葉 — 'quoted' 😀 " * 2000
SAID = (
    f"<имя>Ана</имя><год>2026</год><a-b>1</a-b><a.b>2</a.b><a_b>3</a_b><__id>mine</__id><many>yes no</many>"
    "<at>2026-03-04T23:30:00.000-05:00</at><on>2026-03-04</on><share>0.1</share>"
    "<way>1 2 0 0;3 4 0 0</way><Submissions><g><x>inner</x></g></Submissions>"
    f"<g><x>{LONG}</x><r><x/><g><имя/></g></r><r><x>second</x><g><имя>Ион</имя><r-r><x>7</x></r-r><r-r><x/></r-r></g></r>"
    "<r_r><x>other</x></r_r></g>"
)
pytestmark = on_sqlite  # what is here no database sees
TABLES = ["Submissions", "Submissions.g.r", "Submissions.g.r.g.r_r", "Submissions.g.r_r"]


@pytest.fixture
def odd(house):
    """A submission of the form, and one that answers nothing."""
    house.publish(publish.check(FORM.encode(), "g.md"), mission_id=house.mission_id)
    house.forms["g"] = "open"
    for key, answers in (("uuid:full", SAID), ("uuid:empty", "")):
        meta = f"<meta><instanceID>{key}</instanceID></meta>"
        house.receive(f'<data id="g" version="1">{answers}{meta}</data>'.encode())
    house.work()
    return house


def test_names_that_are_one_identifier_are_told_apart_and_nothing_said_is_lost(odd):
    _, row = feed(odd, "g", expand=True)["value"]
    assert row["__id"] == "uuid:full"
    assert {name: row[name] for name in ("__", "___2", "a_b", "a_b_2", "a_b_3", "__id_2")} == {
        "__": "Ана", "___2": "2026", "a_b": "3", "a_b_2": "1", "a_b_3": "2", "__id_2": "mine",
    }  # fmt: skip
    assert (row["many"], row["at"], row["on"], row["share"]) == (
        "yes no", "2026-03-04T23:30:00.000-05:00", "2026-03-04", 0.1,
    )  # fmt: skip
    assert row["Submissions"]["g"]["x"] == "inner"
    assert row["g"]["x"] == LONG
    empty, second = row["g"]["r"]
    assert (empty["x"], empty["g"]["__"], empty["g"]["r_r"]) == (None, None, [])
    assert (second["x"], second["g"]["__"]) == ("second", "Ион")
    assert [one["x"] for one in second["g"]["r_r"]] == [7, None]
    assert [one["x"] for one in row["g"]["r_r"]] == ["other"]


def test_the_metadata_is_valid_and_all_it_names_can_be_asked_for(odd):
    with odd.session() as session:
        service = opened(odd, session, "g")
        read = csdl.read(service.metadata())
        assert [one["name"] for one in service.document()["value"]] == list(read) == TABLES
    for table, entity in read.items():
        rows = feed(odd, "g", table)["value"]
        assert set(entity.repeats.values()) <= set(TABLES)
        for name, kind in entity.fields.items():
            selected = feed(odd, "g", table, select=(name,))["value"]
            assert len(selected) == len(rows)
            if name.startswith(("__system/", "__Submissions")) or name == "__id":
                continue
            assert [_at(row, name) for row in selected] == [_at(row, name) for row in rows]
            found = feed(odd, "g", table, condition=condition.read(f"{name} ne null"))["value"]
            assert [row["__id"] for row in found] == [
                row["__id"] for row in rows if _at(row, name) is not None
            ]
            if not kind.startswith("Edm.Geography"):
                ordered = feed(odd, "g", table, order=ordering.read(f"{name} desc"))["value"]
                assert sorted(row["__id"] for row in ordered) == sorted(row["__id"] for row in rows)
                assert _at(ordered[0], name) == max(
                    (value for row in rows if (value := _at(row, name)) is not None), default=None
                )


def test_answers_of_odd_names_and_zones_are_compared_as_what_they_are(odd):
    said = {
        "___2 eq '2026'": 1,
        "a_b_2 eq '1'": 1,
        "at eq 2026-03-05T04:30:00Z": 1,
        "day(at) eq 5 and hour(at) eq 4": 1,
        "on eq 2026-03-04": 1,
        "contains(many, 'no')": 1,
        "endswith(g/x, '😀 ')": 1,
        "g/x eq 'it''s'": 0,
    }
    found = {text: len(feed(odd, "g", condition=condition.read(text))["value"]) for text in said}
    assert found == said


ODD = [
    "<many> yes </many><at>2026-03-04T23:30:00.000-05:00</at><share>0.10</share>",
    "<many>no yes</many><at>2026-03-05T00:30:00+14:00</at><share>1e-1</share>",
    "<many>yes</many><at>20260304T120000Z</at><share>-0.1</share>",
    "<many> </many><at>2026-03-04</at><share>much</share>",
    "<many>yes</many><many>no</many><at>soon</at><share>0.30000000000000004</share>",
    f"<many>{'no ' * 100}yes</many><at>0001-01-01T00:00:00+05:00</at><on>2026-03-04T10:00:00+01:00</on>",
]
ASKED = [
    "many eq 'yes'", "many eq ' yes '", "many eq ' '", "startswith(many, 'no')", "startswith(many, ' ')",
    "contains(many, 'yes')", "endswith(many, 'yes')", "endswith(many, ' ')", "contains(many, 'no no')",
    "at eq 2026-03-05T04:30:00Z", "at lt 2026-03-04T12:00:00Z", "at ge 2026-03-04T11:00:00Z", "at le 2026-03-04",
    "at gt 2026-03-05T05:00:00+14:00", "share eq 0.1", "share gt 0.1", "share ge 0.3", "share lt 0", "share ne null",
    "on eq 2026-03-04", "on gt 2026-03-04", "on lt 2026-03-05 and share eq null", "at lt now()",
]  # fmt: skip


def test_the_index_of_answers_changes_nothing_of_what_a_filter_finds(odd):
    for number, answers in enumerate(ODD):
        meta = f"<meta><instanceID>uuid:{number}</instanceID></meta>"
        odd.receive(f'<data id="g" version="1">{answers}{meta}</data>'.encode())
    odd.work()

    def found():
        asked = {text: condition.read(text) for text in ASKED}
        return {
            text: [row["__id"] for row in feed(odd, "g", condition=one)["value"]]
            for text, one in asked.items()
        }

    before = found()
    assert len({str(one) for one in before.values()}) > 10
    assert indexing.run_until_empty(odd.engine, keyring=odd.keyring) == len(ODD) + 2
    with odd.session() as session:
        assert set(indexing.numbers_of(session, odd.mission_id, "g")) >= {
            "/data/many",
            "/data/at",
            "/data/share",
        }
    assert found() == before


def _at(row, name):
    for step in name.split("/"):
        row = row[step]
    return row
