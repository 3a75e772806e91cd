"""Every format, read back by a reader of somebody else's making, holds what the phone wrote."""

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pyreadstat
import pytest

from app import policy
from app.problems import Problem
from app.services import export, publish
from app.services import formats as formats_known
from app.services.wanted import Wanted
from tests.databases import on_sqlite
from tests.line import formats
from tests.services.conftest import new_uid
from tests.services.made import screening
from tests.services.test_export import download, ledger

pytestmark = on_sqlite  # the database does not matter here

LANGUAGES = {
    "English (en)": "",
    "Français (fr)": "fr ",
    "Español (es)": "es ",
    "العربية (ar)": "ar ",
    "ខ្មែរ (km)": "km ",
}
LABELS = " | ".join(f"label::{language}" for language in LANGUAGES)


def line(kind, name, label, *more):
    said = " | ".join(f"{prefix}{label}" if label else "" for prefix in LANGUAGES.values())
    return f"| | {kind} | {name} | {said} | {' | '.join(more)} |"


def form(version, *extra):
    return "\n".join(
        (
            f"| survey | | | {'| ' * len(LANGUAGES)} |",
            f"| | type | name | {LABELS} | calculation |",
            line("start", "start", "", ""),
            line("text", "name", "Name", ""),
            line("begin_group", "home", "Home", ""),
            line("integer", "age", "Age", ""),
            line("decimal", "height", "Height", ""),
            line("date", "born", "Born", ""),
            line("dateTime", "met", "Met", ""),
            line("time", "woke", "Woke", ""),
            line("select_one fruit", "best", "Best fruit", ""),
            line("select_one number", "score", "Score", ""),
            line("select_multiple fruit", "liked", "Fruits", ""),
            line("geopoint", "place", "Place", ""),
            line("geotrace", "way", "Way", ""),
            line("calculate", "sum", "", "1 + 1"),
            line("end_group", "", "", ""),
            line("image", "photo", "Photo", ""),
            *extra,
            line("begin_repeat", "child", "Child", ""),
            line("text", "cname", "Name of the child", ""),
            line("begin_repeat", "toy", "Toy", ""),
            line("select_one fruit", "kind", "Kind", ""),
            line("integer", "price", "Price", ""),
            line("end_repeat", "", "", ""),
            line("end_repeat", "", "", ""),
            f"| choices | | | {'| ' * len(LANGUAGES)} |",
            f"| | list_name | name | {LABELS} |",
            line("fruit", "apple", "Apple"),
            line("fruit", "pear", "Pear"),
            *([line("fruit", "fig", "Fig")] if extra else []),
            line("number", "1", "Low"),
            line("number", "5", "High"),
            "| settings | | | |",
            "| | form_id | version | default_language |",
            f"| | basket | {version} | English (en) |",
        )
    )  # fmt: skip


A_LONG_NAME = "a_question_with_a_name_longer_than_stata_takes"
TEXT = ' =1+1\n"quoted", ünï 帮助 مساعدة & <b> _x0041_ '
FIRST = f"""<data id="basket" version="1"><start>2026-11-22T08:32:00.123+03:00</start><name>{
    TEXT.replace("&", "&amp;").replace("<", "&lt;")
}</name><home><age>41</age><height>1.83</height><born>1985-02-03</born>
<met>2026-01-02T23:30:00.000+07:00</met><woke>06:30:00.000+07:00</woke><best>pear</best><score>5</score>
<liked>pear apple</liked><place>47.5 -122.25 10 4.5</place><way>1.5 2.5 0 0; 3 4 0 0</way><sum>2</sum></home>
<photo>a.jpg</photo><child><cname>Ann</cname><toy><kind>apple</kind><price>3</price></toy><toy><price>-4</price></toy>
</child><child><cname>Bo</cname></child><child><toy><kind>pear</kind></toy></child>
<meta><instanceID>uuid:00000000-0000-4000-8000-000000000001</instanceID></meta></data>"""
SECOND = f"""<data id="basket" version="2"><name>Zoë</name><home><age>99999999999999999999</age><height>tall</height>
<best>fig</best><score>7</score><liked>fig other</liked></home><{A_LONG_NAME}>12</{A_LONG_NAME}>
<meta><instanceID>uuid:00000000-0000-4000-8000-000000000002</instanceID></meta></data>"""
THIRD = """<data id="basket" version="2"><meta><instanceID>uuid:00000000-0000-4000-8000-000000000003</instanceID></meta></data>"""


