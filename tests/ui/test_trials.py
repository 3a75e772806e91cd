"""Trying a draft: test phones, what they send, and how it would stand in a case."""

import base64
import io
import re
import uuid
import zlib

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Device, LedgerEntry, Mission, Submission, Trial, TrialFile
from app.services import collect, trial_devices
from app.state import open_state
from app.tasks import run_once
from tests.field import parts
from tests.ui import interviews
from tests.ui.browser import overflow
from tests.ui.conftest import text_of
from tests.ui.interviews import picture

DRAFT = """
| survey  |                   |          |                     |                      |                    |
|         | type              | name     | label::English (en) | label::Français (fr) | bind::case:field   |
|         | text              | surname  | Family name         | Nom                  | person.family_name |
|         | select_one sex    | sex      | Sex                 | Sexe                 | person.sex         |
|         | date              | held     | Day                 | Jour                 | interview.held_on  |
|         | image             | face     | Picture             | Photo                |                    |
| choices |                   |          |                     |                      |                    |
|         | list_name         | name     | label::English (en) | label::Français (fr) |                    |
|         | sex               | female   | Female              | Féminin              |                    |
|         | sex               | male     | Male                | Masculin             |                    |
| settings |                  |          |                     |                      |                    |
|         | form_id           | version  | form_title          | namespaces           | default_language   |
|         | tried             | 1        | Tried form          | case="urn:saif:case" | English (en)       |
"""


def instance(*, version="1", surname="Secretname", sex="female", extra="", number=None):
    number = number or f"uuid:{uuid.uuid4()}"
    return (
        f'<data id="tried" version="{version}"><surname>{surname}</surname><sex>{sex}</sex><held>2026-11-20</held>'
        f"<face>face.jpg</face>{extra}<meta><instanceID>{number}</instanceID></meta></data>"
    ).encode()


@pytest.fixture
def designer(visit):
    """Somebody with a draft."""
    visitor = visit("form_designer")
    visitor.post("/forms/new", {"workbook": (io.BytesIO(DRAFT.encode()), "tried.md")})
    return visitor


@pytest.fixture
def root(designer):
    """The server URL of a test phone, as its page gives it."""
    page = designer.post("/forms/tried/trials/devices", {"name": "Blue phone"})
    return re.search(r'<code class="address">http://localhost(/v1/key/[^<]+)</code>', page)[1]


@pytest.fixture
def send(designer, root):
    def send(xml, **files):
        answer = designer.client.post(f"{root}/submission", data=parts(xml, **files))
        assert answer.status_code == 201, answer.text

    return send


@pytest.fixture
def opened(office):
    state = open_state(office.config)
    yield state
    state.engine.dispose()


def fill_in(visitor, xml, **files):
    """Send what was filled in on the page, as its script does."""
    head = {"X-CSRF-Token": visitor.token(), "Accept": "application/problem+json"}
    return visitor.client.post(
        f"{visitor.home}/forms/tried/trials/new", data=parts(xml, **files), headers=head
    )


def trial(designer):
    """The page of the trial that came last."""
    found = re.search(
        r'href="(/projects/\d+/forms/tried/trials/[0-9a-f-]{36})"', designer.get("/forms/tried")
    )
    return designer.get(found[1].removeprefix(designer.home))


def test_a_draft_is_offered_for_trying_with_the_warning_that_nobody_real_is_for_it(designer):
    page = text_of(designer.get("/forms/tried"))
    assert "Fill it in here" in page
    assert "Never enter a real person" in page
    assert "Fill it in here" not in text_of(designer.get("/forms/ct_screening"))


def test_a_test_phone_has_a_page_that_says_what_it_is_for(designer, root):
    page = text_of(designer.get("/forms/tried"))
    assert "Blue phone" in page
    page = designer.get(re.search(r"/forms/tried/trials/devices/\d+", designer.get("/forms/tried"))[0])
    assert "For tests only" in page
    assert "TEST Tried form" in page
    assert "<svg" in page
    assert root in page
    designer.post("/forms/tried/trials/devices", {"name": " "}, status=422)


