"""The download, laid out as ODK Central's CSV files (names and keys checked against Central's own tests)."""

import json

from submissions.flat import flatten, from_json
from submissions.record import read
from submissions.tables import METADATA, Delivery, Filling, tables
from tests.submissions.conftest import form_of, instance
from xlsforms.schema import Form, Group, Question, Repeat

META = list(METADATA)


def form(*lines, form_id="f", choices=""):
    settings = f"| settings | | |\n| | form_id | version |\n| | {form_id} | 1 |\n"
    survey = "| survey | | | |\n| | type | name | label |\n" + "\n".join(f"| | {line} |" for line in lines)
    return form_of(f"{settings}{choices}{survey}")


def rows(record, layout, delivery, form):
    """The rows of a record, laid flat and kept as JSON in between."""
    said = from_json(json.loads(json.dumps(flatten(record, form))))
    for number, cells in Filling(layout, form).rows(said, delivery):
        yield layout.tables[number], cells


def table(form, body, delivery=None, **settings):
    """{file: (header, rows)} of one submission."""
    layout = tables(form, **settings)
    made = {one.file: [list(one.header)] for one in layout.tables}
    record = read(instance(form, body, instance_id="one"), form)
    for one, cells in rows(record, layout, delivery or Delivery("one", "2018-01-01T00:00:00.000Z"), form):
        assert len(cells) == len(one.columns)
        made[one.file].append(cells)
    return made


FLAT = form("text | name | Name", "integer | age | Age")
NESTED = form(
    "text | name | Name",
    "begin_group | children | Children",
    "begin_repeat | child | Child",
    "text | cname | Name",
    "begin_group | home | Home",
    "text | street | Street",
    "end_group | | ",
    "begin_repeat | toy | Toy",
    "text | tname | Name",
    "end_repeat | | ",
    "end_repeat | | ",
    "end_group | | ",
    form_id="multi",
)


def test_a_flat_form_is_one_table_with_the_metadata_around_the_answers():
    made = table(FLAT, "<name>Alice</name><age>30</age>")
    assert list(made) == ["f.csv"]
    header, row = made["f.csv"]
    assert header == ["SubmissionDate", "name", "age", "meta-instanceID", *META]
    assert row == [
        "2018-01-01T00:00:00.000Z",
        "Alice",
        "30",
        "one",
        "one",
        None,
        None,
        0,
        0,
        None,
        None,
        None,
        0,
        None,
    ]


def test_what_the_server_knows_of_a_submission_stands_behind_its_answers():
    delivery = Delivery(
        "first", "2018-01-01T00:00:00.000Z", 7, "Phone 7", 1, 2, None, "approved", "collect:x", 3, "2026"
    )
    _, row = table(FLAT, "", delivery)["f.csv"]
    assert row[3:] == ["one", "first", 7, "Phone 7", 1, 2, None, "approved", "collect:x", 3, "2026"]


def test_repeats_are_tables_of_their_own_with_keys_as_in_central():
    made = table(
        NESTED,
        "<name>Bob</name><children>"
        "<child><cname>Billy</cname><home><street>A</street></home><toy><tname>R2-D2</tname></toy></child>"
        "<child><cname>Blaine</cname><toy><tname>BB-8</tname></toy><toy><tname>Porg</tname></toy></child>"
        "</children>",
    )
    assert list(made) == ["multi.csv", "multi-child.csv", "multi-toy.csv"]
    assert made["multi.csv"][0] == ["SubmissionDate", "name", "meta-instanceID", *META]
    assert made["multi-child.csv"] == [
        ["cname", "home-street", "PARENT_KEY", "KEY"],
        ["Billy", "A", "one", "one/children/child[1]"],
        ["Blaine", None, "one", "one/children/child[2]"],
    ]
    assert made["multi-toy.csv"] == [
        ["tname", "PARENT_KEY", "KEY"],
        ["R2-D2", "one/children/child[1]", "one/children/child[1]/toy[1]"],
        ["BB-8", "one/children/child[2]", "one/children/child[2]/toy[1]"],
        ["Porg", "one/children/child[2]", "one/children/child[2]/toy[2]"],
    ]