@pytest.fixture(scope="module")
def checked_basket():
    found = [
        publish.check(form(1).encode(), "basket.md"),
        publish.check(form(2, line("integer", A_LONG_NAME, "Count", "")).encode(), "basket.md"),
    ]
    assert all(one.ok for one in found), [one.findings for one in found]
    return found


@pytest.fixture
def basket(make_house, engine, checked_basket, tmp_path):
    """Three submissions of two versions of a form that has everything."""

    def filled(house):
        house.forms["basket"] = "open"
        for one in checked_basket:
            house.publish(one)
        house.receive(FIRST.encode(), files={"a.jpg": b"picture"})
        for xml in (SECOND, THIRD):
            house.receive(xml.encode())
        house.work()

    return make_house(engine, tmp_path / "blobs", "basket", filled)


def read(house, name, **filters):
    return formats.read(name, download(house, "basket", name, **filters), "basket")


OPTIONS = (
    {},
    {"deleted_fields": True, "split_select_multiples": True, "group_paths": False},
    {"identifiers": False},
)


@pytest.mark.parametrize("name", formats.FORMATS[1:])
@pytest.mark.parametrize("options", OPTIONS, ids=("plain", "split", "nameless"))
def test_every_format_says_in_every_cell_what_the_csv_says(basket, name, options):
    exact = read(basket, "csv", **options)
    assert {table: len(rows) for table, rows in exact.items()} == {
        "basket": 3, "basket-child": 3, "basket-toy": 3,
    }  # fmt: skip
    assert formats.unlike(exact, read(basket, name, **options)) == []


@pytest.mark.parametrize("name", formats.FORMATS[1:])
def test_the_comparison_notices_a_cell_that_is_changed_and_a_row_that_is_missing(basket, name):
    got = read(basket, name)
    for alter in (
        lambda rows: rows[-1].__setitem__("name", "another"),
        lambda rows: rows[-1].__setitem__("home-age", 42),
        lambda rows: rows[-1].__setitem__("home-best", "apple"),
        lambda rows: rows.pop(),
    ):
        altered = {table: [dict(row) for row in rows] for table, rows in got.items()}
        alter(altered["basket"])
        assert formats.unlike(read(basket, "csv"), altered) != []


@pytest.mark.parametrize("name", ["csv", "xlsx", "jsonl", "parquet", "spss", "stata", "geojson", "files"])
def test_the_same_submissions_and_filters_give_the_same_bytes(basket, name, monkeypatch):
    first = download(basket, "basket", name)
    later = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC).timestamp()
    monkeypatch.setattr("time.time", lambda: later)
    assert download(basket, "basket", name) == first


def test_cells_of_a_workbook_are_typed_and_never_formulas(basket):
    book = openpyxl.load_workbook(io.BytesIO(download(basket, "basket", "xlsx")))
    assert book.sheetnames == ["basket", "basket-child", "basket-toy", "codebook"]
    sheet = book["basket"]
    assert sheet.freeze_panes == "A2"
    header = [cell.value for cell in sheet[1]]
    last = dict(zip(header, sheet[4], strict=True))
    assert (last["name"].data_type, last["name"].value) == ("s", TEXT.replace("_x0041_", "_x005F_x0041_"))
    assert (last["home-age"].value, last["home-height"].value) == (41, 1.83)
    assert (last["home-born"].value, last["home-born"].number_format) == (
        datetime.fromisoformat("1985-02-03"),
        "yyyy-mm-dd",
    )
    assert last["home-met"].value == datetime.fromisoformat("2026-01-02T23:30")
    assert not any(cell.data_type == "f" for row in sheet for cell in row)


