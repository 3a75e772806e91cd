"""pyODK, the client library of ODK Central as it is published, against SAIF served over HTTP."""

import io
import socket
from datetime import datetime

import openpyxl
import pandas as pd
import pytest
from lxml import etree
from pyodk.client import Client
from pyodk.errors import PyODKError
from sqlalchemy import select

from app.db import writing
from app.models import Comment, LedgerEntry
from app.policy import COMMAND
from app.services import missions, normalise, plans, publish, users
from tests.databases import on_sqlite
from tests.server import serve, threaded

EMAIL, PASSWORD = "script@example.org", "correct horse battery"
SURVEY = [
    ("text", "name", "Name"),
    ("integer", "age", "Age"),
    ("image", "photo", "Photo"),
    ("begin_group", "home", "Home"),
    ("geopoint", "place", "Place"),
    ("select_one_from_file towns.csv", "town", "Town"),
    ("end_group", "", ""),
    ("begin_repeat", "child", "Child"),
    ("text", "first_name", "First name"),
    ("begin_repeat", "toy", "Toy"),
    ("text", "toy_name", "Toy"),
    ("end_repeat", "", ""),
    ("end_repeat", "", ""),
]
TOWNS = "name,label\nchi,Chișinău\nbal,Bălți\n".encode()
ANSWERS = (
    "<name>Ana</name><age>34</age><photo>photo.png</photo><home><place>47.01 28.86 85 4.5</place>"
    "<town>chi</town></home>"
    "<child><first_name>Ion</first_name><toy><toy_name>Ball</toy_name></toy>"
    "<toy><toy_name>Kite</toy_name></toy></child><child><first_name>Eva</first_name></child>"
)


@pytest.fixture
def mission(session):
    """A mission, and a person who designs its forms and coordinates it."""
    plans.forget()
    with writing(session):
        mission = missions.create(session, actor=COMMAND, code="MDCHI", name="Chișinău", country="MD")
        user, _ = users.create(session, actor=COMMAND, email=EMAIL, display_name="Script", password=PASSWORD)
        for role in ("coordinator", "form_designer"):
            users.grant(session, actor=COMMAND, user=user, role=role, mission_id=mission.id)
        return mission.id


@pytest.fixture
def connect(mission, tmp_path):
    """A function from SAIF's address to pyODK's client, set up by its configuration file."""
    opened = []

    def connect(url: str) -> Client:
        file = tmp_path / "pyodk.toml"
        file.write_text(
            f'[central]\nbase_url = "{url}"\nusername = "{EMAIL}"\npassword = "{PASSWORD}"\n'
            f"default_project_id = {mission}\n"
        )
        client = Client(config_path=file, cache_path=tmp_path / "cache.toml")
        opened.append(client)
        return client.open()

    yield connect
    for client in opened:
        client.close()


@pytest.fixture
def odk(app, connect):
    """pyODK's client of a SAIF that answers in threads of this process."""
    with threaded(app) as url:
        yield connect(url)


@pytest.fixture
def work(engine, keyring, blobs):
    """What the worker does as soon as something has come in."""
    return lambda: normalise.run_until_empty(engine, keyring=keyring, blobs=blobs)


@pytest.fixture
def files(tmp_path):
    """Files to send along."""
    (tmp_path / "towns.csv").write_bytes(TOWNS)
    (tmp_path / "photo.png").write_bytes(b"\x89PNG" + bytes(100_000))
    return tmp_path


@pytest.fixture(scope="session")
def checked():
    """The form `visit`, compiled once."""
    return publish.check(workbook(), "visit.xlsx")


@pytest.fixture
def visits(odk, mission, session, checked):
    """The client, with the form `visit` published."""
    with writing(session):
        version = publish.save_draft(session, checked, actor=COMMAND, mission_id=mission)
        publish.set_media(
            session,
            actor=COMMAND,
            version=version,
            name="towns.csv",
            content=TOWNS,
            content_type="text/csv",
        )
        publish.publish(session, actor=COMMAND, version=version)
    return odk