def test_its_code_looks_like_no_project_for_work(opened, office):
    with Session(opened.engine) as session:
        mission = session.get_one(Mission, office.mission_id)
        made = trial_devices.collect_settings(
            "https://saif.example/v1/key/T/projects/1", mission, "Tried " * 20
        )
        real = collect.settings("https://saif.example", mission)
    assert made["general"]["server_url"] == "https://saif.example/v1/key/T/projects/1"
    assert made["general"]["form_update_mode"] == "match_exactly"
    assert made["project"]["name"].startswith("TEST Tried")
    assert len(made["project"]["name"]) <= 40
    assert made["project"]["color"] != real["project"]["color"]
    assert made["project"]["icon"] != real["project"]["icon"]
    assert len(base64.b64encode(zlib.compress(repr(made).encode()))) < 900


def test_showing_a_code_is_an_entry_of_the_ledger(designer, root, opened):
    with Session(opened.engine) as session:
        device = session.scalars(select(Device).where(Device.test_form_id.is_not(None))).one()
        entries = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "device.show")).all()
    assert f"device:{device.id}" in [entry.object for entry in entries]


def test_a_test_phone_is_none_of_the_missions_devices(visit, designer, root, opened):
    coordinator = visit("coordinator")
    assert "Blue phone" not in coordinator.get("/devices")
    with Session(opened.engine) as session:
        number = session.scalars(select(Device.id).where(Device.test_form_id.is_not(None))).one()
    coordinator.get(f"/devices/{number}", status=404)


def test_a_trial_shows_its_answers_and_the_case_it_would_make(designer, send):
    send(instance(), **{"face.jpg": b"\xff\xd8picture"})
    page = text_of(trial(designer))
    assert "Test data." in page
    assert "Family name surname Secretname" in page
    assert "Sex sex Female" in page
    _, _, case = page.partition("How it would stand in a case")
    assert "Person" in case
    assert "Family name Secretname" in case
    assert "Sex Female" in case
    assert "face.jpg" in page


def test_a_trial_is_read_in_the_language_one_chooses(designer, send):
    send(instance())
    path = re.search(r"/forms/tried/trials/[0-9a-f-]{36}", designer.get("/forms/tried"))[0]
    assert "Féminin" in text_of(designer.get(f"{path}?language=Français (fr)"))


def test_the_findings_of_a_trial_say_what_the_draft_does_not_understand(designer, send):
    send(instance(version="0", sex="other_code", extra="<former>an earlier draft asked</former>"))
    page = text_of(trial(designer))
    assert "not in this form version" in page
    assert "not among the choices" in page.partition("Findings")[2].partition("What was answered")[0]
    assert "an earlier draft" in text_of(designer.get("/forms/tried"))


def test_a_trial_is_read_anew_by_a_draft_that_changed(designer, send):
    send(instance())
    designer.post(
        "/forms/new", {"workbook": (io.BytesIO(DRAFT.replace("Family name", "Surname").encode()), "tried.md")}
    )
    assert "Surname surname Secretname" in text_of(trial(designer))


def test_a_trial_that_a_phone_encrypted_says_why_it_shows_nothing(designer, send):
    send(
        b'<data id="tried" version="1" encrypted="yes" xmlns="http://www.opendatakit.org/xforms/encrypted">'
        b"<base64EncryptedKey>x</base64EncryptedKey><meta><instanceID>uuid:e</instanceID></meta>"
        b"<encryptedXmlFile>submission.xml.enc</encryptedXmlFile></data>"
    )
    page = text_of(trial(designer))
    assert "encrypted this test interview" in page
    assert "No answers to show" in page


def test_a_file_of_a_trial_is_downloaded_and_never_opened_by_the_browser(designer, send):
    send(instance(), **{"face.jpg": b"<script>"})
    path = re.search(r"/forms/tried/trials/[0-9a-f-]{36}", designer.get("/forms/tried"))[0]
    assert designer.post(f"{path}/file", {"name": "face.jpg"}) == "<script>"
    assert "attachment" in designer.page.headers["Content-Disposition"]
    designer.post(f"{path}/file", {"name": "none.jpg"}, status=404)


def test_nothing_else_ever_meets_a_trial(visit, designer, send, opened):
    with Session(opened.engine) as session:
        before = session.scalar(select(func.count()).select_from(Submission))
    send(instance())
    while run_once(opened.engine, keyring=opened.keyring, blobs=opened.blobs):
        pass
    coordinator = visit("coordinator")
    for path in ("", "/submissions", "/submissions?form=tried", "/cases"):
        assert "tried" not in text_of(coordinator.get(path)).lower().replace("tried form", "")
    with Session(opened.engine) as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == before
        assert session.scalar(select(func.count()).select_from(Trial)) == 1