@pytest.mark.parametrize(("language", "prefix"), LANGUAGES.items())
def test_labels_are_there_in_every_language_of_the_form(basket, language, prefix):
    row = read(basket, "csv", language=language)["basket"][-1]
    assert (row["home-best"], row["home-liked"]) == (f"{prefix}Pear", f"{prefix}Pear; {prefix}Apple")
    book = openpyxl.load_workbook(io.BytesIO(download(basket, "basket", "xlsx", language=language)))
    header = [cell.value for cell in book["basket"][1]]
    assert {f"{prefix}Name", f"{prefix}Best fruit", f"{prefix}Place (Latitude)"} <= set(header)
    assert len(set(header)) == len(header)
    assert book["basket"].cell(4, header.index(f"{prefix}Best fruit") + 1).value == f"{prefix}Pear"
    codes = {
        row[5].value: [one.value for one in row[6:]]
        for row in book["codebook"]
        if row[1].value == "home-best"
    }
    assert codes["pear"] == [f"{one}Pear" for one in LANGUAGES.values()]
    with pytest.raises(Problem, match="invalid"):
        download(basket, "basket", language="Klingon")


def test_statistics_programs_get_labels_of_variables_and_values(basket, tmp_path):
    def metadata(name, ending, reader, language):
        archive = zipfile.ZipFile(io.BytesIO(download(basket, "basket", name, language=language)))
        (tmp_path / f"x.{ending}").write_bytes(archive.read(f"basket.{ending}"))
        return reader(tmp_path / f"x.{ending}", output_format="polars")

    frame, spss = metadata("spss", "sav", pyreadstat.read_sav, "Español (es)")
    assert spss.column_names_to_labels["home_best"] == "es Best fruit"
    assert spss.variable_value_labels["home_best"] == {
        "apple": "es Apple",
        "pear": "es Pear",
        "fig": "es Fig",
    }
    assert list(frame["home_best"]) == ["", "fig", "pear"]
    assert list(frame["home_born"]) == [None, None, date(1985, 2, 3)]
    frame, stata = metadata("stata", "dta", pyreadstat.read_dta, "ខ្មែរ (km)")
    assert stata.variable_value_labels["home_best"] == {1: "km Apple", 2: "km Pear", 3: "km Fig"}
    assert stata.variable_value_labels["home_score"] == {1: "km Low", 5: "km High"}
    assert list(frame["home_score"]) == [None, None, 5]  # 7 is on no list, and stands among the unread
    (short,) = [name for name in stata.column_names if name.startswith("a_question")]
    assert (len(short), stata.column_names_to_labels[short]) == (27, "km Count")


def test_places_are_features_with_the_answers_of_their_row(basket):
    made = json.loads(download(basket, "basket", "geojson"))
    point, way = made["features"]
    assert point["geometry"]["coordinates"] == [-122.25, 47.5, 10]
    assert point["properties"]["fieldpath"] == "/home/place"
    assert point["properties"]["home-age"] == "41"
    assert (way["geometry"]["type"], way["geometry"]["coordinates"][1][:2]) == ("LineString", [4, 3])
    assert point["id"] == way["id"] == "uuid:00000000-0000-4000-8000-000000000001"
    with pytest.raises(Problem, match="invalid"):
        download(basket, "ct_assistance", "geojson")


def test_files_have_names_that_say_what_they_are(basket):
    archive = zipfile.ZipFile(io.BytesIO(download(basket, "basket", "files")))
    name, manifest = archive.namelist()
    assert name[10:] == " 00000000 photo.jpg"
    date.fromisoformat(name[:10])
    assert (archive.read(name), manifest) == (b"picture", "manifest.json")
    with pytest.raises(Problem, match="invalid"):
        download(basket, "basket", "files", identifiers=False)


@pytest.mark.parametrize("name", formats.FORMATS)
def test_no_format_holds_identifiers_where_they_are_left_out(basket, name):
    content = download(basket, "basket", name, identifiers=False, language="English (en)")
    parts = [content]
    if content[:2] == b"PK":
        archive = zipfile.ZipFile(io.BytesIO(content))
        parts = [archive.read(one) for one in archive.namelist()]
    assert not any("Zoë".encode() in part or b"picture" in part for part in parts)


