"""pyODK, the client library of ODK Central as it is published, against SAIF served over HTTP."""

import io
import threading
from datetime import datetime

import openpyxl
import pytest
from pyodk.client import Client
from pyodk.errors import PyODKError
from sqlalchemy import select
from werkzeug.serving import make_server

from app.db import writing
from app.models import Comment, LedgerEntry
from app.policy import COMMAND
from app.services import missions, normalise, plans, publish, users
from tests.server import serve

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
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield connect(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()


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


def test_a_workbook_without_a_form_id_gets_the_one_given_or_its_file_name(odk, files):
    content = workbook(form_id=None, survey=SURVEY[:2])
    assert odk.forms.create(content, form_id="household").xmlFormId == "household"
    (files / "census é 2026.xlsx").write_bytes(content)
    assert odk.forms.create(files / "census é 2026.xlsx").xmlFormId == "census_2026", "safe everywhere"
    odk.forms.update("household", definition=workbook(form_id=None, version="2", survey=SURVEY[:2]))
    assert odk.forms.get("household").version == "2"


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
    entries = session.scalars(select(LedgerEntry).where(LedgerEntry.action.like("submission.comment%")))
    assert [one.action.rpartition(".")[2] for one in entries] == ["comment"] * 3 + ["comments"] * 2
    with pytest.raises(PyODKError, match="characters"):
        visits.submissions.add_comment("uuid:1", " ", form_id="visit")
    with pytest.raises(PyODKError, match="no such submission"):
        visits.submissions.list_comments("uuid:9", "visit")


def test_the_server_as_it_is_run_takes_files_in_chunks(
    connect, files, database_url, keys_directory, tmp_path, free_port
):
    environ = {
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
        "SAIF_KEYS": str(keys_directory),
        "SAIF_HOME": str(tmp_path),
    }
    with serve(environ, port=free_port) as server:
        odk = connect(f"http://127.0.0.1:{server.port}")
        odk.forms.create(workbook(), attachments=[files / "towns.csv"])
        made = odk.submissions.create(instance("uuid:1"), form_id="visit", attachments=[files / "photo.png"])
        assert made.attachments[0].exists
        base = f"projects/{odk.project_id}/forms/visit/submissions/uuid:1"
        assert odk.get(f"{base}/attachments/photo.png").content == (files / "photo.png").read_bytes()