def workbook(*, form_id="visit", version="1", survey=SURVEY) -> bytes:
    """An XLSForm."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "survey"
    for row in [("type", "name", "label"), *survey]:
        sheet.append(row)
    settings = book.create_sheet("settings")
    settings.append(["form_title", "version", *(["form_id"] if form_id else [])])
    settings.append(["Visit", version, *([form_id] if form_id else [])])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def instance(number, *, answers=ANSWERS, replaces=None, form_id="visit", version="1") -> str:
    deprecated = f"<deprecatedID>{replaces}</deprecatedID>" if replaces else ""
    return (
        f'<data id="{form_id}" version="{version}">{answers}'
        f"<meta><instanceID>{number}</instanceID>{deprecated}</meta></data>"
    )


# --- projects, forms, app users


def test_it_signs_in_and_finds_its_projects(odk, mission, tmp_path):
    (project,) = odk.projects.list()
    assert (project.id, project.name) == (mission, "Chișinău")
    assert odk.projects.get() == project
    again = Client(config_path=tmp_path / "pyodk.toml", cache_path=tmp_path / "cache.toml")
    with again:
        assert again.session.headers["Authorization"] == odk.session.headers["Authorization"], "cached"
        assert again.projects.get().id == mission


def test_a_form_is_made_of_a_workbook_and_its_files_and_read_back(odk, files):
    made = odk.forms.create(workbook(), attachments=[files / "towns.csv"])
    assert (made.xmlFormId, made.version, made.publishedAt) == ("visit", "1", None)
    (form,) = odk.forms.list()
    assert form.publishedAt is not None
    assert (form.name, form.state) == ("Visit", "open")
    assert odk.forms.get("visit") == form
    assert 'id="visit"' in odk.forms.get_xml("visit")
    listed = odk.get(f"projects/{odk.project_id}/forms/visit/attachments").json()
    assert [(one["name"], one["exists"]) for one in listed] == [("towns.csv", True)]


@on_sqlite
def test_a_workbook_without_a_form_id_gets_the_one_given_or_its_file_name(odk, files):
    content = workbook(form_id=None, survey=SURVEY[:2])
    assert odk.forms.create(content, form_id="household").xmlFormId == "household"
    (files / "census é 2026.xlsx").write_bytes(content)
    assert odk.forms.create(files / "census é 2026.xlsx").xmlFormId == "census_2026", "safe everywhere"
    odk.forms.update("household", definition=workbook(form_id=None, version="2", survey=SURVEY[:2]))
    assert odk.forms.get("household").version == "2"


@on_sqlite
def test_a_form_is_made_of_an_xform(odk):
    survey = SURVEY[:2]
    odk.forms.create(workbook(survey=survey))
    xform = odk.forms.get_xml("visit").replace('id="visit"', 'id="other"')
    assert odk.forms.create(xform).xmlFormId == "other"


def test_a_new_version_is_published_from_a_workbook_from_files_or_by_a_function(visits, files):
    visits.forms.update("visit", definition=workbook(version="2"), attachments=[files / "towns.csv"])
    assert visits.forms.get("visit").version == "2"
    (files / "towns.csv").write_text("name,label\nung,Ungheni\n")
    visits.forms.update("visit", attachments=[files / "towns.csv"], version_updater=lambda v: f"{v}.1")
    assert visits.forms.get("visit").version == "2.1"
    visits.forms.update("visit", attachments=[files / "towns.csv"])
    dated = visits.forms.get("visit").version
    assert datetime.fromisoformat(dated)
    xml = visits.forms.get_xml("visit")
    assert f'version="{dated}"' in xml
    file = visits.get(f"projects/{visits.project_id}/forms/visit/attachments/towns.csv")
    assert "Ungheni" in file.text
    versions = visits.get(f"projects/{visits.project_id}/forms/visit/versions").json()
    assert [one["version"] for one in versions] == [dated, "2.1", "2", "1"]


@on_sqlite
def test_a_form_with_faults_is_refused_with_words_that_help(odk):
    with pytest.raises(PyODKError, match="naem"):
        odk.forms.create(workbook(survey=[("note", "n", "Hello ${naem}")]))
    odk.forms.create(workbook(survey=SURVEY[:2]))
    with pytest.raises(PyODKError, match="other content"):
        odk.forms.create(workbook(survey=SURVEY[:1]))


def test_app_users_are_made_once_and_given_forms(visits):
    made = visits.projects.create_app_users(["Phone 1", "Phone 2"], forms=["visit"])
    assert [one.displayName for one in made] == ["Phone 1", "Phone 2"]
    assert all(one.token for one in made)
    again = visits.projects.create_app_users(["Phone 2", "Phone 3"])
    assert [one.displayName for one in again] == ["Phone 3"]
    path = f"key/{made[0].token}/projects/{visits.project_id}/formList"
    assert "<formID>visit</formID>" in visits.get(path).text
    with pytest.raises(PyODKError):
        visits.projects.create_app_users(["Phone 4"], forms=["no such form"])


# --- submissions


def test_a_submission_with_a_file_is_sent_read_and_reviewed(visits, files, work):
    made = visits.submissions.create(
        instance("uuid:1"), form_id="visit", device_id="collect:abc", attachments=[files / "photo.png"]
    )
    assert made.instanceId == "uuid:1"
    assert [(one.name, one.exists) for one in made.attachments] == [("photo.png", True)]
    work()
    (listed,) = visits.submissions.list("visit")
    assert listed.instanceId == "uuid:1"
    assert listed.reviewState is None
    assert visits.submissions.get("uuid:1", "visit") == listed
    base = f"projects/{visits.project_id}/forms/visit/submissions/uuid:1"
    assert visits.get(f"{base}.xml").text == instance("uuid:1")
    assert visits.get(f"{base}/attachments/photo.png").content == (files / "photo.png").read_bytes()
    for state in ("approved", "hasIssues", "rejected"):
        visits.submissions.review("uuid:1", state, form_id="visit")
        assert visits.submissions.get("uuid:1", "visit").reviewState == state
    visits.submissions.review("uuid:1", "received", form_id="visit")
    assert visits.submissions.get("uuid:1", "visit").reviewState is None


def test_a_file_still_missing_is_said_to_be_missing(visits, files):
    made = visits.submissions.create(instance("uuid:1"), form_id="visit")
    assert [(one.name, one.exists) for one in made.attachments] == [("photo.png", False)]


def test_sending_the_same_again_changes_nothing_and_other_content_is_refused(visits, files, work):
    for _ in range(2):
        visits.submissions.create(instance("uuid:1"), form_id="visit", attachments=[files / "photo.png"])
        work()
    assert len(visits.submissions.list("visit")) == 1
    with pytest.raises(PyODKError, match="other content"):
        visits.submissions.create(instance("uuid:1", answers="<name>Eva</name>"), form_id="visit")
    (files / "photo.png").write_bytes(b"another picture")
    with pytest.raises(PyODKError, match="other content"):
        visits.submissions.create(instance("uuid:1"), form_id="visit", attachments=[files / "photo.png"])


def test_a_submission_of_another_form_than_its_address_is_not_kept(visits, work):
    visits.forms.create(workbook(form_id="other", survey=SURVEY[:2]))
    with pytest.raises(PyODKError, match="another form"):
        visits.submissions.create(instance("uuid:1"), form_id="other")
    with pytest.raises(PyODKError, match="XML"):
        visits.submissions.create("<data id='visit'><unclosed></data>", form_id="visit")
    work()
    assert visits.submissions.list("visit") == visits.submissions.list("other") == []


@pytest.mark.parametrize("read_between", [True, False], ids=["read between", "not read between"])
def test_edits_are_versions_of_one_submission(visits, work, read_between):
    visits.submissions.create(instance("uuid:1"), form_id="visit")
    for number in (2, 3):
        if read_between:
            work()
        changed = ANSWERS.replace("Ana", f"Ana {number}")
        edit = instance(f"uuid:{number}", answers=changed, replaces=f"uuid:{number - 1}")
        visits.submissions.edit("uuid:1", edit, form_id="visit")
        whole = visits.submissions.get("uuid:1", "visit")
        assert (whole.instanceId, whole.reviewState) == ("uuid:1", "edited")
        assert whole.updatedAt > whole.createdAt
        assert [one.instanceId for one in visits.submissions.list("visit")] == ["uuid:1"]
        (row,) = visits.submissions.get_table("visit")["value"]
        assert (row["__id"], row["name"]) == ("uuid:1", f"Ana {number}"), "also before the worker has read it"
    visits.submissions.edit("uuid:1", edit, form_id="visit")  # the answer was lost, sent again
    work()
    (listed,) = visits.submissions.list("visit")
    assert (listed.instanceId, listed.reviewState) == ("uuid:1", "edited")
    base = f"projects/{visits.project_id}/forms/visit/submissions/uuid:1"
    assert "<name>Ana 3</name>" in visits.get(f"{base}.xml").text
    versions = visits.get(f"{base}/versions").json()
    assert [(one["instanceId"], one["current"]) for one in versions] == [
        ("uuid:3", True), ("uuid:2", False), ("uuid:1", False),
    ]  # fmt: skip
    visits.submissions.review("uuid:1", "approved", form_id="visit")
    assert visits.submissions.list("visit")[0].reviewState == "approved"


def test_an_edit_of_a_version_that_is_not_the_present_one_is_refused(visits, work):
    visits.submissions.create(instance("uuid:1"), form_id="visit")
    visits.submissions.edit("uuid:1", instance("uuid:2", replaces="uuid:1"), form_id="visit")
    with pytest.raises(PyODKError, match="edited it meanwhile"):
        visits.submissions.edit("uuid:1", instance("uuid:3", replaces="uuid:1"), form_id="visit")
    with pytest.raises(PyODKError, match="which version it replaces"):
        visits.submissions.edit("uuid:1", instance("uuid:3"), form_id="visit")
    with pytest.raises(PyODKError, match="no such submission"):
        visits.submissions.edit("uuid:9", instance("uuid:3", replaces="uuid:9"), form_id="visit")
    work()
    assert (
        visits.get(f"projects/{visits.project_id}/forms/visit/submissions/uuid:1/versions").json()[0][
            "instanceId"
        ]
        == "uuid:2"
    )


def test_comments_are_about_all_versions_of_a_submission(visits, work, session):
    visits.submissions.create(instance("uuid:1"), form_id="visit")
    assert visits.submissions.list_comments("uuid:1", "visit") == []
    visits.submissions.review("uuid:1", "hasIssues", form_id="visit", comment="Ask Ana again ă")
    edit = instance("uuid:2", replaces="uuid:1")
    visits.submissions.edit("uuid:1", edit, form_id="visit", comment="Asked")
    work()
    made = visits.submissions.add_comment("uuid:1", "Thank you", form_id="visit")
    found = visits.submissions.list_comments("uuid:1", "visit")
    assert [one.body for one in found] == ["Thank you", "Asked", "Ask Ana again ă"]
    assert found[0] == made
    assert visits.submissions.list_comments("uuid:2", "visit") == found
    for row in session.scalars(select(Comment)):
        assert b"Ana" not in row.body, "encrypted"
    entries = session.scalars(
        select(LedgerEntry).where(LedgerEntry.action.like("submission.comment%")).order_by(LedgerEntry.id)
    )
    assert [one.action.rpartition(".")[2] for one in entries] == ["comment"] * 3 + ["comments"] * 2
    with pytest.raises(PyODKError, match="characters"):
        visits.submissions.add_comment("uuid:1", " ", form_id="visit")
    with pytest.raises(PyODKError, match="no such submission"):
        visits.submissions.list_comments("uuid:9", "visit")


# --- tables


@pytest.fixture
def three(visits, work):
    """Three submissions: 1 approved, 2 edited, 3 as it came."""
    for number in (1, 2, 3):
        answers = ANSWERS.replace("Ana", f"Ana {number}").replace("34", str(33 + number))
        visits.submissions.create(instance(f"uuid:{number}", answers=answers), form_id="visit")
    visits.submissions.edit("uuid:2", instance("uuid:2b", replaces="uuid:2"), form_id="visit")
    visits.submissions.review("uuid:1", "approved", form_id="visit")
    work()
    return visits


def ids(table) -> list[str]:
    return [row["__id"] for row in table["value"]]


def test_the_table_of_submissions_is_centrals(three, mission):
    table = three.submissions.get_table("visit")
    root = f"{three.session.base_url}projects/{mission}/forms/visit.svc"
    assert table["@odata.context"] == f"{root}/$metadata#Submissions"
    assert ids(table) == ["uuid:2", "uuid:3", "uuid:1"], "the newest first"
    row = table["value"][0]
    assert row["__system"] | {"submissionDate": "", "updatedAt": ""} == {
        "submissionDate": "", "updatedAt": "", "submitterId": "1", "submitterName": "Script",
        "attachmentsPresent": 0, "attachmentsExpected": 1, "status": None, "reviewState": "edited",
        "deviceId": None, "edits": 1, "formVersion": "1", "deletedAt": None,
    }  # fmt: skip
    assert row["__system"]["submissionDate"] < row["__system"]["updatedAt"]
    assert (row["name"], row["age"], row["meta"]["instanceID"]) == ("Ana", 34, "uuid:2b")
    assert row["home"]["place"]["coordinates"] == [28.86, 47.01, 85]
    assert row["child@odata.navigationLink"] == "Submissions('uuid%3A2')/child"


def test_tables_of_repeats_join_those_around_them(three):
    children = three.submissions.get_table("visit", table_name="Submissions.child")["value"]
    assert [one["first_name"] for one in children] == ["Ion", "Eva"] * 3
    assert {one["__Submissions-id"] for one in children} == {"uuid:1", "uuid:2", "uuid:3"}
    toys = three.submissions.get_table("visit", table_name="Submissions.child.toy")["value"]
    assert {one["__Submissions-child-id"] for one in toys} == {
        one["__id"] for one in children if one["first_name"] == "Ion"
    }
    (row,) = three.submissions.get_table("visit", top=1, expand="*")["value"]
    assert [toy["toy_name"] for toy in row["child"][0]["toy"]] == ["Ball", "Kite"]


@pytest.mark.parametrize(("name", "rows"), [("Submissions", 3), ("Submissions.child", 6)])
def test_a_table_is_read_page_by_page(three, name, rows):
    seen, skip = [], 0
    while True:
        page = three.submissions.get_table("visit", table_name=name, top=2, skip=skip, count=True)
        assert page["@odata.count"] == rows
        seen += ids(page)
        skip += 2
        if "@odata.nextLink" not in page:
            break
        assert ids(three.get(page["@odata.nextLink"]).json()) == ids(
            three.submissions.get_table("visit", table_name=name, top=2, skip=skip)
        )
    assert seen == ids(three.submissions.get_table("visit", table_name=name))
    assert len(seen) == rows
    assert ids(three.submissions.get_table("visit", table_name=name, top=0, count=True)) == []


def test_a_table_is_narrowed_by_filter_and_selection(three):
    found = three.submissions.get_table("visit", filter="__system/reviewState eq 'approved'")
    assert ids(found) == ["uuid:1"]
    children = three.submissions.get_table(
        "visit", table_name="Submissions.child", filter="$root/Submissions/__system/updatedAt ne null"
    )
    assert {one["__Submissions-id"] for one in children["value"]} == {"uuid:2"}
    first = three.submissions.get_table("visit", filter="__system/submissionDate lt now()")["value"][0]
    later = three.submissions.get_table(
        "visit",
        filter=f"__system/submissionDate gt {first['__system']['submissionDate']}",
        count=True,
    )
    assert ids(later) == ["uuid:3"], "an edit was submitted when its first version was"
    assert later["@odata.count"] == 1
    (row,) = three.submissions.get_table(
        "visit", top=1, select="__id,home/place,__system/reviewState", wkt=True
    )["value"]
    assert row == {
        "__id": "uuid:2",
        "__system": {"reviewState": "edited"},
        "home": {"place": "POINT (28.86 47.01 85)"},
    }
    for wrong in (
        {"filter": "nmae eq 'Ana'"},
        {"filter": "__system/reviewState eq '\0'"},
        {"select": "nmae"},
        {"table_name": "Submissions.nobody"},
        {"top": 10**30},
        {"skip": -1},
        {"expand": "child"},
    ):
        with pytest.raises(PyODKError) as refused:
            three.submissions.get_table("visit", **wrong)
        assert "Status: 4" in str(refused.value)


def test_a_table_is_narrowed_by_answers(three):
    assert ids(three.submissions.get_table("visit", filter="name eq 'Ana 3'")) == ["uuid:3"]
    assert ids(three.submissions.get_table("visit", filter="age ge 35", count=True)) == ["uuid:3"]
    found = three.submissions.get_table(
        "visit",
        table_name="Submissions.child",
        filter="first_name eq 'Eva' and $root/Submissions/age lt 36",
        top=1,
    )
    rest = three.get(found["@odata.nextLink"]).json()
    assert [one["first_name"] for one in found["value"] + rest["value"]] == ["Eva", "Eva"]
    assert "@odata.nextLink" not in rest


def test_pandas_reads_tables_by_their_links_and_joins_them(three):
    def frame(table):
        address = f"projects/{three.project_id}/forms/visit.svc/{table}"
        while address:
            answer = three.get(address, headers={"Prefer": "odata.maxpagesize=2"})
            assert answer.headers["Preference-Applied"] == "odata.maxpagesize=2"
            yield pd.json_normalize(answer.json()["value"], sep="/")
            address = answer.json().get("@odata.nextLink")

    visits, children = (pd.concat(frame(name)) for name in ("Submissions", "Submissions.child"))
    assert visits.age.dtype.kind == "i"
    assert list(visits.sort_values("name")["home/place/coordinates"].iloc[0]) == [28.86, 47.01, 85]
    joined = children.merge(visits, left_on="__Submissions-id", right_on="__id", validate="many_to_one")
    found = sorted(zip(joined.name, joined.age.astype(int), joined.first_name, strict=True))
    assert found == [
        (name, age, child)
        for name, age in (("Ana", 34), ("Ana 1", 34), ("Ana 3", 36))
        for child in ("Eva", "Ion")
    ]


def test_links_of_a_table_lead_to_its_rows(three):
    root = f"projects/{three.project_id}/forms/visit.svc"
    row = three.submissions.get_table("visit", top=1)["value"][0]
    assert three.get(f"{root}/Submissions('uuid%3A2')").json()["value"] == [row]
    children = three.get(f"{root}/{row['child@odata.navigationLink']}").json()["value"]
    assert [one["first_name"] for one in children] == ["Ion", "Eva"]
    toys = [three.get(f"{root}/{one['toy@odata.navigationLink']}").json()["value"] for one in children]
    assert [[toy["toy_name"] for toy in some] for some in toys] == [["Ball", "Kite"], []]
    for nowhere in (
        "Submissions('uuid%3A9')",
        "Submissions/child",
        "Submissions('uuid%3A2",
        "Submissionschild",
        "x",
    ):
        assert three.get(f"{root}/{nowhere}").status_code == 404


@on_sqlite
def test_the_service_describes_its_tables(three):
    root = f"projects/{three.project_id}/forms/visit.svc"
    service = three.get(root).json()
    assert [one["url"] for one in service["value"]] == [
        "Submissions", "Submissions.child", "Submissions.child.toy",
    ]  # fmt: skip
    answer = three.get(f"{root}/$metadata")
    assert answer.headers["OData-Version"] == "4.0"
    described = etree.fromstring(answer.content)
    edm = {"e": "http://docs.oasis-open.org/odata/ns/edm"}
    types = {one.get("Name"): one for one in described.iterfind(".//e:EntityType", edm)}
    assert set(types) == {one["name"] for one in service["value"]}

    def properties(owner):
        return {one.get("Name"): one.get("Type") for one in owner if one.get("Type")}

    space = "org.opendatakit.user.visit"
    assert properties(types["Submissions"]) == {
        "__id": "Edm.String",
        "__system": "org.opendatakit.submission.metadata",
        "name": "Edm.String",
        "age": "Edm.Int64",
        "photo": "Edm.String",
        "home": f"{space}.home",
        "child": f"Collection({space}.Submissions.child)",
        "meta": f"{space}.meta",
    }
    assert properties(types["Submissions.child.toy"]) == {
        "__id": "Edm.String", "__Submissions-child-id": "Edm.String", "toy_name": "Edm.String",
    }  # fmt: skip
    named = {one.get("Name") for one in described.iterfind(".//e:ComplexType", edm)}
    assert named == {"metadata", "home", "meta"}


def test_a_feed_is_an_entry_of_the_ledger_and_leaves_identifiers_out_if_asked(three, session):
    three.submissions.get_table("visit", filter="__system/reviewState eq 'approved'")
    begun, done = session.scalars(
        select(LedgerEntry).where(LedgerEntry.action.like("export.%")).order_by(LedgerEntry.id)
    )
    assert begun.action == "export.odata"
    assert begun.detail["table"] == "Submissions"
    assert begun.detail["filters"]["condition"] == "__system/reviewState eq 'approved'"
    assert (done.detail["complete"], done.detail["rows"]) == (True, {"Submissions": 1})
    path = f"projects/{three.project_id}/forms/visit.svc"
    row = three.get(f"{path}/Submissions?identifiers=false").json()["value"][0]
    assert "name" not in row, "free text is of class P3 unless its field says otherwise"
    assert row["age"] == 34
    assert 'Name="name"' not in three.get(f"{path}/$metadata?identifiers=false").text


# --- the server as it is run


@pytest.fixture
def run(database_url, keys_directory, tmp_path, free_port):
    """The port of gunicorn with the project's own configuration."""
    environ = {
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
        "SAIF_KEYS": str(keys_directory),
        "SAIF_HOME": str(tmp_path),
    }
    with serve(environ, port=free_port) as server:
        yield server.port