def test_columns_may_be_called_by_the_questions_name_alone():
    assert tables(NESTED, group_paths=False).tables[1].header == ("cname", "street", "PARENT_KEY", "KEY")


def test_repeats_of_one_name_are_numbered_in_the_order_of_the_form():
    def group(name, question):
        inner = Question(question, f"/data/{name}/r/{question}", "text")
        return Group(name, f"/data/{name}", children=(Repeat("r", f"/data/{name}/r", children=(inner,)),))

    twice = tables(Form("f", "1", "F", "data", children=(group("a", "x"), group("b", "y"))))
    assert [one.file for one in twice.tables] == ["f.csv", "f-r~1.csv", "f-r~2.csv"]
    assert [one.header[0] for one in twice.tables[1:]] == ["x", "y"]


def test_a_geopoint_has_four_columns():
    made = table(form("geopoint | place | Place"), "<place>47.599115 -122.331753 10</place>")["f.csv"]
    assert made[0][1:5] == ["place-Latitude", "place-Longitude", "place-Altitude", "place-Accuracy"]
    assert made[1][1:5] == ["47.599115", "-122.331753", "10", None]


CHOICES = "| choices | | | |\n| | list_name | name | label |\n| | c | a | A |\n| | c | b | B |\n"


def test_several_codes_are_one_cell_or_one_column_each():
    several = form("select_multiple c | q | Q", choices=CHOICES)
    assert table(several, "<q>b zz</q>")["f.csv"][1][1] == "b zz"
    made = table(several, "<q>b zz</q>", split_select_multiples=True)["f.csv"]
    assert made[0][1:4] == ["q", "q/a", "q/b"]
    assert made[1][1:4] == ["b zz", 0, 1]
    assert table(several, "", split_select_multiples=True)["f.csv"][1][1:4] == [None, 0, 0]


def test_cells_hold_the_text_as_the_phone_wrote_it():
    made = table(FLAT, "<name> =1+1\n</name><age>many</age>")
    assert made["f.csv"][1][1:3] == [" =1+1\n", "many"]


def test_questions_of_older_versions_stand_behind_those_of_the_form():
    older = form(
        "text | nick | Nickname", "begin_repeat | pet | Pet", "text | pname | Name", "end_repeat | | "
    )
    layout = tables(FLAT, older=[older])
    assert [one.file for one in layout.tables] == ["f.csv", "f-pet.csv"]
    assert layout.root.header == ("SubmissionDate", "name", "age", "meta-instanceID", "nick", *META)
    record = read(instance(older, "<nick>N</nick><pet><pname>P</pname></pet>", instance_id="one"), older)
    made = [cells for _, cells in rows(record, layout, Delivery("one", "now"), older)]
    assert made[0][4] == "N"
    assert made[1] == ["P", "one", "one/pet[1]"]


def test_a_table_that_the_layout_does_not_have_is_left_out_with_its_answers_noted():
    older = form("begin_repeat | pet | Pet", "text | pname | Name", "end_repeat | | ")
    record = read(instance(older, "<pet><pname>P</pname></pet>", instance_id="one"), older)
    ((root, cells),) = rows(record, tables(FLAT, notes_unknown=True), Delivery("one", "now"), older)
    assert root.header[-1] == "UnknownAnswers"
    assert json.loads(cells[-1]) == {"/data/pet[1]/pname": "P"}


def test_answers_the_form_does_not_know_are_noted_if_asked_for():
    body = "<name>A</name><name>B</name><odd>C</odd><odd>D</odd><meta><deprecatedID>x</deprecatedID></meta>"
    assert table(FLAT, body)["f.csv"][1][-1] is None
    made = table(FLAT, body, notes_unknown=True)["f.csv"]
    assert made[0][-1] == "UnknownAnswers"
    assert json.loads(made[1][-1]) == {"/data/name": "B", "/data/odd": "C", "/data/odd[2]": "D"}
    assert table(FLAT, "<name>A</name>", notes_unknown=True)["f.csv"][1][-1] is None