def test_who_fills_the_draft_in_here_sends_a_trial_as_a_test_phone_does(designer, opened):
    page = designer.get("/forms/tried/trials/new")
    assert "Never enter a real person" in page
    assert "'wasm-unsafe-eval'" in designer.page.headers["Content-Security-Policy"]
    xml = instance()
    answer = fill_in(designer, xml, **{"face.jpg": b"\xff\xd8picture"})
    assert answer.status_code == 201
    assert fill_in(designer, xml).json == answer.json, "the same again is the same trial"
    page = text_of(designer.get(f"/!{answer.json['page']}"))
    assert "From Form designer, browser" in page
    assert "Family name Secretname" in page.partition("How it would stand in a case")[2]
    assert "face.jpg" in page
    assert "Form designer, browser" in text_of(designer.get("/forms/tried"))
    with Session(opened.engine) as session:
        sent = session.scalars(select(Trial)).one()
        entry = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "trial.receive")).one()
    assert (sent.device_id, f"user:{sent.user_id}") == (None, entry.actor)
    assert b"Secretname" not in sent.xml


@pytest.mark.parametrize(
    "xml", [instance().replace(b'"tried"', b'"ct_screening"'), b"<data", b"<!DOCTYPE a><data id='tried'/>"]
)
def test_what_is_no_interview_with_the_draft_is_refused_in_words(designer, opened, xml):
    answer = fill_in(designer, xml)
    assert 400 <= answer.status_code < 500
    assert answer.json["message"]
    with Session(opened.engine) as session:
        assert session.scalar(select(func.count()).select_from(Trial)) == 0


def test_without_a_draft_there_is_nothing_to_fill_in(designer):
    designer.post("/forms/tried/publish", {"note": "Tried"})
    designer.get("/forms/tried/trials/new", status=409)
    answer = fill_in(designer, instance())
    assert (answer.status_code, answer.json["problem"]) == (403, "no_draft")


def test_throwing_away_leaves_nothing(designer, send, opened):
    names = set(opened.blobs.names())
    send(instance(), **{"face.jpg": b"1"})
    send(instance(), **{"face.jpg": b"2"})
    assert "2 test interviews" in text_of(designer.get("/forms/tried"))
    page = text_of(designer.post("/forms/tried/trials/throw-away"))
    assert "2 test interviews thrown away" in page
    assert "Throw all away" not in page
    with Session(opened.engine) as session:
        assert session.scalar(select(func.count()).select_from(TrialFile)) == 0
    assert set(opened.blobs.names()) == names


def test_a_test_phone_that_is_cut_off_gets_nothing(designer, root):
    path = re.search(r"/forms/tried/trials/devices/\d+", designer.get("/forms/tried"))[0]
    assert "Blue phone is cut off" in text_of(designer.post(f"{path}/revoke"))
    assert designer.client.get(f"{root}/formList").status_code == 403
    designer.get(path, status=404)


def test_after_publication_the_page_says_that_test_phones_wait_for_the_next_draft(designer, root):
    page = text_of(designer.post("/forms/tried/publish", {"note": "Tried"}))
    assert "There is no draft now" in page
    assert "Blue phone" in page


def test_a_trial_is_found_in_its_own_mission_and_form_only(designer, send):
    send(instance())
    path = re.search(r"/trials/[0-9a-f-]{36}", designer.get("/forms/tried"))[0]
    designer.get(f"/forms/ct_screening{path}", status=404)
    designer.get(f"/forms/tried/trials/{uuid.uuid4()}", status=404)


# --- in Chromium -------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_draft_is_filled_in_in_the_browser_and_shown_as_it_would_stand_in_a_case(enter, house):
    url, office = house
    page = enter()
    interviews.upload_draft(page, f"{url}/projects/{office.mission_id}", DRAFT)
    page.click("text=Fill it in here")
    interviews.ready(page)
    interviews.question(page, "Family name").locator("input").fill("Example")
    leaving = []
    page.once("dialog", lambda dialog: (leaving.append(dialog.type), dialog.dismiss()))
    page.click("text=Back to the form’s page")
    page.wait_for_timeout(100)
    assert leaving == ["beforeunload"]
    interviews.choose(page, "Sex", "Female")
    interviews.attach(page, "Picture", "face.png", picture())
    page.get_by_role("button", name="Finish and see it in the case").click()
    page.wait_for_selector("text=How it would stand in a case")
    assert "Example" in page.inner_text("#answers")
    assert "Example" in page.inner_text("#person")
    assert ".png" in page.inner_text("#files")
    assert overflow(page) <= 0