def test_whoever_may_not_reveal_gets_no_identifiers(house, monkeypatch):
    house.receive(screening(family_name="Exampla"))
    house.work()
    assert b"Exampla" in download(house, "ct_screening", "csv_root")
    monkeypatch.setattr(policy, "reveals", lambda *_: frozenset())
    for asked in (None, True):
        content = download(house, "ct_screening", "csv_root", identifiers=asked)
        assert b"person-sex" in content
        assert b"Exampla" not in content


def test_an_archive_says_what_it_was_made_of_and_the_ledger_who_made_it(basket):
    wanted = Wanted("parquet", "basket", export.Filters(language="Français (fr)"))
    made = basket.download(wanted, reason="monthly report")
    content = b"".join(made.chunks)
    inside = json.loads(zipfile.ZipFile(io.BytesIO(content)).read("manifest.json"))
    assert inside["versions"] == ["2", "1"]
    assert inside["filters"]["language"] == "Français (fr)"
    assert inside["rows"] == {"basket": 3, "basket-child": 3, "basket-toy": 3}
    with basket.session() as session:
        said = export.manifest(
            session, actor=policy.COMMAND, mission_id=basket.mission_id, download_id=made.id
        )
        with pytest.raises(Problem, match="not_found"):
            export.manifest(
                session, actor=policy.COMMAND, mission_id=basket.other_mission_id, download_id=made.id
            )
    assert (said["by"], said["reason"], said["complete"]) == ("command line", "monthly report", True)
    assert said["entries"] == inside["sha256"]
    assert {key: said[key] for key in ("form", "versions", "format", "filters", "rows", "files")} == {
        key: inside[key] for key in ("form", "versions", "format", "filters", "rows", "files")
    }


# --- limits -------------------------------------------------------------------------------------------------


def test_what_does_not_fit_a_cell_breaks_the_download_off_and_the_ledger_says_why(basket):
    key = new_uid()
    basket.receive(THIRD.replace("<meta>", f"<name>{'x' * 32_768}</name><meta>").replace(
        "uuid:00000000-0000-4000-8000-000000000003", key
    ).encode())  # fmt: skip
    basket.work()
    with pytest.raises(Problem, match="download_limit"):
        download(basket, "basket", "xlsx")
    (done,) = ledger(basket, "export.done")
    assert done.detail["complete"] is False
    assert "32768 characters" in done.detail["why"]
    assert len(read(basket, "csv")["basket"]) == 4


def test_a_header_of_csv_is_that_of_the_codebook(basket):
    said = download(basket, "basket", "spss")
    book = csv.DictReader(io.StringIO(zipfile.ZipFile(io.BytesIO(said)).read("codebook.csv").decode()))
    columns = [row["column"] for row in book if row["table"] == "basket" and not row["code"]]
    assert columns == list(read(basket, "csv")["basket"][0])


def test_every_column_around_the_questions_is_in_the_docs(basket):
    page = (Path(__file__).parents[2] / "docs" / "downloads.md").read_text()
    basket.receive(SECOND.replace("00000002", "00000009").replace("<meta>", "<odd>1</odd><meta>").encode())
    basket.work()
    archive = zipfile.ZipFile(io.BytesIO(download(basket, "basket", "stata")))
    book = list(csv.DictReader(io.StringIO(archive.read("codebook.csv").decode())))
    asked = {row["column"] for row in book if row["question_type"]}
    around = {row["column"] for row in book} - asked
    assert {"KEY", "PARENT_KEY", "UnknownAnswers", "FormVersion"} <= around
    assert [name for name in (*around, "UnreadAnswers") if f"`{name}`" not in page] == []
    assert [name for name in formats_known.FORMATS if f"| `{name}` |" not in page] == []
    heads = [name for name in book[0] if not name.startswith("label::")]
    assert [name for name in heads if f"`{name}`" not in page] == []