@on_sqlite
def test_files_come_in_chunks_and_one_that_is_cut_off_is_not_there(run, connect, files):
    odk = connect(f"http://127.0.0.1:{run}")
    odk.forms.create(workbook(), attachments=[files / "towns.csv"])
    for number in (1, 2, 3):
        odk.submissions.create(instance(f"uuid:{number}"), form_id="visit")
    base = f"projects/{odk.project_id}/forms/visit/submissions"
    content = (files / "photo.png").read_bytes()
    head = (
        f"POST /v1/{base}/uuid%3A{{}}/attachments/photo.png HTTP/1.1\r\nHost: saif\r\n"
        f"Authorization: {odk.session.headers['Authorization']}\r\n{{}}\r\n\r\n"
    )
    piece = b"%x\r\n%s\r\n" % (len(content), content)
    for number, length, body, whole in (
        (1, "Transfer-Encoding: chunked", piece + b"0\r\n\r\n", True),
        (2, "Transfer-Encoding: chunked", piece, False),
        (2, "Transfer-Encoding: chunked", piece[:-5000], False),
        (3, f"Content-Length: {len(content)}", content[:-1], False),
    ):
        with socket.create_connection(("127.0.0.1", run), timeout=30) as connection:
            connection.sendall(head.format(number, length).encode() + body)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        (listed,) = odk.get(f"{base}/uuid:{number}/attachments").json()
        assert listed["exists"] is whole, f"{length}, {len(body)} bytes"
    assert odk.get(f"{base}/uuid:1/attachments/photo.png").content == content
    made = odk.submissions.create(instance("uuid:2"), form_id="visit", attachments=[files / "photo.png"])
    assert made.attachments[0].exists, "sent again"
