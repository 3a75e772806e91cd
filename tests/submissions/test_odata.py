"""Records as OData rows, in the shape of ODK Central's feeds."""

import pytest

from submissions.odata import UnknownNameError, View, identifier, table, tables
from submissions.record import read
from submissions.tables import Delivery
from tests.submissions.conftest import form_of, instance

FORM = form_of("""
| survey |
| | type                | name    | label  |
| | text                | name    | Name   |
| | integer             | age     | Age    |
| | decimal             | weight  | Weight |
| | begin_group         | home    | Home   |
| | geopoint            | place   | Place  |
| | geotrace            | way     | Way    |
| | geoshape            | field   | Field  |
| | begin_repeat        | child   | Child  |
| | text                | cname   | Name   |
| | begin_repeat        | toy     | Toy    |
| | text                | tname   | Name   |
| | end_repeat          |         |        |
| | end_repeat          |         |        |
| | end_group           |         |        |
| settings |
| | form_id | version |
| | f       | 1       |
""")
BODY = (
    "<name>Ana</name><age>34</age><weight>61.50</weight><home><place>47.5 28.86 85 4.5</place>"
    "<child><cname>Ion</cname><toy><tname>Ball</tname></toy><toy><tname>Kite</tname></toy></child>"
    "<child><cname>Eva</cname></child></home>"
)
DELIVERY = Delivery("uuid:1", "2026-01-02T03:04:05.678Z", 7, "Phone 7", 1, 2, None, "approved", "x", 0, "1")


def rows(name="Submissions", body=BODY, **options):
    view = View(FORM, table(FORM, name), **options)
    return [one.shown for one in view.rows(read(instance(FORM, body, instance_id="uuid:1"), FORM), DELIVERY)]


def test_every_repeat_is_a_table_named_by_its_path():
    assert [one.name for one in tables(FORM)] == [
        "Submissions", "Submissions.home.child", "Submissions.home.child.toy",
    ]  # fmt: skip
    with pytest.raises(UnknownNameError):
        table(FORM, "Submissions.child")


def test_a_submission_is_an_object_nested_as_the_form_is():
    (row,) = rows()
    assert row == {
        "__id": "uuid:1",
        "__system": {
            "submissionDate": "2026-01-02T03:04:05.678Z", "updatedAt": None, "submitterId": "7",
            "submitterName": "Phone 7", "attachmentsPresent": 1, "attachmentsExpected": 2, "status": None,
            "reviewState": "approved", "deviceId": "x", "edits": 0, "formVersion": "1", "deletedAt": None,
        },
        "name": "Ana",
        "age": 34,
        "weight": 61.5,
        "home": {
            "place": {
                "type": "Point", "coordinates": [28.86, 47.5, 85], "properties": {"accuracy": 4.5},
            },
            "way": None,
            "field": None,
            "child@odata.navigationLink": "Submissions('uuid%3A1')/home/child",
        },
        "meta": {"instanceID": "uuid:1"},
    }  # fmt: skip


def test_rows_of_repeats_name_the_row_they_belong_to():
    first, second = rows("Submissions.home.child")
    assert (first["cname"], second["cname"]) == ("Ion", "Eva")
    assert first["__Submissions-id"] == second["__Submissions-id"] == "uuid:1"
    assert first["__id"] != second["__id"]
    assert first["toy@odata.navigationLink"] == f"Submissions('uuid%3A1')/home/child('{first['__id']}')/toy"
    toys = rows("Submissions.home.child.toy")
    assert [(one["tname"], one["__Submissions-home-child-id"]) for one in toys] == [
        ("Ball", first["__id"]),
        ("Kite", first["__id"]),
    ]


def test_expanded_rows_stand_in_the_rows_they_belong_to():
    (row,) = rows(expand=True)
    ion, eva = row["home"]["child"]
    assert ([toy["tname"] for toy in ion["toy"]], eva["toy"]) == (["Ball", "Kite"], [])
    assert ion["__id"] == rows("Submissions.home.child")[0]["__id"], "the same in every table"
    first, _ = rows("Submissions.home.child", expand=True)
    assert [toy["tname"] for toy in first["toy"]] == ["Ball", "Kite"]
    assert rows(body="", expand=True)[0]["home"]["child"] == []


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        (["name"], {"__id": "uuid:1", "name": "Ana"}),
        (["__id"], {"__id": "uuid:1"}),
        (["__system/edits", "age"], {"__id": "uuid:1", "__system": {"edits": 0}, "age": 34}),
        (["home/place"], {"__id", "home"}),
        (["home"], {"__id", "home"}),
        (["__system"], {"__id", "__system"}),
    ],
)
def test_only_what_is_selected_is_shown(select, expected):
    (row,) = rows(select=select)
    assert row == expected if isinstance(expected, dict) else set(row) == expected


def test_a_selected_group_is_all_of_it_and_a_selected_field_only_that():
    assert set(rows(select=["home"])[0]["home"]) == {"place", "way", "field"}
    assert set(rows(select=["home/way"])[0]["home"]) == {"way"}
    chosen = rows("Submissions.home.child", select=["cname"])[0]
    assert set(chosen) == {"__id", "cname"}
    assert "__Submissions-id" in rows("Submissions.home.child", select=["__Submissions-id"])[0]


@pytest.mark.parametrize("select", ["nmae", "__system/secret", "home/child/cname", ""])
def test_what_the_table_does_not_have_cannot_be_selected(select):
    with pytest.raises(UnknownNameError):
        rows(select=[select])
    with pytest.raises(UnknownNameError):
        rows("Submissions.home.child", select=["__system/edits"])


def test_what_is_left_out_is_nowhere():
    (row,) = rows(leaves_out=lambda path: path in ("/data/name", "/data/home/child/cname"), expand=True)
    assert "name" not in row
    assert "Ion" not in str(row)
    assert row["home"]["child"][0]["toy"]


WAYS = "<home><way>1 2 3 4;5 6 7 8</way><field>1 2 0 0; 3 4 0 0; 5 6.5 0 0; 1 2 0 0;</field></home>"


def test_lines_and_areas_are_geojson_longitude_first():
    home = rows(body=WAYS)[0]["home"]
    assert home["way"] == {
        "type": "LineString",
        "coordinates": [[2, 1, 3], [6, 5, 7]],
        "properties": {"accuracies": [4, 8]},
    }
    assert home["field"]["coordinates"] == [[[2, 1, 0], [4, 3, 0], [6.5, 5, 0], [2, 1, 0]]]


def test_geometry_may_be_well_known_text():
    assert rows(wkt=True)[0]["home"]["place"] == "POINT (28.86 47.5 85)"
    home = rows(body=WAYS, wkt=True)[0]["home"]
    assert home["way"] == "LINESTRING (2 1 3,6 5 7)"
    assert home["field"] == "POLYGON ((2 1 0,4 3 0,6.5 5 0,2 1 0))"


def test_what_a_type_does_not_read_is_null_and_text_is_as_it_was_written():
    (row,) = rows(body="<name> =1+1 </name><age>many</age><weight>x</weight><home><place>here</place></home>")
    assert (row["name"], row["age"], row["weight"], row["home"]["place"]) == (" =1+1 ", None, None, None)


@pytest.mark.parametrize(
    ("name", "made"), [("age", "age"), ("first-name", "first_name"), ("1st", "_1st"), ("é.b", "__b")]
)
def test_names_are_made_into_identifiers_as_central_does(name, made):
    assert identifier(name) == made
